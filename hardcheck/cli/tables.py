"""Printing for people and machines: one way for every command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click

from hardcheck.render.sanitise import visible

JSON_VERSION = 1


def print_json(kind: str, value: Any) -> None:
    """One JSON object: ``format_version`` and the value under its kind."""
    import msgspec

    text = msgspec.json.encode({"format_version": JSON_VERSION, kind: value})
    click.echo(msgspec.json.format(text, indent=2))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A plain table; control characters of any cell are made visible."""
    from tabulate import tabulate

    shown = [[visible(str(cell)) for cell in row] for row in rows]
    click.echo(tabulate(shown, headers=headers, tablefmt="simple", disable_numparse=True))


def print_block(title: str, lines: Iterable[str]) -> None:
    """A heading and its lines, indented, without control characters; nothing where there are no lines."""
    texts = [line for text in lines for line in text.splitlines() if line.strip()]
    if texts:
        click.echo(f"\n{visible(title)}")
        for text in texts:
            click.echo(f"  {visible(text)}")
