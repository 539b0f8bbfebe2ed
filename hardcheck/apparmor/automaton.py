"""Many patterns at once in one automaton, built while it is used.

The patterns share their beginnings in a tree of elements (a non-deterministic automaton); the states
of the deterministic one are made when a byte first leads to them. Matching is one dictionary look-up
a byte and never goes back, whatever the patterns; a new state costs no more than the patterns it
stands in. The number of states kept is bounded: when it is reached, they are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hardcheck.apparmor.globs import Either, Element, Many, OneOf

MAX_STATES = 20_000  # deterministic states kept by one automaton
MAX_NODES = 4_000_000  # nodes of one automaton


class AutomatonFault(Exception):
    """The patterns of one automaton are too large."""


class State(dict[int, "State"]):
    """A deterministic state: byte to next state; ``accepted`` are the payloads that match here."""

    __slots__ = ("_automaton", "accepted", "nodes")

    def __init__(self, automaton: Automaton, nodes: frozenset[int]) -> None:
        self._automaton = automaton
        self.nodes = nodes
        self.accepted: tuple[int, ...] = automaton.accepted_at(nodes)

    def __missing__(self, byte: int) -> State:
        following = self._automaton.step(self.nodes, byte)
        self[byte] = following
        return following

    @property
    def is_dead(self) -> bool:
        """Whether nothing can match from here."""
        return not self.nodes

    @property
    def reachable(self) -> int:
        """The payloads that can still match from here, as bits."""
        return self._automaton.reachable(self.nodes)

    def byte_classes(self) -> tuple[int, set[int]]:
        """Return the bytes with a way of their own (bits), and the sets that the other ways take."""
        return self._automaton.masks(self.nodes)

    def __hash__(self) -> int:  # type: ignore[override]  # dict has none; two states are never equal
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Automaton:
    """Add patterns with a payload, then `match`."""

    def __init__(self) -> None:
        self._children: list[dict[object, int]] = [{}]
        self._bytes: list[dict[int, int]] = [{}]
        self._sets: list[list[tuple[int, int]]] = [[]]
        self._loops: list[int] = [0]
        self._free: list[list[int]] = [[]]
        self._payloads: list[list[int]] = [[]]
        self._states: dict[frozenset[int], State] = {}
        self._start: State | None = None
        self._reach: list[int] | None = None

    def add(self, elements: Sequence[Element], payload: int) -> None:
        """Add one pattern. Not to be called any more once something was matched."""
        self._payloads[self._insert(0, elements)].append(payload)

    @property
    def start(self) -> State:
        """The state before the first byte."""
        if self._start is None:
            self._start = self._state(self._closed((0,)))
        return self._start

    def match(self, data: bytes) -> State:
        """Return the state behind ``data``."""
        state = self.start
        for byte in data:
            state = state[byte]
        return state

    def step(self, nodes: Iterable[int], byte: int) -> State:
        """Return the state behind ``byte`` from a set of nodes."""
        bit = 1 << byte
        reached: set[int] = set()
        for node in nodes:
            target = self._bytes[node].get(byte)
            if target is not None:
                reached.add(target)
            for mask, behind in self._sets[node]:
                if mask & bit:
                    reached.add(behind)
            if self._loops[node] & bit:
                reached.add(node)
        return self._state(self._closed(reached))

    def accepted_at(self, nodes: Iterable[int]) -> tuple[int, ...]:
        """Return the payloads of a set of nodes, sorted, each once."""
        found: set[int] = set()
        for node in nodes:
            found.update(self._payloads[node])
        return tuple(sorted(found))

    def reachable(self, nodes: Iterable[int]) -> int:
        """Return the payloads that can be reached from nodes, as bits."""
        if self._reach is None:
            self._reach = self._reachable_payloads()
        found = 0
        for node in nodes:
            found |= self._reach[node]
        return found

    def masks(self, nodes: Iterable[int]) -> tuple[int, set[int]]:
        """Return the bytes with an edge of their own, and the sets of the other edges, of nodes."""
        own = 0
        sets: set[int] = set()
        for node in nodes:
            for byte in self._bytes[node]:
                own |= 1 << byte
            sets.update(mask for mask, _ in self._sets[node])
            if self._loops[node]:
                sets.add(self._loops[node])
        return own, sets

    def _reachable_payloads(self) -> list[int]:
        """For each node the payloads behind it: nodes form no cycle but a node's loop on itself."""
        reach = [-1] * len(self._loops)
        stack = [0]
        while stack:
            node = stack[-1]
            behind = [
                *self._bytes[node].values(),
                *self._free[node],
                *(target for _, target in self._sets[node]),
            ]
            waiting = [other for other in behind if reach[other] < 0]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            found = 0
            for payload in self._payloads[node]:
                found |= 1 << payload
            for other in behind:
                found |= reach[other]
            reach[node] = found
        return reach

    def _state(self, nodes: frozenset[int]) -> State:
        state = self._states.get(nodes)
        if state is None:
            if len(self._states) >= MAX_STATES:
                self._states.clear()
                self._start = None
            state = self._states[nodes] = State(self, nodes)
        return state

    def _closed(self, nodes: Iterable[int]) -> frozenset[int]:
        reached = set(nodes)
        waiting = [node for node in reached if self._free[node]]
        while waiting:
            for node in self._free[waiting.pop()]:
                if node not in reached:
                    reached.add(node)
                    waiting.append(node)
        return frozenset(reached)

    def _node(self) -> int:
        if len(self._loops) >= MAX_NODES:
            raise AutomatonFault(f"patterns with more than {MAX_NODES} elements in one profile")
        self._children.append({})
        self._bytes.append({})
        self._sets.append([])
        self._loops.append(0)
        self._free.append([])
        self._payloads.append([])
        return len(self._loops) - 1

    def _insert(self, node: int, elements: Sequence[Element]) -> int:
        """Walk or make the way of ``elements`` from ``node``; ways that begin alike are shared."""
        for element in elements:
            if type(element) is int:
                target = self._bytes[node].get(element)
                if target is None:
                    target = self._bytes[node][element] = self._node()
            else:
                target = self._children[node].get(element)
                if target is None:
                    target = self._children[node][element] = self._edge(node, element)
            node = target
        return node

    def _edge(self, node: int, element: Element) -> int:
        target = self._node()
        if isinstance(element, OneOf):
            self._sets[node].append((element.mask, target))
        elif isinstance(element, Many):
            self._loops[target] = element.mask
            self._free[node].append(target)
        else:
            assert isinstance(element, Either)
            for branch in element.branches:
                if branch:  # a way of its own: what begins alike must not end alike
                    first = self._node()
                    self._free[node].append(first)
                    self._free[self._insert(first, branch)].append(target)
                else:
                    self._free[node].append(target)
        return target
