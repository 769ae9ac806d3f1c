// Beside Generate: the price, whether it is valid or the first problem, and the form as a link.

import { onCheck } from "./check.js";
import { make, say } from "./dom.js";
import { linkTo } from "./share.js";
import { price } from "./tables.js";

const SHOWN = 6000;
const ALWAYS = new Set(["provider", "model", "rehearsal"]);

export function mount({ element, props }) {
  const { mode, words } = props;
  const find = (selector) => element.querySelector(selector);
  const note = find(".share-note");
  let timer;
  let latest = null;

  // What this model has no setting for is nobody's wish.
  function shared() {
    const fields = latest?.known.model(latest.held.provider, latest.held.model)?.modes[mode]?.fields;
    return props.fields.filter((name) => ALWAYS.has(name) || !fields || name in fields);
  }

  onCheck((checked, result) => {
    if (checked !== mode) return;
    latest = result;
    // No price is shown rather than a wrong one.
    say(find("b"), result ? price(result.answer.price_usd, words) : "");
    say(find(".quote-says span"), result ? length(result, words) : "");
    const [kind, text] = result ? state(result, words) : ["open", words.unreached];
    const place = find(".quote-state");
    place.dataset.kind = kind;
    place.title = text;
    say(place, text);
  });

  find(".quote-share button").addEventListener("click", async () => {
    const link = linkTo(mode, shared());
    clearTimeout(timer);
    note.hidden = false;
    try {
      await navigator.clipboard.writeText(link);
      note.replaceChildren(make("b", {}, words.copied), ` ${words.carries}`);
      timer = setTimeout(() => (note.hidden = true), SHOWN);
    } catch {
      // Without leave to write to the clipboard it can still be taken by hand.
      const field = make("input", { type: "text", readonly: true, value: link, "aria-label": words.share });
      note.replaceChildren(`${words.byHand} `, field);
      field.select();
    }
  });
  element.addEventListener("keydown", (event) => event.key === "Escape" && (note.hidden = true));
  document.addEventListener("pointerdown", (event) => element.contains(event.target) || (note.hidden = true));
}

function state({ answer, empty, wrong, held, known }, words) {
  const problem = answer.issues.find((issue) => issue.severity === "error");
  if (known.model(held.provider, held.model)?.locked) return ["bad", words.locked];
  if (problem && problem.code !== "required") return ["bad", problem.message];
  if (wrong.length) return ["bad", words.wrong];
  if (problem) return ["open", problem.message];
  if (empty.has("prompt")) return ["open", words.noPrompt];
  if (answer.not_lent) return ["bad", answer.not_lent];
  return known.provider(held.provider)?.ready === "key" ? ["open", words.needsKey] : ["good", words.valid];
}

function length({ request, held, answer }, words) {
  const seconds = request.duration_seconds ? `${request.duration_seconds} s` : "";
  const count = held.number_of_videos > 1 ? `× ${held.number_of_videos}` : "";
  return [seconds, count, answer.price_usd ? `· ${words.estimate}` : ""].filter(Boolean).join(" ");
}
