// Light or dark: the system's word until somebody chooses, and then theirs. And the way to the keys.

import { openKeys } from "./keys.js";

const KEY = "veo.theme";

export function mount({ element }) {
  const asked = new URLSearchParams(location.search).get("__theme");
  const chosen = asked ?? localStorage.getItem(KEY);
  if (chosen === "dark" || chosen === "light") show(chosen === "dark");
  element.querySelector(".pg-keys").addEventListener("click", () => openKeys());
  element.querySelector(".pg-theme").addEventListener("click", () => {
    const dark = !document.body.classList.contains("dark");
    show(dark);
    localStorage.setItem(KEY, dark ? "dark" : "light");
  });
}

function show(dark) {
  document.body.classList.toggle("dark", dark);
}
