// The Keys panel: where each provider's key comes from, and entering one of one's own.

import { ask, random } from "./browser.js";
import { fill, make, say } from "./dom.js";
import { keyRow } from "./keyrow.js";

let show = () => {};

// Opens the panel, at a provider where one is named.
export function openKeys(provider) {
  return show(provider);
}

export function mount({ element, props }) {
  const { words } = props;
  const find = (selector) => element.querySelector(selector);
  const dialog = find("dialog");
  let rows = new Map();
  let opener = null;
  // Told of every one, while the browser's own list ends when it is full.
  const requests = new Set();
  const note = (entries) => entries.forEach((entry) => requests.add(entry.name));
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ type: "resource", buffered: true });

  show = async (provider) => {
    opener = document.activeElement;
    find(".keys-list").replaceChildren();
    say(find(".keys-state"), words.loading);
    dialog.showModal();
    dialog.scrollTop = 0;
    find("h2").focus();
    const answer = await ask("api/keys").catch(() => null);
    say(find(".keys-state"), answer === null ? words.unread : "");
    if (answer === null || !dialog.open) return;
    const kept = find(".keys-kept");
    kept.hidden = false;
    say(kept, fill(words.kept, { hours: answer.idle_hours }));
    rows = new Map(answer.keys.map((view) => [view.provider, keyRow(view, words)]));
    find(".keys-list").replaceChildren(...[...rows.values()].map((row) => row.element));
    find(".keys-leaks").hidden = rows.size === 0;
    rows.get(provider)?.open();
  };

  // For a key that is pasted, or for one that is made up and sent as a key would be: the server refuses it.
  async function lookForLeaks() {
    const input = find("#pg-leaks-key");
    const pasted = input.value.trim();
    input.value = "";
    const key = pasted || random(24);
    if (!pasted) await [...rows.values()][0]?.rehearse(key);
    const { search } = await import("./leaks.js");
    note(observer.takeRecords());
    return search(key, requests);
  }

  function showLeaks(found, kind) {
    const said = find(".keys-leaks .keys-said");
    said.dataset.kind = kind;
    const spelt = (leak) => (leak.spelling === "plain" ? "" : fill(words.leaksSpelling, leak));
    const items = found.map((leak) => make("li", {}, `${leak.place}${spelt(leak)}`));
    const text = { good: words.leaksNone, bad: words.leaksFound, busy: words.leaksBusy, failed: words.failed }[kind];
    said.replaceChildren(make("span", {}, text), ...(items.length ? [make("ul", {}, ...items)] : []));
  }

  find(".keys-leaks").addEventListener("submit", async (event) => {
    event.preventDefault();
    showLeaks([], "busy");
    try {
      const found = await lookForLeaks();
      showLeaks(found, found.length ? "bad" : "good");
    } catch {
      showLeaks([], "failed");
    }
  });

  find(".sheet-close").addEventListener("click", () => dialog.close());
  // A click beside the sheet closes it, as Escape does.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    // Nothing that was typed and not sent stays in the page.
    find(".keys-list").replaceChildren();
    find("#pg-leaks-key").value = "";
    find(".keys-leaks .keys-said").replaceChildren();
    rows.clear();
    // What asked for a key may be gone now that there is one.
    const there = opener?.isConnected && opener.checkVisibility();
    (there ? opener : document.querySelector(".pg-keys"))?.focus();
  });
}
