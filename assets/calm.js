// How long it has taken against what such jobs usually take: a track of time, never a made-up percentage.

import { fill, say, span } from "./dom.js";

// Room at the right of the track, so that a job which is later than usual still moves.
const BEYOND = 1.35;

export function calm(place, words) {
  const [done, ...marks] = place.querySelectorAll(".track > *");

  function show(job, live) {
    const usual = live ? job.usual : null;
    place.hidden = usual === null;
    if (usual === null) return;
    const whole = Math.max(usual.high * BEYOND, 1);
    const share = (seconds) => `${Math.min(100, (seconds / whole) * 100).toFixed(1)}%`;
    place.querySelector(".track").hidden = job.progress !== null;
    done.style.width = share(job.elapsed_seconds);
    marks[0].style.left = share(usual.low);
    marks[1].style.left = share(usual.high);
    const late = job.elapsed_seconds > usual.high;
    place.classList.toggle("late", late);
    say(place.querySelector("p"), fill(sentence(usual, late), said(job, usual)));
  }

  function sentence(usual, late) {
    if (usual.jobs === 0) return late ? words.usualDocumentedLate : words.usualDocumented;
    return late ? words.usualLate : words.usual;
  }

  function said(job, usual) {
    return { low: span(usual.low), high: span(usual.high), count: usual.jobs, provider: job.provider_label };
  }

  return { show };
}
