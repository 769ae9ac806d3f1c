// A form as a link: prompt and settings behind the #, which no browser sends to any server. Never pictures, never keys.

import { draft, keep } from "./browser.js";
import { held, MEDIA } from "./check.js";

const MARK = "#form=";
const BEFORE = "veo.draft.before";
const NAME = /^[a-z_]{1,40}$/;
const MOST = 40;

export function linkTo(mode, names) {
  const now = held(mode);
  const form = Object.fromEntries(names.map((name) => [name, now[name]]).filter(([, value]) => isPlain(value)));
  const bytes = new TextEncoder().encode(JSON.stringify({ mode, form }));
  const text = btoa(Array.from(bytes, (each) => String.fromCharCode(each)).join(""));
  const address = new URL(location.href);
  address.search = "";
  address.hash = MARK + text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return address.href;
}

// What a link brought becomes the draft of its form; what was there before can be brought back.
export function arrive() {
  const found = read(location.hash);
  if (!found) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  const { mode, form } = found;
  const before = draft()[mode];
  sessionStorage.setItem(BEFORE, JSON.stringify({ mode, before: before ?? null }));
  keep({ [mode]: form, tab: mode });
}

// Of a form that came from a link: what was in its place, null for nothing; undefined for any other form.
export function replaced(mode) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(BEFORE));
    return kept?.mode === mode ? kept.before : undefined;
  } catch {
    return undefined;
  }
}

export function bringBack(mode) {
  keep({ [mode]: replaced(mode) });
  sessionStorage.removeItem(BEFORE);
  location.reload();
}

export function forget() {
  sessionStorage.removeItem(BEFORE);
}

function read(hash) {
  if (!hash.startsWith(MARK)) return null;
  try {
    const text = atob(hash.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const { mode, form } = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (each) => each.charCodeAt(0))));
    if (!document.getElementById(`tab-${mode}-button`)) return null;
    const known = Object.entries(form).filter(([name, value]) => NAME.test(name) && !MEDIA.has(name) && isPlain(value));
    return { mode, form: Object.fromEntries(known.slice(0, MOST)) };
  } catch {
    return null;
  }
}

function isPlain(value) {
  return value !== "" && ["string", "number", "boolean"].includes(typeof value);
}

window.addEventListener("hashchange", () => location.hash.startsWith(MARK) && location.reload());
