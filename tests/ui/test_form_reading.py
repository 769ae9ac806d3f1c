"""What a form holds, as a request: nothing typed is lost, nothing that a browser could send is believed."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.domain.errors import InvalidRequest
from playground.ui import form

TYPED = {"prompt": "A boat", "seed": "", "duration_seconds": 8, "resolution": "720p", "generate_audio": True}


def asked(**values: object) -> dict[str, object]:
    """The JSON of the request that a form with these values stands for."""
    return form.to_request("text-to-video", "sandbox", "sandbox-preview", {**TYPED, **values}).as_json()


def test_a_filled_form_is_a_request() -> None:
    assert asked(seed=" 42 ") == {
        "provider": "sandbox",
        "mode": "text-to-video",
        "model": "sandbox-preview",
        "prompt": "A boat",
        "seed": 42,
        "duration_seconds": 8,
        "resolution": "720p",
        "generate_audio": True,
    }


@pytest.mark.parametrize("nothing", ["", "   ", "\n", None])
def test_empty_text_is_not_set(nothing: str | None) -> None:
    assert "negative_prompt" not in asked(negative_prompt=nothing)
    assert "seed" not in asked(seed=nothing)


def test_zero_is_a_seed_and_off_is_a_value() -> None:
    assert asked(seed="0")["seed"] == 0
    assert asked(generate_audio=False)["generate_audio"] is False


def test_a_switch_of_three_positions() -> None:
    assert asked(generate_audio="on")["generate_audio"] is True
    assert asked(generate_audio="off")["generate_audio"] is False
    assert "generate_audio" not in asked(generate_audio="")


@pytest.mark.parametrize("text", ["abc", "1.5", "1e3", "٣", "0x10", "1_000", "--1"])
def test_a_seed_that_is_no_whole_number_is_named(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(seed=text)
    (issue,) = refused.value.issues
    assert (issue.field, issue.message) == ("seed", f"Seed must be a whole number, not “{text}”.")


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(duration_seconds="eight", resolution=["720p"])
    assert {issue.field for issue in refused.value.issues} == {"duration_seconds", "resolution"}


@pytest.mark.parametrize(
    ("prompt", "becomes"), [("A boat", "A boat [sandbox:slow]"), ("", "[sandbox:slow]"), (None, "[sandbox:slow]")]
)
def test_a_rehearsal_travels_in_the_prompt(prompt: str | None, becomes: str) -> None:
    request = form.to_request("text-to-video", "sandbox", None, {"prompt": prompt}, "slow")
    assert request.prompt == becomes


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (None, None),
        ([], None),
        ([{"ref": "/uploads/a.png", "name": "a.png"}], "/uploads/a.png"),
        ([{"ref": " https://example.org/a.png "}], "https://example.org/a.png"),
        (["job:abc"], "job:abc"),
        ([{"path": "/etc/passwd"}], None),
        ([7, {"ref": 7}], None),
    ],
)
def test_one_medium(held: object, expected: str | None) -> None:
    assert form.to_request("image-to-video", "sandbox", None, {"first_frame": held}).first_frame == expected


def test_several_media_keep_their_order() -> None:
    held = [{"ref": f"/uploads/{n}.png"} for n in (2, 1, 3)]
    request = form.to_request("references", "sandbox", None, {"reference_images": held})
    assert request.reference_images == ("/uploads/2.png", "/uploads/1.png", "/uploads/3.png")


def test_a_file_of_gradio_client_becomes_its_path() -> None:
    sent = {"first_frame": {"path": "/up/a.png", "url": None, "meta": {"_type": "gradio.FileData"}}, "seed": 0}
    assert form.without_uploads({**sent, "reference_images": [sent["first_frame"]]}) == {
        "first_frame": "/up/a.png",
        "seed": 0,
        "reference_images": ["/up/a.png"],
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=6,
)


@given(
    mode=st.just("references") | st.text(max_size=12),
    provider=JSON,
    model=JSON,
    values=st.dictionaries(
        st.sampled_from(["prompt", "seed", "generate_audio", "first_frame", "reference_images", "owner"]), JSON
    ),
    rehearsal=JSON,
)
def test_whatever_a_browser_sends_is_a_request_or_refused(
    mode: str, provider: object, model: object, values: dict[str, object], rehearsal: object
) -> None:
    with contextlib.suppress(InvalidRequest):
        assert form.to_request(mode, provider, model, values, rehearsal).provider == provider
