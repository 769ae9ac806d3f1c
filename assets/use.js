// A result handed over to a form, or a job's settings: opens its tab, and waits until that can take it.

import { held, MEDIA } from "./check.js";
import { tables } from "./tables.js";
import { hasDoor, wish } from "./wishes.js";

const EVERY = 80;
// A tab that was never open may have to wait for its scripts, on a slow line or a busy machine.
const AT_MOST = 20_000;
// A rehearsal is a word of its own in the form, and the end of the prompt in a request.
const REHEARSED = /^([^]*?)\s*\[sandbox:([a-z-]+)\]\s*$/;
const WHO = new Set(["provider", "model", "mode"]);

let turn = 0;

// `detail`: mode, field, reference; its name and its video for those who show them; who made it. The event is
// `pg:use` on the document, and whoever takes it prevents the default.
export function use(detail) {
  whenOpen(detail.mode, () => {
    // A tab that was never open has no field yet.
    const taken = !document.dispatchEvent(new CustomEvent("pg:use", { detail, cancelable: true }));
    if (taken) arrive(detail);
    return taken;
  });
}

// A job's settings in its form once more, but for its media: what it did not set is not set there either.
export async function again(job, said) {
  const known = await tables().catch(() => null);
  const fields = Object.keys(known?.model(job.provider, job.model)?.modes[job.mode]?.fields ?? job.request);
  const [, spoken, rehearsal] = REHEARSED.exec(job.request.prompt ?? "") ?? [];
  const isRehearsed = known?.provider(job.provider)?.rehearsals.includes(rehearsal) ?? false;
  const asked = isRehearsed ? { ...job.request, prompt: spoken } : job.request;
  const names = fields.filter((name) => !MEDIA.has(name) && !WHO.has(name));
  const changes = { ...Object.fromEntries(names.map((name) => [name, asked[name] ?? null])), rehearsal: isRehearsed ? rehearsal : "" };
  whenOpen(job.mode, () => {
    const isThere = hasDoor(job.mode) && document.querySelector(`#${job.mode}-prompt textarea`)?.checkVisibility();
    if (!isThere) return false;
    toPrompt(job.mode);
    wish(job.mode, { provider: job.provider, model: job.model, changes, said });
    return true;
  });
}

// `attempt()`: whether it has been done; asked until it has, unless somebody wants something else meanwhile.
function whenOpen(mode, attempt) {
  const mine = ++turn;
  const until = Date.now() + AT_MOST;
  const tab = document.getElementById(`tab-${mode}-button`);
  const before = document.body.dataset.tab;
  let came = false;
  tab?.click();
  const offer = (isLate) => {
    // Only the last one that somebody has chosen is wanted.
    if (mine !== turn) return;
    const opened = document.body.dataset.tab;
    // Whoever opens another tab meanwhile wants that one.
    if (opened !== mode && (came || opened !== before)) return;
    came = opened === mode;
    // A click on a page that is busy may open nothing.
    if (isLate && tab?.getAttribute("aria-selected") === "false") tab.click();
    if (!attempt() && Date.now() < until) setTimeout(offer, EVERY, true);
  };
  offer(false);
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
