// What the card shows of a job's view.

import { here } from "./browser.js";
import { clock, fill, make, say, size } from "./dom.js";

const RATIOS = { "16:9": "16 / 9", "9:16": "9 / 16", "1:1": "1 / 1" };
const LIVE = new Set(["queued", "submitting", "running", "downloading"]);
const NARROW = "(max-width: 768px)";
const REFRESH_AT_LEAST = 30_000;

export function painter(element, words, { act, refresh }) {
  const find = (selector) => element.querySelector(selector);
  const card = find(".card");
  const empty = find(".empty");
  let shown = "";
  let bring = false;

  function idle() {
    card.dataset.state = "idle";
    card.dataset.job = "";
    delete card.dataset.live;
    say(find(".said"), words.idle);
    say(find(".facts"), "");
    for (const step of element.querySelectorAll(".steps li")) step.className = "";
    for (const part of [".bar", ".prompt", ".outcome", ".notes"]) find(part).hidden = true;
    find(".buttons").replaceChildren();
    stage("idle", () => [empty]);
  }

  function view(job) {
    const state = job.overdue ? "overdue" : job.state;
    const live = LIVE.has(job.state) && !job.overdue;
    card.dataset.state = state;
    card.dataset.job = job.id;
    if (live) card.dataset.live = "yes";
    else delete card.dataset.live;
    const percent = job.progress === null ? "" : ` ${Math.round(job.progress * 100)} %`;
    say(find(".said"), words[state] ?? state);
    say(find(".facts"), facts(job, live, percent));
    steps(job, live);
    bar(job, live);
    const prompt = find(".prompt");
    prompt.hidden = !job.prompt;
    say(prompt, job.prompt);
    outcome(job, state);
    const notes = find(".notes");
    notes.hidden = job.notes.length === 0;
    if (notes.textContent !== job.notes.join("")) notes.replaceChildren(...job.notes.map((note) => make("li", {}, note)));
    buttons(job);
    if (job.videos.length > 0) stage(`${job.id} ready`, () => players(job));
    else if (live || state === "overdue") stage(`${job.id} waiting`, () => [waiting(job)]);
    else stage(`${job.id} over`, () => []);
    const figure = find(".stage .figure");
    if (figure) say(figure, job.progress === null ? clock(job.elapsed_seconds) : percent.trim());
    const doing = find(".stage .doing");
    if (doing) say(doing, job.words ?? words[state] ?? "");
    if (bring) card.scrollIntoView({ behavior: "smooth", block: matchMedia(NARROW).matches ? "start" : "nearest" });
    bring = false;
  }

  function facts(job, live, percent) {
    const polls = job.polls === 0 ? "" : job.polls === 1 ? words.poll : fill(words.polls, { count: job.polls });
    return [job.provider_label, live ? percent.trim() : "", clock(job.elapsed_seconds), live ? polls : ""]
      .filter(Boolean)
      .join(" · ");
  }

  function steps(job, live) {
    const stopped = !live && job.state !== "succeeded";
    element.querySelectorAll(".steps li").forEach((step, place) => {
      const done = place < job.step || job.state === "succeeded";
      step.className = done ? "done" : place === job.step ? (stopped ? "stopped" : "now") : "";
      if (place === job.step) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
  }

  function bar(job, live) {
    const place = find(".bar");
    place.hidden = !live;
    place.classList.toggle("unknown", job.progress === null);
    place.firstElementChild.style.width = job.progress === null ? "" : `${Math.round(job.progress * 100)}%`;
  }

  function outcome(job, state) {
    const place = find(".outcome");
    const error = job.error;
    const parts = [];
    if (error) {
      parts.push(make("p", { class: "message" }, error.message));
      if (error.provider_words) {
        parts.push(make("p", { class: "quoted" }, `${words.words}: “${error.provider_words}”`));
      }
      parts.push(make("p", { class: "next" }, error.next_step));
    } else if (state === "overdue") {
      parts.push(make("p", { class: "message" }, words.overdueHint));
    } else if (state === "parked" && job.words) {
      parts.push(make("p", { class: "message" }, job.words));
    }
    if (error || state === "cancelled") {
      parts.push(make("span", { class: `charged ${job.charged}` }, words[`charged_${job.charged}`]));
    }
    if (LIVE.has(job.state) && job.cancel_note && job.cancel_requested) {
      parts.push(make("p", { class: "next" }, job.cancel_note));
    }
    place.hidden = parts.length === 0;
    const text = parts.map((part) => part.textContent).join("|");
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    place.replaceChildren(...parts);
  }

  function buttons(job) {
    const wanted = [];
    if (job.can_cancel) wanted.push(["cancel", job.cancel_requested ? words.cancelling : words.cancel]);
    if (job.overdue) wanted.push(["look-again", words.look]);
    const place = find(".buttons");
    const text = JSON.stringify([job.id, wanted, job.cancel_requested]);
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    place.replaceChildren(
      ...wanted.map(([action, label]) =>
        make(
          "button",
          {
            type: "button",
            class: action,
            disabled: action === "cancel" && job.cancel_requested,
            onclick: (event) => {
              event.currentTarget.disabled = true;
              place.dataset.text = "";
              act(job.id, action);
            },
          },
          label,
        ),
      ),
    );
  }

  // The stage is built anew only when it shows something else: a playing video is never touched.
  function stage(what, build) {
    if (shown === what) return;
    shown = what;
    find(".stage").replaceChildren(...build());
  }

  function waiting(job) {
    const ratio = RATIOS[job.request.aspect_ratio] ?? RATIOS["16:9"];
    const frame = make(
      "div",
      { class: "frame" },
      make("div", { class: "figure" }),
      make("div", { class: "doing" }),
    );
    frame.style.aspectRatio = ratio;
    return make("div", { class: "waiting" }, frame);
  }

  function players(job) {
    const grid = make("div", { class: job.videos.length > 1 ? "videos several" : "videos" });
    grid.append(...job.videos.map((video) => player(job, video)));
    return [grid];
  }

  function player(job, video) {
    let refreshed = 0;
    const screen = make("video", {
      controls: true,
      playsinline: true,
      loop: true,
      preload: "metadata",
      src: here(video.url),
      width: video.width,
      height: video.height,
      "aria-label": fill(words.video, { number: video.number }),
      onerror: async () => {
        if (Date.now() - refreshed < REFRESH_AT_LEAST) return;
        refreshed = Date.now();
        const fresh = (await refresh(job.id)).find((each) => each.number === video.number);
        if (!fresh) return;
        const at = screen.currentTime;
        screen.src = here(fresh.url);
        link.href = download(fresh);
        screen.addEventListener("loadedmetadata", () => (screen.currentTime = at), { once: true });
      },
    });
    const said = [
      job.videos.length > 1 ? fill(words.video, { number: video.number }) : "",
      `${Number(video.seconds.toFixed(1))} s`,
      `${video.width} × ${video.height}`,
      video.has_audio ? words.sound : words.silent,
      size(video.bytes),
    ];
    const link = make("a", { class: "download", href: download(video), download: video.file_name }, words.download);
    const line = make("figcaption", {}, make("span", {}, said.filter(Boolean).join(" · ")), link);
    return make("figure", { class: video.height > video.width ? "upright" : "" }, screen, line);
  }

  return {
    idle,
    view,
    connected: (yes) => say(find(".connection"), yes ? "" : words.lost),
    // On a narrow page the card lies below the form: once, when there is something new on it.
    bringIntoView: () => (bring = true),
    failed: () => say(find(".connection"), words.actionFailed),
  };
}

function download(video) {
  return `${here(video.url)}&download=1`;
}
