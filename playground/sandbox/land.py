"""What stands on the ground: strips of peaks, firs, houses or dunes, one for every depth, and single things."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from playground.sandbox.camera import PERIOD, SHORE, Frame, Plate
from playground.sandbox.paint import WHITE, Field, Look, Polygon, blend, colour, drawn, fractal, painted, smooth, wash
from playground.sandbox.planes import opencv
from playground.sandbox.story import Shot, table

_NEAREST, _FARTHEST = 3.0, 26.0
_LAMP, _SHADOW = colour((255, 208, 132)), colour((14, 14, 20))
_PANE = (25, 20), (75, 20), (75, 80), (25, 80)


def land(shot: Shot, look: Look, frame: Frame, dice: np.random.Generator) -> list[Plate]:
    """Paint all of a shot: its strips, far ones first, and its things."""
    place = table("scenery")["places"][shot.place]
    strips = place["strips"]
    if shot.water:
        strips = [strip for strip in strips if strip[2] >= SHORE] + place.get("bank", [])
    things = [*place.get("things", ()), *table("scenery")["subjects"].get(shot.subject, ())]
    # Each goes down to where the next one's foot is.
    feet = [*(frame.foot(depth) for _, _, depth in strips[1:]), *[frame.height] * (1 + len(things))]
    return [
        _Strip(look, frame, dice, table("scenery")["strips"][kind], height * frame.unit, depth).plate(below)
        for (kind, height, depth), below in zip([*strips, *things], feet, strict=True)
    ]


class _Strip:
    """One kind of land, so many pixels high, as its table says; a thing, where it has no ground of its own."""

    def __init__(
        self, look: Look, frame: Frame, dice: np.random.Generator, made: dict[str, Any], high: float, depth: float
    ) -> None:
        self._look, self._frame, self._dice, self._made, self._high, self._depth = look, frame, dice, made, high, depth
        self._near = float(np.clip(1 - np.log(depth / _NEAREST) / np.log(_FARTHEST / _NEAREST), 0, 1))
        self._tall, self._wide = int(high * 1.35) + 8, int(PERIOD * frame.unit) & ~1

    def plate(self, below: float) -> Plate:
        """Paint it, as far down as the next strip, its foot so many rows `below` the horizon, can leave it free."""
        frame, look, made, near, tall = self._frame, self._look, self._made, self._near, self._tall
        foot = frame.foot(self._depth) - made.get("above", 0) * frame.unit
        more = int(min((below - foot) * 2.4, frame.height * 1.2 - frame.horizon)) if {"ground", "deep"} & {*made} else 0
        # Below the feet of its shapes there is nothing but ground.
        shapes, tones = tall + int(self._high / 8) + 12 & ~1, self._tones()
        canvas = drawn((self._wide, shapes), tones["own"], self._polygons(tones, shapes))
        deeper = max(0, (tall + more + 12 & ~1) - shapes)
        canvas = opencv.copyMakeBorder(canvas, 0, deeper, 0, 0, opencv.BORDER_REPLICATE)
        seen, cover = opencv.cvtColor(canvas, opencv.COLOR_RGBA2RGB), canvas[..., 3]
        rows = np.arange(len(canvas), dtype=np.float32)[:, None]
        bright = opencv.resize(self._surface(), (self._wide, len(canvas)))
        shaded = bright * (1 - 0.45 * near * smooth(rows / len(canvas) * 1.4 - 0.3))
        seen = opencv.multiply(seen, opencv.merge([shaded] * 3), dtype=opencv.CV_8U)
        if "snow" in made:
            share = smooth(5 * (1 - rows / tall - (0.1 if look.snowy else made["snow"]) + 0.35 * (bright - 1)))
            seen = wash(seen, WHITE * look.light, share * np.clip(bright - 0.25, 0, 0.95))
        # What is turned up catches the light; the foot sinks into the air between this strip and the next.
        rim = opencv.subtract(cover, np.roll(cover, int(4 * frame.unit), 0))
        seen = wash(seen, look.glow, rim * np.float32((0.1 if look.dark else 0.25) / 255))
        if "clear" not in made:
            mist = smooth((rows - tall * 0.4) / (tall * 0.8)) * min(0.9, 0.55 + look.haze) * (1 - near + look.haze**2)
            far = (1 - near) ** 1.3 * 0.7 + look.haze * (1 - 0.75 * near) + mist
            seen = wash(seen, look.air, np.clip(far, 0, 0.97))
        first = max(0, int((cover.max(1) > 0).argmax()) - 2) & ~1
        strip = painted(opencv.merge([seen, cover])[first:])
        return Plate(frame, strip, self._depth, foot - tall + first, made.get("followed", 0))

    def _tones(self) -> dict[str, Field]:
        """The colours of its parts in the light of the shot."""
        look, made, own = self._look, self._made, self._look.land
        if "green" in made and not (look.snowy and "bare" in made):
            # What grows is green in the mountains too.
            own = blend(own, colour(made["green"]), 0.7)
        tones = {name: colour(tone) * look.light for name, tone in table("scenery")["paints"].items()}
        own = own * look.light
        return tones | {"own": own, "shade": own * 0.8, "dark": blend(own, _SHADOW, 0.72), "lamp": _LAMP, "hole": own}

    def _polygons(self, tones: dict[str, Field], rows: int) -> Iterator[Polygon]:
        """Its ground and its shapes, one over the other."""
        line = self._tall - self._skyline()
        if "ground" in self._made:
            yield [(0, rows), *enumerate(line), (self._wide, rows)], tones["own"], 1
        for left, foot, wide, high in self._stands(line):
            bright = self._dice.uniform(0.8, 1)
            for name, points in [*self._made["shapes"], *self._lit_panes(wide, high)]:
                corners = ((left + x * wide / 100, foot - y * high / 100) for x, y in points)
                yield corners, tones[name] * (1 if name == "lamp" else bright), name != "hole"

    def _skyline(self) -> Field:
        """How high the ground is in each column: waves, and such as are folded into ridges."""
        line = np.full(PERIOD, self._made.get("ground", 0), np.float32)
        for slope, least, waves, ridges in self._made.get("line", ()):
            noise = fractal(self._dice, (PERIOD,), slope, least=least)
            line += waves * noise + ridges * np.abs(noise)
        line = np.interp(np.arange(self._wide) / self._frame.unit, np.arange(PERIOD), line)
        return self._high * np.clip(line, self._made.get("lowest", 0), 1.3)

    def _surface(self) -> Field:
        """How bright it is: grain over the surface, relief lit from one side."""
        bright = np.full((128, 1024), self._made.get("shade", 1), np.float32)
        for slope, squash, grain, relief in self._made.get("surface", ()):
            noise = fractal(self._dice, bright.shape, slope, squash)
            bright += grain * noise + relief * (noise - np.roll(noise, 2, axis=1))
        return np.clip(bright, 0.4, 1.5)

    def _stands(self, line: Field) -> Iterator[tuple[float, float, float, float]]:
        """Where its shapes stand: the left edge and the foot of each, how wide and how high it is."""
        made, dice, wide, unit = self._made, self._dice, self._wide, self._frame.unit
        if "aside" in made:
            middle = wide / 2 + (made["aside"] + float(dice.uniform(-0.1, 0.1))) * 0.36 * self._frame.width
            yield middle - self._high / 2, self._tall, self._high, self._high
        if "every" in made:
            for number in range(-3, 3):
                yield wide / 2 + (number + 0.5) * made["every"] * unit, self._tall, 100 * unit, 100 * unit
        if "strewn" in made:
            for left in np.arange(0, wide, made["strewn"] * self._high, dtype=np.float32).tolist():
                least, most = made["sizes"]
                high = self._high * (least + (most - least) * float(dice.random()) ** 1.6)
                across = (made["wide"] * self._high if "wide" in made else high) * float(dice.uniform(0.7, 1.3))
                # What crosses the end of the strip goes on at its beginning.
                for turn in (-wide, 0) if left + across > wide else (0,):
                    yield left + turn, float(line[int(left)]) + 4 * unit, across, high

    def _lit_panes(self, wide: float, high: float) -> Iterator[tuple[str, Any]]:
        """Lamps behind some of the panes of a house, in rows and columns."""
        if "panes" in self._made:
            share = 0.45 if self._look.dark else 0.3 if self._look.late else 0.08
            side = (4 + 5.5 * self._near) * self._frame.unit
            columns, floors = int(wide / side), int(high / side / 1.35)
            for floor, column in np.argwhere(self._dice.random((floors, columns)) < share).tolist():
                yield "lamp", [((column + x / 100) * 100 / columns, (floor + y / 100) * 100 / floors) for x, y in _PANE]
