// Quiet help with a prompt: examples, a builder that is fetched when it is first opened, what is read of it, and hints.
// What a hint says and how long a prompt may be is the check's answer.

import { onCheck } from "./check.js";
import { fill, make, say } from "./dom.js";
import { bringBack, forget, replaced } from "./share.js";
import { giveSamples } from "./slots.js";
import { described, wish } from "./wishes.js";

export function mount({ element, props }) {
  const { mode, words } = props;
  const find = (selector) => element.querySelector(selector);
  const builder = find(".prompt-builder");
  const examples = JSON.parse(props.examples);

  const opener = make(
    "button",
    {
      type: "button",
      class: "prompt-build",
      "aria-expanded": "false",
      "aria-controls": `${mode}-builder`,
      onclick: openBuilder,
    },
    words.build,
  );
  builder.id = `${mode}-builder`;
  find(".prompt-tries").append(
    make("span", { class: "prompt-try" }, words.try),
    ...examples.map((example) =>
      make(
        "button",
        { type: "button", "aria-label": fill(words.example, example), onclick: () => useExample(example) },
        example.title,
      ),
    ),
    opener,
  );

  const before = replaced(mode);
  if (before !== undefined) element.firstElementChild.prepend(fromLink(before));

  // Said until the page is loaded again, or somebody waves it away.
  function fromLink(held) {
    const line = make("p", { class: "prompt-came", role: "status" }, `${words.came} `);
    const away = () => {
      forget();
      line.remove();
    };
    if (held) line.append(make("button", { type: "button", onclick: () => bringBack(mode) }, words.back));
    line.append(make("button", { type: "button", "aria-label": words.away, onclick: away }, "×"));
    return line;
  }

  async function useExample(example) {
    write(mode, example.prompt);
    if (example.media) await giveSamples(mode, example.media);
  }

  async function openBuilder() {
    const isOpen = builder.hidden;
    opener.setAttribute("aria-expanded", String(isOpen));
    builder.hidden = !isOpen;
    if (!isOpen) return;
    if (!builder.firstElementChild) {
      const { build } = await import("./builder.js");
      builder.append(build({ mode, parts: JSON.parse(props.parts), words: JSON.parse(props.builder), close: openBuilder }));
    }
    builder.querySelector("input").focus();
  }

  function hint({ message, changes, field }, { known, held, request }) {
    const [name, value] = Object.entries(changes)[0] ?? [];
    if (name === undefined) return make("li", { "data-field": field }, message);
    const fix = () => {
      const from = request[name] ?? null;
      const [{ note }] = described({ [name]: { from, to: value } }, known, props.labels, props.marks);
      wish(mode, { provider: held.provider, model: held.model, changes, notes: { [name]: note }, said: "" });
    };
    const text = fill(words[name] ?? words.fix, { value });
    return make("li", { "data-field": field }, message, " ", make("button", { type: "button", onclick: fix }, text));
  }

  onCheck((checked, result) => {
    if (checked !== mode) return;
    const length = result?.empty.has("prompt") ? null : result?.answer.lengths?.prompt;
    say(find(".prompt-count"), length ? counted(length, words) : "");
    find(".prompt-count").classList.toggle("over", Boolean(length) && length.count > length.limit);
    const hints = (result?.answer.hints ?? []).map((each) => hint(each, result));
    const list = find(".prompt-hints");
    const text = hints.map((each) => each.textContent).join();
    if (list.dataset.said !== text) list.replaceChildren(...hints);
    list.dataset.said = text;
  });
}

function counted({ count, limit, unit, about }, words) {
  const parts = { count: count.toLocaleString("en"), limit: limit.toLocaleString("en"), unit: words[unit] };
  return fill(about ? words.about : words.count, parts);
}

// Gradio's own field, filled as by a hand: it then tells everybody who listens. Undo is the browser's own.
export function write(mode, text) {
  const area = document.querySelector(`#${mode}-prompt textarea`);
  if (!area) return;
  area.focus();
  area.select();
  // It is deprecated and the one way that keeps Ctrl+Z.
  if (!document.execCommand("insertText", false, text)) {
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(text.length, text.length);
  area.scrollTop = 0;
}

export function written(mode) {
  return document.querySelector(`#${mode}-prompt textarea`)?.value ?? "";
}
