// The login page: light or dark as on the page itself, and a way out of a frame, where a browser keeps no session.

const chosen = localStorage.getItem("veo.theme");
const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.body.classList.toggle("dark", dark);

if (window.self !== window.top) {
  const framed = document.querySelector(".login-framed");
  framed.querySelector("a").href = new URL("./", location.href).href;
  framed.hidden = false;
}
