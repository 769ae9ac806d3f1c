"""The neutral request is read strictly, and says in a sentence what its shape lacks."""

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from playground.domain.errors import NEXT_STEPS, FailureCode, InvalidRequest, NotFound, failure
from playground.domain.job import ACTIVE, ENDS, MOVES, RESTS, STATES, STEPS, may_move, step_of
from playground.domain.reading import parse_request
from playground.domain.request import (
    MEDIA_FIELDS,
    MODES,
    PARAMETER_KINDS,
    JobReference,
    VideoRequest,
    is_url,
    job_reference,
)
from playground.domain.words import LABELS, MODE_LABELS, label, listed, spoken

BARE: dict[str, Any] = {"provider": "sandbox", "mode": "text-to-video"}


def test_every_field_is_a_parameter_or_says_who_and_how() -> None:
    assert set(VideoRequest.model_fields) == {*PARAMETER_KINDS, "provider", "model", "mode"}
    assert set(VideoRequest.model_fields) == set(LABELS)
    assert set(MODES) == set(MODE_LABELS)


@pytest.mark.parametrize(
    ("raw", "field", "code"),
    [
        ({}, "provider", "required"),
        ({**BARE, "durations": 8}, "durations", "unknown_field"),
        ({**BARE, "duration_seconds": "8"}, "duration_seconds", "wrong_type"),
        ({**BARE, "duration_seconds": 8.0}, "duration_seconds", "wrong_type"),
        ({**BARE, "duration_seconds": True}, "duration_seconds", "wrong_type"),
        ({**BARE, "generate_audio": 1}, "generate_audio", "wrong_type"),
        ({**BARE, "generate_audio": "false"}, "generate_audio", "wrong_type"),
        ({**BARE, "prompt": 7}, "prompt", "wrong_type"),
        ({**BARE, "prompt": "half \ud83d"}, "prompt", "wrong_type"),
        ({**BARE, "reference_images": "a.png"}, "reference_images", "wrong_type"),
        ({**BARE, "reference_images": ["a.png", None]}, "reference_images", "wrong_type"),
        ({**BARE, "mode": "extend"}, "mode", "wrong_type"),
        ({"\ud800": 1}, "request", "wrong_type"),
        ([], "request", "wrong_type"),
        (None, "request", "wrong_type"),
        ("text-to-video", "request", "wrong_type"),
    ],
)
def test_a_wrong_shape_is_an_issue_of_its_field(raw: object, field: str, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_request(raw)
    issue = caught.value.issues[0]
    assert (issue.field, issue.code, issue.severity) == (field, code, "error")
    assert issue.message in caught.value.message
    assert "Value error" not in issue.message
    json.dumps(issue.as_json()).encode()


def test_every_wrong_field_is_told() -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_request({"mode": "text-to-video", "seed": "1", "zoom": 2})
    assert {issue.field for issue in caught.value.issues} == {"provider", "seed", "zoom"}


@pytest.mark.parametrize(
    "values",
    [
        {"seed": 0, "generate_audio": False, "enhance_prompt": False, "prompt": "", "negative_prompt": ""},
        {"duration_seconds": 0, "number_of_videos": 0},
    ],
)
def test_falsy_is_not_absent(values: dict[str, Any]) -> None:
    request = parse_request({**BARE, **values})
    assert request.set_values() == values
    assert request.as_json() == {**BARE, **values}
    assert parse_request(request.as_json()) == request
    assert request.changed({"resolution": None}) == request


def test_null_is_absent() -> None:
    assert parse_request({**BARE, "seed": None, "reference_images": None}) == parse_request(BARE)


def test_a_request_is_frozen_and_a_copy_is_checked_again() -> None:
    request = parse_request({**BARE, "seed": 1})
    with pytest.raises(ValidationError):
        request.seed = 2  # pyright: ignore[reportAttributeAccessIssue] - that is the point
    assert request.changed({"seed": None, "duration_seconds": 8}).set_values() == {"duration_seconds": 8}
    with pytest.raises(ValidationError):
        request.changed({"seed": "one"})


def test_media_come_in_order_with_their_places() -> None:
    request = parse_request({**BARE, "reference_images": ["b", "a", "b"], "last_frame": "l", "first_frame": "f"})
    assert list(request.media()) == [
        ("first_frame", 0, "f"),
        ("last_frame", 0, "l"),
        ("reference_images", 0, "b"),
        ("reference_images", 1, "a"),
        ("reference_images", 2, "b"),
    ]
    assert set(MEDIA_FIELDS) == {"first_frame", "last_frame", "reference_images", "source_video"}


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("job:a-B_9", JobReference("a-B_9")),
        ("job:a#1", JobReference("a", 1)),
        ("job:a#12", JobReference("a", 12)),
        ("job:a#last-frame", JobReference("a", last_frame=True)),
        ("job:", None),
        ("job:a#0", None),
        ("job:a#01", None),
        ("job:a#", None),
        ("job:a#first-frame", None),
        ("job:a\n", None),
        ("job:a#2\n", None),
        ("job:ä", None),
        ("job:a#1٣", None),
        ("job:a#" + "9" * 5_000, None),
        ("JOB:a", None),
        ("job:a/../b", None),
        ("https://example.org/job:a", None),
        ("a.png", None),
    ],
)
def test_a_job_reference(text: str, reference: JobReference | None) -> None:
    assert job_reference(text) == reference


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://a", True),
        ("HTTP://a", True),
        ("ftp://a", False),
        ("file:///a", False),
        ("/https://a", False),
        ("", False),
    ],
)
def test_a_url(text: str, url: bool) -> None:
    assert is_url(text) is url


