"""The words that help with a prompt; what the rest of the page says is in `texts.py`."""

from typing import Final

PROMPT_HELP: Final[dict[str, str]] = {
    "came": "This form came from a link.",
    "back": "Bring back what was here",
    "away": "Do not show this any more",
    "try": "Try",
    "example": "Fill in the example “{title}”",
    "build": "Build a prompt",
    "count": "{count} of {limit} {unit}",
    "about": "about {count} of {limit} {unit}",
    "characters": "characters",
    "tokens": "tokens",
    "generate_audio": "Switch sound on",
    "negative_prompt": "Use “{value}”",
    "fix": "Change it",
}

EXAMPLES: Final[dict[str, tuple[dict[str, object], ...]]] = {
    "text-to-video": (
        {
            "title": "Paper boat",
            "prompt": "Low tracking shot beside a folded paper boat as it drifts along a rain-filled gutter at dusk. "
            "Neon signs break up in the water, shallow focus, quiet and hopeful. Ambience: soft rain, a tram far away.",
        },
        {
            "title": "A clue by torchlight",
            "prompt": "Close-up of two explorers in front of a weathered mural, torchlight moving over their faces. "
            "She whispers, “It was never a map.” He turns to her and says, “Then what is it?” "
            "Sound effects: the torch crackles. Ambience: water dripping in a cave.",
        },
        {
            "title": "Felt orchestra",
            "prompt": "Stop-motion of a tiny orchestra of felt animals tuning up on a kitchen table. Slow dolly in "
            "from a wide shot to the fox conductor raising a match as baton. Warm morning light. "
            "Sound effects: clumsy strings.",
        },
    ),
    "image-to-video": (
        {
            "title": "The mountain wakes",
            "prompt": "The camera drifts slowly forward over the ridges. Clouds roll through the valleys, light climbs "
            "the peaks. Ambience: high wind, one distant bird.",
            "media": {"first_frame": ["first-frame.jpg"]},
        },
        {
            "title": "Hold, then reveal",
            "prompt": "Nothing moves for a breath; then the camera cranes up and the haze lifts to show a lake far "
            "behind. Ambience: silence, then wind.",
            "media": {"first_frame": ["first-frame.jpg"]},
        },
    ),
    "interpolation": (
        {
            "title": "Day turns",
            "prompt": "One continuous time-lapse: shadows sweep across the slopes, the sky runs through its colours, "
            "and the light settles into the last frame. Steady camera. Ambience: wind rising and falling.",
            "media": {"first_frame": ["first-frame.jpg"], "last_frame": ["last-frame.jpg"]},
        },
    ),
    "references": (
        {
            "title": "Balloon and boat",
            "prompt": "The striped balloon drifts low over a calm bay and the little sailing boat tacks below it, both "
            "just as in the pictures. Aerial tracking shot, golden hour, gentle and wide. Ambience: wind in the sail.",
            "media": {"reference_images": ["reference-1.png", "reference-2.png"]},
        },
    ),
    "extension": (
        {
            "title": "Pull back",
            "prompt": "Without a cut the camera pulls back and rises until the whole place lies below, calm and wide.",
            "media": {"source_video": "newest"},
        },
        {
            "title": "Someone arrives",
            "prompt": "The scene goes on. Steps come closer, a lantern enters from the left, and a voice asks, "
            "“Are you still here?”",
            "media": {"source_video": "newest"},
        },
    ),
}
"""Prompts of our own to begin with, written after the advice of Google's prompt guide.

Media are files of `assets/samples`, or `newest`: the newest result that fits.
"""

BUILDER: Final[dict[str, str]] = {
    "title": "Build a prompt",
    "lead": "Fill in what matters to you; the rest is left to the model.",
    "preview": "Your prompt",
    "empty": "It appears here as you fill in the parts.",
    "use": "Use as prompt",
    "append": "Add to the prompt",
    "clear": "Clear",
    "of": "{shot}: {scene}",
    "spoken": "{speaker} says, “{words}”",
    "someone": "A voice",
    "effects": "Sound effects: {words}.",
    "ambient": "Ambience: {words}.",
}
BUILDER_PARTS: Final[tuple[dict[str, object], ...]] = (
    {"id": "subject", "label": "Subject", "placeholder": "a lighthouse keeper in a yellow coat", "wide": True},
    {"id": "action", "label": "Action", "placeholder": "climbs the last steps and lights the lamp", "wide": True},
    {
        "id": "style",
        "label": "Style",
        "placeholder": "film noir",
        "terms": (
            "cinematic",
            "documentary",
            "film noir",
            "3D cartoon",
            "stop motion",
            "watercolour",
            "science fiction",
        ),
    },
    {
        "id": "camera",
        "label": "Camera",
        "placeholder": "slow dolly in",
        "terms": ("slow dolly in", "tracking shot", "aerial view", "pan left", "crane up", "handheld", "eye level"),
    },
    {
        "id": "composition",
        "label": "Composition",
        "placeholder": "wide shot",
        "terms": ("wide shot", "medium shot", "close-up", "extreme close-up", "two shot", "over the shoulder"),
    },
    {
        "id": "lens",
        "label": "Focus and lens",
        "placeholder": "shallow focus",
        "terms": ("shallow focus", "deep focus", "macro lens", "wide-angle lens", "rack focus", "soft focus"),
    },
    {
        "id": "ambience",
        "label": "Light and mood",
        "placeholder": "warm light at golden hour",
        "terms": ("golden hour", "blue hour", "neon at night", "overcast", "candlelight", "foggy morning"),
    },
    {"id": "dialogue", "label": "Dialogue", "placeholder": "We are not alone out here."},
    {
        "id": "effects",
        "label": "Sound effects",
        "placeholder": "the lamp hums to life",
        "terms": ("footsteps on gravel", "a door creaks", "thunder", "tyres screech"),
    },
    {
        "id": "noise",
        "label": "Background sound",
        "placeholder": "waves against the rocks",
        "terms": ("soft rain", "city hum", "forest birds", "wind", "a crowd far away"),
    },
)
"""The parts of a prompt in the field's terms. The order is the form's; `builder.js` puts them into sentences."""
