// One cell of the matrix in full. Links lead to the evidence; nothing is fetched from there.

import { fill, make } from "./dom.js";

export function sheet(data, words, close) {
  const proof = (key) => source(data.evidence[key], words);
  return make(
    "div",
    { class: "sheet-in" },
    make(
      "header",
      {},
      make(
        "div",
        {},
        make("h2", { id: "pg-sheet-title", tabindex: "-1" }, `${data.provider} · ${data.model}`),
        make("p", {}, `${data.mode} · `, make("code", {}, data.model_id)),
      ),
      make("button", { type: "button", class: "sheet-close", "aria-label": words.close, onclick: close }, "×"),
    ),
    data.standing ? make("div", { class: `sheet-standing ${data.standing.stage}` }, data.standing.says, proof(data.standing.evidence)) : null,
    data.warn ? make("p", { class: "sheet-warn" }, data.warn) : null,
    data.ready_says ? make("p", { class: "sheet-quiet" }, data.ready_says) : null,
    part(words.price, make("ul", {}, ...data.prices.map((each) => priceLine(each, proof)))),
    part(words.parameters, make("dl", {}, ...data.parameters.flatMap((each) => parameter(each, words, proof)))),
    part(
      words.rules,
      data.rules.length
        ? make("ul", {}, ...data.rules.map((each) => rule(each, words, proof)))
        : make("p", { class: "sheet-quiet" }, words.noRules),
    ),
    part(
      words.handling,
      make(
        "ul",
        {},
        data.about ? make("li", {}, data.about) : null,
        ...data.handling.map((each) => make("li", {}, each)),
        data.docs ? make("li", {}, link(data.docs, words.docs)) : null,
      ),
    ),
    part(words.evidence, make("ul", { class: "sheet-evidence" }, ...Object.values(data.evidence).map((each) => evidence(each, words)))),
  );
}

function part(title, ...content) {
  return make("section", {}, make("h3", {}, title), ...content);
}

function priceLine({ price, when, note, evidence }, proof) {
  return make(
    "li",
    {},
    make("b", {}, price),
    when ? ` ${when}` : "",
    note ? make("small", {}, note) : null,
    proof(evidence),
  );
}

function parameter(each, words, proof) {
  const facts = [each.required, each.takes, each.default === null ? null : `${words.default} ${each.default}`];
  const theirs = each.words.map(({ ours, theirs: own }) => make("span", {}, `${ours}: `, make("code", {}, own), " "));
  return [
    make("dt", {}, each.label, make("code", {}, each.field)),
    make(
      "dd",
      {},
      make("span", {}, facts.filter(Boolean).join(" · ")),
      ...each.notes.map((note) => make("small", {}, note)),
      theirs.length ? make("small", { class: "sheet-theirs" }, `${words.theirs}: `, ...theirs) : null,
      proof(each.evidence),
    ),
  ];
}

function rule({ says, severity, where, evidence }, words, proof) {
  const tags = [where, severity === "warning" ? words.warning : null].filter(Boolean);
  return make("li", { class: severity }, says, tags.length ? make("small", {}, tags.join(" · ")) : null, proof(evidence));
}

// In one line: what kind of proof, how old, and the way there.
function source(each, words) {
  if (!each) return null;
  const age = fill(words.read, { date: each.read });
  return make(
    "small",
    { class: "sheet-source" },
    each.link ? link(each.link, each.kind, each.where) : make("span", { title: each.where ?? "" }, each.kind),
    `, ${age}`,
    each.stale ? make("em", {}, words.stale) : null,
  );
}

function evidence(each, words) {
  return make(
    "li",
    {},
    each.where ?? each.kind,
    make(
      "small",
      {},
      `${each.kind}, ${fill(words.read, { date: each.read })} `,
      each.link ? link(each.link, words.source) : null,
      each.stale ? make("em", {}, words.stale) : null,
    ),
  );
}

function link(href, text, title) {
  return make("a", { href, target: "_blank", rel: "noopener noreferrer", title }, text);
}
