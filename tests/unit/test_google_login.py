"""Google's login: a token from a service account's file, renewed in time, and every trouble in a plain sentence."""

import asyncio
import sys
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playground.domain.credentials import NoLogin
from playground.transport.google_login import SCOPE, GoogleLogin
from tests.google_tokens import PEM, TokenServer, account_file, token_server


@pytest.fixture
def tokens() -> Generator[TokenServer]:
    with token_server() as running:
        yield running


@dataclass
class Clock:
    """The real time and what was added; google-auth looks at the real one."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


async def test_a_service_account_signs_for_a_token_that_is_kept(tokens: TokenServer, tmp_path: Path) -> None:
    login = GoogleLogin(account_file(tmp_path, tokens.url), clock=Clock())
    assert login.is_there()
    assert await asyncio.gather(*(login.token() for _ in range(5))) == ["ya29.token-1"] * 5
    (claim,) = tokens.claims
    assert (claim["iss"], claim["scope"]) == ("us@our-project.iam.gserviceaccount.com", SCOPE)


async def test_a_token_is_renewed_five_minutes_before_its_end(tokens: TokenServer, tmp_path: Path) -> None:
    clock = Clock()
    login = GoogleLogin(account_file(tmp_path, tokens.url), clock=clock)
    assert await login.token() == "ya29.token-1"
    clock.ahead = timedelta(minutes=54)
    assert await login.token() == "ya29.token-1"
    clock.ahead = timedelta(minutes=56)
    assert await login.token() == "ya29.token-2"


async def test_a_refusal_before_the_end_costs_nothing_and_after_it_says_why(
    tokens: TokenServer, tmp_path: Path
) -> None:
    clock = Clock()
    login = GoogleLogin(account_file(tmp_path, tokens.url), clock=clock)
    await login.token()
    tokens.status, clock.ahead = 400, timedelta(minutes=57)
    assert await login.token() == "ya29.token-1"
    clock.ahead = timedelta(minutes=61)
    with pytest.raises(NoLogin) as refused:
        await login.token()
    assert "invalid_grant: Invalid JWT Signature" in str(refused.value)
    tokens.status = 200
    assert (await login.token()).startswith("ya29.token-")


async def test_a_login_that_cannot_be_reached_says_so(tokens: TokenServer, tmp_path: Path) -> None:
    login = GoogleLogin(account_file(tmp_path, "http://127.0.0.1:1/token"), clock=Clock())
    with pytest.raises(NoLogin, match="cannot be reached"):
        await login.token()


@pytest.mark.parametrize(
    "content", ["", "[]", "5", "{", "{}", '{"type": "service_account"}', '{"type": "a stranger"}', "\udcff"]
)
async def test_a_file_that_is_none_is_named_and_not_repeated(content: str, tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text(content, errors="surrogateescape")
    with pytest.raises(NoLogin) as refused:
        await GoogleLogin(file, clock=Clock()).token()
    assert str(file) in str(refused.value)


async def test_a_broken_key_is_never_shown(tmp_path: Path) -> None:
    broken = PEM.replace("A", "B")
    with pytest.raises(NoLogin) as refused:
        await GoogleLogin(account_file(tmp_path, "http://127.0.0.1:1/token", private_key=broken), clock=Clock()).token()
    assert "PRIVATE" not in str(refused.value)
    assert refused.value.__cause__ is None


async def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoLogin, match=r"none\.json of Google's credentials cannot be read: No such file"):
        await GoogleLogin(tmp_path / "none.json", clock=Clock()).token()


async def test_without_the_library_it_says_what_to_install(
    tokens: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("google.auth")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "google.auth", None)
    with pytest.raises(NoLogin, match=r"install veo-playground\[vertex\]"):
        await GoogleLogin(account_file(tmp_path, tokens.url), clock=Clock()).token()


async def test_gclouds_own_login_is_found_and_used(tokens: TokenServer, tmp_path: Path) -> None:
    nowhere = GoogleLogin(None, gcloud_file=tmp_path / "none.json", clock=Clock())
    await asyncio.to_thread(nowhere.look)
    assert not nowhere.is_there()
    login = GoogleLogin(None, gcloud_file=account_file(tmp_path, tokens.url), clock=Clock())
    await asyncio.to_thread(login.look)
    assert login.is_there()
    assert await login.token() == "ya29.token-1"
