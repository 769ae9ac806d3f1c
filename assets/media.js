// A media control: an upload, a link, or one of this browser's results. It holds references, `[{ref, name}]`,
// and judges nothing but what would not even arrive: whether a file fits is the service's to say.

import { ask, here } from "./browser.js";
import { fill, make, say } from "./dom.js";

const MAX_MEGABYTES = 100;
const UPLOAD = "gradio_api/upload";

export function mount({ element, props, trigger, watch }) {
  const { words } = props;
  const find = (selector) => element.querySelector(selector);
  const many = props.at_most > 1;
  const isVideo = props.accepts.startsWith("video");
  const previews = new Map();
  const items = () => (Array.isArray(props.value) ? props.value : []);

  const file = find("input[type=file]");
  file.multiple = many;
  element.firstElementChild.classList.toggle("single", !many);
  say(find(".media-drop span"), many ? words.drop_many : words.drop);
  say(find("summary"), isVideo ? `${words.results}, ${words.url}` : words.url);
  find(".media-url input").placeholder = words.urlPlaceholder;
  find(".media-url input").setAttribute("aria-label", `${props.title}: ${words.url}`);
  say(find(".media-url button"), words.urlAdd);

  function problem(text) {
    say(find(".media-problem"), text);
  }

  function set(list) {
    props.value = list;
    paint();
    queueMicrotask(() => trigger("change"));
  }

  function add(item) {
    if (!many) return set([item]);
    if (items().length >= props.at_most) return problem(fill(words.full, { count: props.at_most }));
    set([...items(), item]);
  }

  async function upload(chosen) {
    problem("");
    if (chosen.size > MAX_MEGABYTES * 1e6) {
      return problem(fill(words.tooBig, { name: chosen.name, megabytes: MAX_MEGABYTES }));
    }
    const body = new FormData();
    body.append("files", chosen);
    element.firstElementChild.classList.add("busy");
    say(find(".media-drop span"), fill(words.uploading, { name: chosen.name }));
    try {
      const response = await fetch(here(UPLOAD), { method: "POST", body });
      if (response.status === 413) {
        return problem(fill(words.tooBig, { name: chosen.name, megabytes: MAX_MEGABYTES }));
      }
      if (!response.ok) throw new Error(`upload: ${response.status}`);
      const [path] = await response.json();
      previews.set(path, URL.createObjectURL(chosen));
      add({ ref: path, name: chosen.name });
    } catch {
      problem(fill(words.failed, { name: chosen.name }));
    } finally {
      element.firstElementChild.classList.remove("busy");
      say(find(".media-drop span"), many ? words.drop_many : words.drop);
    }
  }

  async function uploadAll(files) {
    for (const chosen of many ? files : [...files].slice(0, 1)) await upload(chosen);
  }

  function preview(item) {
    const isLink = /^https?:/i.test(item.ref);
    if (isLink || item.ref.startsWith("job:")) {
      return make("span", { class: "media-kind" }, isLink ? words.link : words.result);
    }
    const src = previews.get(item.ref) ?? here(`gradio_api/file=${item.ref}`);
    // A file that the server no longer has is no input any more.
    const gone = () => previews.has(item.ref) || set(items().filter((each) => each.ref !== item.ref));
    if (isVideo) {
      const screen = make("video", { src, muted: true, playsinline: true, preload: "metadata" });
      screen.muted = true;
      return screen;
    }
    return make("img", { src, alt: "", onerror: gone });
  }

  function paint() {
    const list = items();
    find(".media-drop").hidden = list.length >= props.at_most;
    find(".media-more").hidden = list.length >= props.at_most;
    find(".media-items").replaceChildren(
      ...list.map((item, place) =>
        make(
          "li",
          {},
          preview(item),
          make("span", { class: "media-name", title: item.name }, item.name),
          make(
            "button",
            {
              type: "button",
              "aria-label": fill(words.remove, { name: item.name }),
              onclick: () => set(items().filter((_, each) => each !== place)),
            },
            "×",
          ),
        ),
      ),
    );
  }

  function useLink() {
    const field = find(".media-url input");
    const url = field.value.trim();
    if (!/^https?:\/\/\S+$/i.test(url)) return problem(words.badUrl);
    problem("");
    field.value = "";
    add({ ref: url, name: url });
  }

  async function listResults() {
    const select = find("select");
    select.hidden = false;
    const answer = await ask("api/jobs").catch(() => null);
    const done = (answer?.jobs ?? []).filter((job) => job.state === "succeeded");
    const options = done.flatMap((job) =>
      job.videos.map((video) => {
        const ref = video.number === 1 ? `job:${job.id}` : `job:${job.id}#${video.number}`;
        const name = job.prompt || job.mode;
        return make("option", { value: ref }, `${name.slice(0, 60)} (${Number(video.seconds.toFixed(1))} s)`);
      }),
    );
    const head = make("option", { value: "" }, options.length ? words.results : words.noResults);
    select.replaceChildren(head, ...options);
  }

  file.addEventListener("change", async () => {
    const chosen = [...file.files];
    file.value = "";
    await uploadAll(chosen);
  });
  find(".media-url button").addEventListener("click", useLink);
  find(".media-url input").addEventListener("keydown", (event) => {
    if (event.key === "Enter") useLink();
  });
  const select = find("select");
  select.setAttribute("aria-label", words.results);
  select.addEventListener("change", () => {
    const option = select.selectedOptions[0];
    if (option?.value) add({ ref: option.value, name: option.textContent });
  });
  if (isVideo) find("details").addEventListener("toggle", (event) => event.target.open && listResults());

  const drop = find(".media-drop");
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind === "drop") uploadAll(event.dataTransfer.files);
    });
  }
  // A result that somebody wants to go on from (see use.js).
  document.addEventListener("pg:use", (event) => {
    const { mode, field, reference, name } = event.detail;
    if (!element.isConnected || !element.closest(`#${mode}-${field}`)) return;
    event.preventDefault();
    problem("");
    set([{ ref: reference, name }]);
  });
  watch("value", paint);
  paint();
}
