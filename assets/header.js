// Light or dark: the system's word until somebody chooses, and then theirs. And the way to the keys; and its change is
// how the page's script asks for the draft.

import { leave, person } from "./browser.js";
import { fill } from "./dom.js";
import { openKeys } from "./keys.js";
import { restoreBy } from "./page.js";

const KEY = "veo.theme";

export function mount({ element, trigger }) {
  restoreBy(() => trigger("change"));
  const asked = new URLSearchParams(location.search).get("__theme");
  const chosen = asked ?? localStorage.getItem(KEY);
  if (chosen === "dark" || chosen === "light") show(chosen === "dark");
  element.querySelector(".pg-keys").addEventListener("click", () => openKeys());
  wayOut(element.querySelector(".pg-out"));
  element.querySelector(".pg-theme").addEventListener("click", () => {
    const dark = !document.body.classList.contains("dark");
    show(dark);
    localStorage.setItem(KEY, dark ? "dark" : "light");
  });
}

function wayOut(form) {
  form.hidden = form.dataset.login !== "yes";
  const button = form.querySelector("button");
  button.title = fill(button.dataset.named, { name: person() });
  button.setAttribute("aria-label", button.title);
  form.addEventListener("submit", leave);
}

function show(dark) {
  document.body.classList.toggle("dark", dark);
}
