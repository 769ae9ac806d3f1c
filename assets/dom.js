// Making elements. Text goes in as text: nothing here can turn a provider's words into markup.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...given(children));
  return element;
}

// What an element holds from now on.
export function refill(element, ...children) {
  element.replaceChildren(...given(children));
}

// Where a child is nothing, nothing stands in its place.
function given(children) {
  return children.filter((child) => child !== null && child !== undefined && child !== "");
}

// Written only on change, so that a live region speaks once.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

// `45 s`, `2 min`, `1 min 10 s`: a length of time as one says it.
export function span(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  return rest === 0 || minutes >= 10 ? `${Math.round(whole / 60)} min` : `${minutes} min ${rest} s`;
}

// True where it is on the clipboard now: an insecure address or a browser's settings may forbid it.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

const AGES = [["day", 86_400], ["hour", 3600], ["minute", 60]];

// `5 min. ago`, in the words of the page's language.
export function ago(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  const [unit, length] = AGES.find(([, length]) => seconds >= length) ?? ["second", 1];
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "auto", style: "short" });
  return words.format(unit === "second" ? 0 : -Math.floor(seconds / length), unit);
}
