// Beside the form: for the request as it is, every provider's model: yes with its price, or the rule that stops it.

import { byMerit, isActive, nameOf, onCheck } from "./check.js";
import { fill, make, say } from "./dom.js";
import { price } from "./tables.js";
import { wish } from "./wishes.js";

export function mount({ element, props }) {
  const { words } = props;
  const find = (selector) => element.querySelector(selector);

  onCheck((mode, result) => {
    if (!isActive(mode)) return;
    find(".who").hidden = result === null || result.answer.providers.length === 0;
    if (result === null || result.answer.providers.length === 0) return;
    const [able, others] = byMerit(result);
    say(find(".who-count"), fill(words.count, { can: able.length, all: able.length + others.length }));
    given(result);
    const row = (offer) => line(mode, result, offer);
    list(find(".who-can"), able.length ? able.map(row) : [make("li", { class: "who-none" }, words.nobody)]);
    find(".who-others").hidden = others.length === 0;
    say(find(".who-others summary"), others.length === 1 ? words.another : fill(words.others, { count: others.length }));
    list(find(".who-others ul"), others.map(row));
  });

  function given({ empty, answer }) {
    const names = [...empty].filter((field) =>
      field === "prompt" ? false : answer.providers.some((offer) => offer.blocked_by.some((each) => each.field === field)),
    );
    const place = find(".who-given");
    place.hidden = names.length === 0;
    say(place, fill(words.given, { fields: names.map((name) => words.fields[name] ?? name).join(words.and) }));
  }

  function line(mode, { held, known }, offer) {
    const isHere = offer.provider === held.provider && offer.model === held.model;
    const can = offer.stops.length === 0;
    const facts = offer.model_facts;
    const hasMode = Boolean(facts?.modes[mode]);
    const notes = [facts?.standing, offer.provider_facts?.note].filter(Boolean);
    const inside = [
      make("span", { class: can ? "who-yes" : "who-no", "aria-hidden": "true" }, can ? "✓" : "–"),
      make(
        "span",
        { class: "who-name" },
        make("b", {}, nameOf(offer)),
        isHere ? make("em", {}, words.here) : null,
        notes.length && can ? make("small", {}, notes.join(" · ")) : null,
        can ? null : make("small", {}, offer.stops[0].message),
      ),
      hasMode ? make("span", { class: offer.price_usd === null ? "who-price unknown" : "who-price" }, price(offer.price_usd, words)) : null,
    ];
    if (!hasMode || isHere) return make("li", { class: isHere ? "here" : "" }, make("div", {}, ...inside));
    const use = () => wish(mode, { provider: offer.provider, model: offer.model, changes: {} });
    const key = `${offer.provider} ${offer.model}`;
    const title = fill(words.use, { who: nameOf(offer) });
    return make("li", {}, make("button", { type: "button", title, "data-key": key, onclick: use }, ...inside));
  }
}

// Rebuilt only when it says something else, and a focus stays where it was.
function list(place, rows) {
  const text = rows.map((row) => row.outerHTML).join("");
  if (place.dataset.said === text) return;
  place.dataset.said = text;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(...rows);
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}
