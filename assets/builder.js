// Puts a prompt together from its parts: who does what, how it is seen, and what is heard.

import { fill, make, say } from "./dom.js";
import { write, written } from "./prompt.js";

export function build({ mode, parts, words, close }) {
  const fields = new Map();
  const chips = [];
  const preview = make("p", { class: "builder-preview", "aria-live": "polite" });
  const use = make("button", { type: "button", class: "builder-use", onclick: () => done(text()) }, words.use);
  const append = make(
    "button",
    { type: "button", onclick: () => done([written(mode).trim(), text()].filter(Boolean).join(" ")) },
    words.append,
  );
  const clear = make("button", { type: "button", class: "builder-quiet", onclick: empty }, words.clear);

  const text = () => assembled(Object.fromEntries([...fields].map(([id, field]) => [id, field.value.trim()])), words);

  function paint() {
    const whole = text();
    say(preview, whole || words.empty);
    for (const { chip, field, term } of chips) chip.setAttribute("aria-pressed", String(termsIn(field).includes(term)));
    preview.classList.toggle("empty", !whole);
    use.disabled = !whole;
    append.disabled = !whole || !written(mode).trim();
  }

  function done(whole) {
    write(mode, whole);
    close();
    document.querySelector(`#${mode}-prompt textarea`)?.focus();
  }

  function empty() {
    for (const field of fields.values()) field.value = "";
    paint();
    fields.values().next().value.focus();
  }

  function row({ id, label, placeholder, terms = [], wide = false }) {
    const name = `${mode}-builder-${id}`;
    const field = make("input", { type: "text", id: name, placeholder, autocomplete: "off", oninput: paint });
    fields.set(id, field);
    const offered = terms.map((term) => {
      const chip = make("button", { type: "button", class: "chip", onclick: () => take(field, term) }, term);
      chips.push({ chip, field, term });
      return chip;
    });
    return make(
      "div",
      { class: wide ? "builder-part wide" : "builder-part" },
      make("label", { for: name }, label),
      field,
      offered.length ? make("div", { class: "builder-chips" }, ...offered) : null,
    );
  }

  // A second click takes a term back.
  function take(field, term) {
    const held = termsIn(field);
    const left = held.filter((each) => each !== term);
    field.value = (left.length < held.length ? left : [...held, term]).join(", ");
    paint();
  }

  const whole = make(
    "section",
    { class: "builder", "aria-label": words.title },
    make("p", { class: "builder-lead" }, words.lead),
    make("div", { class: "builder-parts" }, ...parts.map(row)),
    make("p", { class: "builder-label" }, words.preview),
    preview,
    make("div", { class: "builder-actions" }, use, append, clear),
  );
  whole.addEventListener("focusin", paint);
  paint();
  return whole;
}

function termsIn(field) {
  return field.value.split(",").map((each) => each.trim()).filter(Boolean);
}

// Composition and camera open, the scene follows; look and light are a sentence; each kind of sound has its own.
export function assembled(parts, words) {
  const shot = [parts.composition, parts.camera].filter(Boolean).join(", ");
  const scene = [parts.subject, parts.action].filter(Boolean).join(" ");
  const opening = shot && scene ? fill(words.of, { shot, scene }) : shot || scene;
  const look = [parts.style, parts.lens, parts.ambience].filter(Boolean).join(", ");
  return [
    sentence(opening),
    sentence(look),
    parts.dialogue ? fill(words.spoken, { speaker: words.someone, words: unquoted(parts.dialogue) }) : "",
    parts.effects ? fill(words.effects, { words: parts.effects }) : "",
    parts.noise ? fill(words.ambient, { words: parts.noise }) : "",
  ]
    .filter(Boolean)
    .join(" ");
}

function sentence(text) {
  if (!text) return "";
  const whole = text[0].toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

function unquoted(text) {
  const bare = text.replace(/^["“”']+|["“”']+$/g, "");
  return /[.!?…]$/.test(bare) ? bare : `${bare}.`;
}
