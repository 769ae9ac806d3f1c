// Gradio's loader counts its seconds at every frame, and never ends: it is taken out of the page before it is told to
// stop (seen in 6.31). That keeps a tenth of a core busy in every open page. No such seconds are shown here, so nobody
// counts them. Runs before Gradio's own script, which keeps what it finds under this name.
(() => {
  const COUNTS_SECONDS = /performance\.now\(\)\s*-\s*[\w$]+\([\w$]+\)\)\s*\/\s*1e3/;
  const ask = window.requestAnimationFrame;
  window.requestAnimationFrame = (step) => (COUNTS_SECONDS.test(step) ? 0 : ask.call(window, step));
})();
