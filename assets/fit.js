// How a medium is shown, and, where it fills the frame, how it will be fitted to the chosen ratio: cropped or padded.

import { ask, reply } from "./browser.js";
import { fill, make, say } from "./dom.js";
import { wish } from "./wishes.js";

const RATIO = /^(\d+):(\d+)$/;
const HIGHEST = 170;
const SAME = 0.012;
const OTHER = { crop: "pad", pad: "crop" };

export function previewer({ mode, words, isVideo, fills, local, onGone }) {
  let shown = [];
  let latest = null;

  function preview(item) {
    if (/^https?:/i.test(item.ref)) return make("span", { class: "media-kind" }, words.link);
    const picture = item.ref.startsWith("job:") ? ofResult(item.ref, words) : ofUpload(item.ref);
    if (!fills) return picture;
    const frame = make("div", { class: "fit" }, picture, make("i", { "aria-hidden": "true" }));
    const caption = make("p", { class: "fit-says" });
    const each = { picture, frame, caption };
    shown = [...shown.filter((other) => other.frame.isConnected), each];
    for (const ready of ["load", "loadedmetadata"]) picture.addEventListener(ready, () => fit(each, latest));
    return make("div", { class: "fit-whole" }, frame, caption);
  }

  function ofUpload(ref) {
    const attributes = isVideo ? { playsinline: true, preload: "metadata" } : { alt: "" };
    const screen = make(isVideo ? "video" : "img", attributes);
    if (isVideo) screen.muted = true;
    const show = (src) => (screen.src = isVideo ? `${src}#t=0.1` : src);
    if (local.has(ref)) show(local.get(ref));
    else fetched(ref).then((src) => (src ? show(src) : onGone(ref)), () => {});
    return screen;
  }

  // After a reload: a file of this browser's own; null where the server no longer has it, so that it is no input any more.
  async function fetched(ref) {
    const response = await reply(`api/uploads?${new URLSearchParams({ reference: ref })}`);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`upload: ${response.status}`);
    local.set(ref, URL.createObjectURL(await response.blob()));
    return local.get(ref);
  }

  preview.refit = (result) => {
    latest = result;
    for (const each of shown) fit(each, result);
  };

  function fit(each, result) {
    const { picture, frame, caption } = each;
    const wide = picture.naturalWidth || picture.videoWidth;
    const high = picture.naturalHeight || picture.videoHeight;
    const [, x, y] = RATIO.exec(result?.held.aspect_ratio) ?? [];
    const own = wide / high;
    const wanted = x / y;
    const how = wide && high ? fitting(result, own, wanted) : null;
    // Every check of the form comes by here: a button that is about to be clicked must not be put in anew.
    const told = JSON.stringify([wide, high, how, result?.held.aspect_ratio, result?.held.provider, result?.held.model]);
    if (told === each.told) return;
    each.told = told;
    delete frame.dataset.fit;
    caption.replaceChildren();
    if (!wide || !high) return;
    const box = how === "pad" ? wanted : own;
    frame.style.aspectRatio = String(box);
    frame.style.width = `min(100%, ${Math.round(HIGHEST * box)}px)`;
    if (!how) return;
    frame.dataset.fit = how;
    // What stays of a picture that is cropped.
    frame.style.setProperty("--wide", `${Math.min(1, wanted / own) * 100}%`);
    frame.style.setProperty("--high", `${Math.min(1, own / wanted) * 100}%`);
    const ratio = result.held.aspect_ratio;
    say(caption, fill(words[`fit_${how}`], { ratio }));
    if (OTHER[how] && "resize_mode" in fieldsOf(result)) caption.append(" ", other(result.held, how));
  }

  function other(held, how) {
    const changes = { resize_mode: OTHER[how] };
    const apply = () => wish(mode, { provider: held.provider, model: held.model, changes, notes: {}, said: "" });
    return make("button", { type: "button", onclick: apply }, words[`instead_${OTHER[how]}`]);
  }

  function fitting(result, own, wanted) {
    if (!wanted) return null;
    if (Math.abs(own / wanted - 1) < SAME) return "same";
    // Where a provider has no say in it, nobody knows which of the two it does.
    return "resize_mode" in fieldsOf(result) ? result.held.resize_mode || "either" : "either";
  }

  function fieldsOf({ known, held }) {
    return known.model(held.provider, held.model)?.modes[mode]?.fields ?? {};
  }

  return preview;
}

// `job:<id>`, `job:<id>#2` or `job:<id>#last-frame`, out of the job's own video.
function ofResult(ref, words) {
  const [, id, part] = /^job:([^#]+)#?(.*)$/.exec(ref);
  const screen = make("video", { playsinline: true, preload: "metadata", "aria-label": words.result });
  screen.muted = true;
  ask(`api/jobs/${id}`)
    .then((job) => {
      const video = job?.videos[/^\d+$/.test(part) ? part - 1 : 0];
      if (video) screen.src = stillOf(video, part === "last-frame");
    })
    .catch(() => {});
  return screen;
}

export function stillOf(video, isLast) {
  return `${video.url}#t=${isLast ? Math.max(0, video.seconds - 0.06).toFixed(2) : "0.1"}`;
}