def test_words_for_people() -> None:
    assert listed((4, 6, 8), "duration_seconds") == "4 s, 6 s or 8 s"
    assert listed(("16:9",), "aspect_ratio") == "16:9"
    assert listed(()) == "nothing"
    assert spoken("generate_audio", False) == "off"
    assert spoken("seed", 0) == "0"
    assert spoken("number_of_videos", 1) == "1"
    assert spoken("resolution", "") == ""
    assert spoken("mode", "image-to-video") == "image to video"
    assert label("new_field") == "new field"


def test_every_code_has_a_next_step() -> None:
    assert set(NEXT_STEPS) == set(get_args(FailureCode))
    long = failure("failed", "It failed.", "unknown", words="x" * 10_000)
    assert long.next_step == NEXT_STEPS["failed"]
    assert len(long.provider_words or "") == 500


@pytest.mark.parametrize("code", get_args(FailureCode))
def test_a_failure_says_whether_another_try_may_help(code: FailureCode) -> None:
    told = failure(code, "It failed.", "unknown").as_json()
    assert list(told) == ["code", "message", "retryable", "next_step"]
    wants_a_change = {"bad_key", "no_credit", "not_allowed", "invalid", "model_retired", "refused", "filtered", "media"}
    # The outcome of one that may have been accepted is to be looked up first; the disk's limit is ours to lift.
    assert told["retryable"] == (code not in wants_a_change | {"uncertain", "lost", "storage"})
    assert list(NotFound().as_json()) == list(told)


def test_the_job_graph() -> None:
    assert set(MOVES) == set(STATES) == ACTIVE | ENDS | RESTS
    # A receipt that comes after its owner took the job for lost; nothing else leaves an end.
    assert {end: MOVES[end] for end in ENDS if MOVES[end]} == {"failed": {"running", "downloading"}}
    assert all(may_move(state, "failed") for state in ACTIVE | RESTS)
    # A create that left is never simply forgotten: it was answered, it failed, or it is uncertain.
    assert not may_move("submitting", "cancelled")
    assert {before for before in STATES if may_move(before, "succeeded")} == {"downloading"}
    assert {before for before in STATES if may_move(before, "submitting")} == {"queued"}
    assert {before for before in STATES if may_move(before, "uncertain")} == {"submitting"}
    assert not may_move("uncertain", "queued")
    reached, frontier = {"queued"}, ["queued"]
    while frontier:
        for after in MOVES[frontier.pop()] - reached:  # pyright: ignore[reportArgumentType] - states all
            reached.add(after)
            frontier.append(after)
    assert reached == set(STATES)


@pytest.mark.parametrize("accepted", [True, False])
def test_a_card_has_a_place_for_every_state(accepted: bool) -> None:
    places = {state: step_of(state, accepted=accepted) for state in STATES}
    assert all(0 <= place < len(STEPS) for place in places.values())
    assert STEPS[places["succeeded"]] == "ready"
    assert places["queued"] <= places["submitting"] <= places["running"] <= places["downloading"]
    assert STEPS[places["failed"]] == ("generating" if accepted else "submitted")
    assert STEPS[places["uncertain"]] == "submitted"
    assert STEPS[step_of("submitting", accepted=accepted, answers_once=True)] == "generating"
