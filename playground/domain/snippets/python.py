"""The run as a Python program with httpx, which repeats nothing by itself."""

from typing import Final

from playground.domain.provider import HttpCall
from playground.domain.request import is_url
from playground.domain.snippets import script as run
from playground.domain.snippets.recipe import Status
from playground.domain.snippets.script import Script, Setting
from playground.domain.snippets.text import Encoded, Hole, Leaf, Node, Text, laid_out

_IN_F_STRING: Final = {'"': '\\"', "\\": "\\\\", "{": "{{", "}": "}}"}


def write(script: Script) -> str:
    """The whole program.

    Raises:
        UnknownType: a medium's MIME type is needed and not known.
    """
    status = script.recipe.status
    needs = "Needs Python 3.9 or newer and httpx (pip install httpx)."
    blocks = [
        "\n".join(f"# {line}" for line in script.comments(needs)) + "\n" + _imports(script),
        *_functions(script, status),
        "\n".join(_settings(script)) + f"\n\nbody = {_literal(script.body())}\n\n{_create(script)}",
    ]
    rest = [*([_follow(script, status)] if status is not None else []), _deliver(script)]
    return "\n\n\n".join(blocks) + "\n\n" + "\n\n".join(rest) + "\n"


def quoted(plain: str) -> str:
    """A string literal; what cannot be seen is escaped, as `repr` does."""
    # With a quote in front, `repr` chooses double quotes wherever it can.
    return repr(plain) if '"' in plain else '"' + repr("'" + plain)[2:]


def _text(text: Text) -> str:
    if any(isinstance(part, Hole) for part in text):
        return 'f"' + "".join(f"{{{p.name}}}" if isinstance(p, Hole) else _in_f_string(p) for p in text) + '"'
    return quoted("".join(str(part) for part in text))


def _in_f_string(plain: str) -> str:
    return "".join(_IN_F_STRING.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in plain)


def _literal(node: Node, margin: str = "") -> str:
    pieces = laid_out(node, indent="    ", last_comma=True, margin=margin)
    return "".join(piece if isinstance(piece, str) else _leaf(piece[0]) for piece in pieces)


def _leaf(leaf: Leaf) -> str:
    if isinstance(leaf, tuple):
        return _text(leaf)
    if not isinstance(leaf, Encoded):
        return repr(leaf)
    reader = "base64_at" if is_url(leaf.source) else "base64_of"
    return (f"{quoted(leaf.prefix)} + " if leaf.prefix else "") + f"{reader}({quoted(leaf.source)})"


def _imports(script: Script) -> str:
    inline = script.recipe.videos.inline
    reads = any(not is_url(source) for source in script.sources())
    names = {"base64": bool(script.sources()) or inline, "os": True, "sys": True, "time": script.recipe.status}
    lines = [f"import {name}" for name, used in names.items() if used]
    lines += ["from pathlib import Path"] if reads or inline else []
    lines += [] if inline else ["from urllib.parse import urljoin"]
    return "\n".join(lines) + "\n\nimport httpx"


def _functions(script: Script, status: Status | None) -> list[str]:
    sources = script.sources()
    return [
        _SETTING,
        *([_BASE64_OF] if any(not is_url(source) for source in sources) else []),
        *([_BASE64_AT] if any(is_url(source) for source in sources) else []),
        _AT,
        _READ,
        *([_ask(script, status)] if status is not None else []),
        *([] if script.recipe.videos.inline else [_KEYED_DOWNLOAD if script.keyed_download else _DOWNLOAD]),
    ]


_SETTING: Final = """\
def setting(name, default=None):
    return os.environ.get(name) or default or sys.exit(f"Set {name} in the environment.")"""
_BASE64_OF: Final = """\
def base64_of(path):
    return base64.b64encode(Path(path).read_bytes()).decode()"""
_BASE64_AT: Final = """\
def base64_at(url):
    answer = httpx.get(url, follow_redirects=True, timeout=60)
    return base64.b64encode(answer.raise_for_status().content).decode()"""
_AT: Final = """\
def at(value, *steps):
    # What a path into JSON leads to, as a list; "*" is every item of a list.
    found = [value]
    for step in steps:
        if step == "*":
            found = [item for each in found if isinstance(each, list) for item in each]
        else:
            found = [each[step] for each in found if isinstance(each, dict) and each.get(step) is not None]
    return found"""
_READ: Final = f"""\
def parsed(answer):
    try:
        return answer.json()
    except ValueError:
        return None


def read(answer):
    # An error may hide in an answer whose status says that all is well.
    found = parsed(answer)
    if answer.is_success and found is not None and not any(at(found, "error")):
        return found
    sys.exit(f"{{answer.status_code}}: {{answer.text[:{run.SHOWN_CHARACTERS}]}}")"""
_DOWNLOAD: Final = """\
def download(url, name):
    with client.stream("GET", urljoin(f"{BASE_URL}/", url), follow_redirects=True, timeout=60) as answer:
        answer.raise_for_status()
        with open(name, "wb") as file:
            for chunk in answer.iter_bytes():
                file.write(chunk)"""
