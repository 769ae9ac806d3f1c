// Deleting a job: asked once more beside it, with what stays at its provider. One that is being made says why it stays.

import { reply } from "./browser.js";
import { forget } from "./desk.js";
import { make, say } from "./dom.js";

// One question in `place`, for one job at a time; `opener(id)` is what the focus goes back to.
export function deleting(place, words, opener) {
  let asked = null;
  let said = "";

  function close(back = true) {
    const id = asked?.id;
    asked = null;
    said = "";
    place.hidden = true;
    place.replaceChildren();
    if (id) opener(id)?.setAttribute("aria-expanded", "false");
    if (id && back) opener(id)?.focus();
  }

  function open(job) {
    asked = job;
    paint();
    place.hidden = false;
    opener(job.id)?.setAttribute("aria-expanded", "true");
    place.querySelector("button").focus();
  }

  // What is true of a job may change while the question stands: it may end meanwhile.
  function paint() {
    const text = JSON.stringify([asked.id, asked.can_delete, asked.delete_note]);
    if (said === text) return;
    said = text;
    const status = make("p", { class: "deleting-said", role: "status" });
    const keep = make("button", { type: "button", onclick: () => close() }, asked.can_delete ? words.keep : words.close);
    const go = make("button", { type: "button", class: "deleting-go", onclick: () => remove(status, go) }, words.go);
    place.replaceChildren(
      make("p", {}, make("b", {}, asked.can_delete ? words.sure : words.cannot), " ", asked.delete_note),
      make("div", { class: "deleting-buttons" }, keep, asked.can_delete ? go : null),
      status,
    );
  }

  async function remove(status, go) {
    const { id } = asked;
    go.disabled = true;
    say(status, "");
    try {
      const answer = await reply(`api/jobs/${encodeURIComponent(id)}`, { method: "DELETE" });
      // Gone already is gone.
      if (answer.ok || answer.status === 404) {
        close(false);
        return forget(id);
      }
      say(status, (await answer.json()).error?.message ?? words.failed);
    } catch {
      say(status, words.failed);
    }
    go.disabled = false;
  }

  place.addEventListener("keydown", (event) => event.key === "Escape" && close());
  return {
    toggle: (job) => (asked?.id === job.id ? close() : open(job)),
    isOpen: (id) => asked?.id === id,
    close: () => asked && close(false),
    // A newer view of some job.
    seen(job) {
      if (asked?.id !== job.id) return;
      asked = job;
      const focused = place.contains(document.activeElement);
      paint();
      if (focused && !place.contains(document.activeElement)) place.querySelector("button").focus();
    },
  };
}
