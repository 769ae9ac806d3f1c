"""The run as a shell script with curl and jq. Bodies are piped, so that files of any size pass."""

import json
import re
from typing import Final

from playground.domain.provider import HttpCall
from playground.domain.request import is_url
from playground.domain.snippets import script as run
from playground.domain.snippets.recipe import EACH, Status, Steps
from playground.domain.snippets.script import Script, Setting
from playground.domain.snippets.text import Encoded, Hole, Leaf, Node, Text, json_inside, laid_out, leaves

_SPECIAL: Final = re.compile(r'([\\$`"])')
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
_JSON: Final = '"Content-Type: application/json"'


def write(script: Script) -> str:
    """The whole script.

    Raises:
        UnknownType: a medium's MIME type is needed and not known.
    """
    status, sources = script.recipe.status, script.sources()
    # Every medium is at hand before anything is sent.
    files = {each: quoted(each) for each in sources if not is_url(each)}
    fetched = {each: f'"$work/medium-{n}"' for n, each in enumerate(filter(is_url, sources), 1)}
    question = script.status_body()
    blocks = [
        "\n".join(["#!/bin/sh", *(f"# {line}" for line in script.comments("Needs curl (7.76 or newer) and jq."))]),
        "\n".join(["set -eu", *_settings(script)]),
        _WORK,
        "\n".join([*map(_checked, files.values()), *(_fetch(url, file) for url, file in fetched.items())]),
        _JSON_TEXT if _holes(script.body()) or _holes(question) else "",
        _pipe("body", script.body(), files | fetched),
        _pipe("question", question, {}) if question is not None else "",
        _create(script),
        _follow(script, status) if status is not None else "",
        "" if script.recipe.videos.inline else _download(script),
        _deliver(script),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def quoted(plain: str) -> str:
    """A shell word that is exactly this."""
    return "'" + plain.replace("'", "'\\''") + "'"


def _text(text: Text) -> str:
    """A shell word with variables in it."""
    return '"' + "".join(f"${{{p.name}}}" if isinstance(p, Hole) else _SPECIAL.sub(r"\\\1", p) for p in text) + '"'


def _settings(script: Script) -> list[str]:
    lines = [_setting(each) for each in script.placeholders.settings()]
    lines.append(f"{run.BASE_URL}=${{{run.BASE_URL}%/}}")
    if script.key_env is not None:
        lines.append(f': "${{{script.key_env}:?is not set in the environment}}"')
    return lines


def _setting(setting: Setting) -> str:
    if setting.default is None:
        return f"{setting.name}=${{{setting.env}:?is not set in the environment}}"
    # A closing brace would end the expansion.
    default = tuple(part if isinstance(part, Hole) else part.replace("}", "%7D") for part in setting.default)
    return f'{setting.name}="${{{setting.env}:-{_text(default)[1:-1]}}}"'


_WORK: Final = f"""\
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

stop() {{
  printf '%s\\n' "$1" >&2
  [ ! -s "$work/answer" ] || head -c {run.SHOWN_CHARACTERS} "$work/answer" >&2
  exit 1
}}

# An error may hide in an answer whose status says that all is well.
check() {{
  jq -e 'type == "object" and (.error | not)' "$work/answer" >/dev/null 2>&1 || stop "$1"
}}"""
_JSON_TEXT: Final = """\
json_text() {
  jq -nrj --arg text "$1" '$text | tojson | .[1:-1]'
}"""


def _checked(file: str) -> str:
    return f"[ -r {file} ] || stop {quoted('It cannot be read: ')}{file}"


def _fetch(url: str, file: str) -> str:
    return f"curl -sS --fail -g -L --proto =http,https -o {file} {quoted(url)}"


def _holes(node: Node) -> bool:
    return any(isinstance(part, Hole) for leaf in leaves(node) if isinstance(leaf, tuple) for part in leaf)


def _pipe(name: str, node: Node, files: dict[str, str]) -> str:
    """A function that prints a body piece by piece."""
    lines, literal = list[str](), ""
    for piece in laid_out(node, indent="  ", last_comma=False):
        for part in (piece,) if isinstance(piece, str) else _leaf(piece[0], files):
            if isinstance(part, str):
                literal += part
            else:
                lines += [f"printf '%s' {quoted(literal)}", part[0]]
                literal = ""
    lines.append(f"printf '%s' {quoted(literal)}")
    return f"{name}() {{\n" + "".join(f"  {line}\n" for line in lines) + "}"


def _leaf(leaf: Leaf, files: dict[str, str]) -> list[str | tuple[str]]:
    """JSON as literal strings, and commands that print JSON as tuples of one."""
    if isinstance(leaf, Encoded):
        return [f'"{json_inside(leaf.prefix)}', (f"base64 <{files[leaf.source]} | tr -d '\\n'",), '"']
    if not isinstance(leaf, tuple):
        return [json.dumps(leaf)]
    parts = [(f'json_text "${p.name}"',) if isinstance(p, Hole) else json_inside(p) for p in leaf]
    return ['"', *parts, '"']


def _curl(script: Script, call: HttpCall, *options: str) -> str:
    headers = [f'-H "{_key_header(script)}"'] if script.key_env is not None else []
    headers += [f"-H {_text((f'{name}: ', *value))}" for name, value in script.headers(call)]
    sent = [f"-H {_JSON}", "--data-binary @-"] if call.body is not None else []
    method = [] if call.method == ("POST" if sent else "GET") else [f"-X {call.method}"]
    return " ".join(["curl -sS -g", *options, *method, *headers, *sent, '-o "$work/answer"'])


def _key_header(script: Script) -> str:
    name, before = script.key_header
    return f"{name}: {before}${script.key_env}"


def _create(script: Script) -> str:
    call = _curl(script, script.create, "--fail-with-body", f"--max-time {run.CREATE_SECONDS}")
    sent = f"body | {call} \\\n  {_text(script.create_url())} || stop {quoted(run.NOT_TAKEN)}"
    return f"# {run.SENT_ONCE}\n{sent}\ncheck {quoted(run.NOT_TAKEN)}"


def _follow(script: Script, status: Status) -> str:
    asking = "question | " if status.call.body is not None else ""
    call = _curl(script, status.call, f"--max-time {run.STATUS_SECONDS}", "-w '%{http_code}'")
    again = "|".join(map(str, run.ASK_AGAIN))
    failed = f"    {_words(status.failed)}) stop {quoted(run.ENDED)} ;;\n" if status.failed else ""
    return f"""\
operation=$(jq -er {quoted(_path(status.operation))} "$work/answer") || stop {quoted(run.NO_OPERATION)}
echo "Operation: $operation" >&2
asked=0
while :; do
  asked=$((asked + 1))
  [ "$asked" -le {script.questions} ] || stop "{run.STILL_RUNNING} $operation"
  sleep {script.pause}
  # A question that is lost on the way is asked again: the operation goes on.
  code=$({asking}{call} \\
    {_text(script.later_url(status.call))}) || continue
  case $code in
    {again}|5??) continue ;;
    2??) ;;
    *) stop "$code" ;;
  esac
  state=$(jq -r {quoted(f"{_state(status)} | tostring | ascii_downcase")} "$work/answer" 2>/dev/null) ||
    continue
  check {quoted(run.ENDED)}
  case $state in
    {_words(status.done)}) break ;;
{failed}  esac
done"""


def _state(status: Status) -> str:
    # `//` would pass over a state that is false.
    return _path(status.state) if status.or_state is None else f"{_first((status.state, status.or_state))} | .[0]"


def _words(words: tuple[str, ...]) -> str:
    return "|".join(word if _PLAIN_KEY.match(word) else quoted(word) for word in words)


_WHOLE_URL: Final = """\
  case $1 in
    http://*|https://*) url=$1 ;;
    //*) url=${BASE_URL%%:*}:$1 ;;
    /*) url=$home$1 ;;
    *) url=$BASE_URL/$1 ;;
  esac
"""


def _download(script: Script) -> str:
    home = "home=$(printf '%s' \"$BASE_URL\" | cut -d/ -f1-3)"
    if not script.keyed_download:
        return f"""\
{home}
download() {{
{_WHOLE_URL}  curl -sS --fail -g -L --proto =http,https -o "$2" "$url" || stop "The download of $2 failed."
}}"""
    origins = "|".join(['"$home"/*', *(f"{quoted(origin)}*" for origin in script.key_origins)])
    return f"""\
{home}
# {run.KEY_STAYS}
download() {{
  name=$2
{_WHOLE_URL}  for _ in {" ".join(map(str, range(run.MAX_REDIRECTS + 1)))}; do
    case $url in
      {origins}) set -- -H "{_key_header(script)}" ;;
      *) set -- ;;
    esac
    url=$(curl -sS --fail -g "$@" --proto =http,https -o "$name" -w '%{{redirect_url}}' "$url") ||
      stop "The download of $name failed."
    [ -n "$url" ] || return 0
  done
  stop 'Too many redirects.'
}}"""


def _deliver(script: Script) -> str:
    videos = script.recipe.videos
    if videos.path is not None:
        return f"download {_text(script.later_url(HttpCall('GET', videos.path)))} video.mp4\necho video.mp4"
    read = 'jq -r --argjson place "$place" "$videos | .[\\$place]" "$work/answer"'
    keep = f'{read} | base64 -d >"$name"' if videos.inline else f'download "$({read})" "$name"'
    return f"""\
videos={quoted(_first(videos.places))}
count=$(jq "$videos | length" "$work/answer")
[ "$count" -gt 0 ] || stop {quoted(run.ENDED)}
place=0
while [ "$place" -lt "$count" ]; do
  name=video.mp4
  [ "$place" -eq 0 ] || name=video-$((place + 1)).mp4
  {keep}
  echo "$name"
  place=$((place + 1))
done"""


def _first(places: tuple[Steps, ...]) -> str:
    """The jq program for the first place that leads to anything."""
    found = [f"[{_path(place)} | values]" for place in places]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}] | map(select(. != [])) | (.[0] // [])"


def _path(steps: Steps) -> str:
    """A path in jq's own writing; what is not there is null, or nothing behind `EACH`."""
    path = "".join("[]?" if each == EACH else f".{_key(each)}?" for each in steps)
    return path if path.startswith(".") else f".{path}"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.match(key) else json.dumps(key)
