"""The colours of a scene: what the hour, the place and the weather of a story look like."""

from dataclasses import dataclass

from playground.sandbox.planes import Rgb
from playground.sandbox.story import Hour, Place, Story


@dataclass(frozen=True)
class Palette:
    """RGB colours, 0 to 255. `haze` (0 to 1) is how much of the far land the air swallows."""

    zenith: Rgb
    horizon: Rgb
    glow: Rgb
    ground: Rgb
    haze: float
    dark: bool


_SKIES: dict[Hour, tuple[Rgb, Rgb, Rgb]] = {
    "golden": ((66, 108, 166), (255, 198, 128), (255, 236, 190)),
    "sunset": ((46, 38, 96), (250, 122, 84), (255, 214, 156)),
    "night": ((8, 12, 34), (40, 60, 108), (232, 238, 255)),
    "dawn": ((112, 146, 202), (255, 206, 192), (255, 240, 220)),
    "day": ((52, 128, 216), (188, 222, 244), (255, 254, 240)),
    "storm": ((52, 60, 74), (136, 144, 152), (206, 212, 220)),
    "neon": ((18, 8, 44), (196, 44, 146), (96, 236, 255)),
}
_LIGHT: dict[Hour, float] = {
    "golden": 0.86, "sunset": 0.52, "night": 0.32, "dawn": 0.76, "day": 1.0, "storm": 0.6, "neon": 0.36,
}  # fmt: skip
_GROUNDS: dict[Place, Rgb] = {
    "mountains": (58, 74, 98),
    "ocean": (24, 74, 112),
    "city": (34, 38, 56),
    "desert": (196, 136, 80),
    "forest": (30, 72, 50),
    "space": (52, 44, 74),
    "hills": (76, 116, 62),
}
_SNOW: Rgb = (228, 234, 246)


def colours(story: Story) -> Palette:
    """Choose the colours; a colour that the prompt names tints sky, light and land."""
    zenith, horizon, glow = _SKIES[story.hour]
    light = _LIGHT[story.hour]
    ground = _GROUNDS[story.place]
    if story.weather == "snow":
        ground = blend(ground, _SNOW, 0.72)
    ground = (ground[0] * light, ground[1] * light, ground[2] * light)
    if story.weather in ("rain", "fog"):
        grey = sum(horizon) / 3
        horizon = blend(horizon, (grey, grey, grey), 0.4)
        zenith = blend(zenith, horizon, 0.35)
    if story.tint is not None:
        horizon, ground = blend(horizon, story.tint, 0.4), blend(ground, story.tint, 0.22)
        zenith, glow = blend(zenith, story.tint, 0.16), blend(glow, story.tint, 0.15)
    haze = {"fog": 0.5, "rain": 0.3, "snow": 0.25}.get(story.weather, 0.0)
    dark = story.hour in ("night", "neon") or story.place == "space"
    return Palette(zenith, horizon, glow, ground, haze, dark)


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Mix two colours."""
    red, green, blue = (one + (other - one) * share for one, other in zip(first, second, strict=True))
    return red, green, blue
