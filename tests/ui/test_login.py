"""The gate: nobody gets to the page, the API, the videos or Gradio who has not logged in; jobs belong to the person."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bcrypt
import httpx
import pytest
from fastapi import FastAPI

from playground.api import router
from playground.ui.login.gate import NAME_COOKIE, SESSION_COOKIE, Gate, Ways
from playground.ui.login.passwords import WINDOW_SECONDS, Passwords
from playground.ui.login.people import SPOKEN_FOR
from playground.ui.static_routes import static_routes
from tests.house import FakeTime, House

PASSWORD, OTHER = "anna's own words", "ben's"
HTML = {"accept": "text/html"}
TOKEN = {"authorization": "Bearer " + "a" * 22}


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


HASHES = {"anna": hashed(PASSWORD), "ben": hashed(OTHER), "long": hashed("ä" * 36)}


class Doors:
    """An application behind the gate, and as many browsers as a test wants."""

    def __init__(self, app: FastAPI, time: FakeTime) -> None:
        self.app = app
        self.time = time
        self.hashes = dict(HASHES)
        self.key = b"one key"

    def browser(self, scheme: str = "http", address: str = "192.0.2.1") -> httpx.AsyncClient:
        gate = Gate(
            self.app, Ways(Passwords(self.hashes, self.time.clock)), lambda purpose: self.key + purpose.encode()
        )
        through = httpx.ASGITransport(gate, client=(address, 1))  # pyright: ignore[reportArgumentType]
        return httpx.AsyncClient(transport=through, base_url=f"{scheme}://here")


@asynccontextmanager
async def doors(folder: Path) -> AsyncGenerator[Doors]:
    house = House(folder)
    async with house.process() as service:
        app = FastAPI()
        app.include_router(router(service))
        app.include_router(static_routes())

        @app.get("/whoever")
        @app.get("/")
        async def whoever() -> dict[str, str]:
            return {}

        yield Doors(app, house.time)


async def log_in(browser: httpx.AsyncClient, name: str = "anna", password: str = PASSWORD, **headers: str) -> Any:
    return await browser.post("/login", data={"username": name, "password": password}, headers=headers)


async def test_without_a_login_there_is_nothing_but_the_way_in(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser() as stranger:
        for path in ("/", "/config", "/gradio_api/info", "/gradio_api/queue/join", "/api/jobs", "/media/x/1", "/x/../"):
            for method in ("GET", "POST", "HEAD", "PUT"):
                answer = await stranger.request(method, path, headers=TOKEN)
                assert (answer.status_code, answer.headers["cache-control"]) == (401, "no-store")
                assert "basic" not in answer.headers["www-authenticate"].lower()
            sent = await stranger.get(path, headers=HTML)
            assert (sent.status_code, str(sent.next_request and sent.next_request.url)) == (303, "http://here/login")
        for path in ("/pg-static/login.css", "/favicon.ico"):
            assert (await stranger.get(path)).status_code == 200
        # These have a rule of their own, and there are none in this house.
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await stranger.get(path)).status_code == 404
        assert (await stranger.get("/pg-static/../api/jobs")).status_code == 401
        page = await stranger.get("/login")
        assert (page.status_code, page.text.count("{{"), page.text.count("<!-- ")) == (200, 0, 0)
        assert 'type="password"' in page.text
        assert "Hugging Face" not in page.text


async def test_a_job_that_was_asked_for_is_shown_after_the_login(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser() as browser:
        sent = await browser.get("/?job=abc-1&next=https://evil.example", headers=HTML)
        assert sent.headers["location"] == "login?job=abc-1"
        back = await browser.post("/login?job=abc-1", data={"username": "anna", "password": PASSWORD}, headers=HTML)
        assert (back.status_code, back.headers["location"]) == (303, "./?job=abc-1")
        assert (await browser.get("/login?job=//evil.example")).headers["location"] == "./"


async def test_a_job_belongs_to_the_person_in_every_browser(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser() as one, house.browser() as two, house.browser() as bens:
        await log_in(one)
        await log_in(two)
        await log_in(bens, "ben", OTHER)
        # Whatever token a browser shows: behind the gate it is the person's.
        key = await one.put("/api/keys/gemini", headers=TOKEN, json={"key": "canary-of-anna"})
        assert key.json()["source"] == "yours"
        assert {"gemini": "yours"}.items() <= (await sources(two)).items()
        assert {"gemini": "none"}.items() <= (await sources(bens, TOKEN)).items()
        assert (await bens.delete("/api/keys/gemini")).json()["source"] == "none"
        assert (await sources(one))["gemini"] == "yours"


async def sources(browser: httpx.AsyncClient, headers: Mapping[str, str] | None = None) -> dict[str, str]:
    answer = await browser.get("/api/keys", headers=dict(headers or {}))
    return {each["provider"]: each["source"] for each in answer.json()["keys"]}


async def test_the_cookie_is_signed_and_no_script_reads_it(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser("https") as browser, house.browser() as plain:
        said = (await log_in(browser)).headers.get_list("set-cookie")
        (session,) = (line.lower() for line in said if line.startswith(SESSION_COOKIE))
        assert all(word in session for word in ("httponly", "samesite=lax", "secure", "path=/"))
        assert "secure" not in str((await log_in(plain)).headers.get_list("set-cookie")).lower()
        value = plain.cookies[SESSION_COOKIE]
        assert (await plain.get("/api/jobs")).status_code == 200
        payload, _, signature = value.partition(".")
        forged = (payload[:-4] + "AAAA." + signature, payload, f"{payload}.{signature[:-2]}xx", "", "null", NAME_COOKIE)
        for cookie in forged:
            async with house.browser() as thief:
                answer = await thief.get(
                    "/api/jobs", headers={"cookie": f"{SESSION_COOKIE}={cookie}; {NAME_COOKIE}=anna"}
                )
                assert answer.status_code == 401


async def test_a_session_ends_with_a_logout_another_password_or_another_key(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser() as browser:
        await log_in(browser)
        out = await browser.post("/logout", headers=HTML)
        assert (out.status_code, out.headers["location"]) == (303, "login")
        assert (await browser.get("/api/jobs")).status_code == 401
        assert not browser.cookies
        for change in (
            lambda: house.hashes.update(anna=hashed("another one")),
            lambda: house.hashes.pop("anna"),
            lambda: setattr(house, "key", b"another key"),
        ):
            house.hashes.update(HASHES)
            async with house.browser() as before:
                await log_in(before)
                assert (await before.get("/api/jobs")).status_code == 200
                change()
                async with house.browser() as now:
                    assert (await now.get("/api/jobs", headers={"cookie": cookies(before)})).status_code == 401


def cookies(browser: httpx.AsyncClient) -> str:
    return f"{SESSION_COOKIE}={browser.cookies[SESSION_COOKIE]}"


async def test_a_program_is_told_in_json_and_a_person_on_the_page(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser() as browser:
        for name, password in (
            ("anna", "wrong"),
            ("nobody", PASSWORD),
            ("", ""),
            ("anna", "nul\0"),
            ("anna", "x" * 90),
        ):
            told = await log_in(browser, name, password)
            assert (told.status_code, told.json()["error"]["code"]) == (401, "not_logged_in")
            assert not browser.cookies
        shown = await log_in(browser, "anna", "wrong", **HTML)
        assert (shown.status_code, 'role="alert"' in shown.text) == (401, True)
        assert "wrong" not in shown.text
        async with house.browser(address="192.0.2.7") as other:
            # bcrypt reads 72 bytes; whatever follows was never part of the hash.
            assert (await log_in(other, "long", "ä" * 36 + "more")).json() == {"success": True}


async def test_wrong_passwords_are_not_tried_for_ever(tmp_path: Path) -> None:
    async with doors(tmp_path) as house, house.browser() as browser:
        for _ in range(5):
            assert (await log_in(browser, password="wrong")).status_code == 401
        refused = await log_in(browser, **HTML)
        assert (refused.status_code, "Too many wrong attempts" in refused.text) == (429, True)
        assert 0 < int(refused.headers["retry-after"]) <= WINDOW_SECONDS
        # Neither another name nor another address is shut out by it.
        assert (await log_in(browser, "ben", OTHER)).status_code == 200
        house.time.now += WINDOW_SECONDS + 1
        for _ in range(9):
            assert (await log_in(browser)).status_code == 200


async def test_what_lies_behind_is_told_who_asks_and_a_client_cannot_say_it(tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with doors(tmp_path) as house:
        house.app = behind  # pyright: ignore[reportAttributeAccessIssue]
        async with house.browser() as browser:
            await log_in(browser)
            await browser.get("/?x", headers=TOKEN)
            (scope,) = seen
            said = [value.decode() for name, value in scope["headers"] if name == b"authorization"]
            assert said == [f"Bearer {scope[SPOKEN_FOR]}"]
            assert len(scope[SPOKEN_FOR]) >= 22


@pytest.mark.parametrize("kind", ["websocket"])
async def test_no_socket_is_opened_either(tmp_path: Path, kind: str) -> None:
    async with doors(tmp_path) as house:
        gate = Gate(house.app, Ways(Passwords(HASHES, house.time.clock)), lambda _: b"key")
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        await gate({"type": kind, "path": "/gradio_api/x", "headers": []}, receive, send)
        assert [message["type"] for message in sent] == ["websocket.close"]
