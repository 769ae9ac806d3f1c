// Choices that the other choices exclude: greyed, with the reason. They can still be chosen: the page then says what
// would have to change, and offers it.

const CHOICE = "label:has(input[type=radio])";

// Answers what is out: `[{field, values, says}]`, each with the id that its labels are described by.
export function showOut(mode, choices, spoken) {
  const out = [];
  for (const root of document.querySelectorAll(`#tab-${mode} [data-choices]`)) {
    if (!(root.id.slice(mode.length + 1) in choices)) clear(root);
  }
  for (const [field, values] of Object.entries(choices)) {
    const root = document.getElementById(`${mode}-${field}`);
    if (!root) continue;
    clear(root);
    for (const [place, label] of shown(root, values)) {
      const { value, blocked_by: says } = values[place];
      // What always happens here says so by itself.
      if (!says || label.querySelector("input").disabled) continue;
      const same = out.find((each) => each.field === field && each.says === says);
      const entry = same ?? { field, says, values: [], id: `${mode}-${field}-out-${out.length}` };
      if (!same) out.push(entry);
      entry.values.push(spoken(field, value));
      block(root, label, says, entry.id);
    }
  }
  return out;
}

// Each label with the place of its value. A radio may have "Auto" before all others; a checkbox shows one of two.
function shown(root, values) {
  const labels = [...root.querySelectorAll(CHOICE)];
  const before = labels.length - values.length;
  if (before === 0 || before === 1) return labels.slice(before).map((label, place) => [place, label]);
  const box = root.querySelector("input[type=checkbox]");
  if (!box || labels.length) return [];
  return [[values.findIndex((each) => each.value !== box.checked), box.closest("label")]].filter(([place]) => place >= 0);
}

function block(root, label, says, id) {
  root.dataset.choices = "some";
  label.dataset.out = "yes";
  label.title = says;
  const input = label.querySelector("input");
  input.setAttribute("aria-disabled", "true");
  input.setAttribute("aria-describedby", id);
}

function clear(root) {
  delete root.dataset.choices;
  for (const label of root.querySelectorAll("[data-out]")) {
    delete label.dataset.out;
    label.removeAttribute("title");
    const input = label.querySelector("input");
    input?.removeAttribute("aria-disabled");
    input?.removeAttribute("aria-describedby");
  }
}
