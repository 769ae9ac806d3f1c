// An uncertain job in the card: what is known of it, and three ways out. None is taken without its owner's word, and
// what may be charged twice needs a second click that names the price.

import { reply } from "./browser.js";
import { fill, make, refill, say } from "./dom.js";
import { price } from "./tables.js";

// The provider is asked meanwhile.
const ASKING_WITHIN = 60_000;

export function doubts(place, words, settled) {
  let job = null;
  let built = "";
  let said;

  function show(next) {
    job = next?.doubt ? next : null;
    place.hidden = job === null;
    const what = job === null ? "" : `${job.id}|${job.doubt.cannot_ask ?? ""}`;
    if (what === built) return;
    built = what;
    refill(place, ...(job === null ? [] : parts(job.doubt)));
  }

  function parts(doubt) {
    said = make("p", { class: "doubt-said", role: "status" });
    const ways = make(
      "div",
      { class: "doubt-ways" },
      make("button", { type: "button", class: "doubt-lost", onclick: () => confirm("lost") }, words.doubt_lost),
      make("button", { type: "button", class: "doubt-again", onclick: () => confirm("again") }, words.doubt_again),
    );
    return [known(doubt), finder(doubt), said, ways, make("div", { class: "doubt-confirm", role: "group", hidden: true })];
  }

  function known(doubt) {
    const fact = (name, value, title) => make("div", { title }, make("dt", {}, name), make("dd", {}, value));
    const when = new Date(doubt.sent_at).toLocaleString();
    return make(
      "dl",
      { class: "doubt-known" },
      fact(words.doubt_sent, fill(words.doubt_sentTo, { when, who: job.provider_label, host: doubt.sent_to })),
      fact(words.doubt_stake, price(doubt.may_cost_usd, words)),
      fact(words.doubt_find, doubt.needs, doubt.evidence),
    );
  }

  // By the provider's list with a click, by an id that is typed in, or not at all.
  function finder(doubt, ask = doubt.look_up === "id", candidates = []) {
    if (doubt.look_up === "nothing") return null;
    if (doubt.cannot_ask) return make("p", { class: "doubt-cannot" }, doubt.cannot_ask);
    const input = make("input", {
      id: "pg-doubt-id",
      required: true,
      maxlength: 500,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      placeholder: fill(words.doubt_example, { id: doubt.id_example }),
      list: candidates.length > 0 ? "pg-doubt-ids" : null,
    });
    const options = candidates.map((each) => make("option", { value: each.provider_job_id }, new Date(each.created_at).toLocaleString()));
    const field = make(
      "div",
      { class: "doubt-field" },
      make("label", { for: "pg-doubt-id" }, fill(words.doubt_id, { provider: job.provider_label })),
      input,
      options.length > 0 ? make("datalist", { id: "pg-doubt-ids" }, ...options) : null,
    );
    const send = (event) => {
      event.preventDefault();
      lookUp(event.currentTarget, ask ? input.value.trim() : null);
    };
    const button = make("button", { type: "submit" }, fill(words.doubt_lookUp, { provider: job.provider_label }));
    return make("form", { class: "doubt-find", onsubmit: send }, ask ? field : null, button);
  }

  async function lookUp(form, id) {
    const mine = job;
    say(said, fill(words.doubt_asking, { provider: job.provider_label }));
    const answer = await post("look-up", id === null ? {} : { provider_job_id: id }, form);
    if (answer === null || mine.id !== job?.id) return;
    say(said, answer.says);
    if (answer.candidates.length > 0) form.replaceWith(finder(job.doubt, true, answer.candidates));
    if (answer.found) settled(answer.job);
  }

  // The second click. The first thing that has the focus is the way back.
  function confirm(way) {
    const box = place.querySelector(".doubt-confirm");
    const cost = price(job.doubt.may_cost_usd, { ...words, unknown: words.doubt_noPrice });
    const back = make("button", { type: "button", class: "doubt-back", onclick: () => close(way) }, words.doubt_back);
    const text = make("p", { id: "pg-doubt-sure" }, fill(words[`doubt_${way}Sure`], { provider: job.provider_label, price: cost }));
    const yes = make("button", { type: "button", class: "doubt-yes", onclick: () => settle(way, box) }, fill(words[`doubt_${way}Yes`], { price: cost }));
    box.setAttribute("aria-labelledby", text.id);
    box.replaceChildren(text, make("div", { class: "doubt-ways" }, yes, back));
    box.hidden = false;
    place.querySelector(".doubt-ways").hidden = true;
    back.focus();
  }

  function close(way) {
    place.querySelector(".doubt-confirm").hidden = true;
    place.querySelector(".doubt-ways").hidden = false;
    place.querySelector(`.doubt-${way}`).focus();
  }

  async function settle(way, box) {
    const view = await post(way, way === "again" ? { price_usd: job.doubt.may_cost_usd } : {}, box);
    if (view !== null) settled(view);
  }

  // The answer, or null where there is none to go on with: then it is said why.
  async function post(action, body, held) {
    const buttons = [...held.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    try {
      const path = `api/jobs/${encodeURIComponent(job.id)}/${action}`;
      const headers = { "content-type": "application/json" };
      const options = { method: "POST", headers, body: JSON.stringify(body), signal: AbortSignal.timeout(ASKING_WITHIN) };
      const response = await reply(path, options);
      const answer = await response.json();
      if (response.ok) return answer;
      say(said, answer.issues?.map((issue) => issue.message).join(" ") || words.actionFailed);
    } catch {
      say(said, words.actionFailed);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
    return null;
  }

  return { show };
}
