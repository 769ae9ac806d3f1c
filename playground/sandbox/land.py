"""The land of a shot: strips of peaks, firs, houses or dunes, painted once for every depth, and what stands on it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from playground.sandbox import paint
from playground.sandbox.paint import Field, Palette, blend, colour, cut_out, primed, smooth, wash
from playground.sandbox.plates import EYE, PERIOD, Frame, Plate, plate
from playground.sandbox.story import Shot, table

SHORE = 4.8
"""Land as far away as this or farther stands behind the water of a shot."""

_BANK = ("meadow", 30.0, 1.9)
_NEAREST, _FARTHEST = 3.0, 26.0


class Painter:
    """Paints what stands on the ground of one shot."""

    def __init__(self, shot: Shot, palette: Palette, frame: Frame, dice: np.random.Generator) -> None:
        self._shot, self._palette, self._frame, self._dice = shot, palette, frame, dice
        self._width = int(PERIOD * frame.unit) & ~1
        # Where what stands aside does: left or right of the middle.
        self._side = int(dice.choice((-1, 1)))

    def strips(self) -> list[Plate]:
        """All strips of land, far ones first."""
        kinds: list[tuple[str, float, float]] = list(table("scenery")["places"][self._shot.place]["strips"])
        if self._shot.water and self._shot.place != "ocean":
            kinds = [strip for strip in kinds if strip[2] >= SHORE] + ([_BANK] if self._shot.place != "city" else [])
        feet = [EYE * self._frame.focal / depth for _, _, depth in kinds] + [self._frame.height]
        return [self._strip(*strip, below) for strip, below in zip(kinds, feet[1:], strict=True)]

    def things(self) -> list[Plate]:
        """What the place is furnished with, and the subject, which the camera follows."""
        tables, shot = table("scenery"), self._shot
        standing = [self._thing(tables["subjects"][name], side, None) for name, side in self._place.get("things", ())]
        if shot.subject is not None:
            look, coat = tables["subjects"][shot.subject], tables["colours"].get(shot.coat)
            standing.append(self._thing(look, look.get("aside", 0.35), coat)._replace(followed=0.9))
        return standing

    @property
    def _place(self) -> dict[str, Any]:
        return table("scenery")["places"][self._shot.place]

    def _thing(self, look: dict[str, Any], side: float, coat: list[float] | None) -> Plate:
        """Paint a silhouette; `side` (-1 to 1) says how far from the middle it stands."""
        palette, unit = self._palette, self._frame.unit
        high, halo = look["tall"] * unit, look.get("halo", 0) * unit
        # Below its feet a row stays empty: as its last row it goes on.
        size = int(high + halo + 4) & ~1, self._width
        stand = self._width / 2 + self._side * side * self._frame.width * 0.36 - high / 2, size[0] - 2, high
        parts = ("body", "rock", "pale", "shining")
        shapes = {part: [(points, *stand) for points in look.get(part, ())] for part in parts}
        body, rock, pale, shining = (cut_out(size, part) for part in shapes.values())
        tone, coat = blend(palette.land * palette.light, colour((14, 14, 20)), 0.72), coat or look.get("coat")
        painted = primed(blend(tone, colour(coat) * palette.light, 0.7) if coat else tone, np.ones(body.shape))
        if rock.any():
            relief = paint.resized(paint.fractal(self._dice, (64, 512), 1.5, 0.7), size)
            wash(painted, palette.land * palette.light * 0.6, rock * (1 - body))
            painted *= 1 + 0.6 * rock * (1 - body) * (relief - np.roll(relief, 5, 1))
            body = np.maximum(body, rock)
        # The light from the sky catches what is turned up.
        wash(painted, palette.glow, body * (1 - np.roll(body, max(1, int(high / 60)), 0)) * 0.35)
        wash(painted, colour((246, 240, 228)) * palette.light, pale * 0.85)
        if halo and palette.late:
            glow = np.clip(cut_out(size, shapes["shining"], halo / 3) * 5, 0, 0.6)
            shining, body = np.maximum(shining, 1 - body), np.maximum(body, glow)
        wash(painted, paint.LAMP, shining)
        foot = EYE * self._frame.focal / look["distance"] - look.get("above", 0) * unit
        return plate(self._frame, painted, body, look["distance"], foot - size[0] + 2)

    def _strip(self, kind: str, height: float, depth: float, below: float) -> Plate:
        """Paint one kind of land, so high in units; the next strip's foot is so many rows `below` the horizon."""
        frame, palette, look = self._frame, self._palette, table("scenery")["strips"][kind]
        foot, inside = EYE * frame.focal / depth, look.get("inside", False)
        near = float(np.clip(1 - np.log(depth / _NEAREST) / np.log(_FARTHEST / _NEAREST), 0, 1))
        # Indoors it fills the picture, and what the camera sees of it when it tilts up.
        high = frame.height * height if inside else height * frame.unit
        tall = int(high * (1 if inside else 1.35)) + 8
        # As far down as the next strip can leave it uncovered when the camera rises or comes near.
        shape = tall + int(min((below - foot) * 2.4, frame.height * 1.2 - frame.horizon)) + 12 & ~1, self._width
        line, shade = tall - self._line(look, high), self._shade(look, shape)
        mask, lights = np.zeros(1), np.zeros(1)
        if "strewn" in look:
            mask = self._strewn(look["strewn"], line, shape, high)
        if kind == "blocks":
            line, lights = self._blocks(line, shade, high, near)
        deep = np.arange(shape[0], dtype=np.float32)[:, None] - line
        alpha = np.maximum(np.clip(deep + 0.5, 0, 1), mask) * (1 - self._repeated(look, "holes", tall, shape))
        land = palette.land
        if "green" in look and not (palette.snowy and look.get("bare")):
            # What grows is green in the mountains too.
            land = blend(land, colour(look["green"]), 0.5 if palette.snowy else 0.7)
        rows = np.arange(shape[0], dtype=np.float32)[:, None]
        darker = 1 - 0.45 * (1 if inside else near) * smooth(rows / len(rows) * 1.4 - 0.3)
        painted = primed(land * palette.light, shade * darker)
        if look.get("snow") and (palette.snowy or self._shot.place == "mountains"):
            share = (tall - rows) / tall - (0.1 if palette.snowy else 0.34) + 0.35 * (shade - 1)
            wash(painted, paint.SNOW * palette.light, smooth(share * 5) * np.clip(shade - 0.25, 0, 0.95))
        # The rim catches the light, the foot sinks into the air between this strip and the next.
        wash(painted, palette.glow, np.clip(1 - deep / (9 * frame.unit), 0, 1) * (0.08 if palette.dark else 0.22))
        mist = smooth((rows - tall * 0.4) / (tall * 0.8)) * 0.55 * (1 - near)
        far = float((1 - near) ** 1.3 * 0.7 + palette.haze * (1 - 0.75 * near))
        wash(painted, palette.air, 0 if inside else np.clip(far + mist, 0, 0.97))
        wash(painted, paint.LAMP, lights * (1 - 0.6 * far))
        wash(painted, palette.glow, 0 if palette.late else self._repeated(look, "patches", tall, shape) * 0.25)
        return plate(frame, painted, alpha, depth, foot - tall)

    def _line(self, look: dict[str, Any], high: float) -> Field:
        """How high the land is in each column: waves, and such as are folded into ridges."""

        def noise(slope: float, least: float) -> Field:
            line = paint.fractal(self._dice, (PERIOD,), slope, least=least)
            return np.interp(np.arange(self._width) / self._frame.unit, np.arange(PERIOD), line).astype(np.float32)

        line = np.full(self._width, look["level"], np.float32)
        for slope, least, amount in look.get("waves", ()):
            line += amount * noise(slope, least)
        for slope, least, amount in look.get("ridges", ()):
            line += amount * np.abs(noise(slope, least))
        tufts = look.get("tufts", 0) * self._frame.unit * np.abs(noise(0.1, 2))
        return high * np.clip(line, look.get("lowest", 0.0), 1.3) + tufts

    def _shade(self, look: dict[str, Any], shape: tuple[int, int]) -> Field:
        """How bright each pixel is: grain over the surface, relief lit from one side."""
        shade = np.full(shape, look.get("shade", 1.0), np.float32)
        for part in ("grain", "relief"):
            for slope, squash, amount in look.get(part, ()):
                rough = paint.resized(paint.fractal(self._dice, (128, 1024), slope, squash), shape)
                shade += amount * (rough - np.roll(rough, 5, axis=1) if part == "relief" else rough)
        return np.clip(shade, 0.4, 1.5)

    def _repeated(self, look: dict[str, Any], part: str, tall: int, shape: tuple[int, int]) -> Field:
        """Shapes in units from the middle and the foot, again and again along the strip."""
        lefts = self._width / 2 + (np.arange(-3, 4) + 0.5 * self._side) * look.get("every", 0) * self._frame.unit
        shapes = [(points, left, tall, 100 * self._frame.unit) for left in lefts for points in look.get(part, ())]
        return cut_out(shape, shapes, 2 * self._frame.unit if part == "patches" else 0)

    def _strewn(self, outline: Any, line: Field, shape: tuple[int, int], high: float) -> Field:
        """Many of an outline along the line, some smaller than others."""
        size, wide = high * 0.78, self._width
        lefts = np.arange(0, wide, size * 0.2) + self._dice.uniform(-0.02, 0.02) * size
        tops = (
            size * self._dice.uniform(0.45, 1.0, lefts.size) * (0.75 + 0.25 * np.sin(lefts / wide * 4 * np.pi + high))
        )
        feet = line[lefts.astype(np.intp) % wide] + 4 * self._frame.unit
        stands = list(zip(lefts, feet, tops, strict=True))
        return cut_out(shape, [(outline, left + turn, *stand) for left, *stand in stands for turn in (-wide, 0, wide)])

    def _blocks(self, line: Field, shade: Field, high: float, near: float) -> tuple[Field, Field]:
        """Houses side by side, one side of each in the shade: their line, and lit windows in whole rows of panes."""
        dice, pane, (rows, wide) = self._dice, (3.0 + 6.5 * near) * self._frame.unit, shade.shape
        at, down = np.arange(wide, dtype=np.float32) / pane, np.arange(rows, dtype=np.float32)[:, None] / pane / 1.35
        column: NDArray[np.intp] = at.astype(np.intp)
        columns, floors = int(column[-1]) + 1, int(down[-1, 0]) + 1
        house = np.repeat(np.arange(columns), dice.integers(5, 13, columns))[:columns]
        since = np.arange(columns) - np.searchsorted(house, house)
        tops = (high * (0.2 + 0.8 * dice.random(columns) ** 1.7))[house]
        # Some are stepped back.
        tops += pane * (dice.integers(0, 4, columns)[house] * (since > 1) * (np.roll(house, -2) == house))
        line = line - tops[column]
        shade *= (dice.uniform(0.82, 1.12, columns)[house] * np.where(since < 3, 1, 0.85))[column]
        share = 0.45 if self._palette.dark else 0.3 if self._palette.late else 0.08
        lit = dice.random((floors, columns)) < share * dice.uniform(0.3, 1.3, columns)[house]
        lights = (lit * dice.uniform(0.35, 1.0, lit.shape))[down[:, 0].astype(np.intp)][:, column]
        panes = (np.abs(at % 1 - 0.5) < 0.27) & (np.abs(down % 1 - 0.5) < 0.3)
        return line, lights * panes * (down * pane * 1.35 > line + pane / 2)
