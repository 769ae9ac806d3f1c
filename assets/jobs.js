// "Your jobs": this browser's jobs, newest first. Those that run are followed here, also while another one is shown.

import { ask, here } from "./browser.js";
import { deleting } from "./deleting.js";
import { doing, isLive, known, onGone, onShown, onView, show, shown, tell } from "./desk.js";
import { ago, fill, make, say } from "./dom.js";
import { price } from "./tables.js";

const FEW = 4;
const ALL = 50;
const EVERY = 2000;
const HIDDEN_EVERY = 10_000;
const LOST_EVERY = 1500;
const AGES_EVERY = 30_000;
const REFRESH_AT_LEAST = 30_000;
const LONGEST = 60;

export function mount({ element, props }) {
  const { words } = props;
  const find = (selector) => element.querySelector(selector);
  const rows = new Map();
  const asking = make("div", { class: "deleting", hidden: true });
  const question = deleting(asking, words.deleting, (id) => rows.get(id)?.querySelector(".jobs-delete"));
  let everything = false;
  let timer;
  let refreshed = 0;

  const newestFirst = () => known().sort((one, other) => other.created_at.localeCompare(one.created_at));

  // All at first; then only as many as it takes to see the oldest one that still runs.
  async function look(count = ALL) {
    clearTimeout(timer);
    try {
      const answer = await ask(`api/jobs?newest=${count}`);
      for (const job of answer?.jobs ?? []) tell(job);
      if (answer === null) return;
      schedule(document.hidden ? HIDDEN_EVERY : EVERY);
    } catch {
      clearTimeout(timer);
      timer = setTimeout(() => look(count), document.hidden ? HIDDEN_EVERY : LOST_EVERY);
    }
  }

  // The one that is shown is followed by the card.
  function schedule(pause) {
    clearTimeout(timer);
    const order = newestFirst();
    const last = order.findLastIndex((job) => isLive(job) && job.id !== shown());
    if (last >= 0) timer = setTimeout(() => look(Math.min(last + 1, ALL)), pause);
  }

  function paint() {
    const order = newestFirst();
    find(".jobs").hidden = order.length === 0;
    // What waits for a decision is never folded away.
    const seen = everything ? order : order.filter((job, place) => place < FEW || job.doubt);
    const wanted = seen.map((job) => row(job));
    const list = find(".jobs-list");
    const same = list.children.length === wanted.length && wanted.every((each, place) => list.children[place] === each);
    if (!same) {
      const focused = list.contains(document.activeElement) ? document.activeElement : null;
      list.replaceChildren(...wanted);
      focused?.focus();
    }
    const more = find(".jobs-more");
    more.hidden = order.length <= FEW;
    more.setAttribute("aria-expanded", String(everything));
    say(more, everything ? words.fewer : fill(words.all, { count: order.length }));
  }

  function row(job) {
    const line = rows.get(job.id) ?? made(job);
    rows.set(job.id, line);
    const state = job.overdue ? "overdue" : job.state;
    const button = line.firstElementChild;
    const at = (selector) => line.querySelector(selector);
    line.dataset.state = state;
    if (job.id === shown()) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
    say(at(".jobs-prompt"), job.prompt || words.modes[job.mode] || job.mode);
    const removed = job.videos.length > 0 && job.videos.every((video) => video.gone);
    say(at(".jobs-state"), removed ? words.deleting.removed : words.states[doing(job)]);
    const sent = job.doubt && fill(words.doubt, { provider: job.provider_label, when: new Date(job.doubt.sent_at).toLocaleTimeString() });
    say(at(".jobs-who"), sent ?? [job.provider_label, job.model_label, words.modes[job.mode] ?? job.mode].join(" · "));
    say(at(".jobs-age"), ago(job.created_at));
    say(at(".jobs-price"), cost(job));
    const live = isLive(job);
    const percent = live && job.progress !== null ? Math.round(job.progress * 100) : null;
    say(at(".jobs-percent"), percent === null ? "" : `${percent} %`);
    const bar = at(".jobs-bar");
    bar.hidden = !live;
    bar.classList.toggle("unknown", percent === null);
    bar.firstElementChild.style.width = percent === null ? "" : `${percent}%`;
    picture(line, job);
    question.seen(job);
    return line;
  }

  function made(job) {
    const text = (name) => make("span", { class: `jobs-${name}` });
    return make(
      "li",
      {},
      make(
        "button",
        { type: "button", class: "jobs-row", onclick: () => show(job.id) },
        make("span", { class: "jobs-picture", "aria-hidden": "true" }),
        make(
          "span",
          { class: "jobs-text" },
          text("prompt"),
          make("span", { class: "jobs-line" }, text("state"), text("percent"), text("who")),
        ),
        make("span", { class: "jobs-side" }, text("price"), text("age")),
        make("span", { class: "jobs-bar", hidden: true }, make("i")),
      ),
      make(
        "button",
        {
          type: "button",
          class: "jobs-delete",
          "aria-expanded": "false",
          "aria-label": fill(words.deleting.deleteNamed, { prompt: (job.prompt || job.mode).slice(0, LONGEST) }),
          title: words.deleting.delete,
          onclick: () => askAbout(job.id),
        },
        "×",
      ),
    );
  }

  function askAbout(id) {
    const job = known().find((each) => each.id === id);
    if (!job) return;
    if (!question.isOpen(id)) {
      question.close();
      rows.get(id).append(asking);
    }
    question.toggle(job);
  }

  // An address is signed anew every hour; the picture is the same.
  function picture(line, job) {
    const place = line.querySelector(".jobs-picture");
    const [video] = job.videos;
    const path = !video ? "" : video.gone ? words.deleting.removed : video.thumbnail.split("?")[0];
    if (place.dataset.path === path) return;
    place.dataset.path = path;
    if (!video || video.gone) return place.replaceChildren();
    const image = make("img", { src: here(video.thumbnail), alt: "", loading: "lazy", decoding: "async" });
    image.onerror = () => {
      image.remove();
      if (Date.now() - refreshed < REFRESH_AT_LEAST) return;
      refreshed = Date.now();
      for (const each of element.querySelectorAll(".jobs-picture")) delete each.dataset.path;
      look();
    };
    place.replaceChildren(image);
  }

  function cost(job) {
    if (job.state !== "succeeded" && !isLive(job) && job.price_usd !== 0) {
      if (job.charged === "no") return words.notCharged;
      if (job.charged === "unknown") return words.maybeCharged;
    }
    return price(job.price_usd, words);
  }

  let painting = false;
  // Fifty views that arrive at once are one change of the list.
  function paintSoon() {
    if (painting) return;
    painting = true;
    queueMicrotask(() => {
      painting = false;
      paint();
    });
  }

  find(".jobs-more").addEventListener("click", () => {
    everything = !everything;
    paint();
  });
  onView(paintSoon);
  onGone((id) => {
    rows.delete(id);
    paint();
    // Whoever deleted it by keyboard goes on in the list.
    find(".jobs-row")?.focus({ preventScroll: true });
  });
  onShown((id) => {
    paintSoon();
    const order = known();
    if (order.some((job) => job.id === id)) schedule(0);
    else look();
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  window.addEventListener("online", () => look());
  setInterval(() => document.hidden || paintSoon(), AGES_EVERY);
  look();
}
