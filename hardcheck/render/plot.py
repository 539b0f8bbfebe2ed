"""Denials by day and service drawn as stacked bars. Only places are worked out here, in user units of an SVG
of which one is about a pixel; the template draws them."""

from __future__ import annotations

from dataclasses import dataclass

from hardcheck.findings.denials import HostDenials

_LEFT, _TOP, _HEIGHT, _BELOW = 46.0, 8.0, 96.0, 20.0
_WIDTH = 640.0
_WIDEST = 34.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One service's lines of one day. ``series`` is the service's number, from 0."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A label: of a day below the bars, or of a number beside them."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing. ``names`` are the services by their number; ``floor`` is the height of no lines."""

    bars: tuple[Bar, ...]
    days: tuple[Tick, ...]
    counts: tuple[Tick, ...]
    names: tuple[str, ...]
    left: float
    floor: float
    width: int
    height: int


def draw_days(denials: HostDenials) -> Plot | None:
    """Bars for each day, the service with the most lines at the bottom; None without a day."""
    days = denials.days
    totals = [sum(one.lines[place] for one in denials.services) for place in range(len(days))]
    most = max(totals, default=0)
    if not most:
        return None
    step = min((_WIDTH - _LEFT) / len(days), _WIDEST + 6)
    names = tuple(one.service or "others" for one in denials.services)
    bars = []
    for place, day in enumerate(days):
        y = _TOP + _HEIGHT
        for series, one in enumerate(denials.services):
            lines = one.lines[place]
            if lines:
                height = max(1.0, lines / most * _HEIGHT)
                y -= height
                title = f"{day} {names[series]}: {lines}"
                x = _LEFT + place * step + step * 0.1
                bars.append(Bar(x, max(y, 0.0), step * 0.8, height, series, title))
    every = max(1, round(len(days) / 8))
    below = _TOP + _HEIGHT + 14
    ticks = tuple(
        Tick(_LEFT + place * step + step / 2, below, day[5:])
        for place, day in enumerate(days)
        if place % every == 0
    )
    counts = (Tick(_LEFT - 6, _TOP + 8, str(most)), Tick(_LEFT - 6, _TOP + _HEIGHT, "0"))
    width = round(max(_LEFT + step * len(days) + 24, 160))
    return Plot(
        tuple(bars), ticks, counts, names, _LEFT, _TOP + _HEIGHT, width, round(_TOP + _HEIGHT + _BELOW)
    )
