"""The run as a module for Node, with nothing but what Node brings."""

import json
import re
from typing import Final

from playground.domain.provider import HttpCall
from playground.domain.request import is_url
from playground.domain.snippets import script as run
from playground.domain.snippets.recipe import Status, Steps
from playground.domain.snippets.script import Script, Setting
from playground.domain.snippets.text import Encoded, Hole, Leaf, Node, Text, json_inside, laid_out

_MARKUP: Final = re.compile("<(?=[/!])")


def write(script: Script) -> str:
    """The whole program.

    Raises:
        UnknownType: a medium's MIME type is needed and not known.
    """
    status = script.recipe.status
    needs = "Needs Node 18 or newer: save as call.mjs, run with node call.mjs."
    blocks = [
        "\n".join(f"// {line}" for line in script.comments(needs)) + "\n" + _imports(script),
        *_functions(script, status),
        "\n".join(_settings(script)),
        f"const body = {_literal(script.body())};",
        _create(script),
        *([_follow(script, status)] if status is not None else []),
        _deliver(script),
    ]
    return "\n\n".join(blocks) + "\n"


def quoted(plain: str) -> str:
    """A string literal; it would not even end a script element of a page."""
    return f'"{_inside(plain)}"'


def _inside(plain: str) -> str:
    return _MARKUP.sub(r"\\u003c", json_inside(plain))


def _text(text: Text) -> str:
    if any(isinstance(part, Hole) for part in text):
        return "`" + "".join(f"${{{p.name}}}" if isinstance(p, Hole) else _in_template(p) for p in text) + "`"
    return quoted("".join(str(part) for part in text))


def _in_template(plain: str) -> str:
    return _inside(plain).replace("`", "\\`").replace("$", "\\$")


def _literal(node: Node, margin: str = "") -> str:
    pieces = laid_out(node, indent="  ", last_comma=True, margin=margin)
    return "".join(piece if isinstance(piece, str) else _leaf(piece[0]) for piece in pieces)


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, tuple):
        return _text(leaf)
    if isinstance(leaf, Encoded):
        reader = "base64At" if is_url(leaf.source) else "base64Of"
        return (f"{quoted(leaf.prefix)} + " if leaf.prefix else "") + f"(await {reader}({quoted(leaf.source)}))"
    return json.dumps(leaf)


def _imports(script: Script) -> str:
    reads = any(not is_url(source) for source in script.sources())
    files = "readFile, writeFile" if reads else "writeFile"
    lines = [f'import {{ {files} }} from "node:fs/promises";']
    lines += ['import { setTimeout as sleep } from "node:timers/promises";'] if script.recipe.status is not None else []
    return "\n".join(lines)


def _functions(script: Script, status: Status | None) -> list[str]:
    sources = script.sources()
    return [
        _STOP,
        *([_BASE64_OF] if any(not is_url(source) for source in sources) else []),
        *([_BASE64_AT] if any(is_url(source) for source in sources) else []),
        _AT,
        _READ,
        *([_ask(script, status)] if status is not None else []),
        *([] if script.recipe.videos.inline else [_KEYED_DOWNLOAD if script.keyed_download else _DOWNLOAD]),
    ]


_STOP: Final = """\
function stop(why) {
  console.error(why);
  process.exit(1);
}

function setting(name, fallback) {
  return process.env[name] || fallback || stop(`Set ${name} in the environment.`);
}"""
_BASE64_OF: Final = """\
async function base64Of(path) {
  return (await readFile(path)).toString("base64");
}"""
_BASE64_AT: Final = """\
async function base64At(url) {
  const answer = await fetch(url);
  if (!answer.ok) stop(`${answer.status}: ${url}`);
  return Buffer.from(await answer.arrayBuffer()).toString("base64");
}"""
_AT: Final = """\
// What a path into JSON leads to, as a list; "*" is every item of a list.
function at(value, ...steps) {
  let found = [value];
  for (const step of steps) {
    found = found.flatMap((each) => (step !== "*" ? [each?.[step]] : Array.isArray(each) ? each : []));
    found = found.filter((each) => each !== undefined && each !== null);
  }
  return found;
}"""
_READ: Final = f"""\
function parsed(text) {{
  try {{
    return JSON.parse(text);
  }} catch {{
    return null;
  }}
}}

// An error may hide in an answer whose status says that all is well.
function read(response, text) {{
  const answer = parsed(text);
  if (response.ok && answer !== null && !answer.error) return answer;
  return stop(`${{response.status}}: ${{text.slice(0, {run.SHOWN_CHARACTERS})}}`);
}}"""
# Read whole: in Node 24, a stream that waits for the disk while the server hangs up brings fetch down (undici #5360).
_DOWNLOAD: Final = """\
async function download(url, name) {
  const answer = await fetch(new URL(url, `${BASE_URL}/`));
  if (!answer.ok) stop(`${answer.status}: the download of ${name} failed.`);
  await writeFile(name, Buffer.from(await answer.arrayBuffer()));
}"""
_KEYED_DOWNLOAD: Final = f"""\
// {run.KEY_STAYS}
async function download(link, name) {{
  let url = new URL(link, `${{BASE_URL}}/`);
  for (let hop = 0; hop <= {run.MAX_REDIRECTS}; hop++) {{
    const headers = KEY_ORIGINS.includes(url.origin) ? KEY : {{}};
    const answer = await fetch(url, {{ headers, redirect: "manual" }});
    if (answer.status >= 300 && answer.status < 400 && answer.headers.has("location")) {{
      url = new URL(answer.headers.get("location"), url);
      await answer.body?.cancel();
      continue;
    }}
    if (!answer.ok) stop(`${{answer.status}}: the download of ${{name}} failed.`);
    await writeFile(name, Buffer.from(await answer.arrayBuffer()));
    return;
  }}
  stop("Too many redirects.");
}}"""


