"""Ways out drawn as a graph: services, the labels they run as, the changes that lead to an unconfined one.

Only places and words are worked out here, in user units of an SVG of which one is about a pixel; the
template draws them. A label that several chains pass stands once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hardcheck.findings.exposure import ChainStep, Outcome

Kind = Literal["service", "label", "allowed", "logged", "blocked", "unknown"]

_CHARACTER = 6.7  # width of one in a monospaced font of 11 units
_HEIGHT = 24.0
_ROW = 38.0
_PADDING = 9.0
_GAP = 84.0
_MOST_CHARACTERS = 28
_KIND: dict[Outcome, Kind] = {
    Outcome.ALLOWED: "allowed",
    Outcome.LOGGED: "logged",
    Outcome.UNKNOWN: "unknown",
    Outcome.BLOCKED: "blocked",
}


@dataclass(frozen=True, slots=True)
class Way:
    """What the search found for one service: from its label by some steps, or no way at all."""

    service: str
    label: str
    outcome: Outcome
    steps: tuple[ChainStep, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A box; ``text`` is ``name`` cut in its middle to the room there is."""

    name: str
    text: str
    kind: Kind
    x: float
    y: float
    width: float
    height: float = _HEIGHT

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A line between two boxes. ``number`` is its step's in the legend, 0 for "runs as"."""

    start: tuple[float, float]
    end: tuple[float, float]
    number: int

    @property
    def path(self) -> str:
        """The line as SVG path data: digits and letters only."""
        (x1, y1), (x2, y2) = self.start, self.end
        bend = abs(x2 - x1) / 2
        return f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2 - 6:.1f} {y2:.1f}"

    @property
    def centre(self) -> tuple[float, float]:
        """Where the number stands."""
        return (self.start[0] + self.end[0]) / 2, (self.start[1] + self.end[1]) / 2


@dataclass(frozen=True, slots=True)
class Graph:
    """A drawing; ``steps`` are what the numbers of its edges stand for, from 1."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    steps: tuple[ChainStep, ...]
    width: int
    height: int


def draw(ways: Sequence[Way]) -> Graph:
    """Lay the ways out from left to right: services, their labels, then step by step."""
    columns = _columns(ways)
    kinds = _kinds(ways)
    boxes = _boxes(ways, columns, kinds)
    steps = tuple(dict.fromkeys(step for way in ways for step in way.steps))
    edges = [
        Edge(_right(boxes[_service(way)]), _left(boxes[_label(way.label)]), 0) for way in dict.fromkeys(ways)
    ]
    for number, step in enumerate(steps, 1):
        edges.append(Edge(_right(boxes[_label(step.source)]), _left(boxes[_label(step.target)]), number))
    nodes = tuple(boxes.values())
    return Graph(
        nodes,
        tuple(dict.fromkeys(edges)),
        steps,
        round(max((node.x + node.width for node in nodes), default=0)) + 2,
        round(max((node.y + node.height for node in nodes), default=0)) + 2,
    )


Key = tuple[Literal["service", "label"], str]


def _service(way: Way) -> Key:
    return "service", way.service


def _label(name: str) -> Key:
    return "label", name or "unknown label"


def _columns(ways: Iterable[Way]) -> dict[Key, int]:
    """How far right each box is: behind all that lead to it."""
    columns: dict[Key, int] = {}
    for way in ways:
        columns[_service(way)] = 0
        columns.setdefault(_label(way.label), 1)
    steps = [step for way in ways for step in way.steps]
    for _ in range(len(steps) + 1):
        moved = False
        for step in steps:
            source, target = _label(step.source), _label(step.target)
            least = columns.setdefault(source, 1) + 1
            if columns.get(target, 0) < least <= len(steps) + 1:
                columns[target] = least
                moved = True
        if not moved:
            break
    return columns


def _kinds(ways: Iterable[Way]) -> dict[Key, Kind]:
    """What a box stands for: the end of a way has what came of it, all others are on a way."""
    kinds: dict[Key, Kind] = {}
    for way in ways:
        kinds[_service(way)] = "service"
        for step in way.steps:
            kinds.setdefault(_label(step.source), "label")
        end = _label(way.steps[-1].target if way.steps else way.label)
        if kinds.get(end, "label") == "label":
            kinds[end] = _KIND[way.outcome]
    return kinds


def _boxes(ways: Sequence[Way], columns: dict[Key, int], kinds: dict[Key, Kind]) -> dict[Key, Node]:
    """Every box with its place: level with what leads to it where there is room."""
    before: dict[Key, list[Key]] = {}
    for way in ways:
        before.setdefault(_label(way.label), []).append(_service(way))
        for step in way.steps:
            before.setdefault(_label(step.target), []).append(_label(step.source))
    boxes: dict[Key, Node] = {}
    x = 1.0
    for column in range(max(columns.values(), default=-1) + 1):
        keys = [key for key, place in columns.items() if place == column]
        if not keys:
            continue
        texts = {key: _cut(key[1]) for key in keys}
        width = max(len(text) for text in texts.values()) * _CHARACTER + 2 * _PADDING
        level = {key: _level(before.get(key, []), boxes, place) for place, key in enumerate(keys)}
        y = 1.0
        for key in sorted(keys, key=lambda one: level[one]):
            y = max(y, level[key])
            boxes[key] = Node(key[1], texts[key], kinds.get(key, "label"), x, y, width)
            y += _ROW
        x += width + _GAP
    return boxes


def _level(before: Sequence[Key], boxes: dict[Key, Node], place: int) -> float:
    known = [boxes[key].y for key in before if key in boxes]
    return sum(known) / len(known) if known else 1.0 + place * _ROW


def _cut(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text
    half = (_MOST_CHARACTERS - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def _right(node: Node) -> tuple[float, float]:
    return node.x + node.width, node.middle


def _left(node: Node) -> tuple[float, float]:
    return node.x, node.middle
