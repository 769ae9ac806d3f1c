// One provider in the Keys panel. A key leaves the page in the body of one request to our own server, and its field is
// emptied at once: no draft, no storage and no event of the page ever holds it.

import { reply } from "./browser.js";
import { fill, make, say } from "./dom.js";
import { renew, tables } from "./tables.js";

// A provider may take its time; the server stops asking after half a minute.
const TEST_WITHIN = 40_000;

export function keyRow(view, words) {
  const { provider: id, label } = view;
  const path = `api/keys/${encodeURIComponent(id)}`;
  const named = (text) => fill(text, { provider: label, env: view.env });
  const source = make("span", { class: "keys-source" });
  const from = make("p", { class: "keys-from" });
  const said = make("p", { class: "keys-said", role: "status" });
  const key = field("key", "password", "");
  const account = view.needs.map((need) => [need, field(need.name, "text", words[need.name] ?? need.name, need.help)]);
  const save = make("button", { type: "submit", class: "keys-save" }, words.save);
  const test = make("button", { type: "button", "aria-label": named(words.testNamed), onclick: tryOut }, words.test);
  const forget = make("button", { type: "button", "aria-label": named(words.forgetNamed), onclick: drop }, words.forget);
  const untested = make("p", { class: "keys-untested" }, named(words.onlyARun));
  const gone = make("p", { class: "keys-gone", hidden: true }, named(words.gone));
  tables().then((known) => (gone.hidden = !known.provider(id)?.all_locked), () => undefined);
  const form = make(
    "form",
    { class: "keys-form", autocomplete: "off", onsubmit: send },
    key.element,
    ...account.map(([, each]) => each.element),
    make("div", { class: "keys-buttons" }, save, test, forget),
  );
  const element = make(
    "details",
    { class: "keys-one", "data-provider": id },
    make("summary", {}, make("b", {}, label), source),
    make("div", { class: "keys-body" }, gone, from, form, untested, said),
  );
  paint(view);

  function field(name, type, text, help) {
    const at = `pg-key-${id}-${name}`;
    const input = make("input", {
      id: at,
      type,
      required: true,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: type === "password" ? 4096 : 63,
      "aria-describedby": help ? `${at}-help` : null,
    });
    const title = make("label", { for: at }, text);
    const about = help ? make("small", { id: `${at}-help` }, help) : null;
    return { input, title, element: make("div", { class: "keys-field" }, title, input, about) };
  }

  function paint(now) {
    element.dataset.source = now.source;
    say(source, words[`source_${now.source}`]);
    const texts = { environment: words.fromEnvironment, yours: words.fromYou };
    from.hidden = !(now.source in texts);
    say(from, named(texts[now.source] ?? ""));
    say(key.title, named(now.source === "none" ? words.key : words.keyAgain));
    forget.hidden = now.source !== "yours";
    test.hidden = !now.can_test || now.source === "none";
    untested.hidden = now.can_test || now.source === "none";
  }

  function tell(text, kind = "") {
    said.dataset.kind = kind;
    say(said, text);
  }

  async function busy(text, action) {
    tell(text, "busy");
    for (const button of [save, test, forget]) button.disabled = true;
    try {
      await action();
    } catch (error) {
      tell(error.told ?? words.failed, "bad");
    } finally {
      for (const button of [save, test, forget]) button.disabled = false;
    }
  }

  function send(event) {
    event.preventDefault();
    const given = Object.fromEntries(account.map(([need, each]) => [need.name, each.input.value]));
    const body = JSON.stringify({ key: key.input.value, account: given });
    key.input.value = "";
    for (const each of inputs().values()) each.removeAttribute("aria-invalid");
    return busy(words.saving, async () => {
      const response = await reply(path, { method: "PUT", body });
      if (response.status === 422) return refused((await response.json()).issues);
      paint(await told(response));
      tell(words.saved, "good");
      renew();
    });
  }

  // What the server says to it; why it does nothing just now is said in its own words.
  async function told(response) {
    const answer = await response.json();
    if (response.ok) return answer;
    const { message, next_step } = answer.error ?? {};
    const says = next_step ? { told: `${message} ${next_step}` } : {};
    throw Object.assign(new Error(`${response.url}: ${response.status}`), says);
  }

  function inputs() {
    return new Map([["key", key.input], ...account.map(([need, each]) => [need.name, each.input])]);
  }

  function refused(issues) {
    tell(issues.map((issue) => issue.message).join(" "), "bad");
    const wrong = issues.map((issue) => inputs().get(issue.field)).filter(Boolean);
    for (const input of wrong) input.setAttribute("aria-invalid", "true");
    wrong[0]?.focus();
  }

  function tryOut() {
    return busy(named(words.testing), async () => {
      const answer = await told(await reply(`${path}/test`, { method: "POST", signal: AbortSignal.timeout(TEST_WITHIN) }));
      tell(answer.says, answer.works === null ? "" : answer.works ? "good" : "bad");
    });
  }

  function drop() {
    return busy("", async () => {
      paint(await told(await reply(path, { method: "DELETE" })));
      tell(words.forgotten, "good");
      key.input.focus();
      renew();
    });
  }

  return {
    element,
    // Sends what cannot be a key by the way that a key takes; nothing of it is kept.
    async rehearse(text) {
      key.input.value = `${text} ·`;
      await send(new Event("submit"));
      for (const each of inputs().values()) each.removeAttribute("aria-invalid");
      tell("");
    },
    open() {
      element.open = true;
      element.scrollIntoView({ block: "nearest" });
      key.input.focus();
    },
  };
}
