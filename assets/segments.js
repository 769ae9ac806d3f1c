// One choice of a few, as segments. A choice that the others exclude can be reached and says why, but not be chosen:
// Enter or a click shows with which other choices it would fit.

import { make } from "./dom.js";
import { reasons } from "./reasons.js";

const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const SWITCH = { on: true, off: false };
const MOST_LETTERS = 18;
const SHAPE = /^(\d+):(\d+)$/;

export function segments({ mode, control, choose, words }) {
  const id = `${mode}-${control.name}`;
  const title = make("span", { class: "set-label", id: `${id}-label` }, control.label);
  const entries = control.choices.map(({ label, value }, place) => {
    const input = make("input", { type: "radio", name: id, id: `${id}-${place}`, value: String(value) });
    const face = make("label", {}, input, shape(value), make("span", {}, label));
    return { value, input, face };
  });
  const group = make("div", { class: "segments" }, ...entries.map((each) => each.face));
  // Long words need the whole line.
  const isLong = control.choices.reduce((sum, { label }) => sum + label.length, 0) > MOST_LETTERS;
  const element = make(
    "div",
    { class: isLong ? "set-field set-wide" : "set-field", id, role: "radiogroup", "aria-labelledby": `${id}-label` },
    title,
    group,
  );
  const why = reasons({ mode, control, words, root: element });
  if (control.help) why.help(title);
  let value;

  for (const entry of entries) {
    entry.input.addEventListener("click", (event) => {
      const says = reason(entry);
      if (says === undefined) return choose(entry.value);
      event.preventDefault();
      if (control.free) why.show(says, asked(entry.value));
    });
    entry.input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") return entry.input.click();
      const step = STEPS[event.key];
      if (!step) return;
      event.preventDefault();
      const next = entries.at((entries.indexOf(entry) + step) % entries.length);
      next.input.focus();
      if (reason(next) === undefined) choose(next.value);
    });
  }

  function reason(entry) {
    return control.free ? why.of(asked(entry.value)) : words.always;
  }

  function paint() {
    for (const entry of entries) {
      const isHeld = entry.value === value;
      entry.input.checked = isHeld;
      // One stop for Tab, wherever nothing is chosen too.
      entry.input.tabIndex = isHeld || (entry === entries[0] && !entries.some((each) => each.value === value)) ? 0 : -1;
      entry.face.classList.toggle("held", isHeld);
      why.mark(entry.face, entry.input, reason(entry), isHeld && !control.free);
    }
  }
  return {
    element,
    takes: (other) => control.free && entries.some((each) => each.value === other),
    sync(now) {
      value = now;
      paint();
    },
    out(choices) {
      why.know(choices);
      paint();
    },
  };
}

// A switch of three places holds words where a request holds yes and no.
function asked(value) {
  return SWITCH[value] ?? value;
}

function shape(value) {
  const [, wide, high] = SHAPE.exec(value) ?? [];
  return wide ? make("i", { class: "shape", style: `aspect-ratio: ${wide} / ${high}`, "aria-hidden": "true" }) : null;
}