_KEYED_DOWNLOAD: Final = f"""\
def download(url, name):
    # {run.KEY_STAYS}
    url = urljoin(f"{{BASE_URL}}/", url)
    for _ in range({run.MAX_REDIRECTS + 1}):
        headers = KEY if url.startswith(KEY_ORIGINS) else {{}}
        with client.stream("GET", url, headers=headers, timeout=60) as answer:
            if answer.has_redirect_location:
                url = urljoin(url, answer.headers["location"])
                continue
            answer.raise_for_status()
            with open(name, "wb") as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            return
    sys.exit("Too many redirects.")"""


def _settings(script: Script) -> list[str]:
    lines = [_setting(each) for each in script.placeholders.settings()]
    if script.key_env is not None:
        name, before = script.key_header
        value = (f"{quoted(before)} + " if before else "") + f"setting({quoted(script.key_env)})"
        lines.append(f"KEY = {{{quoted(name)}: {value}}}")
    if script.keyed_download:
        others = ", ".join(quoted(origin) for origin in script.key_origins)
        lines.append(f'KEY_ORIGINS = ("/".join(BASE_URL.split("/")[:3]) + "/", {others})'.replace(", )", ",)"))
    lines.append("client = httpx.Client()")
    return lines


def _setting(setting: Setting) -> str:
    default = f", {_text(setting.default)}" if setting.default is not None else ""
    end = '.rstrip("/")' if setting.name == run.BASE_URL else ""
    return f"{setting.name} = setting({quoted(setting.env)}{default}){end}"


def _headers(script: Script, call: HttpCall) -> list[str]:
    own = [f"{quoted(name)}: {_text(value)}" for name, value in script.headers(call)]
    if script.key_env is None:
        return [f"headers={{{', '.join(own)}}}"] if own else []
    return [f"headers={{**KEY, {', '.join(own)}}}" if own else "headers=KEY"]


def _create(script: Script) -> str:
    arguments = [quoted(script.create.method), _text(script.create_url()), "json=body"]
    arguments += [*_headers(script, script.create), f"timeout={run.CREATE_SECONDS}"]
    return f"""\
# {run.SENT_ONCE}
try:
    answer = read(client.request({", ".join(arguments)}))
except httpx.RequestError as lost:
    sys.exit(f"{run.NOT_TAKEN} {{lost}}")"""


def _ask(script: Script, status: Status) -> str:
    arguments = [quoted(status.call.method), _text(script.later_url(status.call))]
    arguments += [] if status.call.body is None else [f"json={_literal(script.status_body(), ' ' * 8)}"]
    arguments += [*_headers(script, status.call), f"timeout={run.STATUS_SECONDS}"]
    return f"""\
def ask(operation):
    # A question that is lost on the way is asked again: the operation goes on.
    try:
        answer = client.request({", ".join(arguments)})
    except httpx.RequestError:
        return None
    lost = answer.status_code in {run.ASK_AGAIN} or answer.status_code >= 500
    return None if lost or (answer.is_success and parsed(answer) is None) else read(answer)"""


def _follow(script: Script, status: Status) -> str:
    failed = f"    if state in {_words(status.failed)}:\n        {_stop(run.ENDED)}\n" if status.failed else ""
    return f"""\
operation = "".join({_at(status.operation)}) or {_stop(run.NO_OPERATION)}
print("Operation:", operation, file=sys.stderr)
for _ in range({script.questions}):
    time.sleep({script.pause})
    answer = ask(operation)
    state = "".join(map(str, {_state(status)})).lower()
    if state in {_words(status.done)}:
        break
{failed}else:
    sys.exit(f"{run.STILL_RUNNING} {{operation}}")"""


def _stop(why: str) -> str:
    return f'sys.exit(f"{why} {{str(answer)[:{run.SHOWN_CHARACTERS}]}}")'


def _deliver(script: Script) -> str:
    videos = script.recipe.videos
    if videos.path is not None:
        found = f"[{_text(script.later_url(HttpCall('GET', videos.path)))}]"
    else:
        found = " or ".join(map(_at, videos.places))
    keep = "Path(name).write_bytes(base64.b64decode(video))" if videos.inline else "download(video, name)"
    return f"""\
videos = {found}
if not videos:
    {_stop(run.ENDED)}
for number, video in enumerate(videos, 1):
    name = "video.mp4" if number == 1 else f"video-{{number}}.mp4"
    {keep}
    print(name)"""


def _state(status: Status) -> str:
    return _at(status.state) + (f" or {_at(status.or_state)}" if status.or_state is not None else "")


def _at(steps: tuple[str, ...]) -> str:
    return f"at({', '.join(['answer', *map(quoted, steps)])})"


def _words(words: tuple[str, ...]) -> str:
    return f"[{', '.join(map(quoted, words))}]"
