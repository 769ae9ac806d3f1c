// The media controls of each form, for whoever has something to put in: an example, a paste, a drop, a result.

import { here } from "./browser.js";

const slots = new Map();

// A slot: {field, element, accepts(file), hasRoom(), take(files), takeNewest(), upload(file), clear()}.
export function addSlot(mode, slot) {
  if (!slots.has(mode)) slots.set(mode, new Map());
  slots.get(mode).set(slot.field, slot);
}

export function slotsOf(mode) {
  return [...(slots.get(mode)?.values() ?? [])];
}

// The pictures that are shipped for trying things out, by field; or the newest result, where there is none yet.
export async function giveSamples(mode, media) {
  for (const [field, names] of Object.entries(media)) {
    const slot = slots.get(mode)?.get(field);
    if (!slot) continue;
    if (names === "newest") {
      if (slot.hasRoom()) await slot.takeNewest();
      continue;
    }
    slot.clear();
    for (const name of names) {
      const answer = await fetch(here(`pg-static/samples/${name}`));
      if (!answer.ok) continue;
      const bytes = await answer.blob();
      await slot.upload(new File([bytes], name, { type: bytes.type }));
    }
  }
}
