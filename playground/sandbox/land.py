"""The land of a shot: strips of peaks, firs, houses, dunes or furniture, painted once for every depth."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from playground.sandbox.palette import Canvas, Field, Palette, Rgb, blend, canvas, fractal, resized, smooth
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
# What grows is green in the mountains too.
_GREENS: dict[str, Rgb] = {"firs": (34, 70, 50), "ridge": (64, 100, 70), "meadow": (96, 134, 64)}


@dataclass
class Ground:
    """A strip before it gets its colours. `line` is the height of the land over the columns, in pixels."""

    line: Field
    shade: Field
    mask: Field | None = None
    holes: Field | None = None
    lights: Field | None = None


class Painter:
    """Paints the strips of one shot."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._shot, self._palette, self._frame, self._dice = shot, palette, frame, dice
        self._width = int(PLATE_WIDTH * frame.unit) & ~1
        self.side = int(dice.choice((-1, 1)))
        self._kinds: dict[str, Callable[[float, int, int, float], Ground]] = {
            "peaks": self._peaks, "ridge": self._ridge, "meadow": self._meadow, "dunes": self._dunes,
            "rocks": self._rocks, "firs": self._firs, "street": self._street, "blocks": self._blocks,
            "headland": self._headland, "wall": self._wall, "table": self._table, "sofa": self._sofa,
        }  # fmt: skip

    def strips(self) -> list[Plate]:
        """All strips, far ones first."""
        kinds: list[tuple[str, float, float]] = list(looks()["places"][self._shot.place]["strips"])
        if self._shot.subject == "lighthouse":
            kinds.append(_HEADLAND)
        elif self._shot.water and self._shot.place != "ocean":
            kinds = [strip for strip in kinds if strip[2] >= SHORE] + ([_BANK] if self._shot.place != "city" else [])
        feet = [EYE * self._frame.focal / depth for _, _, depth in kinds] + [self._frame.height]
        return [self._strip(*strip, below) for strip, below in zip(kinds, feet[1:], strict=True)]

    def _strip(self, kind: str, height: float, depth: float, below: float) -> Plate:
        frame, unit = self._frame, self._frame.unit
        foot = EYE * frame.focal / depth
        near = float(np.clip(1 - np.log(depth / _NEAREST) / np.log(_FARTHEST / _NEAREST), 0, 1))
        if kind == "wall":
            # Higher than the camera looks when it tilts up.
            height = (frame.horizon + 0.34 * frame.height + foot) / unit / 1.35
            below = frame.height
        tall = int(height * unit * 1.35) + 8
        # As far down as the next strip can leave it uncovered when the camera rises or comes near.
        rows = tall + int(min((below - foot) * 2.4, frame.height * 1.2 - frame.horizon)) + 12 & ~1
        ground = self._kinds[kind](height * unit, rows, tall, near)
        deep = np.arange(rows, dtype=np.float32)[:, None] - (tall - ground.line)
        alpha = np.clip(deep + 0.5, 0, 1)
        if ground.mask is not None:
            alpha = np.maximum(alpha, ground.mask)
        if ground.holes is not None:
            alpha *= 1 - ground.holes
        return plate(self._painted(ground, deep, tall, near, kind), alpha, depth, foot - tall)

    def _painted(self, ground: Ground, deep: Field, tall: int, near: float, kind: str) -> Canvas:
        palette, unit = self._palette, self._frame.unit
        rows = np.arange(len(deep), dtype=np.float32)[:, None]
        darker = 1 - 0.45 * near * smooth(rows / len(deep) * 1.4 - 0.3)
        snowy = self._shot.weather == "snow"
        land = blend(palette.land, _GREENS.get(kind, palette.land), (0.5 if kind == "firs" else 0.0) if snowy else 0.7)
        painted = canvas(self._palette.lit(land), (ground.shade * darker).astype(np.float32))
        if kind == "peaks" and (snowy or self._shot.place == "mountains"):
            share = (tall - rows) / tall - (0.1 if snowy else 0.34) + 0.35 * (ground.shade - 1)
            painted.wash(self._palette.lit((244, 248, 255)), smooth(share * 5) * np.clip(ground.shade - 0.25, 0, 0.95))
        # The rim catches the light, the foot sinks into the air between this strip and the next.
        painted.wash(palette.glow, np.clip(1 - deep / (9 * unit), 0, 1) * (0.08 if palette.dark else 0.22))
        mist = smooth((rows - tall * 0.4) / (tall * 0.8)) * 0.55 * (1 - near)
        far = (1 - near) ** 1.3 * 0.7 + palette.haze * (1 - 0.75 * near)
        if self._shot.place == "room" and kind != "ridge":
            far, mist = 0.0, np.zeros_like(rows)
        painted.wash(palette.air, np.clip(far + mist, 0, 0.97))
        if ground.lights is not None:
            painted.wash((255, 208, 132), ground.lights * np.float32(1 - 0.6 * far))
        return painted

    # ---- What stands on a strip ----

    def _line(self, slope: float, least: float = 2) -> Field:
        line = fractal(self._dice, (PLATE_WIDTH,), slope, least=least)
        return np.interp(np.linspace(0, PLATE_WIDTH, self._width, endpoint=False), np.arange(PLATE_WIDTH), line)

    def _grain(self, rows: int, slope: float, squash: float) -> Field:
        return resized(fractal(self._dice, (128, 1024), slope, squash), self._width, rows)

    def _peaks(self, height: float, rows: int, tall: int, near: float) -> Ground:
        ridged = 1 - np.abs(self._line(1.7, 3)) * 0.6
        line = height * np.clip(0.25 + 0.55 * ridged + 0.22 * self._line(2.2, 2), 0.05, 1.3)
        # Light falls from one side over a surface crumpled down the slopes.
        crumpled = self._grain(rows, 1.7, 0.6)
        return Ground(line, np.clip(1 + 1.1 * (crumpled - np.roll(crumpled, 6, axis=1)), 0.45, 1.5))

    def _headland(self, height: float, rows: int, tall: int, near: float) -> Ground:
        """Land that comes in from one side and falls off steeply into the water before it."""
        middle = self._width / 2 + self.side * self._frame.width * 0.3
        out = (np.arange(self._width) - middle) * -self.side / self._frame.unit + 16 * self._line(1.6, 8)
        line = height * (
            1 - smooth((out - 60) / 130) * 3 - np.maximum(out - 150, 0) / 30
        ) + 5 * self._frame.unit * self._line(1.3, 6)
        rough = self._grain(rows, 1.5, 0.7)
        return Ground(line.astype(np.float32), np.clip(1 + 0.9 * (rough - np.roll(rough, 5, axis=1)), 0.4, 1.5))

    def _ridge(self, height: float, rows: int, tall: int, near: float) -> Ground:
        line = height * np.clip(0.5 + 0.3 * self._line(1.9) + 0.05 * self._line(0.7), 0.04, 1.3)
        return Ground(line, 1 + 0.1 * self._grain(rows, 1.0, 1.0))

    def _meadow(self, height: float, rows: int, tall: int, near: float) -> Ground:
        line = height * np.clip(0.5 + 0.28 * self._line(2.6), 0, 1.3) + 1.6 * self._frame.unit * np.abs(self._line(0.1))
        return Ground(line, 1 + 0.1 * self._grain(rows, 0.9, 5.0) + 0.12 * self._grain(rows, 2.0, 3.0))

    def _street(self, height: float, rows: int, tall: int, near: float) -> Ground:
        return Ground(np.full(self._width, 2.0, np.float32), 0.8 + 0.05 * self._grain(rows, 0.6, 8.0))

    def _dunes(self, height: float, rows: int, tall: int, near: float) -> Ground:
        smoothly = self._line(2.8)
        line = height * np.clip(0.55 - 0.55 * np.abs(smoothly) + 0.2 * self._line(2.8), -0.2, 1.3) + height * 0.3
        deep = np.clip((np.arange(rows)[:, None] - (tall - line)) / (height * 1.1), 0, 1)
        # The edge between light and lee runs off sideways on its way down.
        bent = (np.arange(self._width) + (deep * (2 - deep) * 0.8 * height).astype(int)) % self._width
        lee = smooth(np.sign(smoothly) * np.gradient(smoothly) * 70 + 0.5)[bent]
        ripples = np.sin(np.arange(rows)[:, None] * (1.3 / self._frame.unit) + 5 * self._grain(rows, 2.2, 2.0))
        return Ground(line, (1.12 - 0.42 * lee * (1 - deep) ** 0.7 + 0.02 * ripples).astype(np.float32))

    def _rocks(self, height: float, rows: int, tall: int, near: float) -> Ground:
        line = height * np.clip(0.4 + 0.25 * self._line(1.6), 0, 1.3)
        rough = self._grain(rows, 1.2, 1.5)
        return Ground(line, np.clip(1 + 0.9 * (rough - np.roll(rough, 4, axis=1)), 0.3, 1.7))

    def _firs(self, height: float, rows: int, tall: int, near: float) -> Ground:
        ground = self._ridge(height * 0.32, rows, tall, near)
        mask = Image.new("L", (self._width * 2, rows * 2))
        pen = ImageDraw.Draw(mask)
        size = height * 0.78
        for at in np.arange(0, self._width, size * 0.2):
            column = int(at + self._dice.uniform(-0.1, 0.1) * size) % self._width
            high = (
                size
                * self._dice.uniform(0.45, 1.0)
                * (0.75 + 0.25 * np.sin(column / self._width * 4 * np.pi + 9 * near))
            )
            foot = tall - ground.line[column] + 4 * self._frame.unit
            for side in (-self._width, 0, self._width):
                pen.polygon(_fir(column + side, foot, high), fill=255)
        return Ground(ground.line, ground.shade, np.asarray(mask.reduce(2), np.float32) / 255)

    def _blocks(self, height: float, rows: int, tall: int, near: float) -> Ground:
        unit, dice = self._frame.unit, self._dice
        line, shade = np.full(self._width, 4 * unit, np.float32), np.ones((rows, self._width), np.float32)
        lights = np.zeros((rows, self._width), np.float32)
        pane = (3.0 + 6.5 * near) * unit
        share = 0.45 if self._palette.dark else 0.3 if self._shot.hour in ("sunset", "storm") else 0.08
        at = 0.0
        while at < self._width - 4 * pane:
            wide = int(dice.uniform(5, 13)) * pane
            left, right = int(at), int(min(at + wide, self._width))
            high = height * (0.2 + 0.8 * dice.random() ** 1.7)
            line[left:right] = np.maximum(line[left:right], high)
            if dice.random() < 0.4:
                inset = int(pane * dice.integers(1, 3))
                line[left + inset : max(left + inset, right - inset)] += pane * dice.integers(2, 6)
            if dice.random() < 0.25:
                middle = (left + right) // 2
                line[middle : middle + max(1, int(unit))] += pane * dice.integers(4, 10)
            shade[:, left:right] *= dice.uniform(0.82, 1.12)
            shade[:, left + int((right - left) * 0.7) : right] *= 0.8
            self._light(lights, left, right, tall - high, pane, share)
            at += wide + (pane * dice.uniform(-2, 1.0))
        deep = np.arange(rows)[:, None] - (tall - line)
        return Ground(line, shade, lights=np.where(deep > pane * 0.5, lights, 0))

    def _light(self, lights: Field, left: int, right: int, top: float, pane: float, share: float) -> None:
        """Light some windows of one front, in whole rows of panes."""
        columns, down = int((right - left) / pane) - 1, int((len(lights) - top) / (pane * 1.35))
        lit = self._dice.random((max(1, down), max(1, columns))) < share * self._dice.uniform(0.3, 1.3)
        for floor, column in np.argwhere(lit):
            row = int(top + (floor + 0.6) * pane * 1.35)
            at = int(left + (column + 0.7) * pane)
            lights[row : row + max(1, int(pane * 0.7)), at : at + max(1, int(pane * 0.5))] = self._dice.uniform(
                0.35, 1.0
            )

    # ---- A room ----

    def _wall(self, height: float, rows: int, tall: int, near: float) -> Ground:
        """A wall with windows to the world, a floor before it, and the light that falls in or comes from a lamp."""
        unit, wide = self._frame.unit, self._width
        down, along = (
            np.arange(rows, dtype=np.float32)[:, None] - tall,
            np.arange(wide, dtype=np.float32)[None, :] - wide / 2,
        )
        holes, light = np.zeros((rows, wide), np.float32), np.zeros((rows, wide), np.float32)
        first, gap = self.side * 170 * unit, 330 * unit
        for left in (first - 2 * gap, first - gap, first, first + gap, first + 2 * gap):
            inside = np.abs(along - left) < 100 * unit
            across = inside & (np.abs(np.abs(along - left) - 50 * unit) > 46 * unit)
            panes = (np.abs(down + 265 * unit) < 135 * unit) & (np.abs(down + 290 * unit) > 4 * unit)
            holes[panes & inside & ~across] = 1
            slant = along - left + (down - 30 * unit) * 0.9 * self.side
            light += smooth((105 * unit - np.abs(slant)) / (24 * unit)) * (np.abs(down - 110 * unit) < 80 * unit)
        dark = self._palette.dark or self._shot.hour in ("sunset", "storm")
        lamp = np.exp(-np.hypot(along + first * 0.9, (down + 210 * unit) * 1.2) / (190 * unit))
        shade = 0.78 + 0.2 * smooth((down + tall) / tall) - (down > 0) * 0.32 + 0.04 * self._grain(rows, 1.2, 6.0)
        shade = shade - (np.abs(down + 3 * unit) < 5 * unit) * 0.25
        lights = 0.9 * lamp if dark else 0.22 * smooth(resized(light, wide, rows)) + 0.1 * lamp
        return Ground(
            np.full(wide, tall, np.float32), shade.astype(np.float32), holes=holes, lights=lights.astype(np.float32)
        )

    def _table(self, height: float, rows: int, tall: int, near: float) -> Ground:
        x = self._width / 2 - self.side * 190 * self._frame.unit
        boxes = [(-150, 78, 150, 88), (-138, 0, -128, 78), (128, 0, 138, 78), (-70, 88, -30, 118), (40, 88, 48, 190)]
        return self._furniture(boxes, [(20, 168, 70, 205)], x, rows, tall)

    def _sofa(self, height: float, rows: int, tall: int, near: float) -> Ground:
        x = self._width / 2 + self.side * 330 * self._frame.unit
        boxes = [(-230, -120, 230, 60), (-205, 30, 205, 130), (-250, -120, -190, 92), (190, -120, 250, 92)]
        return self._furniture(boxes, [], x, rows, tall)

    def _furniture(
        self,
        boxes: list[tuple[int, int, int, int]],
        shades: list[tuple[int, int, int, int]],
        x: float,
        rows: int,
        tall: int,
    ) -> Ground:
        unit = self._frame.unit * 2
        masks = [Image.new("L", (self._width * 2, rows * 2)) for _ in range(2)]
        for mask, parts in zip(masks, (boxes + shades, shades), strict=True):
            for left, low, right, high in parts:
                box = (2 * x + left * unit, 2 * tall - high * unit, 2 * x + right * unit, 2 * tall - low * unit)
                ImageDraw.Draw(mask).rounded_rectangle(box, radius=min(14 * unit, (high - low) * unit / 3), fill=255)
        solid, lit = (np.asarray(mask.reduce(2), np.float32) / 255 for mask in masks)
        nowhere = np.full(self._width, -9 * rows, np.float32)
        return Ground(
            nowhere,
            np.full((rows, self._width), 0.22, np.float32),
            solid,
            lights=lit * (0.9 if self._palette.dark else 0.25),
        )


def _fir(column: float, foot: float, high: float) -> list[tuple[float, float]]:
    """Outline a fir tree at twice the size: tiers of branches, each reaching out below the next one's foot."""
    right = [(0.02, -0.1), (0.02, 0.1)]
    for tier in range(6):
        low, wide = 0.1 + 0.14 * tier, 0.2 - 0.028 * tier
        right += [(wide, low), (wide * 0.45, low + 0.15)]
    points = [*right, (0.0, 1.0), *((-across, up) for across, up in reversed(right))]
    return [((column + across * high) * 2, (foot - up * high) * 2) for across, up in points]
