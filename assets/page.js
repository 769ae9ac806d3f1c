// The forms: one job for a burst of clicks, and the draft kept in the browser.

import { draft as kept, keep, owner, random } from "./browser.js";
import { activate, checkSoon, keepNow, setTried } from "./check.js";
import { arrive } from "./share.js";
import { renew } from "./tables.js";
import { mark, unmarkEdited, wished as wishOf } from "./wishes.js";

const BURST = 1500;
const BUSY_AT_MOST = 20_000;
const PROMPT = "-prompt";

let isRestored = false;
let hasDraft = false;
let askForDraft = null;
let burst = { nonce: "", at: 0 };
const unlock = new Map();
const hadFocus = new Set();

document.addEventListener("input", (event) => {
  const place = event.target.closest?.(`[id$="${PROMPT}"]`)?.id;
  if (place) keepNow(place.slice(0, -PROMPT.length), { prompt: event.target.value });
});

// Whoever has turned to something else meanwhile stays there.
document.addEventListener("pointerdown", (event) => event.target.closest?.('[id$="-generate"]') || hadFocus.clear(), true);

// Before a submit: who asks, and a number that is the same for all clicks of one burst.
export function submitting(mode, count, values) {
  const now = Date.now();
  if (!burst.nonce || now - burst.at > BURST) burst.nonce = random();
  burst.at = now;
  const button = document.getElementById(`${mode}-generate`);
  if (button) {
    // A disabled button loses the focus; whoever works by keyboard or ear gets it back.
    if (document.activeElement === button) hadFocus.add(mode);
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    clearTimeout(unlock.get(mode));
    unlock.set(mode, setTimeout(() => submitted(mode), BUSY_AT_MOST));
  }
  return [{ owner: owner(), nonce: burst.nonce }, ...values.slice(1, count)];
}

export function submitted(mode) {
  clearTimeout(unlock.get(mode));
  // A click that follows at once still belongs to the burst, however long the answer took.
  burst.at = Date.now();
  const button = document.getElementById(`${mode}-generate`);
  if (!button) return [];
  button.disabled = false;
  button.removeAttribute("aria-busy");
  if (hadFocus.delete(mode) && document.activeElement === document.body) button.focus({ preventScroll: true });
  // What is left of a budget may be less now.
  checkSoon(mode);
  const problems = document.querySelector(`#tab-${mode} .problems`);
  problems?.classList.remove("stale", "gone");
  setTried(mode, Boolean(problems));
  // Nothing of the request itself: a key may be gone, as it expired or the server restarted.
  if (problems && !problems.querySelector("[data-field]")) renew();
  problems?.scrollIntoView({ behavior: "smooth", block: "nearest" });
  return [];
}

// What was kept is drawn by the server, so that it fits what there is today; where nothing was, nobody is asked.
export function begin() {
  arrive();
  hasDraft = Object.keys(kept()).length > 0;
  if (hasDraft) askForDraft?.();
  else restored();
  return [];
}

export function restoreBy(ask) {
  askForDraft = ask;
  if (hasDraft) ask();
}

export function draft() {
  return [kept()];
}

export function restored() {
  isRestored = true;
  document.getElementById("pg-tabs").dataset.ready = "yes";
  document.dispatchEvent(new Event("pg:restored"));
  followTabs();
  return [];
}

export function changed(mode, names, values) {
  if (!isRestored) return [];
  burst = { nonce: "", at: 0 };
  // The settings are one component; a draft knows fields.
  const { settings, ...others } = Object.fromEntries(names.map((name, place) => [name, values[place] ?? null]));
  const now = { ...settings, ...others };
  keep({ [mode]: now });
  unmarkEdited(mode, now);
  // Problems of before: no longer certain, not yet disproven.
  document.querySelector(`#tab-${mode} .problems`)?.classList.add("stale");
  checkSoon(mode);
  return [];
}

// A click on a proposal or on another provider goes to the form's own code as one more input.
export function wished(mode, count, values) {
  return [wishOf(mode), ...values.slice(1, count)];
}

export function applied(mode, names, values) {
  changed(mode, names, values);
  mark(mode, kept()[mode] ?? {});
  return [];
}

// Gradio tells a tab's selection only to events with a server side, so the bar itself is listened to.
function followTabs() {
  document.getElementById("pg-tabs")?.addEventListener("click", (event) => {
    const id = event.target.closest("[role=tab]")?.id ?? "";
    if (id.startsWith("tab-")) show(id.slice("tab-".length).replace(/-button$/, ""));
  });
  document.getElementById("pg-tabs")?.addEventListener("keydown", walkTabs);
  const opened = kept().tab;
  if (opened) show(opened);
}

// As in any tab list; Gradio's own knows only the Tab key.
function walkTabs(event) {
  const bar = [...document.querySelectorAll("#pg-tabs [role=tab]")].filter((each) => each.offsetParent);
  const place = bar.indexOf(event.target);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (place < 0 || !step) return;
  event.preventDefault();
  const next = bar.at((place + step) % bar.length);
  next.focus();
  next.click();
}

function show(tab) {
  keep({ tab });
  document.body.dataset.tab = tab;
  activate(tab);
}
