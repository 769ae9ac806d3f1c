"""Logging in at an OpenID provider: who comes back is believed only with a signature, and from where he was sent."""

import json
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from playground.settings import SettingsError, load_settings
from playground.ui.login.gate import Gate, Ways
from playground.ui.login.openid import OpenId, OpenIdSettings
from tests.ui.openid_provider import CLIENT, SECRET, Provider, openid_provider

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def running() -> Generator[Provider]:
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    fresh = Provider(running.origin)
    running.__dict__.update(fresh.__dict__)
    return running


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """Says whom the gate speaks for."""
    said = dict(scope["headers"]).get(b"authorization", b"")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def browser(provider: Provider, **changes: Any) -> AsyncGenerator[httpx.AsyncClient]:
    settings = OpenIdSettings(**{"client_id": CLIENT, "client_secret": SECRET, "issuer": provider.origin, **changes})
    gate = Gate(behind, Ways(provider=OpenId(settings)), lambda purpose: purpose.encode())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://here") as client:  # pyright: ignore[reportArgumentType]
        yield client


async def come_back(client: httpx.AsyncClient) -> httpx.Response:
    """Go to the provider, and come back with what it says."""
    away = await client.get("/login/openid", headers=HTML)
    assert away.status_code == 302
    async with httpx.AsyncClient() as there:
        sent = await there.get(away.headers["location"])
    return await client.get(sent.headers["location"], headers=HTML)


async def test_who_comes_back_is_the_same_person_in_every_browser(provider: Provider) -> None:
    tokens: list[str] = []
    for who in ({"sub": "1", "preferred_username": "anna"}, {"sub": "1", "preferred_username": "anna-m"}, {"sub": "2"}):
        provider.who = who
        async with browser(provider) as client:
            page = await client.get("/login")
            assert f"Log in with {provider.origin.partition('://')[2]}" in page.text
            assert 'type="password"' not in page.text
            back = await come_back(client)
            assert (back.status_code, back.headers["location"]) == (303, "../")
            tokens.append((await client.get("/api/jobs")).text)
            await client.post("/logout")
            assert (await client.get("/api/jobs")).status_code == 401
    assert tokens[0] == tokens[1] != tokens[2]
    assert all(token.startswith("Bearer ") for token in tokens)


async def test_nobody_comes_in_without_the_providers_word(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stranger = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
    tricks: list[dict[str, Any]] = [
        {"refuses": True},
        {"known_key": stranger},
        {"nonce": "another"},
        {"who": {"iss": "https://evil.example", "sub": "1"}},
        {"who": {"aud": "another-client", "sub": "1"}},
        {"who": {"preferred_username": "nobody"}},
    ]
    for trick in tricks:
        provider.__dict__.update({**Provider(provider.origin).__dict__, **trick})
        async with browser(provider) as client:
            refused = await come_back(client)
            assert (refused.status_code, "did not say who you are" in refused.text) == (401, True), trick
            assert (await client.get("/api/jobs")).status_code == 401
    assert SECRET not in caplog.text


async def test_an_answer_is_taken_once_and_where_it_was_asked_for(provider: Provider) -> None:
    async with browser(provider) as mine, browser(provider) as other:
        away = await mine.get("/login/openid")
        async with httpx.AsyncClient() as there:
            back = (await there.get(away.headers["location"])).headers["location"]
        assert (await other.get(back, headers=HTML)).status_code == 401
        assert (await mine.get(back, headers=HTML)).status_code == 303
        assert (await mine.get(back, headers=HTML)).status_code == 401


async def test_a_space_sends_people_back_to_its_own_name(provider: Provider) -> None:
    async with browser(provider, host="somebody-veo.hf.space") as client:
        away = await client.get("/login/openid")
        assert (
            httpx.URL(away.headers["location"]).params["redirect_uri"] == "https://somebody-veo.hf.space/login/callback"
        )


async def test_a_provider_that_is_away_is_said_on_the_page(provider: Provider) -> None:
    async with browser(provider, issuer="http://127.0.0.1:9") as client:
        told = await client.get("/login/openid", headers=HTML)
        assert (told.status_code, "cannot be asked just now" in told.text) == (502, True)


def test_a_space_with_hf_oauth_asks_for_it_by_itself() -> None:
    space = {
        "SPACE_ID": "a/veo",
        "SPACE_HOST": "a-veo.hf.space",
        "OAUTH_CLIENT_ID": "id",
        "OAUTH_CLIENT_SECRET": SECRET,
    }
    settings = load_settings(space)
    assert (settings.oauth_client_id, settings.space_host) == ("id", "a-veo.hf.space")
    assert settings.openid_provider_url == "https://huggingface.co"
    assert SECRET not in repr(settings) + json.dumps(str(settings))
    with pytest.raises(SettingsError, match="OAUTH_CLIENT_SECRET"):
        load_settings({"OAUTH_CLIENT_ID": "id"})
