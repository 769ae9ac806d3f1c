// A click on a proposal or on another provider: what it wishes for, on its way to the form and back as a mark.

import { fill, say } from "./dom.js";

const doors = new Map();
const wishes = new Map();
const marked = new Map();

// `open` makes Gradio ask for the wish; only an opened tab has a door.
export function door(mode, open) {
  doors.set(mode, open);
}

export function hasDoor(mode) {
  return doors.has(mode);
}

export function wish(mode, wanted) {
  wishes.set(mode, wanted);
  doors.get(mode)?.();
}

export function wished(mode) {
  return wishes.get(mode) ?? null;
}

// After the form was changed: outline what is new, until somebody edits it.
export function mark(mode, now) {
  const { notes = {}, said = "" } = wishes.get(mode) ?? {};
  wishes.delete(mode);
  for (const field of [...(marked.get(mode)?.keys() ?? [])]) unmark(mode, field);
  marked.set(mode, new Map());
  // The marks are for the eye; this is for the ear.
  const place = document.querySelector(`#tab-${mode} .advice-said`);
  if (place) say(place, said);
  for (const [field, note] of Object.entries(notes)) {
    const place = document.getElementById(`${mode}-${field}`);
    if (!place) continue;
    place.dataset.changed = note;
    marked.get(mode).set(field, JSON.stringify(now[field] ?? null));
  }
}

export function unmarkEdited(mode, now) {
  for (const [field, value] of [...(marked.get(mode) ?? [])]) {
    if (JSON.stringify(now[field] ?? null) !== value) unmark(mode, field);
  }
}

function unmark(mode, field) {
  marked.get(mode)?.delete(field);
  delete document.getElementById(`${mode}-${field}`)?.dataset.changed;
}

// What a proposal changes, in words: for its row, and for the marks.
export function described(changes, known, labels, words) {
  const value = (field, each) => {
    if (each === null) return words.unset;
    if (Array.isArray(each)) return String(each.length);
    if (field === "provider") return known.provider(each)?.label ?? each;
    if (field === "model") return modelLabel(known, each);
    return known.spoken(field, each);
  };
  return Object.entries(changes).map(([field, change]) => ({
    field,
    label: labels[field] ?? field,
    from: value(field, change.from),
    to: value(field, change.to),
    note: fill(words.was, { value: value(field, change.from) }),
  }));
}

function modelLabel(known, id) {
  for (const provider of known.providers) {
    const model = provider.models.find((each) => each.id === id);
    if (model) return model.label;
  }
  return id;
}
