"""How often Python looks for circles among the objects of a run."""

from __future__ import annotations

import gc

_OBJECTS_BETWEEN_COLLECTIONS = 500_000


def collect_rarely() -> None:
    """Facts and policies are trees that live to the end: to look through all of them for circles again and
    again, as Python does after each 700 new objects, can cost more than making them, and finds none.
    For the program and each of its worker processes."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
