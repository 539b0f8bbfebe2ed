"""``hardcheck waivers``: check a file of waivers or attestations before a run relies on it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from hardcheck.cli import options
from hardcheck.cli.knowledge import load_answers
from hardcheck.cli.tables import print_json, print_table
from hardcheck.engine.overlays import term_of
from hardcheck.engine.yaml_source import near, read_yaml
from hardcheck.findings import Attestation, Term, Waiver

_KINDS = ("waivers", "attestations")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def command() -> None:
    """Check a file of waivers or attestations."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.own_rules
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day to ask for.  [default: today, UTC]",
)
@options.as_json
def check(file: Path, own: Path | None, as_of: datetime | None, as_json: bool) -> int:
    """Check a file of waivers or attestations, and say which of them hold today.

    A fault is told with its line and key, and gives exit code 2; an entry that has expired gives 1.
    """
    day = (as_of or datetime.now(UTC)).strftime("%Y-%m-%d")
    at = read_yaml(file)
    kind = next((name for name in _KINDS if name in at.mapping()), None)
    if kind is None:
        raise at.fault("the key 'waivers' or 'attestations'", near(next(iter(at.mapping()), ""), _KINDS))
    answers = load_answers(
        own, file if kind == "waivers" else None, file if kind == "attestations" else None, as_of
    )
    entries: tuple[Waiver | Attestation, ...] = answers.waivers or answers.attestations
    terms = [term_of(entry, day) for entry in entries]
    if as_json:
        print_json(kind, [{"entry": entry, "term": term} for entry, term in zip(entries, terms, strict=True)])
    else:
        rows = [
            (
                entry.id,
                _about(entry),
                _scope(entry),
                entry.owner,
                entry.start,
                entry.expires,
                term.replace("_", " "),
            )
            for entry, term in zip(entries, terms, strict=True)
        ]
        print_table(("id", "for", "where", "owner", "start", "expires", f"on {day}"), rows)
    return int(Term.EXPIRED in terms)


def _about(entry: Waiver | Attestation) -> str:
    if isinstance(entry, Waiver):
        return entry.rule
    return f"{entry.profile} {entry.control}: {entry.says.replace('_', ' ')}"


def _scope(entry: Waiver | Attestation) -> str:
    kinds = (("", entry.hosts), ("group ", entry.groups), ("tag ", entry.tags))
    return "; ".join(word + ", ".join(names) for word, names in kinds if names)
