"""What all languages share: the run that is to be written out, with holes where the environment has the say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from playground.domain.capabilities import FromEnvironment, ProviderFacts
from playground.domain.provider import Context, HttpCall
from playground.domain.request import is_url
from playground.domain.snippets.recipe import OPERATION, Recipe
from playground.domain.snippets.text import Encoded, Medium, Node, Text, known_body, leaves, text_with_holes

BASE_URL: Final = "BASE_URL"
"""The variable that holds the base URL in every language."""
OPERATION_NAME: Final = "operation"
ASK_AGAIN: Final = (304, 408, 425, 429)
"""Answers to a status question that only mean: ask again. So do all from 500 on."""
CREATE_SECONDS: Final = 900
STATUS_SECONDS: Final = 60
MAX_REDIRECTS: Final = 5
SHOWN_CHARACTERS: Final = 2000
"""How much of a bad answer a program prints."""
SENT_ONCE: Final = "This call may cost money. It is sent once: if its answer is lost, look at your account first."
KEY_STAYS: Final = "The key goes to its own hosts only, on redirects too."
NOT_TAKEN: Final = "The request was refused, or its answer was lost."
NO_OPERATION: Final = "The answer names no operation."
ENDED: Final = "It ended without a video."
STILL_RUNNING: Final = "It is still running. Ask again later for"


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable that a program takes from the environment."""

    name: str
    """Of the variable."""
    env: str
    default: Text | None = None


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Marks that an adapter works with in place of base URL and account settings, so that no program names an account.

    They survive percent-encoding and JSON; the nonce keeps a prompt from forging one.
    """

    facts: ProviderFacts
    known: Mapping[str, str]
    """The account settings that are set or have a default."""
    nonce: str
    """Letters and digits that nobody can guess."""

    @property
    def context(self) -> Context:
        """What the adapter is given."""
        # An absolute URL, for adapters that build on it.
        account = {name: f"{setting.env}-{self.nonce}" for name, setting in self._account()}
        return Context(f"https://{self.nonce}.invalid", account)

    @property
    def holes(self) -> Mapping[str, str]:
        """Variables by the mark that stands for them."""
        context, names = self.context, dict(self._account())
        return {context.base_url: BASE_URL, **{mark: names[name].env for name, mark in context.account.items()}}

    def settings(self) -> Iterator[Setting]:
        """The variables, each after those that its default may use."""
        for _, setting in self._account():
            yield Setting(setting.env, setting.env, None if setting.default is None else (setting.default,))
        yield Setting(BASE_URL, self.facts.base_url.env, self._default_url())

    def _account(self) -> list[tuple[str, FromEnvironment]]:
        account = self.facts.account.items()
        return [(name, each) for name, each in account if each.in_programs and (each.required or name in self.known)]

    def _default_url(self) -> Text | None:
        default = self.facts.base_url.default
        if default is None or in_process(default):
            return None
        filled = default.format_map({**dict.fromkeys(self.facts.account, ""), **self.context.account})
        return text_with_holes(filled, self.holes)


@dataclass(frozen=True, slots=True)
class Script:
    """One run, from the create call to the files; a language writes it out."""

    title: str
    create: HttpCall
    recipe: Recipe
    media: Mapping[str, Medium]
    placeholders: Placeholders

    @property
    def facts(self) -> ProviderFacts:
        """What the table says of the provider."""
        return self.placeholders.facts

    @property
    def key_env(self) -> str | None:
        """The environment name of the key, None where none is needed."""
        return self.facts.credential.env if self.facts.credential is not None else None

    @property
    def key_header(self) -> tuple[str, str]:
        """Name of the header that carries the key, and what stands before the key in it."""
        scheme = self.facts.credential.scheme if self.facts.credential is not None else ""
        return ("Authorization", "Bearer ") if scheme == "bearer" else (scheme, "")

    @property
    def keyed_download(self) -> bool:
        """Whether a download carries the key."""
        return self.recipe.videos.with_credential and self.facts.credential is not None

    @property
    def key_origins(self) -> tuple[str, ...]:
        """Origins besides the base URL's that may see the key, each with a final slash."""
        parts = [urlsplit(each) for each in self.facts.credential_origins]
        return tuple(f"{part.scheme}://{part.netloc}/" for part in parts)

    @property
    def pause(self) -> str:
        """Seconds between questions."""
        polling = self.facts.poll_seconds
        return f"{polling.then if polling is not None else 10:g}"

    @property
    def questions(self) -> int:
        """How many questions fit before the deadline."""
        return max(1, round(self.facts.deadline_minutes * 60 / float(self.pause)))

    def comments(self, needs: str) -> list[str]:
        """What stands at the top: what it does, what it needs, what is to be set."""
        says = [f"{self.title}: create, wait, download.", needs]
        files = [source for source in self.sources() if not is_url(source)]
        if files:
            says.append(f"Reads {' and '.join(files)}; a bare name is looked for where you run this.")
        if self.key_env is not None:
            says.append(f"Set {self.key_env} in the environment; this file holds no key.")
        says += [f"Set {env} in the environment." for env in self._to_set()]
        if self.facts.base_url.default is not None and in_process(self.facts.base_url.default):
            env = self.facts.base_url.env
            says.append(f"Start `playground emulate` and export {env}, taken from the line that it prints.")
        # One line each, whatever a table's label holds.
        return [" ".join(each.split()) for each in says]

    def _to_set(self) -> list[str]:
        needed = [each for each in self.facts.account.values() if each.required]
        if self.facts.base_url.default is None:
            needed.append(self.facts.base_url)
        return [each.env for each in needed if each.default is None]

    def body(self) -> Node:
        """The create call's body.

        Raises:
            UnknownType: a medium's MIME type is needed and not known.
        """
        return known_body(self.create.body, self.media, self.placeholders.holes)

    def status_body(self) -> Node:
        """The status call's body."""
        status = self.recipe.status
        return known_body(status.call.body, self.media, self._later_holes) if status is not None else None

    def create_url(self) -> Text:
        """Where the create call goes."""
        return _url(self.create, self.placeholders.context.base_url, self.placeholders.holes)

    def later_url(self, call: HttpCall) -> Text:
        """Where a call goes that may name the operation."""
        return _url(call, self.placeholders.context.base_url, self._later_holes)

    def headers(self, call: HttpCall) -> list[tuple[str, Text]]:
        """A call's own headers."""
        return [(name, text_with_holes(value, self.placeholders.holes)) for name, value in call.headers]

    def sources(self) -> list[str]:
        """Every medium that the program reads itself, once."""
        return list(dict.fromkeys(leaf.source for leaf in leaves(self.body()) if isinstance(leaf, Encoded)))

    @property
    def _later_holes(self) -> Mapping[str, str]:
        return {**self.placeholders.holes, OPERATION: OPERATION_NAME}


def in_process(url: str) -> bool:
    """Whether a base URL leads into the playground's own process, where no other program can follow."""
    return (urlsplit(url).hostname or "").endswith(".localhost")


def video_name(number: int) -> str:
    """The file of the `number`-th video, from 1."""
    return "video.mp4" if number == 1 else f"video-{number}.mp4"


def _url(call: HttpCall, base: str, holes: Mapping[str, str]) -> Text:
    url = call.path if is_url(call.path) else f"{base}/{call.path.removeprefix('/')}"
    if call.query:
        url += ("&" if "?" in url else "?") + urlencode(call.query, quote_via=quote)
    return text_with_holes(url, holes)
