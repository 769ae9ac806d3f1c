// For those who go on without us: a job as a program to copy, and what was said between us and its provider.

import { ask } from "./browser.js";
import { copy, fill, make, say } from "./dom.js";

const LANGUAGES = ["curl", "python", "javascript"];
const SAID_FOR = 2000;

export function inspector(place, words) {
  let job = null;
  let timer;
  const said = make("span", { class: "copied", role: "status" });
  const code = make("pre", { tabindex: "0", hidden: true, role: "region", "aria-label": words.code });
  const buttons = LANGUAGES.map((language) =>
    make("button", { type: "button", "aria-expanded": "false", onclick: () => take(language) }, words[`code_${language}`]),
  );
  const talk = make("div", { class: "talk" });
  const details = make("details", { ontoggle: () => details.open && read() }, make("summary", {}, words.talk), talk);
  place.append(make("div", { class: "copy-as" }, make("span", {}, words.copyAs), ...buttons, said), details, code);

  function show(next) {
    place.hidden = next === null;
    const another = next?.id !== job?.id;
    const moved = !another && next?.state !== job?.state;
    job = next;
    if (another) reset();
    else if (moved && details.open) read();
  }

  function reset() {
    code.hidden = true;
    details.open = false;
    talk.replaceChildren();
    for (const button of buttons) button.setAttribute("aria-expanded", "false");
  }

  // One click copies it and shows what was copied; a click on the open one closes it.
  async function take(language) {
    const button = buttons[LANGUAGES.indexOf(language)];
    if (button.getAttribute("aria-expanded") === "true") return reset();
    const mine = job.id;
    clearTimeout(timer);
    say(said, "");
    const answer = await ask(`api/jobs/${encodeURIComponent(mine)}/code/${language}`).catch(() => null);
    if (mine !== job?.id) return;
    for (const each of buttons) each.setAttribute("aria-expanded", String(each === button));
    code.hidden = false;
    say(code, answer?.code ?? answer?.says ?? words.notRead);
    const done = answer?.code ? await copy(answer.code) : false;
    say(said, done ? words.copied : answer?.code ? words.copyByHand : "");
    timer = setTimeout(() => say(said, ""), SAID_FOR);
  }

  async function read() {
    const mine = job.id;
    const answer = await ask(`api/jobs/${encodeURIComponent(mine)}/conversation`).catch(() => null);
    if (mine !== job?.id) return;
    if (answer === null) return talk.replaceChildren(make("p", {}, words.notRead));
    const parts = [part(words.neutral, block(words.neutral, answer.request))];
    const { create, later } = answer;
    if (create) {
      parts.push(part(fill(words.sentTo, { provider: job.provider_label }), ...call(create.sent)));
      parts.push(part(`${words.answered} ${status(create.received)}`, block(words.answered, create.received.body)));
    } else {
      parts.push(make("p", {}, words.nothingSent));
    }
    if (later.length > 0) parts.push(part(fill(words.newest, { count: later.length }), ...later.map(folded)));
    talk.replaceChildren(...parts);
  }

  function part(title, ...content) {
    return make("section", {}, make("h3", {}, title), ...content);
  }

  function call(sent) {
    const headers = Object.entries(sent.headers).map(([name, value]) => `${name}: ${value}`);
    const lines = [`${sent.method} ${sent.url}`, ...headers].join("\n");
    return [block(words.call, lines), sent.body === null ? null : block(words.body, sent.body)];
  }

  function folded({ at, sent, received }) {
    const when = new Date(at).toLocaleTimeString();
    const path = sent.url.replace(/^\w+:\/\/[^/]+/, "");
    return make(
      "details",
      {},
      make("summary", {}, `${when} · ${status(received)} · ${sent.method} ${path}`),
      block(words.answered, received.body),
    );
  }

  function status(received) {
    return received.status === null ? words.noAnswer : String(received.status);
  }

  function block(label, body) {
    const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
    return make("pre", { tabindex: "0", role: "region", "aria-label": label }, text);
  }

  return { show };
}
