"""What Vertex AI takes, and how it refuses the rest; where no wording is on record, with a plain sentence."""

from typing import Final

from starlette.requests import Request

from playground.emulator._google_errors import Refusal
from playground.emulator._google_request import SEEDS, Create, Grammar, flag, text, whole, word
from playground.emulator._stand_in import bearer

RESOLUTIONS: Final = {
    "veo-3.1-generate-001": ("720p", "1080p", "4k"),
    "veo-3.1-fast-generate-001": ("720p", "1080p", "4k"),
    "veo-3.1-lite-generate-001": ("720p", "1080p"),
}
_EXPECTED: Final = "Expected OAuth 2 access token, login cookie or other valid authentication credential."
_LITE: Final = "veo-3.1-lite-generate-001"
_LENGTHS: Final = {
    "text-to-video": ("text_to_video", (4, 6, 8)),
    "references": ("reference_to_video", (8,)),
    "extension": ("video_extension", (7,)),
}
"""What the service calls a mode, and how many seconds it makes there."""
GRAMMAR: Final = Grammar(
    top=("instances", "parameters", "labels"),
    instance=("prompt", "image", "lastFrame", "referenceImages", "video"),
    video=("bytesBase64Encoded", "mimeType"),
    settings=(
        "negativePrompt",
        "durationSeconds",
        "resolution",
        "aspectRatio",
        "generateAudio",
        "enhancePrompt",
        "seed",
        "sampleCount",
        "personGeneration",
        "resizeMode",
        "compressionQuality",
        "storageUri",
    ),
    images=("png", "jpg", "webp"),
    unknown=lambda name: Refusal(f"Unknown name `{name}`: this model does not take it."),
)


def check(asked: Create, model: str) -> None:
    """Values, and what goes together; what Vertex AI does not state is let through.

    Raises:
        Refusal: something does not go.
    """
    settings = asked.settings
    text(settings, "negativePrompt")
    if flag(settings, "generateAudio") is None:
        raise Refusal("`generateAudio` is required for this model.")
    if flag(settings, "enhancePrompt") is False:
        raise Refusal("`enhancePrompt` cannot be disabled for this model.")
    word(settings, "resolution", RESOLUTIONS[model])
    word(settings, "aspectRatio", ("16:9", "9:16"))
    whole(settings, "seed", 0, SEEDS - 1)
    whole(settings, "sampleCount", 1, 4)
    word(settings, "personGeneration", ("allow_adult", "dont_allow", "allow_all"))
    word(settings, "resizeMode", ("pad", "crop", "PAD", "CROP"))
    word(settings, "compressionQuality", ("optimized", "lossless", "OPTIMIZED", "LOSSLESS"))
    if "storageUri" in settings and not text(settings, "storageUri").startswith("gs://"):
        raise Refusal("`storageUri` must be a Cloud Storage URI that begins with gs://.")
    _check_combination(asked, model)


def _check_combination(asked: Create, model: str) -> None:
    given, seconds = set(asked.given), asked.settings.get("durationSeconds")
    feature, allowed = _LENGTHS.get(asked.mode, ("image_to_video", (4, 6, 8)))
    if seconds is not None and (isinstance(seconds, bool) or seconds not in allowed):
        says = f"Unsupported output video duration {seconds} seconds, supported durations are {list(allowed)}"
        raise Refusal(f"{says} for feature {feature}.")
    if "referenceImages" in given and len(given) > 1:
        raise Refusal("`referenceImages` cannot be combined with `image`, `lastFrame` or `video`.")
    if "referenceImages" in given and model == _LITE:
        raise Refusal("Reference to video is not supported by this model.")
    if "video" in given and len(given) > 1:
        raise Refusal("`image` is not allowed if `video` is provided.")
    if "lastFrame" in given and "image" not in given:
        raise Refusal("`lastFrame` needs `image`.")
    if "resizeMode" in asked.settings and asked.mode != "image-to-video":
        raise Refusal("`resizeMode` is for image to video only.")
    if not asked.prompt and not {"image", "video"} & given:
        raise Refusal("A text prompt is required.")


def check_token(request: Request) -> None:
    """Raise Refusal where there is no token, or none that is good."""
    if "x-goog-api-key" in request.headers:
        says = (
            "API keys are not supported by this API. Expected OAuth2 access token or other authentication credentials."
        )
        raise Refusal(says, 401)
    if "authorization" not in request.headers:
        raise Refusal(f"Request is missing required authentication credential. {_EXPECTED}", 401)
    if bearer(request) is None:
        raise bad_token()


def bad_token() -> Refusal:
    """For a token that is none, or no more."""
    return Refusal(f"Request had invalid authentication credentials. {_EXPECTED}", 401)


def no_model(name: str) -> Refusal:
    """For a model that there is not, is no more, or is not for this project."""
    return Refusal(f"Publisher Model `{name}` was not found or your project does not have access to it.", 404)
