"""Tables of answers stay small, whatever is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hardcheck.access.remembered import Remembered


@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 20), st.integers())))
def test_a_table_never_holds_more_than_it_may_and_gives_back_what_was_put(
    most: int, entries: list[tuple[int, int]]
) -> None:
    table: Remembered[int, int] = Remembered(most)
    for key, value in entries:
        assert table.put(key, value) == value
        assert table[key] == value
        assert len(table) <= most
