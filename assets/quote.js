// The price beside Generate, asked of /api/check. It hangs on a few settings only, so nothing that a person wrote
// or chose travels for it.

import { ask, draft } from "./browser.js";
import { say } from "./dom.js";

const PRICED = ["provider", "model", "duration_seconds", "resolution", "generate_audio", "number_of_videos"];
const SWITCH = { on: true, off: false };
const PATIENCE = 250;

const places = new Map();

export function mount({ element, props }) {
  places.set(props.mode, { element, words: props.words, first: JSON.parse(props.initial) });
  quoteSoon(props.mode);
}

export function quoteSoon(mode) {
  const place = places.get(mode);
  if (!place) return;
  clearTimeout(place.timer);
  place.timer = setTimeout(() => quote(mode, place), PATIENCE);
}

async function quote(mode, { element, words, first }) {
  const held = draft()[mode] ?? first;
  const request = { mode, prompt: "a price" };
  for (const name of PRICED) {
    const value = SWITCH[held[name]] ?? held[name];
    if (value !== null && value !== undefined && value !== "") request[name] = value;
  }
  const [price, detail] = element.querySelectorAll("b, span");
  try {
    const usd = (await ask("api/check", { method: "POST", body: JSON.stringify(request) })).price_usd;
    say(price, usd === null ? words.unknown : usd === 0 ? words.free : `$${usd.toFixed(2)}`);
    const length = request.duration_seconds ? `${request.duration_seconds} s` : "";
    const count = request.number_of_videos > 1 ? `× ${request.number_of_videos}` : "";
    say(detail, [length, count, usd ? `· ${words.estimate}` : ""].filter(Boolean).join(" "));
  } catch {
    // No price is shown rather than a wrong one.
    say(price, "");
    say(detail, "");
  }
}
