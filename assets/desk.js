// What the parts of the right side tell each other: which job is shown, and the newest view of each.

const LIVE = new Set(["queued", "submitting", "running", "downloading"]);

const views = new Map();
const gone = new Set();
const watching = { shown: new Set(), view: new Set(), gone: new Set() };
let shownId = "";

export function isLive(job) {
  return LIVE.has(job.state) && !job.overdue;
}

// What a job is said to be doing: a provider that answers once is at work while its call waits for the answer.
export function doing(job) {
  if (job.overdue) return "overdue";
  return job.state === "submitting" && job.steps[job.step] === "generating" ? "running" : job.state;
}

export function shown() {
  return shownId;
}

// `listener(id)`: another job is to be shown.
export function onShown(listener) {
  watching.shown.add(listener);
}

export function show(id) {
  shownId = id;
  for (const listener of watching.shown) listener(id);
}

// `listener(view, before)`: somebody has looked; `before` is undefined the first time.
export function onView(listener) {
  watching.view.add(listener);
}

// `listener(id)`: a job was deleted.
export function onGone(listener) {
  watching.gone.add(listener);
}

export function forget(id) {
  gone.add(id);
  views.delete(id);
  for (const listener of watching.gone) listener(id);
}

export function tell(view) {
  // An answer that was under way when it was deleted.
  if (gone.has(view.id)) return;
  const before = views.get(view.id);
  // Two who ask at once may be answered in the other order.
  if (before && before.seq > view.seq) return;
  views.set(view.id, view);
  for (const listener of watching.view) listener(view, before);
}

export function known() {
  return [...views.values()];
}
