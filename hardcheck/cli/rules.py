"""``hardcheck rules``: list, show and test the rules."""

from __future__ import annotations

import textwrap
from pathlib import Path

import click

from hardcheck.cli import options
from hardcheck.cli.tables import print_block, print_json, print_table
from hardcheck.engine.heads import RuleRow, known_heads, load_heads, rows_of
from hardcheck.engine.inherit import load_profiles
from hardcheck.errors import ConfigError
from hardcheck.findings import Remedy
from hardcheck.resources import resource_folder


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def command() -> None:
    """List, show and test the rules."""


@command.command("list")
@options.own_rules
@click.option(*("-p", "--profile"), metavar="ID", help="Only the rules of this profile.")
@options.as_json
def list_(own: Path | None, profile: str | None, as_json: bool) -> int:
    """List every rule: id, severity, sides, title."""
    rows = _shipped_rows() if own is None and profile is None else _compiled_rows(own, profile)
    if as_json:
        print_json("rules", rows)
    else:
        print_table(
            ("rule", "severity", "sides", "title"),
            [(row.id, row.severity, " ".join(row.sides), row.title) for row in rows],
        )
        click.echo(f"\n{len(rows)} rules", err=True)
    return 0


def _shipped_rows() -> tuple[RuleRow, ...]:
    """The shipped rules, without the parsers and policy readers that compiling them takes."""
    heads = load_heads(resource_folder("rules"))
    return rows_of(heads, load_profiles(resource_folder("profiles"), known_heads(heads)))


def _compiled_rows(own: Path | None, profile: str | None) -> tuple[RuleRow, ...]:
    from hardcheck.cli.knowledge import load_all_profiles, load_setup
    from hardcheck.engine.catalog import list_rules
    from hardcheck.engine.profile import choose
    from hardcheck.engine.variants import bind

    setup = load_setup(own)
    profiles = load_all_profiles(setup, own)
    if profile is not None:
        setup, chosen = bind(setup, choose(profiles, (profile,)))
        profiles = {each.id: each for each in chosen}
    return list_rules(setup.rules, profiles)


@command.command()
@click.argument("rule_id", metavar="ID")
@options.own_rules
@options.as_json
def show(rule_id: str, own: Path | None, as_json: bool) -> int:
    """Show one rule whole: why, what each side expects, its controls and remedies."""
    from hardcheck.cli.knowledge import load_all_profiles, load_setup
    from hardcheck.engine import catalog

    setup = load_setup(own)
    profiles = load_all_profiles(setup, own)
    card = catalog.show_rule(setup.rules, profiles, rule_id)
    if as_json:
        print_json("rule", card)
        return 0
    info = card.info
    click.echo(f"{info.id}  ({info.severity}, {info.topic})\n{info.title}\n")
    click.echo(textwrap.fill(info.rationale, 100))
    for side in card.sides:
        lines = [f"expects: {side.expected}", f"facts: {', '.join(side.facts)}"]
        lines += [f"applies when: {side.applies}"] if side.applies else []
        lines += [f"by the letter: {side.letter} ({side.letter_note})"] if side.letter else []
        lines += [f"not applicable: {side.not_applicable}"] if side.not_applicable else []
        lines += [f"evidence: {', '.join(side.evidence)}"]
        print_block(f"Side {side.framework}", lines)
    if card.values:
        print_block(
            "Values that a profile may set", [f"{value.name}: {value.shown}" for value in card.values]
        )
    if card.neither:
        print_block("A host with neither framework", [card.neither])
    for remedy in info.remedies:
        print_block(_remedy_title(remedy), _remedy_lines(remedy))
    for title, controls in card.controls_by_profile:
        print_block(f"Evidence for {title}", [", ".join(controls)])
    print_block("Sources", info.sources)
    print_block("File", [f"{card.file}  sha256 {card.sha256}"])
    return 0


def _remedy_title(remedy: Remedy) -> str:
    families = f" ({', '.join(remedy.families)})" if remedy.families else ""
    return f"Remedy, {remedy.framework}{families}{', needs a reboot' if remedy.reboot else ''}"


def _remedy_lines(remedy: Remedy) -> list[str]:
    lines = list(remedy.steps)
    lines += [f"may break: {remedy.may_break}"] if remedy.may_break else []
    lines += [f"verify: {line}" for line in remedy.verify]
    lines += [f"roll back: {line}" for line in remedy.rollback]
    return lines + [f"ansible: {line}" for line in remedy.ansible.splitlines()]


@command.command("test")
@click.argument("cases", type=click.Path(file_okay=False, path_type=Path), required=False, metavar="[DIR]")
@options.own_rules
@options.as_json
def run_tests(cases: Path | None, own: Path | None, as_json: bool) -> int:
    """Run the cases of rules: DIR/RULE-ID/CASE.STATUS.yaml  [default: tests/rules]

    Each file gives facts, and its name the verdict that the rule has to reach. DIR may also be a folder as
    for --rules, with rules and cases of your own; only those are then run. Exit code 1 when a rule says
    something else, or lacks a case for pass, fail or unknown on one of its sides.
    """
    from hardcheck.cli.knowledge import load_setup, own_folder
    from hardcheck.engine import catalog

    if own is None and cases is not None and any((cases / name).is_dir() for name in ("rules", "cases")):
        own, cases = cases, None
    site = own_folder(own)
    cases = cases or site.cases or (Path("tests/rules") if own is None else None)
    if cases is None:
        raise ConfigError(str(own), "a folder 'cases' in it, or the folder of the cases as DIR", "neither")
    setup = load_setup(own)
    rules = [rule for rule in setup.rules if site.rules is None or Path(rule.file).is_relative_to(site.rules)]
    ran = catalog.run_cases(rules, cases, setup.specs)
    bad = bool(ran.failed or ran.missing or ran.unknown_rules)
    if as_json:
        failed = [
            {
                "rule": result.case.rule,
                "case": result.case.name,
                "file": result.case.file,
                "faults": result.faults,
            }
            for result in ran.failed
        ]
        summary = {"run": len(ran.results), "failed": failed, "missing": ran.missing}
        print_json("cases", {**summary, "unknown_rules": ran.unknown_rules})
        return int(bad)
    for result in ran.failed:
        print_block(result.case.file, result.faults)
    for rule, lacks in ran.missing.items():
        print_block(f"{rule} lacks a case", lacks)
    for name in ran.unknown_rules:
        print_block(f"{cases / name}", ["there is no rule of this name"])
    click.echo(f"{len(ran.results) - len(ran.failed)} passed, {len(ran.failed)} failed")
    return int(bad)
