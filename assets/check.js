// Asks /api/check about the form as one types, and tells whoever shows something of the answer.

import { ask, draft, keep } from "./browser.js";
import { onRenewed, tables } from "./tables.js";

const PATIENCE = 250;
const LOST_EVERY = 2500;
const UNDER_WAY = 400;
const TOO_MANY = 429;
// An untouched default of the fine print is judged where it is sent, but is no demand on others: it would only shut out
// those who do not know the word.
const ALWAYS_SAID = new Set(["duration_seconds", "resolution", "aspect_ratio", "generate_audio"]);
export const MEDIA = new Set(["first_frame", "last_frame", "reference_images", "source_video"]);
const RANGES = new Set(["seed", "number_of_videos"]);
const SWITCH = { on: true, off: false };
// Before anything is written: a price and who can do it hang on the settings, not on these words.
const STAND_IN = "a video";

const forms = new Map();
const listeners = new Set();
const tried = new Set();
let active = null;

export function register(mode, initial) {
  forms.set(mode, { ...forms.get(mode), initial });
  if (active === null) active = mode;
  checkSoon(mode);
}

onRenewed(() => {
  for (const mode of forms.keys()) checkSoon(mode);
});

// `listener(mode, result)`: after every answer, and when another tab is opened (with what is known of it).
export function onCheck(listener) {
  listeners.add(listener);
}

export function isActive(mode) {
  return mode === active;
}

export function activeMode() {
  return active;
}

export function activate(mode) {
  active = mode;
  const last = forms.get(mode)?.last;
  if (last) tell(mode, last);
  else checkSoon(mode);
}

// Whoever has clicked Generate is also told what is missing.
export function setTried(mode, yes) {
  if (yes) tried.add(mode);
  else tried.delete(mode);
}

export function hasTried(mode) {
  return tried.has(mode);
}

export function held(mode) {
  return draft()[mode] ?? forms.get(mode)?.initial ?? {};
}

// What somebody has just set, kept at once and by ourselves: Gradio tells of no change while it looks for a lost server,
// and then loads the page anew.
export function keepNow(mode, fields) {
  if (document.getElementById("pg-tabs")?.dataset.ready) keep({ [mode]: { ...held(mode), ...fields } });
}

export function checkSoon(mode, patience = PATIENCE) {
  const form = forms.get(mode);
  if (!form) return;
  clearTimeout(form.timer);
  form.timer = setTimeout(() => check(mode, form), patience);
}

// What would be said of the form with some other values of a request; null where nobody answers.
export async function askWith(mode, changes = {}) {
  const known = await tables();
  const now = held(mode);
  const fields = known.model(now.provider, now.model)?.modes[mode]?.fields ?? {};
  const asked = requestOf(mode, now, fields);
  const body = JSON.stringify({ ...asked.request, ...changes });
  const answer = await ask(`api/check?untouched=${asked.untouched}`, { method: "POST", body });
  return { ...asked, held: now, known, answer };
}

async function check(mode, form) {
  const turn = (form.turn = (form.turn ?? 0) + 1);
  try {
    if (await isUnderWay(held(mode))) return checkSoon(mode, UNDER_WAY);
    const result = await askWith(mode);
    if (turn !== form.turn) return;
    form.last = result;
  } catch (error) {
    if (turn !== form.turn) return;
    // Too many questions: what is shown stays until there may be another one.
    if (error.status === TOO_MANY) return checkSoon(mode, LOST_EVERY);
    // Nothing is shown rather than something that may not hold any more.
    form.last = null;
    if (isActive(mode)) checkSoon(mode, LOST_EVERY);
  }
  tell(mode, form.last);
}

// Another provider is chosen and its form has not come: the model is still one of the provider's before.
async function isUnderWay({ provider, model }) {
  const known = await tables();
  return Boolean(known.provider(provider)) && !known.model(provider, model);
}

function tell(mode, result) {
  for (const listener of listeners) listener(mode, result);
}

function requestOf(mode, now, fields) {
  const request = { mode, provider: now.provider, model: now.model };
  const empty = new Set();
  const wrong = [];
  const untouched = [];
  for (const [name, usual] of Object.entries(fields)) {
    const value = read(name, now[name]);
    if (value === undefined) {
      if (name === "prompt" || MEDIA.has(name)) empty.add(name);
    } else if (RANGES.has(name) && typeof value === "string") {
      wrong.push({ field: name, text: value });
    } else {
      request[name] = value;
      if (!ALWAYS_SAID.has(name) && value === usual) untouched.push(name);
    }
  }
  if (!tried.has(mode)) request.prompt ??= STAND_IN;
  return { request, empty, wrong, untouched };
}

function read(name, value) {
  if (value === null || value === undefined || (typeof value === "string" && !value.trim())) return undefined;
  if (MEDIA.has(name)) {
    const references = [value].flat().map((item) => item?.ref ?? item).filter(Boolean);
    if (references.length === 0) return undefined;
    return name === "reference_images" ? references : references[0];
  }
  if (RANGES.has(name) && typeof value === "string") {
    return /^[+-]?\d{1,15}$/.test(value.trim()) ? Number(value) : value.trim();
  }
  return SWITCH[value] ?? value;
}

// What stops an offer, apart from what is simply not given yet.
export function stops(offer, empty) {
  return offer.blocked_by.filter((issue) => !empty.has(issue.field));
}

// Those who can do it as it is: ready ones first, then by price, an unknown one last.
export function byMerit({ answer, empty, known }) {
  const rank = { ready: 0, key: 1, check: 2 };
  const each = answer.providers.map((offer) => {
    const provider = known.provider(offer.provider);
    const model = known.model(offer.provider, offer.model);
    return { ...offer, provider_facts: provider, model_facts: model, stops: stops(offer, empty) };
  });
  const order = (one, other) =>
    rank[one.provider_facts?.ready] - rank[other.provider_facts?.ready] ||
    (one.price_usd ?? Infinity) - (other.price_usd ?? Infinity) ||
    0;
  const able = each.filter((offer) => offer.stops.length === 0).sort(order);
  return [able, each.filter((offer) => offer.stops.length > 0)];
}

export function nameOf(offer) {
  return `${offer.provider_facts?.label ?? offer.provider} · ${offer.model_facts?.label ?? offer.model}`;
}
