"""What each model of the Gemini API takes, and the words in which it refuses the rest, as recorded in 2026."""

from dataclasses import dataclass
from typing import Final

from playground.emulator._google_errors import Refusal, error_info
from playground.emulator._google_request import SEEDS, Create, Grammar, out_of_bound, text, whole, word

_SERVICE: Final = "generativelanguage.googleapis.com"
_WHOLE_SECONDS: Final = 8


@dataclass(frozen=True, slots=True)
class Model:
    """One model; it takes at least a prompt and a first frame."""

    label: str
    durations: tuple[int, ...] = (4, 6, 8)
    resolutions: tuple[str, ...] = ("720p", "1080p", "4k")
    videos: int = 1
    refuses: tuple[str, ...] = ()
    """Names that it answers with "isn't supported by this model"."""
    lacks: tuple[str, ...] = ()
    """Names that it answers with "your use case"."""
    by_picture: tuple[str, ...] = ("allow_adult", "allow_all")
    by_text: tuple[str, ...] = ("allow_all",)
    """People where a picture is given, and where none is; seen from the United States."""
    between_frames: tuple[int, ...] = (_WHOLE_SECONDS,)
    """How long a clip between a first and a last frame may be."""
    upright_1080p: bool = True


_VEO_3: Final = Model(
    "Veo 3",
    resolutions=("720p", "1080p"),
    refuses=("referenceImages",),
    lacks=("lastFrame", "video"),
    upright_1080p=False,
)
MODELS: Final = {
    "veo-3.1-generate-preview": Model("Veo 3.1"),
    "veo-3.1-fast-generate-preview": Model("Veo 3.1 fast"),
    "veo-3.1-lite-generate-preview": Model(
        "Veo 3.1 lite",
        resolutions=("720p", "1080p"),
        refuses=("negativePrompt",),
        lacks=("referenceImages", "video"),
    ),
    "veo-3.0-generate-001": _VEO_3,
    "veo-3.0-fast-generate-001": _VEO_3,
    "veo-2.0-generate-001": Model(
        "Veo 2",
        durations=(5, 6, 8),
        resolutions=("720p",),
        videos=2,
        refuses=("resolution", "referenceImages", "seed"),
        lacks=("video",),
        by_picture=("allow_adult", "dont_allow"),
        by_text=("allow_all", "allow_adult", "dont_allow"),
        between_frames=(5, 6, 8),
    ),
}


def unsupported(name: str) -> Refusal:
    """For a name that this model does not take, or no model."""
    return Refusal(
        f"`{name}` isn't supported by this model. Please remove it or refer to the Gemini API documentation for "
        "supported usage."
    )


GRAMMAR: Final = Grammar(
    top=("instances", "parameters"),
    instance=("prompt", "image", "lastFrame", "referenceImages", "video"),
    video=("uri",),
    settings=(
        "negativePrompt",
        "durationSeconds",
        "resolution",
        "aspectRatio",
        "seed",
        "sampleCount",
        "personGeneration",
    ),
    images=("png", "jpg"),
    unknown=unsupported,
)


def model_of(model_id: str) -> Model:
    """The model. Raises Refusal for one that there is not."""
    if model_id not in MODELS:
        raise unknown_model(model_id)
    return MODELS[model_id]


def check(asked: Create, model: Model) -> None:
    """Values, and what goes together.

    Raises:
        Refusal: something does not.
    """
    settings = asked.settings
    for name in (*settings, *asked.given):
        if name in model.refuses:
            raise unsupported(name)
    text(settings, "negativePrompt")
    seconds = whole(settings, "durationSeconds", model.durations[0], model.durations[-1])
    if seconds is not None and seconds not in model.durations:
        raise out_of_bound("durationSeconds", model.durations[0], model.durations[-1])
    word(settings, "resolution", model.resolutions)
    word(settings, "aspectRatio", ("16:9", "9:16"))
    whole(settings, "seed", 0, SEEDS - 1)
    whole(settings, "sampleCount", 1, model.videos)
    people = settings.get("personGeneration")
    allowed = model.by_text if asked.mode in ("text-to-video", "extension") else model.by_picture
    if people is not None and people not in allowed:
        raise Refusal(f"{people} for personGeneration is currently not supported.")
    if not asked.prompt and not {"image", "video"} & set(asked.given):
        raise Refusal("A text prompt is required.")
    if not _goes_together(asked, model, seconds if seconds is not None else _WHOLE_SECONDS):
        raise use_case()
    if asked.video is not None and settings.get("resolution", "720p") != "720p":
        raise unprocessed()


def _goes_together(asked: Create, model: Model, seconds: int) -> bool:
    given, large = set(asked.given), asked.settings.get("resolution", "720p") != "720p"
    if given & set(model.lacks) or ("lastFrame" in given and "image" not in given):
        return False
    if given & {"referenceImages", "video"} and len(given) > 1:
        return False
    if "lastFrame" in given and seconds not in model.between_frames:
        return False
    if (large or given & {"referenceImages", "video"}) and seconds != _WHOLE_SECONDS:
        return False
    return model.upright_1080p or not large or asked.settings.get("aspectRatio") != "9:16"


def bad_key() -> Refusal:
    """A key that is none: 400, not 401."""
    details = [error_info("API_KEY_INVALID", _SERVICE)]
    return Refusal("API key not valid. Please pass a valid API key.", details=details)


def no_key() -> Refusal:
    """No key at all."""
    return Refusal(
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
        "other form of API consumer identity to call this API.",
        403,
    )


def use_case() -> Refusal:
    """The one refusal of every combination that cannot be had."""
    return Refusal(
        "Your use case is currently not supported. Please refer to Gemini API documentation for current model offering."
    )


def unprocessed() -> Refusal:
    """For a clip that cannot be extended: not yet, not a Veo clip, or not in 720p."""
    return Refusal("Input video must be a video that was generated by VEO that has been processed.")


def unknown_model(model: str) -> Refusal:
    """For a model that never was, and for many that are no more."""
    return Refusal(
        f"models/{model} is not found for API version v1beta, or is not supported for predictLongRunning. Call "
        "ListModels to see the list of available models and their supported methods.",
        404,
    )


def retired(model: str) -> Refusal:
    """The other wording for a model that is no more."""
    return Refusal(
        f"This model models/{model} is no longer available. Please update your code to use gemini-omni-1.1-flash for "
        "the latest features and improvements.",
        404,
    )
