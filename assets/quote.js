// The price beside Generate.

import { onCheck } from "./check.js";
import { say } from "./dom.js";
import { price } from "./tables.js";

export function mount({ element, props }) {
  const { mode, words } = props;
  const [figure, detail] = element.querySelectorAll("b, span");
  onCheck((checked, result) => {
    if (checked !== mode) return;
    // No price is shown rather than a wrong one.
    say(figure, result ? price(result.answer.price_usd, words) : "");
    say(detail, result ? length(result, words) : "");
  });
}

function length({ request, held, answer }, words) {
  const seconds = request.duration_seconds ? `${request.duration_seconds} s` : "";
  const count = held.number_of_videos > 1 ? `× ${held.number_of_videos}` : "";
  return [seconds, count, answer.price_usd ? `· ${words.estimate}` : ""].filter(Boolean).join(" ");
}
