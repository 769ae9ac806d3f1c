// A picture or a clip that is pasted or dropped anywhere goes to the open tab's input that takes it.

import { activeMode } from "./check.js";
import { slotsOf } from "./slots.js";

let isListening = false;

export function takePastesAndDrops() {
  if (isListening) return;
  isListening = true;
  document.addEventListener("paste", (event) => {
    // Some programs put a picture of the text beside the text: where one writes, the text is meant.
    const isText = event.clipboardData?.types.includes("text/plain") && event.target.matches?.("input, textarea");
    if (!isText && give(event.clipboardData, event.target)) event.preventDefault();
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      // A file that is let go beside its place shall not replace the page.
      event.preventDefault();
      const isOver = kind === "dragenter" || kind === "dragover";
      document.body.classList.toggle("pg-dragging", isOver);
      for (const slot of slots()) slot.element.classList.toggle("over", isOver && slot.element.contains(event.target));
      if (kind === "drop") give(event.dataTransfer, event.target);
    });
  }
}

// Those in sight, in the order of the page.
function slots() {
  const seen = slotsOf(activeMode()).filter((slot) => slot.element.checkVisibility());
  const follows = (one, other) => one.element.compareDocumentPosition(other.element) & Node.DOCUMENT_POSITION_FOLLOWING;
  return seen.sort((one, other) => (follows(one, other) ? -1 : 1));
}

function give(data, target) {
  const files = [...(data?.files ?? [])];
  const taking = slots().filter((slot) => files.some((each) => slot.accepts(each)));
  const slot =
    taking.find((each) => each.element.contains(target)) ?? taking.find((each) => each.hasRoom()) ?? taking.at(-1);
  slot?.take(files.filter((each) => slot.accepts(each)));
  return Boolean(slot);
}
