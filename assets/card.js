// The status card: follows /api/jobs/{id} by plain fetch, so that nothing it meets can reload the page.
// The job does not need it: a closed page, a lost connection or a restarted server change nothing.

import { ask, jobs, remember } from "./browser.js";
import { painter } from "./paint.js";

const EVERY = 1000;
const HIDDEN_EVERY = 5000;
// Nothing happens by itself in these, but a late receipt or a key may still move them.
const RESTING_EVERY = 15_000;
const LONGEST_PAUSE = 15_000;
const ENDS = new Set(["succeeded", "failed", "cancelled"]);
const RESTS = new Set(["uncertain", "parked"]);

export function mount({ element, props, watch }) {
  let turn = 0;
  let timer;
  const paint = painter(element, props.words, { act, refresh });

  function follow(id) {
    const mine = ++turn;
    let failures = 0;
    clearTimeout(timer);
    const look = async () => {
      if (mine !== turn || !element.isConnected) return;
      let pause;
      try {
        const view = await ask(`api/jobs/${encodeURIComponent(id)}`);
        if (mine !== turn) return;
        failures = 0;
        paint.connected(true);
        if (view === null) return paint.idle();
        paint.view(view);
        if (ENDS.has(view.state)) return;
        pause = RESTS.has(view.state) || view.overdue ? RESTING_EVERY : document.hidden ? HIDDEN_EVERY : EVERY;
      } catch {
        if (mine !== turn) return;
        failures += 1;
        if (failures > 1) paint.connected(false);
        pause = Math.min(EVERY * 2 ** failures, LONGEST_PAUSE);
      }
      timer = setTimeout(look, pause);
    };
    look();
  }

  // A click on Cancel or Look again: the answer is the newest view.
  async function act(id, action) {
    try {
      const view = await ask(`api/jobs/${encodeURIComponent(id)}/${action}`, { method: "POST" });
      if (view !== null) paint.view(view);
      paint.connected(true);
      follow(id);
    } catch {
      paint.failed();
    }
  }

  // A signed address ran out: the view has a fresh one.
  async function refresh(id) {
    return (await ask(`api/jobs/${encodeURIComponent(id)}`).catch(() => null))?.videos ?? [];
  }

  // The job of the address first; somebody else's looks like none.
  async function attach() {
    const mine = turn;
    for (const id of jobs()) {
      const view = await ask(`api/jobs/${encodeURIComponent(id)}`).catch(() => undefined);
      if (mine !== turn) return;
      if (view !== null) return follow(id);
    }
    paint.idle();
  }

  watch("value", () => {
    const id = props.value?.job;
    if (!id) return;
    remember(id);
    paint.bringIntoView();
    follow(id);
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer !== undefined && element.querySelector(".card").dataset.live) {
      follow(element.querySelector(".card").dataset.job);
    }
  });
  attach();
}
