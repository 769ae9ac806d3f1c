// The matrix: who can do which mode, and one cell of it in full.

import { ask } from "./browser.js";
import { make, say } from "./dom.js";
import { sheet } from "./sheet.js";
import { onRenewed, tables } from "./tables.js";

export async function mount({ element, props }) {
  const { words } = props;
  const find = (selector) => element.querySelector(selector);
  const dialog = find("dialog");
  const mode = find("select");
  const [key, live] = element.querySelectorAll(".caps-filters input");
  let known;
  try {
    known = await tables();
  } catch {
    return say(find(".caps-says"), words.failed);
  }
  const option = (value, label) => make("option", { value }, label);
  mode.replaceChildren(option("", words.all), ...known.modes.map((each) => option(each.id, each.label)));
  for (const filter of [mode, key, live]) filter.addEventListener("change", paint);
  // A click beside the sheet closes it, as Escape does.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  paint();
  onRenewed(async () => {
    known = await tables().catch(() => known);
    paint();
  });

  function paint() {
    const modes = known.modes.filter((each) => !mode.value || each.id === mode.value);
    const rows = known.providers.map((provider) => [provider, shown(provider, modes)]).filter(([, models]) => models.length);
    const table = find(".caps-table");
    table.hidden = rows.length === 0;
    say(find(".caps-says"), rows.length ? "" : words.none);
    table.replaceChildren(
      make("caption", { class: "caps-hidden" }, words.title),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, words.who), ...modes.map(column))),
      ...rows.map(([provider, models]) => group(provider, models, modes)),
    );
  }

  function shown(provider, modes) {
    if (key.checked && provider.ready !== "ready") return [];
    return provider.models.filter(
      (model) => !(live.checked && model.stage === "retired") && modes.some((each) => model.modes[each.id]),
    );
  }

  function column({ label, short }) {
    return make("th", { scope: "col" }, make("span", { class: "caps-long" }, label), make("span", { class: "caps-short" }, short));
  }

  function group(provider, models, modes) {
    const usable = provider.needs_key ? words.keyYes : words.sandbox;
    const note = provider.all_locked ? words.gone : provider.ready === "ready" ? usable : provider.note;
    const head = make(
      "tr",
      { class: "caps-provider" },
      make(
        "th",
        { scope: "rowgroup", colspan: modes.length + 1 },
        make("b", {}, provider.label),
        make("span", { class: `caps-ready ${provider.all_locked ? "gone" : provider.ready}` }, note),
      ),
    );
    return make("tbody", {}, head, ...models.map((model) => row(provider, model, modes)));
  }

  function row(provider, model, modes) {
    return make(
      "tr",
      {},
      make(
        "th",
        { scope: "row" },
        make("span", {}, model.label),
        model.standing ? make("small", { class: model.stage }, model.standing) : null,
      ),
      ...modes.map((each) => cell(provider, model, each)),
    );
  }

  function cell(provider, model, each) {
    const here = model.modes[each.id];
    if (!here) {
      return make("td", {}, make("span", { class: "caps-not", title: words.cannot, "aria-label": words.cannot, role: "img" }, "–"));
    }
    const name = [provider.label, model.label, each.label, model.standing || words.available, here.price].join(", ");
    const [price, more] = here.price.split("/");
    return make(
      "td",
      {},
      make(
        "button",
        {
          type: "button",
          class: `caps-cell ${model.locked ? "locked" : model.stage}`,
          "aria-label": name,
          "aria-haspopup": "dialog",
          onclick: (event) => open(event.currentTarget, provider.id, model.id, each.id),
        },
        make("i", { "aria-hidden": "true" }),
        ...(here.price === words.unknown
          ? [make("span", { class: "caps-long" }, words.unknownShort), make("span", { class: "caps-short" }, words.unknownShortest)]
          : [make("span", {}, price)]),
        more ? make("small", {}, `/${more}`) : null,
      ),
    );
  }

  async function open(button, provider, model, each) {
    const query = new URLSearchParams({ provider, model, mode: each });
    const data = await ask(`api/capabilities/cell?${query}`).catch(() => null);
    if (!data) return say(find(".caps-says"), words.failed);
    dialog.replaceChildren(sheet(data, words, () => dialog.close()));
    dialog.scrollTop = 0;
    dialog.addEventListener("close", () => button.focus(), { once: true });
    dialog.showModal();
    dialog.querySelector("h2").focus();
  }
}
