// The forms: one job for a burst of clicks, the draft kept in the browser, and the price beside Generate.

import { ask, draft as kept, keep, owner, random } from "./browser.js";

const BURST = 1500;
const BUSY_AT_MOST = 20_000;

let isRestored = false;
let burst = { nonce: "", at: 0 };
const unlock = new Map();

// Before a submit: who asks, and a number that is the same for all clicks of one burst.
export function submitting(mode, count, values) {
  const now = Date.now();
  if (!burst.nonce || now - burst.at > BURST) burst.nonce = random();
  burst.at = now;
  const button = document.getElementById(`${mode}-generate`);
  if (button) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    clearTimeout(unlock.get(mode));
    unlock.set(mode, setTimeout(() => submitted(mode), BUSY_AT_MOST));
  }
  return [{ owner: owner(), nonce: burst.nonce }, ...values.slice(1, count)];
}

export function submitted(mode) {
  clearTimeout(unlock.get(mode));
  const button = document.getElementById(`${mode}-generate`);
  if (!button) return [];
  button.disabled = false;
  button.removeAttribute("aria-busy");
  const problems = document.querySelector(`#tab-${mode} .problems`);
  const seen = problems ?? document.querySelector("#pg-card");
  if (matchMedia("(max-width: 768px)").matches) seen?.scrollIntoView({ behavior: "smooth", block: "start" });
  return [];
}

export function draft() {
  return [kept()];
}

let words = {};

export function restored(quoteWords) {
  isRestored = true;
  words = quoteWords;
  for (const mode of document.querySelectorAll("[data-quote]")) quote(mode.dataset.quote);
  followTabs();
  return [];
}

export function changed(mode, names, values) {
  if (!isRestored) return [];
  burst = { nonce: "", at: 0 };
  keep({ [mode]: Object.fromEntries(names.map((name, place) => [name, values[place] ?? null])) });
  clearTimeout(quotes.get(mode));
  quotes.set(mode, setTimeout(() => quote(mode), 250));
  return [];
}

// Gradio tells a tab's selection only to events with a server side, so the bar itself is listened to.
function followTabs() {
  document.getElementById("pg-tabs")?.addEventListener("click", (event) => {
    const id = event.target.closest("[role=tab]")?.id ?? "";
    if (id.startsWith("tab-")) keep({ tab: id.slice("tab-".length).replace(/-button$/, "") });
  });
}

const quotes = new Map();
const PRICED = ["provider", "model", "duration_seconds", "resolution", "generate_audio", "number_of_videos"];
const SWITCH = { on: true, off: false };

// The price hangs on a few settings only, so nothing that a person wrote or chose travels for it.
async function quote(mode) {
  const place = document.querySelector(`[data-quote="${mode}"]`);
  const held = kept()[mode] ?? JSON.parse(place?.dataset.initial ?? "{}");
  const request = { mode, prompt: "a price" };
  for (const name of PRICED) {
    const value = SWITCH[held[name]] ?? held[name];
    if (value !== null && value !== undefined && value !== "") request[name] = value;
  }
  if (!place || !request.provider) return;
  try {
    const answer = await ask("api/check", { method: "POST", body: JSON.stringify(request) });
    const usd = answer.price_usd;
    place.querySelector("b").textContent = usd === null ? words.unknown : usd === 0 ? words.free : `$${usd.toFixed(2)}`;
    const count = request.number_of_videos ?? 1;
    const length = request.duration_seconds ? `${request.duration_seconds} s` : "";
    place.querySelector("span").textContent = [length, count > 1 ? `× ${count}` : "", usd ? `· ${words.estimate}` : ""]
      .filter(Boolean)
      .join(" ");
  } catch {
    // No price is shown rather than a wrong one.
    for (const part of place.children) part.textContent = "";
  }
}
