// What this browser knows: who it is, which job it last started, and what its forms held.
// The token is a secret of this browser; it travels in a header or a form, never in an address.

const OWNER = "veo.owner";
// Where people log in, each has a draft of his own in a browser that several use.
const JOB = ofPerson("veo.job");
const DRAFT = ofPerson("veo.draft");

// What the gate calls whoever has logged in; empty where nobody has to.
export function person() {
  const said = document.cookie.split("; ").find((each) => each.startsWith("veo_name="));
  return said ? decodeURIComponent(said.slice("veo_name=".length)) : "";
}

function ofPerson(name) {
  return person() ? `${name}:${person()}` : name;
}

// Before somebody logs out: nothing of his stays for whoever comes next.
export function leave() {
  localStorage.removeItem(JOB);
  localStorage.removeItem(DRAFT);
}

export function random(bytes = 16) {
  const raw = crypto.getRandomValues(new Uint8Array(bytes));
  return btoa(String.fromCharCode(...raw)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function owner() {
  let token = localStorage.getItem(OWNER);
  if (!token || token.length < 22) {
    token = random();
    localStorage.setItem(OWNER, token);
  }
  return token;
}

// The job that the address names, then the one that this browser started last.
export function jobs() {
  return [...new Set([named(), localStorage.getItem(JOB)])].filter(Boolean);
}

export function named() {
  return new URLSearchParams(location.search).get("job");
}

export function remember(job) {
  localStorage.setItem(JOB, job);
  const address = new URL(location.href);
  address.searchParams.set("job", job);
  history.replaceState(history.state, "", address);
}

// A deleted job is not looked for again.
export function drop(job) {
  if (localStorage.getItem(JOB) === job) localStorage.removeItem(JOB);
  const address = new URL(location.href);
  if (address.searchParams.get("job") !== job) return;
  address.searchParams.delete("job");
  history.replaceState(history.state, "", address);
}

export function draft() {
  try {
    return JSON.parse(localStorage.getItem(DRAFT)) ?? {};
  } catch {
    return {};
  }
}

export function keep(changes) {
  try {
    localStorage.setItem(DRAFT, JSON.stringify({ ...draft(), ...changes }));
  } catch {
    // A full store loses the draft, nothing else.
  }
}

// A path of ours below wherever the page is served.
export function here(path) {
  return new URL(path.replace(/^\//, ""), document.baseURI).href;
}

// The answer to a request of this browser's, whatever its status but one: whose session has ended has to log in.
export async function reply(path, options = {}) {
  const response = await fetch(here(path), {
    cache: "no-store",
    signal: AbortSignal.timeout(10_000),
    ...options,
    headers: { authorization: `Bearer ${owner()}`, ...options.headers },
  });
  if (response.status === 401 && person()) location.reload();
  return response;
}

export async function ask(path, options = {}) {
  const response = await reply(path, options);
  if (response.status === 404) return null;
  if (!response.ok) throw Object.assign(new Error(`${path}: ${response.status}`), { status: response.status });
  return response.json();
}
