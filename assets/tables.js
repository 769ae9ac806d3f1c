// The capability tables as the page's scripts need them: fetched once, small, and nobody's secret. They say who is
// ready for this browser, so they are fetched anew when its keys change.

import { ask } from "./browser.js";

let loading;
const listeners = new Set();

export function tables() {
  loading ??= ask("api/capabilities").then(index);
  loading.catch(() => (loading = undefined));
  return loading;
}

// `listener()`: what is known of the providers may have changed.
export function onRenewed(listener) {
  listeners.add(listener);
}

export function renew() {
  loading = undefined;
  for (const listener of listeners) listener();
}

function index(data) {
  const providers = new Map(data.providers.map((each) => [each.id, each]));
  const model = (provider, id) => providers.get(provider)?.models.find((each) => each.id === id);
  const spoken = (field, value) => data.spoken[field]?.[String(value)] ?? String(value);
  return { ...data, provider: (id) => providers.get(id), model, spoken };
}

export function money(usd) {
  const [whole, cents = ""] = String(Number(usd.toFixed(4))).split(".");
  return `$${whole}.${cents.padEnd(2, "0")}`;
}

export function price(usd, words) {
  return usd === null || usd === undefined ? words.unknown : usd === 0 ? words.free : money(usd);
}
