// Settings that are one plain control: a list, a switch, a line of text.

import { make, say } from "./dom.js";
import { reasons } from "./reasons.js";

function head({ mode, control }, id) {
  return make("label", { class: "set-label", for: id, title: control.help }, control.label);
}

// What cannot be chosen stays in the list with its reason in its words, greyed.
export function list({ mode, control, choose }) {
  const id = `${mode}-${control.name}-list`;
  const options = control.choices.map((each) =>
    make("option", { value: each.value, disabled: each.locked }, each.label),
  );
  const select = make("select", { id, onchange: () => choose(select.value) }, ...options);
  const element = make(
    "div",
    { class: "set-field", id: `${mode}-${control.name}` },
    head({ mode, control }, id),
    make("div", { class: "set-list" }, select),
    control.help ? make("p", { class: "set-help" }, control.help) : null,
  );
  return {
    element,
    sync: (value) => (select.value = value ?? ""),
    // `label(choice)`: how an entry is called now.
    rename: (label) => control.choices.forEach((each, place) => say(options[place], label(each))),
  };
}

export function toggle({ mode, control, choose, words }) {
  const id = `${mode}-${control.name}-switch`;
  const title = make("span", { class: "set-label", id: `${id}-label` }, control.label);
  const box = make("input", { type: "checkbox", role: "switch", id, "aria-labelledby": `${id}-label` });
  const says = make("span", {});
  const face = make("label", { class: "switch" }, box, make("i", { "aria-hidden": "true" }), says);
  const element = make("div", { class: "set-field", id: `${mode}-${control.name}` }, title, face);
  const why = reasons({ mode, control, words, root: element });
  let value = false;
  // The other place, that a click would move it to, may be shut.
  const shut = () => (control.free ? why.of(!value) : words.always);
  if (control.help) why.help(title);
  box.addEventListener("click", (event) => {
    const reason = shut();
    if (reason === undefined) return choose(!value);
    event.preventDefault();
    why.show(reason, control.free ? !value : undefined);
  });

  function paint() {
    box.checked = value;
    say(says, value ? words.on : words.off);
    why.mark(face, box, shut(), !control.free);
  }
  return {
    element,
    takes: (other) => control.free && typeof other === "boolean",
    sync(now) {
      value = now === true;
      paint();
    },
    out(choices) {
      why.know(choices);
      paint();
    },
  };
}

export function line({ mode, control, choose }) {
  const id = `${mode}-${control.name}-text`;
  const isLong = control.style === "text";
  const field = make(isLong ? "textarea" : "input", {
    id,
    rows: isLong ? 2 : null,
    type: isLong ? null : "text",
    inputmode: isLong ? null : "numeric",
    autocomplete: "off",
    placeholder: control.placeholder,
    "aria-describedby": control.help ? `${id}-help` : null,
    oninput: () => choose(field.value),
  });
  const element = make(
    "div",
    { class: isLong ? "set-field set-wide" : "set-field", id: `${mode}-${control.name}` },
    head({ mode, control }, id),
    field,
    control.help ? make("p", { class: "set-help", id: `${id}-help` }, control.help) : null,
  );
  const sync = (value) => {
    if (field.value !== (value ?? "")) field.value = value ?? "";
  };
  return { element, takes: (value) => typeof value === "string", sync };
}
