"""The HTTP door to keys: one's own are for their owner only, no token means nothing there, and none comes out."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from playground.api import router
from playground.jobs.service import Service
from playground.ui.capability_routes import capability_routes
from tests.emulation import TABLES, Emulation
from tests.house import House

KEY = "canary-typed-51c0"
ACCOUNT = "annas-account"
CLOUDFLARE, GEMINI = "cloudflare", "gemini"
ANNA = {"authorization": "Bearer " + "a" * 22}
BEN = {"authorization": "Bearer " + "b" * 22}


@asynccontextmanager
async def door(folder: Path, server: Emulation, **environment: str) -> AsyncGenerator[httpx.AsyncClient]:
    """The routes over a real service, with nobody's keys but those of the environment that is given."""
    bases = {TABLES[stem].provider.base_url.env: server.base_url(stem) for stem in (CLOUDFLARE, GEMINI)}
    async with (
        House(folder).process(adopts=False, **bases, **environment) as service,
        httpx.AsyncClient(transport=httpx.ASGITransport(app_of(service)), base_url="http://here") as client,
    ):
        yield client


def app_of(service: Service) -> FastAPI:
    app = FastAPI()
    app.include_router(router(service))
    app.include_router(capability_routes(service))
    return app


async def sources(client: httpx.AsyncClient, who: dict[str, str]) -> dict[str, str]:
    answer = await client.get("/api/keys", headers=who)
    return {each["provider"]: each["source"] for each in answer.json()["keys"]}


async def ready(client: httpx.AsyncClient, who: dict[str, str]) -> dict[str, str]:
    answer = await client.get("/api/capabilities", headers=who)
    return {each["id"]: each["ready"] for each in answer.json()["providers"]}


def given(key: object = KEY, **account: str) -> dict[str, Any]:
    return {"key": key, "account": account}


async def test_a_key_is_its_owners_and_another_browser_sees_none(tmp_path: Path, server: Emulation) -> None:
    async with door(tmp_path, server) as client:
        entered = await client.put("/api/keys/cloudflare", headers=ANNA, json=given(account_id=ACCOUNT))
        assert (entered.status_code, entered.json()["source"]) == (200, "yours")
        assert (await sources(client, ANNA))[CLOUDFLARE] == "yours"
        assert set((await sources(client, BEN)).values()) == {"none"}
        assert (await ready(client, ANNA))[CLOUDFLARE] == "ready"
        for stranger in (BEN, {}):
            assert (await ready(client, stranger))[CLOUDFLARE] == "key"
        assert (await client.delete("/api/keys/cloudflare", headers=BEN)).json()["source"] == "none"
        assert (await sources(client, ANNA))[CLOUDFLARE] == "yours"
        assert (await client.delete("/api/keys/cloudflare", headers=ANNA)).json()["source"] == "none"
        assert (await ready(client, ANNA))[CLOUDFLARE] == "key"


async def test_without_a_token_there_is_nothing(tmp_path: Path, server: Emulation) -> None:
    async with door(tmp_path, server) as client:
        for who in ({}, {"authorization": "Bearer short"}, {"authorization": "Basic " + "a" * 30}):
            for answer in (
                await client.get("/api/keys", headers=who),
                await client.put("/api/keys/gemini", headers=who, json=given()),
                await client.delete("/api/keys/gemini", headers=who),
                await client.post("/api/keys/gemini/test", headers=who),
            ):
                assert answer.status_code == 404
        assert (await sources(client, ANNA))[GEMINI] == "none"


async def test_the_operators_key_is_said_to_be_there_and_no_more(tmp_path: Path, server: Emulation) -> None:
    async with door(tmp_path, server, GEMINI_API_KEY=KEY) as client:
        answer = await client.get("/api/keys", headers=ANNA)
        (gemini,) = (each for each in answer.json()["keys"] if each["provider"] == GEMINI)
        assert (gemini["source"], gemini["env"], gemini["can_test"]) == ("environment", "GEMINI_API_KEY", True)
        assert KEY not in answer.text
        assert (await client.delete("/api/keys/gemini", headers=ANNA)).json()["source"] == "environment"


async def test_on_a_public_page_the_operators_key_is_offered_to_nobody(tmp_path: Path, server: Emulation) -> None:
    async with door(tmp_path, server, GEMINI_API_KEY=KEY, PLAYGROUND_PUBLIC="1") as client:
        assert (await sources(client, ANNA))[GEMINI] == "none"
        for who in (ANNA, {}):
            assert (await ready(client, who))[GEMINI] == "key"
        assert (await client.post("/api/keys/gemini/test", headers=ANNA)).json()["works"] is False


async def test_a_free_call_tells_whether_a_key_works(tmp_path: Path, server: Emulation) -> None:
    async with door(tmp_path, server) as client:
        missing = (await client.post("/api/keys/gemini/test", headers=ANNA)).json()
        assert missing["works"] is False
        for key, works in ((KEY, True), ("wrong-key", False)):
            await client.put("/api/keys/gemini", headers=ANNA, json=given(key))
            assert (await client.post("/api/keys/gemini/test", headers=ANNA)).json()["works"] is works
        await client.put("/api/keys/cloudflare", headers=ANNA, json=given(account_id=ACCOUNT))
        untold = (await client.post("/api/keys/cloudflare/test", headers=ANNA)).json()
        assert untold["works"] is None
        assert "only a run can tell" in untold["says"]


async def test_no_answer_holds_the_key(tmp_path: Path, server: Emulation) -> None:
    bodies: list[Any] = [
        given(account_id=ACCOUNT),
        given(account_id=f"/{KEY}/"),
        given(f"{KEY} {KEY}", account_id=ACCOUNT),
        given([KEY], account_id=ACCOUNT),
        {**given(account_id=ACCOUNT), "provider": KEY},
        [KEY],
    ]
    async with door(tmp_path, server) as client:
        answers = [await client.put("/api/keys/cloudflare", headers=ANNA, json=body) for body in bodies]
        assert [answer.status_code for answer in answers] == [200, 422, 422, 422, 422, 422]
        answers += [
            await client.put("/api/keys/cloudflare", headers=ANNA, content=f'{{"key": "{KEY}'),
            await client.put("/api/keys/nobody", headers=ANNA, json=given()),
            await client.get("/api/keys", headers=ANNA),
            await client.post("/api/keys/cloudflare/test", headers=ANNA),
            await client.get("/api/capabilities", headers=ANNA),
            await client.delete("/api/keys/cloudflare", headers=ANNA),
        ]
        for answer in answers:
            assert KEY not in answer.text + str(answer.headers)
            assert answer.headers["cache-control"].startswith("private")
