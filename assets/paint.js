// What the card shows of a job's view. Every part is written only where it says something new.

import { calm } from "./calm.js";
import { deleting } from "./deleting.js";
import { doing, isLive, show } from "./desk.js";
import { clock, fill, make, say } from "./dom.js";
import { doubts } from "./doubt.js";
import { inspector } from "./inspect.js";
import { openKeys } from "./keys.js";
import { notices } from "./notices.js";
import { player } from "./player.js";
import { again } from "./use.js";

const RATIOS = { "16:9": "16 / 9", "9:16": "9 / 16", "1:1": "1 / 1" };
const NARROW = "(max-width: 768px)";

export function painter(element, words, { act, refresh, settled }) {
  const find = (selector) => element.querySelector(selector);
  const card = find(".card");
  const empty = find(".empty");
  const players = player(element, words, refresh);
  const inspect = inspector(find(".inspect"), words);
  const waits = calm(find(".calm"), words);
  const doubt = doubts(find(".doubt"), words, settled);
  const notice = notices(words, () => buttons(last));
  const question = deleting(find(".deleting"), words.deleting, () => find(".buttons .delete"));
  new ResizeObserver(offerMore).observe(find(".prompt"));
  let shown = "";
  let bring = false;
  let last = null;

  function idle(says = words.idle) {
    last = null;
    question.close();
    card.dataset.state = "idle";
    card.dataset.job = "";
    delete card.dataset.live;
    say(find(".said"), says);
    say(find(".facts"), "");
    for (const step of element.querySelectorAll(".steps li")) step.className = "";
    for (const part of [".bar", ".calm", ".prompt", ".more", ".outcome", ".notes"]) find(part).hidden = true;
    buttons(null);
    doubt.show(null);
    inspect.show(null);
    players.actions(null);
    stage("idle", () => [empty]);
  }

  function view(job) {
    if (last !== null && last.id !== job.id) question.close();
    last = job;
    question.seen(job);
    const state = job.overdue ? "overdue" : job.state;
    const live = isLive(job);
    card.dataset.state = state;
    card.dataset.job = job.id;
    if (live) card.dataset.live = "yes";
    else delete card.dataset.live;
    const percent = job.progress === null ? "" : `${Math.round(job.progress * 100)} %`;
    say(find(".said"), words[doing(job)] ?? state);
    say(find(".facts"), facts(job, live, percent));
    steps(job, live);
    bar(job, live);
    waits.show(job, live);
    const prompt = find(".prompt");
    prompt.hidden = !job.prompt;
    if (prompt.dataset.job !== job.id) fold(prompt, true);
    prompt.dataset.job = job.id;
    say(prompt, job.prompt);
    offerMore();
    outcome(job, state);
    doubt.show(job);
    const notes = find(".notes");
    notes.hidden = job.notes.length === 0;
    if (notes.textContent !== job.notes.join("")) notes.replaceChildren(...job.notes.map((note) => make("li", {}, note)));
    buttons(job);
    inspect.show(job);
    players.actions(job);
    if (job.videos.length > 0) stage(`${job.id} ready ${job.videos.map((video) => video.gone)}`, () => players.build(job));
    else if (live || state === "overdue") stage(`${job.id} waiting`, () => [waiting(job)]);
    else stage(`${job.id} over`, () => []);
    const figure = find(".stage .figure");
    if (figure) say(figure, percent || clock(job.elapsed_seconds));
    const what = find(".stage .doing");
    if (what) say(what, job.words ?? words[state] ?? "");
    if (bring) intoView();
    bring = false;
  }

  // A long prompt shows its beginning. How long is long hangs on the width, too, and on being in sight.
  function offerMore() {
    const prompt = find(".prompt");
    find(".more").hidden = prompt.hidden || (prompt.classList.contains("folded") && prompt.scrollHeight <= prompt.clientHeight);
  }

  function fold(prompt, yes) {
    const more = find(".more");
    prompt.classList.toggle("folded", yes);
    more.setAttribute("aria-expanded", String(!yes));
    say(more, yes ? words.wholePrompt : words.lessPrompt);
    more.onclick = () => fold(prompt, !yes);
  }

  function intoView() {
    const narrow = matchMedia(NARROW).matches;
    const head = find(".stage").childElementCount > 0 ? find(".stage") : find(".status");
    (narrow ? card : head).scrollIntoView({ behavior: "smooth", block: narrow ? "start" : "nearest" });
  }

  function facts(job, live, percent) {
    const polls = job.polls === 0 ? "" : job.polls === 1 ? words.poll : fill(words.polls, { count: job.polls });
    return [job.provider_label, job.model_label, live ? percent : "", clock(job.elapsed_seconds), live ? polls : ""].filter(Boolean).join(" · ");
  }

  function steps(job, live) {
    const stopped = !live && job.state !== "succeeded";
    element.querySelectorAll(".steps li").forEach((step, place) => {
      const done = place < job.step || job.state === "succeeded";
      step.className = done ? "done" : place === job.step ? (stopped ? "stopped" : "now") : "";
      if (place === job.step) step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    });
  }

  // A percentage is the provider's; where it gives none, the time tells, and where nothing is known, it just goes on.
  function bar(job, live) {
    const place = find(".bar");
    place.hidden = !live || (job.progress === null && job.usual !== null);
    place.classList.toggle("unknown", job.progress === null);
    place.firstElementChild.style.width = job.progress === null ? "" : `${Math.round(job.progress * 100)}%`;
  }

  function outcome(job, state) {
    const place = find(".outcome");
    const error = job.error;
    const parts = [];
    if (error) {
      parts.push(make("p", { class: "message" }, error.message));
      if (error.provider_words) parts.push(make("p", { class: "quoted" }, `${words.words}: “${error.provider_words}”`));
      parts.push(make("p", { class: "next" }, error.next_step));
    } else if (state === "overdue") {
      parts.push(make("p", { class: "message" }, job.words ?? words.overdue));
      parts.push(make("p", { class: "next" }, words.overdueHint));
    } else if (state === "cancelled") {
      parts.push(make("p", { class: "message" }, words.cancelledHint));
    } else if (state === "parked" && job.words) {
      parts.push(make("p", { class: "message" }, job.words));
    }
    if (error || state === "cancelled" || state === "overdue") {
      parts.push(make("span", { class: `charged ${job.charged}` }, words[`charged_${job.charged}`]));
    }
    if (isLive(job) && job.cancel_note && job.cancel_requested) {
      parts.push(make("p", { class: "next" }, job.cancel_note));
    }
    place.hidden = parts.length === 0;
    const text = parts.map((part) => part.textContent).join("|");
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    place.replaceChildren(...parts);
  }

  function buttons(job) {
    const wanted = [];
    const live = job !== null && isLive(job);
    if (job?.can_cancel) wanted.push(["cancel", job.cancel_requested ? words.cancelling : words.cancel, job.cancel_requested]);
    if (job?.overdue) wanted.push(["look-again", words.look, false]);
    if (job?.needs_own_key || job?.error?.code === "bad_key") wanted.push(["key", words.enterKey, false]);
    if (job?.again_as) wanted.push(["again-as", words.againAs, false]);
    if (job?.instead_of) wanted.push(["instead-of", words.insteadOf, false]);
    if (live) wanted.push(["notify", notice.label(), notice.isOn()]);
    if (job !== null) wanted.push(["settings", words.useSettings, false]);
    if (job !== null) wanted.push(["delete", words.deleting.delete, false]);
    const place = find(".buttons");
    const text = JSON.stringify([job?.id, wanted]);
    if (place.dataset.text === text) return;
    place.dataset.text = text;
    // The ones that stay are kept, and with them the focus.
    const old = new Map([...place.children].map((button) => [button.className, button]));
    place.replaceChildren(
      ...wanted.map(([action, label, on]) => {
        const button = old.get(action) ?? make("button", { type: "button", class: action, onclick: () => clicked(action) });
        say(button, label);
        if (action === "notify") button.setAttribute("aria-pressed", String(on));
        else button.disabled = on;
        if (action === "delete") button.setAttribute("aria-expanded", String(question.isOpen(job.id)));
        return button;
      }),
    );
  }

  function clicked(action) {
    if (action === "notify") return notice.toggle();
    if (action === "again-as") return show(last.again_as);
    if (action === "instead-of") return show(last.instead_of);
    if (action === "delete") return question.toggle(last);
    if (action === "settings") return again(last, words.settingsUsed);
    if (action === "key") return openKeys(last.provider);
    const place = find(".buttons");
    place.querySelector(`.${action}`).disabled = true;
    place.dataset.text = "";
    act(last.id, action);
  }

  // The stage is built anew only when it shows something else: a playing video is never touched.
  function stage(what, build) {
    if (shown === what) return;
    shown = what;
    find(".stage").replaceChildren(...build());
  }

  function waiting(job) {
    const ratio = RATIOS[job.request.aspect_ratio] ?? RATIOS["16:9"];
    const shape = ratio === RATIOS["16:9"] ? "frame wide" : "frame";
    const frame = make("div", { class: shape }, make("div", { class: "figure" }), make("div", { class: "doing" }));
    frame.style.aspectRatio = ratio;
    return make("div", { class: "waiting" }, frame);
  }

  return {
    idle,
    view,
    connected: (yes) => say(find(".connection"), yes ? "" : words.lost),
    // On a narrow page the card lies below the form: once, when there is something new on it.
    bringIntoView: () => (bring = true),
    failed: () => say(find(".connection"), words.actionFailed),
  };
}
