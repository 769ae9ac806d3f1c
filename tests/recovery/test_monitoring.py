"""What an operator sees: events in the log, figures, whether the playground can work. Never a prompt or an owner."""

import json
import logging
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from playground.catalog import load_tables
from playground.domain.errors import InvalidRequest
from playground.jobs.service import Service, owner_of_token
from playground.monitoring import monitoring_routes
from tests.house import House, request_for

TEXT = load_tables()["sandbox"].specs["sandbox-preview", "text-to-video"]
OWNER = owner_of_token("an-owners-secret-token-1")
PROMPT = "A heron lands on a pier."
TOKEN = "t" * 30


@asynccontextmanager
async def http(
    service: Service, *, token: str | None = None, only_with_token: bool = False, client: str = "127.0.0.1"
) -> AsyncGenerator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(monitoring_routes(service, metrics_token=token, only_with_token=only_with_token))
    transport = httpx.ASGITransport(app, client=(client, 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as asking:
        yield asking


async def made(service: Service, **changes: Any) -> str:
    request = request_for(TEXT, **{"prompt": PROMPT, **changes})
    job = await service.submit(request, owner=OWNER, files_under=None)
    await service.settled(job, owner=OWNER)
    return job


def lines(caplog: pytest.LogCaptureFixture, job: str) -> list[dict[str, Any]]:
    """What was said of a job, without what every record has."""
    plain = set(vars(logging.makeLogRecord({})))
    told = [
        {"event": record.getMessage(), **{k: v for k, v in vars(record).items() if k not in plain}}
        for record in caplog.records
    ]
    return [line for line in told if line.get("job") == job]


async def test_each_event_of_a_job_is_one_line_with_its_id(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "playground.events")
    async with house.process() as service:
        job = await made(service)
        failed = await made(service, prompt="A boat [sandbox:filtered].")
        await service.delete(job, owner=OWNER)
        with pytest.raises(InvalidRequest):
            await service.submit(request_for(TEXT, duration_seconds=5), owner=OWNER, files_under=None)
    told = lines(caplog, job)
    assert [(line["event"], line.get("state")) for line in told] == [
        ("job created", "queued"),
        ("job moved", "submitting"),
        ("create sent", None),
        ("job receipt", "running"),
        ("job moved", "downloading"),
        ("video saved", None),
        ("job moved", "succeeded"),
        ("job deleted", "succeeded"),
    ]
    assert (told[2]["attempt"], told[2]["answer"]) == (1, 200)
    assert told[4]["polls"] >= 1
    assert (told[6]["charged"], told[6]["ending"]) == ("no", "succeeded")
    assert lines(caplog, failed)[-1]["ending"] == "filtered"
    (refused,) = [record for record in caplog.records if record.getMessage() == "request refused"]
    assert vars(refused)["fields"] == ["duration_seconds"]
    everything = json.dumps([vars(record) for record in caplog.records], default=str)
    for secret in (PROMPT, "heron", OWNER, "signature", "/media/"):
        assert secret not in everything


async def test_a_prompt_is_told_where_the_operator_asks_for_it(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "playground.events")
    async with house.process(PLAYGROUND_LOG_PROMPTS="on") as service:
        job = await made(service)
    assert [line["prompt"] for line in lines(caplog, job) if "prompt" in line] == [PROMPT]


async def test_the_figures_count_jobs_by_provider_state_and_ending(house: House) -> None:
    async with house.process() as service, http(service) as client:
        await made(service)
        await made(service, prompt="A boat [sandbox:filtered].")
        await made(service, prompt="A boat [sandbox:never-ends].")
        text = (await client.get("/metrics")).text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert figures['playground_job_moves_total{ending="",provider="sandbox",state="succeeded"}'] == "1.0"
    assert figures['playground_job_moves_total{ending="filtered",provider="sandbox",state="failed"}'] == "1.0"
    assert figures['playground_jobs{provider="sandbox",state="running"}'] == "1.0"
    assert figures['playground_job_seconds_count{provider="sandbox"}'] == "1.0"
    assert float(figures['playground_provider_answer_seconds_count{answer="2xx",call="status",provider="sandbox"}']) > 2
    assert float(figures['playground_disk_bytes{folder="media",of="used"}']) > 1_000
    for secret in ("heron", OWNER, "token"):
        assert secret not in text


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        ({}, {}, 200),
        ({}, {"host": "localhost:7860"}, 200),
        # A page of somebody else whose name leads to this machine.
        ({}, {"host": "evil.example"}, 404),
        ({}, {"x-forwarded-for": "127.0.0.1"}, 404),
        ({}, {"forwarded": "for=127.0.0.1"}, 404),
        ({}, {"via": "1.1 proxy"}, 404),
        ({"client": "10.0.0.7"}, {}, 404),
        ({"only_with_token": True}, {}, 404),
        ({"token": TOKEN}, {}, 404),
        ({"token": TOKEN}, {"authorization": f"Bearer {TOKEN[:-1]}"}, 404),
        ({"token": TOKEN}, {"authorization": TOKEN}, 404),
        ({"token": TOKEN, "only_with_token": True, "client": "10.0.0.7"}, {"authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
async def test_the_figures_are_the_operators(
    house: House, settings: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    async with house.process() as service, http(service, **settings) as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status
        assert (await client.get("/healthz", headers=headers)).json() == {"status": "ok"}


async def not_ready(client: httpx.AsyncClient) -> dict[str, str]:
    answer = await client.get("/readyz")
    assert answer.status_code == 503, answer.text
    return answer.json()["problems"]


async def test_readiness_names_the_part_that_is_wrong(house: House) -> None:
    async with house.process() as service, http(service) as client:
        assert (await client.get("/readyz")).json() == {"status": "ready", "problems": {}}
        house.time.now += 2
        media = house.data / "media"
        media.rename(media.with_name("elsewhere"))
        assert await not_ready(client) == {
            "media": "The folder for videos cannot be written: No such file or directory."
        }
        media.with_name("elsewhere").rename(media)
        house.time.now += 2
        with sqlite3.connect(house.data / "playground.db") as other:
            other.execute("begin immediate")
            assert await not_ready(client) == {
                "database": "The database does not answer within 3 seconds; it may be locked."
            }
            other.rollback()
        house.time.now += 2
        assert (await client.get("/readyz")).status_code == 200
