"""The land of a shot: strips of peaks, firs, houses or dunes, painted once for every depth, and what stands on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from playground.sandbox.palette import Canvas, Field, Palette, blend, canvas, fractal, resized, smooth
from playground.sandbox.plates import PLATE_WIDTH, Frame, Plate, plate
from playground.sandbox.scenery import looks
from playground.sandbox.story import Shot

EYE = 0.42
"""How high the camera stands above the ground, in world units."""

SHORE = 4.8
"""Land as far away as this or farther stands behind the water of a shot."""

_BANK = ("meadow", 30.0, 1.9)
_HEADLAND = ("headland", 140.0, 4.0)
_NEAREST, _FARTHEST = 3.0, 26.0
_LAMP = (255, 208, 132)


@dataclass
class _Ground:
    """A strip before it gets its colours. `line` is the height of the land over the columns, in pixels.

    `mask` is what stands on it, `lights` what shines, both 0 to 1 for every pixel.
    """

    line: Field
    shade: Field
    mask: Field | float = 0.0
    lights: Field | float = 0.0
    holes: Field | float = 0.0


class Painter:
    """Paints the strips of one shot."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._shot, self._palette, self._frame, self._dice = shot, palette, frame, dice
        self._width = int(PLATE_WIDTH * frame.unit) & ~1
        self._late = palette.dark or shot.hour in ("sunset", "storm")
        self.side = int(dice.choice((-1, 1)))

    def strips(self) -> list[Plate]:
        """All strips, far ones first."""
        kinds: list[tuple[str, float, float]] = list(looks()["places"][self._shot.place]["strips"])
        if self._shot.subject == "lighthouse":
            kinds.append(_HEADLAND)
        elif self._shot.water and self._shot.place != "ocean":
            kinds = [strip for strip in kinds if strip[2] >= SHORE] + ([_BANK] if self._shot.place != "city" else [])
        feet = [EYE * self._frame.focal / depth for _, _, depth in kinds] + [self._frame.height]
        return [self._strip(*strip, below) for strip, below in zip(kinds, feet[1:], strict=True)]

    def stands(self, name: str, side: float, coat: tuple[float, float, float] | None = None) -> Plate:
        """Paint a silhouette; `side` (-1 to 1) says how far from the middle it stands, and where to."""
        look, palette, frame = looks()["subjects"][name], self._palette, self._frame
        high = int(look["tall"] * frame.unit) & ~1
        # A plate's middle is the picture's: wide enough to stand beside it.
        aside = int(abs(side) * frame.width * 0.72 / 2) * 2
        shape = high, high + aside, aside if side > 0 else 0
        alpha, pale, shining = (_mask(look.get(part, ()), *shape) for part in ("body", "pale", "shining"))
        coat = coat or look.get("coat")
        body = blend(palette.lit(palette.land), (14, 14, 20), 0.72)
        painted = canvas(body if coat is None else blend(body, palette.lit(coat), 0.7), np.ones_like(alpha))
        # The light from the sky catches what is turned up.
        painted.wash(palette.glow, alpha * (1 - np.roll(alpha, max(1, high // 60), 0)) * np.float32(0.35))
        painted.wash(palette.lit((246, 240, 228)), pale * np.float32(0.85))
        painted.wash(_LAMP, shining)
        foot = EYE * frame.focal / look["distance"] - look.get("above", 0) * frame.unit
        return plate(painted, alpha, look["distance"], foot - high, once=True)

    def _strip(self, kind: str, height: float, depth: float, below: float) -> Plate:
        frame, unit, look = self._frame, self._frame.unit, looks()["strips"][kind]
        foot = EYE * frame.focal / depth
        near = float(np.clip(1 - np.log(depth / _NEAREST) / np.log(_FARTHEST / _NEAREST), 0, 1))
        if kind == "wall":
            # Higher than the camera looks when it tilts up.
            height, below = (frame.horizon + 0.34 * frame.height + foot) / unit / 1.35, frame.height
        tall = int(height * unit * 1.35) + 8
        # As far down as the next strip can leave it uncovered when the camera rises or comes near.
        rows = tall + int(min((below - foot) * 2.4, frame.height * 1.2 - frame.horizon)) + 12 & ~1
        ground = self._ground(look, height * unit, rows)
        built = {"firs": self._firs, "blocks": self._blocks, "wall": self._wall, "dunes": self._dunes,
                 "headland": self._headland}.get(kind)  # fmt: skip
        if built is not None:
            built(ground, height * unit, tall, near)
        deep = np.arange(rows, dtype=np.float32)[:, None] - (tall - ground.line)
        alpha = np.maximum(np.clip(deep + 0.5, 0, 1), ground.mask) * (1 - ground.holes)
        return plate(self._painted(ground, deep, tall, near, look), alpha.astype(np.float32), depth, foot - tall)

    def _painted(self, ground: _Ground, deep: Field, tall: int, near: float, look: dict[str, Any]) -> Canvas:
        palette, unit = self._palette, self._frame.unit
        rows = np.arange(len(deep), dtype=np.float32)[:, None]
        darker = 1 - 0.45 * near * smooth(rows / len(deep) * 1.4 - 0.3)
        snowy = self._shot.weather == "snow" and self._shot.place != "room"
        land = palette.land
        if "green" in look and not (snowy and look.get("bare")):
            # What grows is green in the mountains too.
            land = blend(land, look["green"], 0.5 if snowy else 0.7)
        painted = canvas(palette.lit(land), (ground.shade * darker).astype(np.float32))
        if look.get("snow") and (snowy or self._shot.place == "mountains"):
            share = (tall - rows) / tall - (0.1 if snowy else 0.34) + 0.35 * (ground.shade - 1)
            painted.wash(palette.lit((244, 248, 255)), smooth(share * 5) * np.clip(ground.shade - 0.25, 0, 0.95))
        # The rim catches the light, the foot sinks into the air between this strip and the next.
        painted.wash(palette.glow, np.clip(1 - deep / (9 * unit), 0, 1) * (0.08 if palette.dark else 0.22))
        mist = smooth((rows - tall * 0.4) / (tall * 0.8)) * 0.55 * (1 - near)
        far = (1 - near) ** 1.3 * 0.7 + palette.haze * (1 - 0.75 * near)
        if look.get("inside"):
            far, mist = 0.0, np.zeros_like(rows)
        painted.wash(palette.air, np.clip(far + mist, 0, 0.97))
        if isinstance(ground.lights, np.ndarray):
            painted.wash(_LAMP, (ground.lights * (1 - 0.6 * far)).astype(np.float32))
        return painted

    def _ground(self, look: dict[str, Any], height: float, rows: int) -> _Ground:
        """Land as its table says: waves along its line, grain over its surface, relief lit from one side."""
        line = np.full(self._width, look["level"], np.float32)
        for slope, least, amount in look.get("waves", ()):
            line += amount * self._line(slope, least)
        for slope, least, amount in look.get("ridges", ()):
            line += amount * np.abs(self._line(slope, least))
        line = height * np.clip(line, look.get("lowest", 0.0), 1.3)
        if "tufts" in look:
            line += look["tufts"] * self._frame.unit * np.abs(self._line(0.1))
        shade = np.full((rows, self._width), look.get("shade", 1.0), np.float32)
        for slope, squash, amount in look.get("grain", ()):
            shade += amount * self._grain(rows, slope, squash)
        for slope, squash, amount in look.get("relief", ()):
            rough = self._grain(rows, slope, squash)
            shade += amount * (rough - np.roll(rough, 5, axis=1))
        return _Ground(line, np.clip(shade, 0.4, 1.5))

    def _line(self, slope: float, least: float = 2) -> Field:
        line = fractal(self._dice, (PLATE_WIDTH,), slope, least=least)
        places = np.linspace(0, PLATE_WIDTH, self._width, endpoint=False)
        return np.interp(places, np.arange(PLATE_WIDTH), line).astype(np.float32)

    def _grain(self, rows: int, slope: float, squash: float) -> Field:
        return resized(fractal(self._dice, (128, 1024), slope, squash), self._width, rows)

    # ---- What a table cannot say ----

    def _headland(self, ground: _Ground, height: float, tall: int, near: float) -> None:
        """Land that comes in from one side and falls off steeply into the water before it."""
        middle = self._width / 2 + self.side * self._frame.width * 0.3
        out = (np.arange(self._width) - middle) * -self.side / self._frame.unit + 16 * self._line(1.6, 8)
        falls = smooth((out - 60) / 130) * 3 + np.maximum(out - 150, 0) / 30
        ground.line = (ground.line - height * falls + 5 * self._frame.unit * self._line(1.3, 6)).astype(np.float32)

    def _dunes(self, ground: _Ground, height: float, tall: int, near: float) -> None:
        """Sand under the light from one side: the edge between light and lee runs off sideways on its way down."""
        rows, smoothly = len(ground.shade), self._line(2.8)
        ground.line = height * np.clip(0.85 - 0.55 * np.abs(smoothly) + 0.2 * self._line(2.8), 0.1, 1.6)
        deep = np.clip((np.arange(rows)[:, None] - (tall - ground.line)) / (height * 1.1), 0, 1)
        bent = (np.arange(self._width) + (deep * (2 - deep) * 0.8 * height).astype(int)) % self._width
        lee = smooth(np.sign(smoothly) * np.gradient(smoothly) * 70 + 0.5)[bent]
        ripples = np.sin(np.arange(rows)[:, None] * (1.3 / self._frame.unit) + 5 * self._grain(rows, 2.2, 2.0))
        ground.shade = (1.12 - 0.42 * lee * (1 - deep) ** 0.7 + 0.02 * ripples).astype(np.float32)

    def _firs(self, ground: _Ground, height: float, tall: int, near: float) -> None:
        mask = Image.new("L", (self._width * 2, len(ground.shade) * 2))
        pen, size, width = ImageDraw.Draw(mask), height * 0.78, self._width
        for at in np.arange(0, width, size * 0.2):
            column = int(at + self._dice.uniform(-0.1, 0.1) * size) % width
            high = size * self._dice.uniform(0.45, 1.0) * (0.75 + 0.25 * np.sin(column / width * 4 * np.pi + 9 * near))
            foot = tall - ground.line[column] + 4 * self._frame.unit
            for side in (-width, 0, width):
                pen.polygon(_outline(looks()["fir"], column + side, foot, high), fill=255)
        ground.mask = np.asarray(mask.reduce(2), np.float32) / 255

    def _blocks(self, ground: _Ground, height: float, tall: int, near: float) -> None:
        """Houses side by side, some stepped back or with a mast, with lit windows in whole rows of panes."""
        unit, dice, line, shade = self._frame.unit, self._dice, ground.line, ground.shade
        line += 4 * unit
        lights = np.zeros_like(shade)
        pane, at = (3.0 + 6.5 * near) * unit, 0.0
        while at < self._width - 4 * pane:
            left, right = int(at), int(min(at + int(dice.uniform(5, 13)) * pane, self._width))
            high = height * (0.2 + 0.8 * dice.random() ** 1.7)
            line[left:right] = np.maximum(line[left:right], high)
            inset, middle = int(pane * dice.integers(0, 4)), (left + right) // 2
            line[left + inset : max(left + inset, right - inset)] += pane * dice.integers(0, 4)
            if dice.random() < 0.25:
                line[middle : middle + max(1, int(unit))] += pane * dice.integers(4, 10)
            shade[:, left:right] *= dice.uniform(0.82, 1.12)
            shade[:, left + int((right - left) * 0.7) : right] *= 0.8
            share = 0.45 if self._palette.dark else 0.3 if self._late else 0.08
            panes = dice.random((max(1, int(high / pane / 1.35)), max(1, int((right - left) / pane) - 1)))
            for floor, column in np.argwhere(panes < share * dice.uniform(0.3, 1.3)):
                row, across = int(tall - high + (floor + 0.6) * pane * 1.35), int(left + (column + 0.7) * pane)
                window = slice(row, row + max(1, int(pane * 0.7))), slice(across, across + max(1, int(pane * 0.5)))
                lights[window] = dice.uniform(0.35, 1.0)
            at += right - left + pane * dice.uniform(-2, 1.0)
        deep = np.arange(len(shade))[:, None] - (tall - line)
        ground.lights = np.where(deep > pane * 0.5, lights, 0)

    def _wall(self, ground: _Ground, height: float, tall: int, near: float) -> None:
        """A wall with windows to the world, a floor before it, and the light that falls in or comes from a lamp."""
        unit, rows, wide = self._frame.unit, len(ground.shade), self._width
        down = (np.arange(rows, dtype=np.float32)[:, None] - tall) / unit
        along = (np.arange(wide, dtype=np.float32)[None, :] - wide / 2) / unit
        # From the middle of the next of five windows, which stand 330 units apart.
        from_window = along - self.side * 170 - 330 * np.clip(np.rint((along - self.side * 170) / 330), -2, 2)
        panes = (np.abs(np.abs(from_window) - 52) < 44) & (np.abs(down + 265) < 135) & (np.abs(down + 290) > 4)
        ground.holes = panes.astype(np.float32)
        slant = along - self.side * 170 + (down - 30) * 0.9 * self.side
        slant -= 330 * np.clip(np.rint(slant / 330), -2, 2)
        patch = smooth((105 - np.abs(slant)) / 24) * smooth((80 - np.abs(down - 110)) / 3)
        lamp = np.exp(-np.hypot(along + self.side * 153, (down + 210) * 1.2) / 190)
        ground.lights = 0.9 * lamp if self._late else 0.22 * patch + 0.1 * lamp
        ground.line = np.full(wide, tall, np.float32)
        ground.shade += 0.2 * smooth(down * unit / tall + 1) - (down > 0) * 0.32 - (np.abs(down + 3) < 5) * 0.25


def _mask(shapes: Sequence[Sequence[tuple[float, float]]], high: int, wide: int, left: int) -> Field:
    image = Image.new("L", (wide * 2, high * 2))
    for points in shapes:
        ImageDraw.Draw(image).polygon(_outline(points, left, high, high), fill=255)
    return np.asarray(image.reduce(2), np.float32) / 255


def _outline(points: Sequence[tuple[float, float]], left: float, foot: float, high: float) -> list[tuple[float, float]]:
    """A shape in a square of 100, up from the foot, at twice its place in pixels."""
    return [((left + x * high / 100) * 2, (foot - y * high / 100) * 2) for x, y in points]
