"""``hardcheck controls``: the standards, and what the verdicts are evidence for."""

from __future__ import annotations

from pathlib import Path

import click

from hardcheck.cli import options
from hardcheck.cli.knowledge import load_all_profiles, load_setup
from hardcheck.cli.tables import print_block, print_json, print_table
from hardcheck.engine import catalog
from hardcheck.engine.profile import choose
from hardcheck.engine.variants import bind


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def command() -> None:
    """List the standards and show their controls."""


@command.command("list")
@options.own_rules
@options.as_json
def list_(own: Path | None, as_json: bool) -> int:
    """List the profiles, with how much of each a machine can answer."""
    rows = catalog.list_profiles(load_all_profiles(load_setup(own), own))
    if as_json:
        print_json("profiles", rows)
        return 0
    headers = ("profile", "controls", "automated", "partial", "manual", "rules", "title")
    print_table(
        headers, [(r.id, r.controls, r.automated, r.partial, r.manual, r.rules, r.title) for r in rows]
    )
    return 0


@command.command()
@click.argument("profile")
@click.argument("control", required=False)
@options.own_rules
@options.as_json
def show(profile: str, control: str | None, own: Path | None, as_json: bool) -> int:
    """Show a profile's controls in the standard's order, or one CONTROL whole.

    A rule is evidence for a control; a star marks evidence for only part of what the control asks.
    """
    setup = load_setup(own)
    _, (chosen,) = bind(setup, choose(load_all_profiles(setup, own), (profile,)))
    rows = catalog.list_controls(chosen) if control is None else (catalog.show_control(chosen, control),)
    if as_json:
        print_json("controls", rows)
        return 0
    if control is None:
        print_table(
            ("control", "coverage", "origin", "rules", "title"),
            [
                (r.id, "" if r.heading else r.coverage, r.origin or "", len(r.rules) or "", r.title)
                for r in rows
            ],
        )
        return 0
    (row,) = rows
    click.echo(f"{row.profile} {row.id}: {row.title}")
    mapped = f"coverage: {row.coverage}" + (f"; mapping by {row.origin}" if row.origin else "")
    attributes = [f"{name}: {value}" for name, value in row.attributes.items()]
    print_block("What it is", [mapped, *attributes, *([row.note] if row.note else [])])
    stars = [f"{rule} {'*' if rule in row.partial else ''}" for rule in row.rules]
    print_block("Rules that are evidence for it", stars)
    return 0
