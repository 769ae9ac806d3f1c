// Where a medium may come from besides a file: a link, or one of this browser's results. Which clips a provider extends,
// why not the others, and for how long, is the service's word.

import { ask } from "./browser.js";
import { fill, make, say } from "./dom.js";
import { stillOf } from "./fit.js";

const NEWEST = 12;
const FRESH = 2500;
const LONGEST = 60;

function opener(text, toggle) {
  return make("button", { type: "button", "aria-expanded": "false", onclick: toggle }, text);
}

export function linkPanel({ title, words, add, problem }) {
  const field = make("input", {
    type: "url",
    inputmode: "url",
    autocomplete: "off",
    placeholder: words.urlPlaceholder,
    "aria-label": `${title}: ${words.url}`,
    onkeydown: (event) => event.key === "Enter" && use(),
  });
  const element = make("div", { class: "media-url", hidden: true }, field, make("button", { type: "button", onclick: use }, words.urlAdd));
  const button = opener(words.url, () => {
    open(element.hidden);
    if (!element.hidden) field.focus();
  });

  function open(yes) {
    element.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
  }

  function use() {
    const url = field.value.trim();
    if (!/^https?:\/\/\S+$/i.test(url)) return problem(words.badUrl);
    field.value = "";
    add({ ref: url, name: url });
  }

  // Opened for whoever takes nothing else, never closed under somebody's hands.
  return { element, opener: button, open: (yes) => yes && open(true) };
}

export function resultsPanel({ mode, words, isVideo, add }) {
  const list = make("ul", { class: "media-results" });
  const empty = make("p", { class: "media-empty" });
  const element = make("div", { hidden: true }, list, empty);
  const button = opener(words.results, () => open(element.hidden));
  let held = {};
  let last = { key: "", at: 0 };

  function open(yes) {
    element.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
    if (yes) load();
  }

  async function load() {
    last = { key: key(), at: Date.now() };
    const found = isVideo ? await clips(held) : await frames();
    if (!found) return say(empty, words.resultsFailed);
    // The same again keeps its pictures, and whoever is on one of them.
    const said = JSON.stringify(found.map(({ ref, name, facts, why }) => [ref, name, facts, why]));
    if (list.dataset.said !== said) list.replaceChildren(...found.map(entry));
    list.dataset.said = said;
    say(empty, found.length ? "" : words.noResults);
  }

  const key = () => `${held.provider} ${held.model}`;

  function entry({ ref, name, still, facts, why }) {
    const says = make("small", {}, why ?? facts);
    const button = make(
      "button",
      {
        type: "button",
        "data-ref": ref,
        "aria-disabled": why ? "true" : null,
        title: why ?? name,
        onclick: () => why || add({ ref, name }),
      },
      still,
      make("span", {}, name),
      says,
    );
    return make("li", { class: why ? "cannot" : null }, button);
  }

  async function frames() {
    const answer = await ask(`api/jobs?newest=${NEWEST}`).catch(() => null);
    return answer?.jobs
      .filter((job) => job.state === "succeeded" && job.videos.length && !job.videos[0].gone)
      .map((job) => {
        const still = make("video", { src: stillOf(job.videos[0], true), preload: "metadata", tabindex: "-1", "aria-hidden": "true" });
        still.muted = true;
        return { ref: `job:${job.id}#last-frame`, name: named(job), still, facts: words.lastFrame };
      });
  }

  async function clips({ provider, model }) {
    if (!provider) return [];
    const asked = new URLSearchParams({ provider, ...(model && { model }) });
    const answer = await ask(`api/extendable?${asked}`).catch(() => null);
    return answer?.results.filter((each) => !each.video.gone).map((each) => ({
      ref: each.reference,
      name: named(each),
      still: make("img", { src: each.video.thumbnail, alt: "", loading: "lazy" }),
      facts: [length(each.video), daysLeft(each.days_left)].filter(Boolean).join(" · "),
      why: each.can ? null : each.why,
    }));
  }

  const named = (job) => (job.prompt || job.mode).slice(0, LONGEST);
  const length = (video) => fill(words.seconds, { seconds: Number(video.seconds.toFixed(1)) });

  function daysLeft(days) {
    if (days === null || days === undefined) return "";
    return days < 1 ? fill(words.hoursLeft, { hours: Math.floor(days * 24) }) : fill(words.daysLeft, { days });
  }

  return {
    element,
    opener: button,
    open,
    // The newest that fits, for an example; whether there was one.
    async takeNewest() {
      const found = (await (isVideo ? clips(held) : frames())) ?? [];
      const fitting = found.find((each) => !each.why);
      if (fitting) add({ ref: fitting.ref, name: fitting.name });
      return Boolean(fitting);
    },
    // After every check: another provider takes other clips, and a job may have ended meanwhile.
    refresh(now) {
      held = now;
      if (!element.hidden && (last.key !== key() || Date.now() - last.at > FRESH)) load();
    },
  };
}
