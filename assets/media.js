// A media control: an upload, a drop, a paste, a link, or one of this browser's results. It holds references,
// `[{ref, name}]`, and judges nothing but what would not even arrive: whether a file fits is the service's to say.

import { reply } from "./browser.js";
import { keepNow, onCheck } from "./check.js";
import { fill, make, say } from "./dom.js";
import { previewer } from "./fit.js";
import { takePastesAndDrops } from "./intake.js";
import { linkPanel, resultsPanel } from "./sources.js";
import { addSlot } from "./slots.js";

const MAX_MEGABYTES = 100;
const UPLOAD = "api/uploads";
const UPLOAD_MS = 300_000;

const saidOf = ({ message, next_step: next }) => `${message} ${next}`;

export function mount({ element, props, trigger, watch }) {
  const { words, mode, field } = props;
  const root = element.querySelector(".media");
  const find = (selector) => element.querySelector(selector);
  const isVideo = props.accepts.startsWith("video");
  const local = new Map();
  const items = () => (Array.isArray(props.value) ? props.value : []);
  const isMany = () => props.at_most > 1;
  const file = find("input[type=file]");
  const preview = previewer({ mode, words, isVideo, fills: props.fills, local, onGone: (ref) => drop(ref) });

  function problem(text) {
    say(find(".media-problem"), text);
  }

  function set(list) {
    props.value = list;
    keepNow(mode, { [field]: list });
    paint();
    queueMicrotask(() => trigger("change"));
  }

  function drop(ref) {
    set(items().filter((each) => each.ref !== ref));
  }

  function add(item) {
    problem("");
    if (!isMany()) return set([item]);
    if (items().length >= props.at_most) return problem(fill(words.full, { count: props.at_most }));
    set([...items(), item]);
  }

  async function upload(chosen) {
    problem("");
    const tooBig = fill(words.tooBig, { name: chosen.name, megabytes: MAX_MEGABYTES });
    if (chosen.size > MAX_MEGABYTES * 1e6) return problem(tooBig);
    const body = new FormData();
    body.append("files", chosen);
    root.classList.add("busy");
    say(find(".media-drop span"), fill(words.uploading, { name: chosen.name }));
    try {
      const response = await reply(UPLOAD, { method: "POST", body, signal: AbortSignal.timeout(UPLOAD_MS) });
      if (response.status === 413) return problem(tooBig);
      if (response.status === 422) return problem((await response.json()).issues[0].message);
      if (response.status === 429 || response.status === 507) return problem(saidOf((await response.json()).error));
      if (!response.ok) throw new Error(`upload: ${response.status}`);
      const [path] = await response.json();
      local.set(path, URL.createObjectURL(chosen));
      add({ ref: path, name: chosen.name });
    } catch {
      problem(fill(words.failed, { name: chosen.name }));
    } finally {
      root.classList.remove("busy");
      paint();
    }
  }

  async function uploadAll(files) {
    for (const chosen of isMany() ? files : [...files].slice(0, 1)) await upload(chosen);
  }

  function line(item) {
    const remove = {
      type: "button",
      "aria-label": fill(words.remove, { name: item.name }),
      onclick: () => drop(item.ref),
    };
    const name = make("span", { class: "media-name", title: item.name }, item.name);
    return make("li", {}, preview(item), name, make("button", remove, "×"));
  }

  function paint() {
    const list = items();
    const isFull = list.length >= props.at_most;
    file.multiple = isMany();
    root.classList.toggle("single", !isMany());
    root.classList.toggle("links", Boolean(props.links_only));
    say(find(".media-hint"), props.hint);
    say(find(".media-note"), props.links_only ? words.linksOnly : "");
    if (!root.classList.contains("busy")) say(find(".media-drop span"), dropWords());
    find(".media-drop").hidden = isFull;
    find(".media-more").hidden = isFull;
    // An image that stays is not loaded again.
    const said = JSON.stringify(list);
    const place = find(".media-items");
    if (place.dataset.said !== said) place.replaceChildren(...list.map(line));
    place.dataset.said = said;
    link.open(Boolean(props.links_only) && !isFull);
  }

  function dropWords() {
    return isVideo ? words.dropVideo : isMany() ? words.drop_many : words.drop;
  }

  const link = linkPanel({ mode, title: props.title, words, add, problem });
  const results = resultsPanel({ mode, words, isVideo, add });
  find(".media-more").append(
    make("div", { class: "media-ways" }, results.opener, link.opener),
    results.element,
    link.element,
  );
  if (isVideo) results.open(true);

  file.addEventListener("change", async () => {
    const chosen = [...file.files];
    file.value = "";
    await uploadAll(chosen);
  });
  addSlot(mode, {
    field,
    element: root,
    accepts: (each) => !each.type || each.type.startsWith(isVideo ? "video/" : "image/"),
    hasRoom: () => items().length < props.at_most,
    clear: () => items().length && set([]),
    take: uploadAll,
    takeNewest: results.takeNewest,
    upload,
  });
  takePastesAndDrops();
  // A result that somebody wants to go on from (see use.js).
  document.addEventListener("pg:use", (event) => {
    const { mode: wanted, field: place, reference, name } = event.detail;
    if (wanted !== mode || place !== field || !element.isConnected) return;
    event.preventDefault();
    problem("");
    set([{ ref: reference, name }]);
  });
  onCheck((checked, result) => {
    if (checked !== mode || !element.isConnected) return;
    preview.refit(result);
    if (result && isVideo) results.refresh(result.held);
  });
  watch(["value", "hint", "at_most", "links_only"], paint);
  paint();
}
