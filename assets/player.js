// The finished videos of a job: one player, a strip where there are several, what can be done with it, and its facts.

import { here } from "./browser.js";
import { clock, copy, fill, make, refill, say, size } from "./dom.js";
import { price } from "./tables.js";
import { use } from "./use.js";

const REFRESH_AT_LEAST = 30_000;

export function player(element, words, refresh) {
  const find = (selector) => element.querySelector(selector);
  let chosen = 1;

  function build(job) {
    const there = job.videos.filter((video) => !video.gone);
    if (there.length === 0) return [make("div", { class: "removed" }, make("p", {}, words.gone))];
    chosen = there[0].number;
    const screen = screenOf(job, there[0]);
    const parts = [screen];
    if (job.videos.length > 1) parts.push(strip(job, screen));
    return [make("div", { class: job.videos[0].height > job.videos[0].width ? "film upright" : "film" }, ...parts)];
  }

  function screenOf(job, first) {
    let refreshed = 0;
    const screen = make("video", {
      controls: true,
      playsinline: true,
      loop: true,
      preload: "metadata",
      onerror: async () => {
        if (Date.now() - refreshed < REFRESH_AT_LEAST) return;
        refreshed = Date.now();
        const fresh = (await refresh(job.id)).find((each) => each.number === chosen);
        if (!fresh) return;
        const at = screen.currentTime;
        screen.src = here(fresh.url);
        screen.addEventListener("loadedmetadata", () => (screen.currentTime = at), { once: true });
      },
    });
    put(screen, first);
    return screen;
  }

  function put(screen, video) {
    screen.src = here(video.url);
    screen.width = video.width;
    screen.height = video.height;
    screen.setAttribute("aria-label", fill(words.video, { number: video.number }));
  }

  function strip(job, screen) {
    const buttons = job.videos.map((video) =>
      make(
        "button",
        {
          type: "button",
          "aria-label": fill(words.video, { number: video.number }),
          "aria-pressed": String(video.number === chosen),
          disabled: video.gone,
          title: video.gone ? words.gone : null,
          onclick: () => choose(video),
        },
        video.gone ? null : make("img", { src: here(video.thumbnail), alt: "", loading: "lazy" }),
        make("span", {}, String(video.number)),
      ),
    );
    const choose = (video) => {
      chosen = video.number;
      put(screen, video);
      buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(job.videos[place] === video)));
      actions(job);
    };
    return make("div", { class: "strip", role: "group", "aria-label": words.strip }, ...buttons);
  }

  // Beside the player: the next thing to do with it, and what it is.
  function actions(job) {
    const video = job?.videos.find((each) => each.number === chosen) ?? job?.videos[0];
    const place = find(".actions");
    place.hidden = !video || video.gone;
    find(".about").hidden = !video;
    if (!video) return;
    const text = `${job.id} ${job.state} ${video.number} ${video.url} ${video.gone}`;
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    const number = video.number === 1 ? "" : `#${video.number}`;
    const name = video.file_name;
    const go = (mode, field, part) =>
      use({ mode, field, reference: `job:${job.id}${part}`, name, video, provider: job.provider, model: job.model });
    const frame = () => go("image-to-video", "first_frame", "#last-frame");
    const extend = () => go("extension", "source_video", number);
    refill(
      place,
      make("a", { class: "download", href: `${here(video.url)}&download=1`, download: video.file_name }, words.download),
      // The neutral request knows the last frame of a job's first video only.
      video.number === 1 ? make("button", { type: "button", class: "use-frame", onclick: frame }, words.useFrame) : null,
      make("button", { type: "button", class: "extend", onclick: extend }, words.extend),
    );
    about(job, video);
  }

  function about(job, video) {
    const several = job.videos.length > 1 ? fill(words.video, { number: video.number }) : "";
    const rows = [
      [words.length, `${Number(video.seconds.toFixed(1))} s`],
      [words.frame, `${video.width} × ${video.height}`],
      [words.soundTitle, video.has_audio ? words.sound : words.silent],
      [words.file, size(video.bytes)],
      [words.seed, job.request.seed === undefined ? words.seedTheirs : String(job.request.seed)],
      [words.took, clock(job.elapsed_seconds)],
      [job.price_usd > 0 ? words.estimate : words.price, price(job.price_usd, words)],
    ];
    const cells = rows.map(([title, value]) => make("div", {}, make("dt", {}, title), make("dd", {}, value)));
    if (several) cells.unshift(make("div", {}, make("dt", {}, words.shown), make("dd", {}, several)));
    if (job.provider_job_id) cells.push(idOf(job));
    find(".about").replaceChildren(...cells);
  }

  function idOf(job) {
    const id = job.provider_job_id;
    const said = make("span", { class: "copied", role: "status" });
    const take = async () => {
      say(said, (await copy(id)) ? words.copied : words.copyByHand);
      setTimeout(() => say(said, ""), 1500);
    };
    const button = make("button", { type: "button", "aria-label": words.copyId, title: words.copyId, onclick: take });
    const title = fill(words.theirId, { provider: job.provider_label });
    return make("div", { class: "wide" }, make("dt", {}, title), make("dd", {}, make("code", { title: id }, id), button, said));
  }

  return { actions, build };
}
