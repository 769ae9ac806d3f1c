"""The land of a shot: strips of peaks, firs, houses or dunes, painted once for every depth, and what stands on it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from playground.sandbox.paint import (
    LAMP,
    SNOW,
    Colour,
    Field,
    Palette,
    blend,
    canvas_of,
    colour,
    cut_out,
    fractal,
    resized,
    smooth,
    wash,
)  # fmt: skip
from playground.sandbox.plates import EYE, PERIOD, Frame, Plate, plate
from playground.sandbox.story import Shot
from playground.sandbox.tables import table

SHORE = 4.8
"""Land as far away as this or farther stands behind the water of a shot."""

_BANK = ("meadow", 30.0, 1.9)
_NEAREST, _FARTHEST = 3.0, 26.0


@dataclass
class _Ground:
    """A strip before it gets its colours. `line` is the row of the land's edge in each column.

    `mask` is what stands on it, `lights` what shines: 0 to 1 for every pixel, as the `shade`, which is 1 for none.
    """

    line: Field
    shade: Field
    mask: Field | float = 0.0
    lights: Field | float = 0.0


class Painter:
    """Paints the strips of one shot."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._shot, self._palette, self._frame, self._dice = shot, palette, frame, dice
        self._width = int(PERIOD * frame.unit) & ~1
        self.side = int(dice.choice((-1, 1)))
        """Where what stands aside does: left or right of the middle."""

    def strips(self) -> list[Plate]:
        """All strips, far ones first."""
        kinds: list[tuple[str, float, float]] = list(table("scenery")["places"][self._shot.place]["strips"])
        if self._shot.water and self._shot.place != "ocean":
            kinds = [strip for strip in kinds if strip[2] >= SHORE] + ([_BANK] if self._shot.place != "city" else [])
        feet = [EYE * self._frame.focal / depth for _, _, depth in kinds] + [self._frame.height]
        return [self._strip(*strip, below) for strip, below in zip(kinds, feet[1:], strict=True)]

    def thing(self, name: str, side: float, coat: Colour | None = None, followed: float = 0.0) -> Plate:
        """Paint a silhouette; `side` (-1 to 1) says how far from the middle it stands, and where to."""
        look, palette, frame, unit = table("scenery")["subjects"][name], self._palette, self._frame, self._frame.unit
        high, halo = look["tall"] * unit, look.get("halo", 0) * unit
        size = self._width, int(high + halo) & ~1
        stand = self._width / 2 + side * frame.width * 0.36 - high / 2, size[1], high
        body, pale, shining = (
            cut_out(size, [(points, *stand) for points in look.get(part, ())]) for part in ("body", "pale", "shining")
        )
        coat = colour(*look["coat"]) if coat is None and "coat" in look else coat
        tone = blend(palette.land * palette.light, colour(14, 14, 20), 0.72)
        painted = canvas_of(tone if coat is None else blend(tone, coat * palette.light, 0.7), np.ones(body.shape))
        # The light from the sky catches what is turned up.
        wash(painted, palette.glow, body * (1 - np.roll(body, max(1, int(high / 60)), 0)) * 0.35)
        wash(painted, colour(246, 240, 228) * palette.light, pale * 0.85)
        glow = _blurred(shining, halo / 3) * 6 if halo and palette.late else 0.0
        wash(painted, LAMP, np.maximum(shining, (1 - body) * (np.asarray(glow) > 0)))
        foot = EYE * frame.focal / look["distance"] - look.get("above", 0) * unit
        alpha = np.maximum(body, np.clip(glow, 0, 0.6))
        return plate(frame, painted, alpha, look["distance"], foot - size[1], ends=True, followed=followed)

    def _strip(self, kind: str, height: float, depth: float, below: float) -> Plate:
        frame, look = self._frame, table("scenery")["strips"][kind]
        foot, inside = EYE * frame.focal / depth, look.get("inside", False)
        near = float(np.clip(1 - np.log(depth / _NEAREST) / np.log(_FARTHEST / _NEAREST), 0, 1))
        # Indoors it fills the picture, and what the camera sees of it when it tilts up.
        high = frame.height * height if inside else height * frame.unit
        tall = int(high * (1 if inside else 1.35)) + 8
        # As far down as the next strip can leave it uncovered when the camera rises or comes near.
        rows = tall + int(min((below - foot) * 2.4, frame.height * 1.2 - frame.horizon)) + 12 & ~1
        ground = self._ground(look, high, tall, rows)
        if "strewn" in look:
            ground.mask = self._strewn(look["strewn"], ground.line, rows, high)
        if kind == "blocks":
            self._blocks(ground, high, near)
        deep = np.arange(rows, dtype=np.float32)[:, None] - ground.line
        alpha = np.maximum(np.clip(deep + 0.5, 0, 1), ground.mask) * (1 - self._repeated(look, "holes", tall, rows))
        painted = self._painted(ground, deep, tall, 1.0 if inside else near, look)
        if not self._palette.late:
            wash(
                painted,
                self._palette.glow,
                0.25 * _blurred(self._repeated(look, "patches", tall, rows), 4 * frame.unit),
            )
        return plate(frame, painted, alpha, depth, foot - tall)

    def _painted(self, ground: _Ground, deep: Field, tall: int, near: float, look: dict[str, Any]) -> Field:
        palette, unit = self._palette, self._frame.unit
        rows = np.arange(len(deep), dtype=np.float32)[:, None]
        land = palette.land
        if "green" in look and not (palette.snowy and look.get("bare")):
            # What grows is green in the mountains too.
            land = blend(land, colour(*look["green"]), 0.5 if palette.snowy else 0.7)
        darker = 1 - 0.45 * near * smooth(rows / len(deep) * 1.4 - 0.3)
        painted = canvas_of(land * palette.light, ground.shade * darker)
        if look.get("snow") and (palette.snowy or self._shot.place == "mountains"):
            share = (tall - rows) / tall - (0.1 if palette.snowy else 0.34) + 0.35 * (ground.shade - 1)
            wash(painted, SNOW * palette.light, smooth(share * 5) * np.clip(ground.shade - 0.25, 0, 0.95))
        # The rim catches the light, the foot sinks into the air between this strip and the next.
        wash(painted, palette.glow, np.clip(1 - deep / (9 * unit), 0, 1) * (0.08 if palette.dark else 0.22))
        mist = smooth((rows - tall * 0.4) / (tall * 0.8)) * 0.55 * (1 - near)
        far = 0.0 if look.get("inside") else float((1 - near) ** 1.3 * 0.7 + palette.haze * (1 - 0.75 * near))
        wash(painted, palette.air, np.clip(far + mist, 0, 0.97))
        wash(painted, LAMP, ground.lights * (1 - 0.6 * far))
        return painted

    def _ground(self, look: dict[str, Any], high: float, tall: int, rows: int) -> _Ground:
        """Land as its table says: waves along its line, grain over its surface, relief lit from one side."""
        line = np.full(self._width, look["level"], np.float32)
        for slope, least, amount in look.get("waves", ()):
            line += amount * self._line(slope, least)
        for slope, least, amount in look.get("ridges", ()):
            line += amount * np.abs(self._line(slope, least))
        line = high * np.clip(line, look.get("lowest", 0.0), 1.3)
        line += look.get("tufts", 0) * self._frame.unit * np.abs(self._line(0.1))
        shade = np.full((rows, self._width), look.get("shade", 1.0), np.float32)
        for slope, squash, amount in look.get("grain", ()):
            shade += amount * self._grain(rows, slope, squash)
        for slope, squash, amount in look.get("relief", ()):
            rough = self._grain(rows, slope, squash)
            shade += amount * (rough - np.roll(rough, 5, axis=1))
        return _Ground(tall - line, np.clip(shade, 0.4, 1.5))

    def _line(self, slope: float, least: float = 2) -> Field:
        line = fractal(self._dice, (PERIOD,), slope, least=least)
        return np.interp(np.arange(self._width) / self._frame.unit, np.arange(PERIOD), line).astype(np.float32)

    def _grain(self, rows: int, slope: float, squash: float) -> Field:
        return resized(fractal(self._dice, (128, 1024), slope, squash), self._width, rows)

    def _repeated(self, look: dict[str, Any], part: str, tall: int, rows: int) -> Field | float:
        """Shapes in units from the middle and the foot, again and again along the strip."""
        if part not in look:
            return 0.0
        unit, every = self._frame.unit, look["every"] * self._frame.unit
        lefts = self._width / 2 + (np.arange(-3, 4) + 0.5 * self.side) * every
        return cut_out(
            (self._width, rows), [(points, left, tall, 100 * unit) for left in lefts for points in look[part]]
        )

    def _strewn(self, shape: list[tuple[float, float]], line: Field, rows: int, high: float) -> Field:
        """Many of a shape along the line, some smaller than others."""
        size, wide = high * 0.78, self._width
        lefts = np.arange(0, wide, size * 0.2) + self._dice.uniform(-0.02, 0.02, int(np.ceil(wide / size / 0.2))) * size
        tops = (
            size * self._dice.uniform(0.45, 1.0, lefts.size) * (0.75 + 0.25 * np.sin(lefts / wide * 4 * np.pi + high))
        )
        feet = line[lefts.astype(int) % wide] + 4 * self._frame.unit
        shapes = [
            (shape, left + turn, foot, top)
            for left, foot, top in zip(lefts, feet, tops, strict=True)
            for turn in (-wide, 0, wide)
        ]
        return cut_out((wide, rows), shapes)

    def _blocks(self, ground: _Ground, high: float, near: float) -> None:
        """Houses side by side, with lit windows in whole rows of panes."""
        dice, pane = self._dice, (3.0 + 6.5 * near) * self._frame.unit
        rows, wide = ground.shade.shape
        columns, floors = int(wide / pane) + 1, int(rows / pane / 1.35) + 1
        house = np.repeat(np.arange(columns), dice.integers(5, 13, columns))[:columns]
        tops = (high * (0.2 + 0.8 * dice.random(columns) ** 1.7))[house]
        # Some are stepped back, some bear a mast.
        tops += pane * dice.integers(0, 3, columns) * (np.roll(house, 1) == house) * (np.roll(house, -1) == house)
        at, down = np.arange(wide, dtype=np.float32) / pane, np.arange(rows, dtype=np.float32) / pane / 1.35
        column, down = at.astype(np.intp), down[:, None]
        ground.line -= tops[column]
        share = 0.45 if self._palette.dark else 0.3 if self._palette.late else 0.08
        lit = dice.random((floors, columns)) < share * dice.uniform(0.3, 1.3, columns)[house]
        lights = (lit * dice.uniform(0.35, 1.0, lit.shape))[down.astype(np.intp)[:, 0]][:, column]
        panes = (np.abs(at % 1 - 0.5) < 0.27) & (np.abs(down % 1 - 0.5) < 0.3)
        ground.lights = lights * panes * (down * pane * 1.35 > ground.line + pane / 2)
        # One side of each is in the shade.
        since = np.arange(columns) - np.searchsorted(house, house)
        ground.shade *= (dice.uniform(0.82, 1.12, columns)[house] * np.where(since < 3, 1, 0.85))[column]


def _blurred(field: Field | float, radius: float) -> Field | float:
    if not isinstance(field, np.ndarray):
        return field
    image = Image.fromarray((field * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float32) / 255
