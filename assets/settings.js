// Provider, model and every setting of one form. What there is to choose comes from the tables by the server, and what
// the other choices exclude comes from the check: no rule of any provider is known here.

import { draft } from "./browser.js";
import { keepNow, onCheck } from "./check.js";
import { fill, make, say } from "./dom.js";
import { line, list, toggle } from "./inputs.js";
import { openKeys } from "./keys.js";
import { segments } from "./segments.js";

const PATIENCE = 10_000;
const MAKERS = { radio: segments, checkbox: toggle, line, text: line };

export function mount({ element, props, trigger, watch }) {
  const root = element.querySelector(".settings");
  let drawn;
  let held = "";
  let parts = new Map();
  let isOpen = false;
  let choices = {};
  let known = null;
  // What is chosen while another provider's form is on its way: that answer knows nothing of it.
  let meanwhile = null;

  function set(name, value) {
    if (props.value[name] === value) return;
    const moves = name === "provider" || name === "model";
    if (moves) meanwhile = { chosen: {}, sent: Date.now() };
    else if (meanwhile) meanwhile.chosen[name] = value;
    hold({ ...props.value, [name]: value }, moves ? "input" : "change");
  }

  function hold(value, event) {
    props.value = value;
    held = JSON.stringify(value);
    keepNow(props.mode, value);
    sync();
    queueMicrotask(() => trigger(event));
  }

  // The form has come: what was chosen meanwhile and is there still holds.
  function arrived() {
    const { chosen, sent } = meanwhile;
    meanwhile = null;
    if (Date.now() - sent > PATIENCE) return;
    const left = Object.entries(chosen).filter(([name, value]) => parts.get(name)?.takes(value));
    if (left.length) hold({ ...props.value, ...Object.fromEntries(left) }, "change");
  }

  function part(maker, control) {
    const made = maker({ mode: props.mode, control, words: props.words, choose: (value) => set(control.name, value) });
    parts.set(control.name, made);
    return made.element;
  }

  function build() {
    const { mode, form, words } = props;
    parts = new Map();
    const field = (control) => part(MAKERS[control.style], control);
    const who = [
      part(list, { name: "provider", label: words.provider, choices: form.providers }),
      part(list, { name: "model", label: words.model, choices: form.models }),
    ];
    const rehearsal = { name: "rehearsal", label: words.rehearsal, help: words.rehearsalHelp, choices: form.rehearsals };
    const more = [...form.advanced.map(field), form.rehearsals.length ? part(list, rehearsal) : null].filter(Boolean);
    const body = make("div", { class: "set-more", id: `${mode}-more` }, ...more);
    const opener = make(
      "button",
      { type: "button", "aria-controls": `${mode}-more`, onclick: () => open(!isOpen) },
      make("span", {}, words.advanced),
      make("i", { "aria-hidden": "true" }),
    );
    const enter = make("button", { type: "button", onclick: () => openKeys(props.value.provider) }, words.enterKey);
    const wants = make("p", { class: "set-key", hidden: true }, make("span", { role: "status" }), enter);
    root.replaceChildren(
      make("div", { class: "set-panel set-who" }, ...who, wants),
      make("div", { class: "set-panel set-main" }, ...form.main.map(field)),
      make("div", { class: "set-panel set-advanced", id: `${mode}-advanced`, hidden: more.length === 0 }, opener, body),
    );
    open(isOpen);
    out(choices);
  }

  function open(yes) {
    isOpen = yes;
    const panel = root.querySelector(".set-advanced");
    panel.firstElementChild.setAttribute("aria-expanded", String(yes));
    panel.lastElementChild.hidden = !yes;
    // Inputs that few need are components of their own further down.
    element.closest("[id^=tab-]")?.classList.toggle("pg-open", yes);
  }

  function sync() {
    for (const [name, made] of parts) made.sync(props.value[name]);
    keys();
  }

  // Who needs a key is another answer for each visitor, so the form as the server drew it does not know it.
  function keys() {
    if (known === null) return;
    const { provider, model } = props.value;
    const waits = (id) => known.provider(id)?.ready === "key";
    parts.get("provider").rename((each) => (each.ready_label && !waits(each.value) ? each.ready_label : each.label));
    const line = root.querySelector(".set-key");
    const hadFocus = line.contains(document.activeElement);
    line.hidden = !waits(provider) || known.model(provider, model)?.locked === true;
    if (line.hidden && hadFocus) root.querySelector("select").focus();
    say(line.firstElementChild, fill(props.words.needsKey, { provider: known.provider(provider)?.label }));
  }

  function out(known) {
    choices = known;
    for (const [name, made] of parts) made.out?.(known[name] ?? []);
  }

  // What was kept may have been drawn otherwise: with a model of that provider, where the page was lost in between.
  function agree() {
    const kept = draft()[props.mode];
    if (kept && kept.model !== props.value.model) keepNow(props.mode, props.value);
  }

  function paint() {
    const wanted = JSON.stringify(props.form);
    if (wanted !== drawn) {
      drawn = wanted;
      const focused = root.contains(document.activeElement) ? document.activeElement.id : "";
      build();
      if (focused) document.getElementById(focused)?.focus();
    }
    sync();
    if (meanwhile && JSON.stringify(props.value) !== held) arrived();
    agree();
  }

  onCheck((checked, result) => {
    if (checked !== props.mode) return;
    out(result?.answer.choices ?? {});
    known = result?.known ?? known;
    keys();
  });
  watch(["value", "form"], paint);
  document.addEventListener("pg:restored", agree);
  paint();
}