def _settings(script: Script) -> list[str]:
    lines = [_setting(each) for each in script.placeholders.settings()]
    if script.key_env is not None:
        name, before = script.key_header
        value = (f"{quoted(before)} + " if before else "") + f"setting({quoted(script.key_env)})"
        lines.append(f"const KEY = {{ {quoted(name)}: {value} }};")
    if script.keyed_download:
        others = "".join(f", new URL({quoted(origin)}).origin" for origin in script.key_origins)
        lines.append(f"const KEY_ORIGINS = [new URL(BASE_URL).origin{others}];")
    return lines


def _setting(setting: Setting) -> str:
    default = f", {_text(setting.default)}" if setting.default is not None else ""
    end = '.replace(/\\/+$/, "")' if setting.name == run.BASE_URL else ""
    return f"const {setting.name} = setting({quoted(setting.env)}{default}){end};"


def _fetch(script: Script, call: HttpCall, url: Text, body: str | None, seconds: int, margin: str = "") -> str:
    headers = ["...KEY"] if script.key_env is not None else []
    headers += [f"{quoted(name)}: {_text(value)}" for name, value in script.headers(call)]
    headers += ['"Content-Type": "application/json"'] if body is not None else []
    lines = [
        f"method: {quoted(call.method)},",
        *([f"headers: {{ {', '.join(headers)} }},"] if headers else []),
        *([f"body: JSON.stringify({body}),"] if body is not None else []),
        # Followed, it could send the request twice and the key elsewhere.
        'redirect: "manual",',
        f"signal: AbortSignal.timeout({seconds}_000),",
    ]
    inside = "".join(f"{margin}  {line}\n" for line in lines)
    return f"await fetch({_text(url)}, {{\n{inside}{margin}}})"


def _create(script: Script) -> str:
    call = _fetch(script, script.create, script.create_url(), "body", run.CREATE_SECONDS)
    variable = "let" if script.recipe.status is not None else "const"
    return f"""\
// {run.SENT_ONCE}
const lost = (why) => stop(`{run.NOT_TAKEN} ${{why}}`);
const response = {call}.catch(lost);
{variable} answer = read(response, await response.text().catch(lost));"""


def _ask(script: Script, status: Status) -> str:
    body = None if status.call.body is None else _literal(script.status_body(), " " * 6)
    call = _fetch(script, status.call, script.later_url(status.call), body, run.STATUS_SECONDS, " " * 4)
    return f"""\
// A question that is lost on the way is asked again: the operation goes on.
async function ask(operation) {{
  let response, text;
  try {{
    response = {call};
    text = await response.text();
  }} catch {{
    return null;
  }}
  const later = {list(run.ASK_AGAIN)}.includes(response.status) || response.status >= 500;
  return later || (response.ok && parsed(text) === null) ? null : read(response, text);
}}"""


def _follow(script: Script, status: Status) -> str:
    ended = f"  if ({_words(status.failed)}.includes(state)) {_stop(run.ENDED)}\n" if status.failed else ""
    return f"""\
const operation = {_at(status.operation)}.join("") || {_stop(run.NO_OPERATION)}
console.error("Operation:", operation);
for (let asked = 1, state = ""; !{_words(status.done)}.includes(state); asked++) {{
  if (asked > {script.questions}) stop(`{run.STILL_RUNNING} ${{operation}}`);
  await sleep({script.pause} * 1000);
  answer = await ask(operation);
  state = {_state(status)}.join("").toLowerCase();
{ended}}}"""


def _stop(why: str) -> str:
    return f"stop(`{why} ${{JSON.stringify(answer).slice(0, {run.SHOWN_CHARACTERS})}}`);"


def _deliver(script: Script) -> str:
    videos = script.recipe.videos
    if videos.path is not None:
        found = f"[{_text(script.later_url(HttpCall('GET', videos.path)))}]"
    else:
        found = _first(videos.places)
    keep = 'await writeFile(name, Buffer.from(video, "base64"));' if videos.inline else "await download(video, name);"
    return f"""\
const videos = {found};
if (videos.length === 0) {_stop(run.ENDED)}
for (const [index, video] of videos.entries()) {{
  const name = index === 0 ? "video.mp4" : `video-${{index + 1}}.mp4`;
  {keep}
  console.log(name);
}}"""


def _state(status: Status) -> str:
    return _at(status.state) if status.or_state is None else f"({_first((status.state, status.or_state))})"


def _first(places: tuple[Steps, ...]) -> str:
    """The first place that leads to anything."""
    found = ", ".join(map(_at, places))
    return f"[{found}].find((each) => each.length > 0) ?? []" if len(places) > 1 else found


def _at(steps: tuple[str, ...]) -> str:
    return f"at({', '.join(['answer', *map(quoted, steps)])})"


def _words(words: tuple[str, ...]) -> str:
    return f"[{', '.join(map(quoted, words))}]"
