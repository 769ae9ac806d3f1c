// The status card: follows /api/jobs/{id} by plain fetch, so that nothing it meets can reload the page.
// The job does not need it: a closed page, a lost connection or a restarted server change nothing.

import { ask, drop, jobs, named, remember, reply } from "./browser.js";
import { isLive, onGone, onShown, show, tell } from "./desk.js";
import { painter } from "./paint.js";
import { onRenewed } from "./tables.js";

const EVERY = 1000;
// What has not changed is not told again: the server holds its answer back for so many seconds, or until it changes.
// Only for a page in sight: a browser keeps few connections to a server, over all its tabs.
const HOLD = 20;
const SOON = 150;
const HIDDEN_EVERY = 5000;
// Nothing happens by itself in these, but a late receipt or a key may still move them.
const RESTING_EVERY = 15_000;
// Whoever waits for a server to come back sees it at once.
const LOST_EVERY = 1200;
const MARGIN = 12;
const ENDS = new Set(["succeeded", "failed", "cancelled"]);

export function mount({ element, props, watch }) {
  let turn = 0;
  let timer;
  let held;
  let view = null;
  let seen = 0;
  let mark = "";
  let id = "";
  const paint = painter(element, props.words, { act, refresh, settled });

  function follow(job) {
    const mine = ++turn;
    let failures = 0;
    mark = "";
    id = job;
    clearTimeout(timer);
    held?.abort();
    const look = async () => {
      if (mine !== turn || !element.isConnected) return;
      let pause;
      try {
        const answer = await reply(`api/jobs/${encodeURIComponent(job)}`, asked(document.hidden ? "" : mark));
        if (answer.status !== 404 && answer.status !== 304 && !answer.ok) throw new Error(`${answer.status}`);
        if (answer.status !== 304) view = answer.status === 404 ? null : await answer.json();
        if (mine !== turn) return;
        failures = 0;
        paint.connected(true);
        if (view === null) return paint.idle(props.words.missing);
        mark = answer.headers.get("etag") ?? "";
        if (answer.status !== 304) {
          seen = performance.now();
          paint.view(view);
          tell(view);
        }
        if (ENDS.has(view.state)) return;
        pause = !isLive(view) ? RESTING_EVERY : document.hidden ? HIDDEN_EVERY : mark ? SOON : EVERY;
      } catch {
        if (mine !== turn) return;
        failures += 1;
        if (failures > 1) paint.connected(false);
        pause = document.hidden ? HIDDEN_EVERY : LOST_EVERY;
      }
      timer = setTimeout(look, pause);
    };
    look();
  }

  // How to ask for a view: at once, or for another one than the one with this mark.
  function asked(known) {
    held = new AbortController();
    if (!known) return { signal: AbortSignal.any([held.signal, AbortSignal.timeout(10_000)]) };
    const signal = AbortSignal.any([held.signal, AbortSignal.timeout((HOLD + 10) * 1000)]);
    return { signal, headers: { "if-none-match": known, prefer: `wait=${HOLD}` } };
  }

  // Time passes while nothing else changes.
  setInterval(() => {
    if (document.hidden || !mark || view?.id !== id || !isLive(view) || performance.now() - seen < EVERY) return;
    paint.view({ ...view, elapsed_seconds: view.elapsed_seconds + (performance.now() - seen) / 1000 });
  }, EVERY);

  // A click on Cancel or Look again: the answer is the newest view.
  async function act(job, action) {
    try {
      const now = await ask(`api/jobs/${encodeURIComponent(job)}/${action}`, { method: "POST" });
      if (now !== null) {
        paint.view(now);
        tell(now);
      }
      paint.connected(true);
      follow(job);
    } catch {
      paint.failed();
    }
  }

  // An uncertain job is so no more, or another one stands in for it.
  function settled(view) {
    tell(view);
    if (view.id === id) follow(id);
    else show(view.id);
  }

  // A signed address ran out: the view has a fresh one.
  async function refresh(job) {
    return (await ask(`api/jobs/${encodeURIComponent(job)}`).catch(() => null))?.videos ?? [];
  }

  // The job of the address first; somebody else's looks like none. A server that does not answer is asked again.
  async function attach() {
    const mine = turn;
    const looked = jobs();
    for (const job of looked) {
      const view = await ask(`api/jobs/${encodeURIComponent(job)}`).catch(() => undefined);
      if (mine !== turn) return;
      if (view !== null) return show(job);
    }
    paint.idle(looked.includes(named()) ? props.words.missing : undefined);
  }

  stick(document.getElementById("pg-right"));
  let attached = false;
  onShown((job) => {
    remember(job);
    if (attached) paint.bringIntoView();
    attached = true;
    follow(job);
  });
  onGone((job) => {
    drop(job);
    if (job !== id) return;
    turn += 1;
    id = "";
    clearTimeout(timer);
    held?.abort();
    paint.idle();
  });
  watch("value", () => {
    attached = true;
    if (props.value?.job) show(props.value.job);
  });
  const lookNow = () => {
    if (timer !== undefined && element.querySelector(".card").dataset.live) follow(id);
  };
  document.addEventListener("visibilitychange", lookNow);
  window.addEventListener("online", lookNow);
  // A job that waited for a key goes on when it is there.
  onRenewed(() => id && follow(id));
  attach().finally(() => (attached = true));
}

// The column stays in sight while the form scrolls; one that is taller than the window shows its end, not its top only.
function stick(column) {
  if (!column) return;
  const place = () => (column.style.top = `${Math.min(MARGIN, innerHeight - column.offsetHeight - MARGIN)}px`);
  new ResizeObserver(place).observe(column);
  window.addEventListener("resize", place);
}
