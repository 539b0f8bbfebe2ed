"""Printing for people and machines: one way for every command."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click

from hardcheck.render.sanitise import visible

JSON_VERSION = 1
_PAPER = 100  # columns where no terminal says how many it has
_WIDEST, _NARROWEST = 160, 60
_GAP = 2  # between the columns of a table
_CELL = 12  # no column is made narrower than this


def line_width() -> int:
    """Columns that a line may take: the terminal's, within what people can read."""
    columns = shutil.get_terminal_size((_PAPER, 24)).columns if sys.stdout.isatty() else _PAPER
    return max(_NARROWEST, min(columns, _WIDEST))


def print_json(kind: str, value: Any) -> None:
    """One JSON object: ``format_version`` and the value under its kind."""
    import msgspec

    text = msgspec.json.encode({"format_version": JSON_VERSION, kind: value})
    click.echo(msgspec.json.format(text, indent=2))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, prose: bool = False) -> None:
    """A plain table; control characters of any cell are made visible.

    A terminal that is too narrow has the cells wrapped. Elsewhere a row stays one line, for grep(1) and
    awk(1), unless the cells are ``prose``.
    """
    from tabulate import tabulate

    shown = [[visible(str(cell)) for cell in row] for row in rows]
    widths = None
    if prose or sys.stdout.isatty():
        columns = [max(1, *map(len, column)) for column in zip(headers, *shown, strict=True)]
        widths = fit(columns, line_width())
        headers = [textwrap.fill(head, width) for head, width in zip(headers, widths, strict=True)]
    click.echo(
        tabulate(shown, headers=headers, tablefmt="simple", disable_numparse=True, maxcolwidths=widths)
    )


def fit(columns: Sequence[int], width: int) -> list[int]:
    """The widths of a table's columns in a line of ``width``: the widest give way first, and evenly."""
    room = width - _GAP * (len(columns) - 1)
    widest = max(columns, default=0)
    while widest > _CELL and sum(min(column, widest) for column in columns) > room:
        widest -= 1
    return [min(column, widest) for column in columns]


def print_block(title: str, lines: Iterable[str], *, prose: bool = False) -> None:
    """A heading and its lines, indented, without control characters; nothing where there are no lines.
    ``prose`` is wrapped."""
    texts = [line for text in lines for line in text.splitlines() if line.strip()]
    if texts:
        click.echo(f"\n{visible(title)}")
        for text in texts:
            shown = visible(text)
            click.echo(_indented(shown) if prose else f"  {shown}")


def _indented(text: str) -> str:
    return textwrap.fill(
        text,
        line_width(),
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
