// Told when a job is done, by the browser and in the title: only for those who have asked for it.

import { isLive, known, onView, show } from "./desk.js";
import { clock, fill } from "./dom.js";

const KEY = "veo.notify";
const title = document.title;

export function notices(words, changed) {
  let on = localStorage.getItem(KEY) === "on";
  let ended = "";

  async function toggle() {
    on = !on;
    localStorage.setItem(KEY, on ? "on" : "off");
    // Where the browser will not show any, the title still does.
    if (on && "Notification" in window && Notification.permission === "default") await Notification.requestPermission();
    paint();
    changed();
  }

  function paint() {
    const live = known().filter(isLive);
    const said = ended || (live.length > 0 ? underWay(live) : "");
    document.title = on && said ? `${said} · ${title}` : title;
  }

  function underWay(live) {
    if (live.length > 1) return fill(words.titleSeveral, { count: live.length });
    const [job] = live;
    return job.progress === null ? clock(job.elapsed_seconds) : `${Math.round(job.progress * 100)} %`;
  }

  function tell(job) {
    const what = words[job.overdue ? "overdue" : job.state];
    ended = job.state === "succeeded" ? `✓ ${what}` : `! ${what}`;
    if (!("Notification" in window) || Notification.permission !== "granted") return;
    const body = (job.prompt || job.provider_label).slice(0, 120);
    try {
      const notice = new Notification(what, { body, tag: job.id, icon: document.querySelector("link[rel=icon]")?.href });
      notice.onclick = () => {
        window.focus();
        show(job.id);
      };
    } catch {
      // Phones show them from a service worker only; the title tells.
    }
  }

  onView((job, before) => {
    if (on && before && isLive(before) && !isLive(job)) tell(job);
    paint();
  });
  const seen = () => {
    if (document.hidden) return;
    ended = "";
    setTimeout(paint, 1500);
  };
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("focus", seen);
  document.addEventListener("pointerdown", seen);
  document.addEventListener("keydown", seen);

  return { isOn: () => on, label: () => (on ? words.notifyOn : words.notify), toggle };
}
