// The Keys panel: where each provider's key comes from, and entering one of one's own.

import { ask } from "./browser.js";
import { fill, say } from "./dom.js";
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
    rows.get(provider)?.open();
  };

  find(".sheet-close").addEventListener("click", () => dialog.close());
  // A click beside the sheet closes it, as Escape does.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    // Nothing that was typed and not sent stays in the page.
    find(".keys-list").replaceChildren();
    rows.clear();
    // What asked for a key may be gone now that there is one.
    const there = opener?.isConnected && opener.checkVisibility();
    (there ? opener : document.querySelector(".pg-keys"))?.focus();
  });
}
