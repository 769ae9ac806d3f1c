// Why a choice is shut: in a bubble at the pointer or the focus, for the ear as its description, and after a click
// with the ways in which it would fit.

import { askWith } from "./check.js";
import { fill, make } from "./dom.js";
import { described, wish } from "./wishes.js";

const LEAVE = 150;
const WAYS = 2;

export function reasons({ mode, control, words, root }) {
  const bubble = make("div", { class: "set-bubble", role: "tooltip", hidden: true });
  const notes = make("div", { hidden: true });
  root.append(bubble, notes);
  let known = new Map();
  let timer;
  let isPinned = false;

  function open(...content) {
    clearTimeout(timer);
    bubble.replaceChildren(...content);
    bubble.hidden = false;
  }

  function close() {
    isPinned = false;
    bubble.hidden = true;
  }

  function closeSoon() {
    clearTimeout(timer);
    if (!isPinned) timer = setTimeout(close, LEAVE);
  }

  function hint(place, text) {
    // Not on entering: what is under the pointer may only now have become shut.
    place.addEventListener("pointermove", () => {
      const says = text();
      if (!isPinned && says && (bubble.hidden || bubble.textContent !== says)) open(says);
    });
    place.addEventListener("pointerleave", closeSoon);
    place.addEventListener("focusin", () => text() && open(text()));
  }
  root.addEventListener("focusout", (event) => root.contains(event.relatedTarget) || close());
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());

  const marked = new WeakMap();
  return {
    know(choices) {
      const shut = choices.filter((each) => each.blocked_by).map((each) => [each.value, each.blocked_by]);
      // The same answer again takes nobody's bubble away.
      if (JSON.stringify(shut) === JSON.stringify([...known])) return;
      known = new Map(shut);
      close();
    },
    of: (value) => known.get(value),
    help: (place) => hint(place, () => control.help),
    // The look of a label, the words for the ear, and the bubble: all from one sentence.
    mark(face, input, says, isFixed = false) {
      if (!marked.has(face)) hint(face, () => marked.get(face));
      marked.set(face, says);
      face.classList.toggle("out", says !== undefined && !isFixed);
      face.classList.toggle("fixed", isFixed);
      if (says === undefined) {
        input.removeAttribute("aria-disabled");
        input.removeAttribute("aria-describedby");
        return;
      }
      let note = [...notes.children].find((each) => each.textContent === says);
      if (!note) {
        note = make("span", { id: `${root.id}-why-${notes.childElementCount}` }, says);
        notes.append(note);
      }
      input.setAttribute("aria-disabled", "true");
      input.setAttribute("aria-describedby", note.id);
    },
    async show(says, value) {
      isPinned = value !== undefined;
      open(says);
      if (value === undefined) return;
      const found = await ways(mode, control.name, value, words);
      if (isPinned) open(says, found);
    },
  };
}

async function ways(mode, field, value, words) {
  const result = await askWith(mode, { [field]: value }).catch(() => null);
  const near = (result?.answer.proposals ?? []).filter((each) => !(field in each.changes) && !("model" in each.changes));
  if (near.length === 0) return make("p", {}, words.noWay);
  const from = result.request[field] ?? null;
  const rows = near.slice(0, WAYS).map((proposal) => {
    const all = described({ [field]: { from, to: value }, ...proposal.changes }, result.known, words.labels, words);
    const changes = { ...Object.fromEntries(Object.entries(proposal.changes).map(([name, each]) => [name, each.to])), [field]: value };
    const notes = Object.fromEntries(all.map((each) => [each.field, each.note]));
    const text = all.slice(1).map((each) => `${each.label} ${each.to}`).join(", ");
    const said = fill(words.applied, { changes: `${all[0].label} ${all[0].to}, ${text}` });
    const apply = () => wish(mode, { provider: proposal.provider, model: proposal.model, changes, notes, said });
    return make("button", { type: "button", onclick: apply }, `${all[0].to} · ${text}`);
  });
  return make("div", { class: "set-ways" }, make("p", {}, words.ways), ...rows);
}
