"""Tables fit the line that there is, and lose nothing by it."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.cli.tables import fit, line_width, print_block, print_table

LONG = "every file gets a label, by one relabel of all disks; docroots outside of /var/www need more " * 2


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8), st.integers(60, 160))
def test_columns_give_way_only_as_far_as_they_must(columns: list[int], width: int) -> None:
    widths = fit(columns, width)
    room = width - 2 * (len(columns) - 1)
    assert all(made <= natural for made, natural in zip(widths, columns, strict=True))
    assert sum(widths) <= max(room, 12 * len(columns))
    if sum(columns) <= room:
        assert widths == columns
    assert all(
        made == natural or made >= 12 for made, natural in zip(widths, columns, strict=True)
    )  # a short word stays whole


def test_prose_is_wrapped_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("objective", "instead"), [("MAC-1", LONG), ("MAC-2", "short")], prose=True)
    print_block("For it", [LONG], prose=True)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= line_width() == 100
    words = " ".join(" ".join(lines).split())
    assert words.count("docroots outside of /var/www need more") >= 2


def test_a_row_stays_a_line_for_other_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "title"), [("a", LONG), ("b", "x\x1b[2Jy")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert LONG.strip() in lines[2]
    assert "\x1b" not in lines[3]


def test_a_terminal_is_never_too_narrow_for_a_row(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "72")
    print_table(("id", "title", ""), [("a", LONG, "")])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 72
