// Hands a result over to a form: opens its tab and offers the reference, until the field there has taken it.

import { held, MEDIA } from "./check.js";
import { tables } from "./tables.js";
import { hasDoor, wish } from "./wishes.js";

const EVERY = 80;
// A tab that was never open may have to wait for its scripts, on a slow line or a busy machine.
const AT_MOST = 20_000;

let turn = 0;

// `detail`: mode, field, reference; its name and its video for those who show them; who made it. The event is
// `pg:use` on the document, and whoever takes it prevents the default.
export function use(detail) {
  const mine = ++turn;
  const until = Date.now() + AT_MOST;
  const tab = document.getElementById(`tab-${detail.mode}-button`);
  const before = document.body.dataset.tab;
  let came = false;
  tab?.click();
  const offer = (isLate) => {
    // Only the last one that somebody has chosen is wanted.
    if (mine !== turn) return;
    const opened = document.body.dataset.tab;
    // Whoever opens another tab meanwhile wants that one.
    if (opened !== detail.mode && (came || opened !== before)) return;
    came = opened === detail.mode;
    // A click on a page that is busy may open nothing.
    if (isLate && tab?.getAttribute("aria-selected") === "false") tab.click();
    const taken = !document.dispatchEvent(new CustomEvent("pg:use", { detail, cancelable: true }));
    // A tab that was never open has no field yet.
    if (taken) arrive(detail);
    else if (Date.now() < until) setTimeout(offer, EVERY, true);
  };
  offer(false);
}

// A job's settings in its form once more, but for its media: what it did not set is not set there either.
export async function again(job, said) {
  const known = await tables().catch(() => null);
  const fields = known?.model(job.provider, job.model)?.modes[job.mode]?.fields;
  if (!fields) return;
  const names = Object.keys(fields).filter((name) => !MEDIA.has(name));
  const changes = Object.fromEntries(names.map((name) => [name, job.request[name] ?? null]));
  const mine = ++turn;
  const until = Date.now() + AT_MOST;
  document.getElementById(`tab-${job.mode}-button`)?.click();
  const offer = () => {
    if (mine !== turn) return;
    const isOpen = document.querySelector(`#${job.mode}-prompt textarea`)?.checkVisibility();
    if (!isOpen || !hasDoor(job.mode)) return Date.now() < until && setTimeout(offer, EVERY);
    toPrompt(job.mode);
    wish(job.mode, { provider: job.provider, model: job.model, changes, said });
  };
  offer();
}

function toPrompt(mode) {
  document.getElementById("pg-tabs")?.scrollIntoView({ behavior: "smooth", block: "start" });
  document.querySelector(`#${mode}-prompt textarea`)?.focus({ preventScroll: true });
}

// What comes next is words: the prompt of that form. Most providers go on from their own clips only.
async function arrive({ mode, provider, model }) {
  toPrompt(mode);
  if (mode !== "extension" || held(mode).provider === provider) return;
  const known = await tables().catch(() => null);
  const models = known?.provider(provider)?.models.filter((each) => each.modes[mode]) ?? [];
  if (models.length === 0) return;
  const same = models.find((each) => each.id === model) ?? models[0];
  wish(mode, { provider, model: same.id, changes: {} });
}
