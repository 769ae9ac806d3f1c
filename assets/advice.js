// What is to be said of a form before anything is sent: a model that is gone and what is left, what was set aside,
// what does not fit and the nearest that does, notes, and which choices the others exclude.

import { byMerit, hasTried, nameOf, onCheck, register } from "./check.js";
import { fill, make } from "./dom.js";
import { price } from "./tables.js";
import { described, door, wish } from "./wishes.js";

const LEFT_AT_MOST = 4;
export function mount({ element, props, trigger }) {
  const { mode, words, labels } = props;
  const live = element.querySelector(".advice-live");
  const more = element.querySelector(".advice-more");
  const paint = painter(mode, words, labels);
  door(mode, () => trigger("change"));
  onCheck((checked, result) => {
    if (checked !== mode) return;
    const parts = result ? paint(result) : { live: [], more: [] };
    change(live, parts.live);
    change(more, parts.more);
    lock(mode, Boolean(result?.known.model(result.held.provider, result.held.model)?.locked), words);
    if (result) document.querySelector(`#tab-${mode} .problems.stale`)?.classList.add("gone");
  });
  register(mode, JSON.parse(props.initial));
}

// Rebuilt only when something else is to be said: a live region speaks once, and a focus stays.
function change(place, parts) {
  const text = parts.map((part) => part.outerHTML).join("");
  if (place.dataset.said === text) return;
  place.dataset.said = text;
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(...parts);
  if (focused) place.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

function lock(mode, isLocked, words) {
  const button = document.getElementById(`${mode}-generate`);
  if (!button) return;
  button.classList.toggle("pg-locked", isLocked);
  if (isLocked) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
  button.title = isLocked ? words.lockedGo : "";
}

function painter(mode, words, labels) {
  return (result) => {
    const { answer, held, known } = result;
    const model = known.model(held.provider, held.model);
    const isLocked = Boolean(model?.locked);
    const shown = answer.issues.filter(
      (issue) => !(isLocked && issue.code === "retired") && !(issue.code === "required" && !hasTried(mode)),
    );
    const errors = shown.filter((issue) => issue.severity === "error");
    const [able] = byMerit(result);
    const left = isLocked ? able.filter((offer) => offer.model !== held.model || offer.provider !== held.provider) : [];
    const [live, more] = [[], []];
    if (isLocked) live.push(locked(result, model, left));
    if (held.memory?.said?.length) live.push(setAside(held.memory.said));
    if (errors.length || result.wrong.length) live.push(problems(errors, result.wrong));
    if (answer.proposals.length && !(left.length && errors.length === 0)) more.push(nearest(result));
    else if (able.length === 0 && errors.some((issue) => issue.code !== "required")) more.push(make("p", {}, words.nobody));
    const provider = known.provider(held.provider);
    const notes = shown.filter((issue) => issue.severity === "warning").map((issue) => issue.message);
    // Of a missing key the form itself speaks, where it can be entered.
    if (provider?.why && provider.ready !== "key" && !isLocked) notes.unshift(provider.why);
    if (answer.not_lent) notes.unshift(answer.not_lent);
    if (notes.length) more.push(make("ul", { class: "advice-notes" }, ...notes.map((note) => make("li", {}, note))));
    return { live, more };
  };

  function locked({ known, held }, model, left) {
    const says = fill(words.locked, {
      model: model.label,
      provider: known.provider(held.provider).label,
      date: model.retired_on,
    });
    left.sort((one, other) => isNamed(other, model) - isNamed(one, model));
    const chips = left.slice(0, LEFT_AT_MOST).map((offer) =>
      make(
        "button",
        {
          type: "button",
          "data-key": `left ${offer.provider} ${offer.model}`,
          onclick: () => wish(mode, { provider: offer.provider, model: offer.model, changes: {} }),
        },
        make("span", {}, nameOf(offer)),
        make("b", {}, price(offer.price_usd, words)),
      ),
    );
    return make(
      "div",
      { class: "advice-locked" },
      make("p", {}, make("b", {}, says), ` ${left.length ? words.left : words.leftNone}`),
      chips.length ? make("div", { class: "advice-chips" }, ...chips) : null,
    );
  }

  function setAside(said) {
    const list = said.map((each) => `${each.label} ${each.value}`).join(" · ");
    return make(
      "p",
      { class: "advice-aside" },
      `${words.aside} `,
      make("b", {}, list),
      `. ${words.asideBack}`,
    );
  }

  function problems(errors, wrong) {
    const lines = [
      ...errors.map((issue) => [issue.field, issue.message]),
      ...wrong.map(({ field, text }) => [field, fill(words.wholeNumber, { label: labels[field] ?? field, text })]),
    ];
    return make(
      "div",
      { class: "advice-errors" },
      ...lines.map(([field, message]) => make("p", { "data-field": field }, make("b", {}, labels[field] ?? field), ` ${message}`)),
    );
  }

  function nearest({ answer, known, held }) {
    const rows = answer.proposals.map((proposal, place) => {
      const all = described(proposal.changes, known, labels, words);
      const text = all.map((each) => `${each.label} ${each.from} → ${each.to}`).join(", ");
      const changes = Object.fromEntries(Object.entries(proposal.changes).map(([field, each]) => [field, each.to]));
      delete changes.provider;
      delete changes.model;
      const notes = Object.fromEntries(all.map((each) => [each.field, each.note]));
      const said = fill(words.applied, { changes: text });
      const apply = () => wish(mode, { provider: proposal.provider, model: proposal.model, changes, notes, said });
      return make(
        "li",
        {},
        make("span", { class: "advice-change" }, who(proposal, known, held), ...all.map((each) => changed(each))),
        make("span", { class: "advice-price" }, price(proposal.price_usd, words)),
        make(
          "button",
          { type: "button", "aria-label": fill(words.applyTo, { changes: text }), "data-key": `apply ${place}`, onclick: apply },
          words.apply,
        ),
      );
    });
    return make("div", { class: "advice-nearest" }, make("p", {}, words.nearest), make("ul", {}, ...rows));
  }

  // Whose model it is, where it is another one; and what it would still need.
  function who({ provider, model }, known, held) {
    if (provider === held.provider && model === held.model) return null;
    const facts = known.provider(provider);
    const name = nameOf({ provider, model, provider_facts: facts, model_facts: known.model(provider, model) });
    return make("span", {}, make("b", {}, name), facts?.note ? ` (${facts.note})` : null);
  }

  function changed({ field, label, from, to }) {
    if (field === "provider" || field === "model") return null;
    return make("span", {}, `${label} `, make("s", {}, from), " ", make("b", {}, to));
  }
}

function isNamed(offer, model) {
  return model.instead === `${offer.provider}:${offer.model}`;
}
