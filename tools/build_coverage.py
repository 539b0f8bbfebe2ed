"""Write ``docs/coverage.md``: for each check of the control data the rules that answer it, or why none does.

    python -m tools.build_coverage CONTROLS [--check]

CONTROLS is the folder of the control data. The reasons are in ``tools/unanswered.yaml``. With ``--check``
nothing is written; the exit status is 1 when the file differs from what would be.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hardcheck.derive import DERIVED
from hardcheck.derive.assemble import fact_specs
from hardcheck.engine.load import load_rules
from hardcheck.engine.rule import Rule
from hardcheck.engine.yaml_source import near, read_yaml
from hardcheck.errors import HardcheckError
from hardcheck.parse import PARSERS

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "coverage.md"
REASONS = Path(__file__).resolve().parent / "unanswered.yaml"
OPEN = "not answered yet"

_HEAD = """\
# What is checked, and what is not

Written by `python -m tools.build_coverage CONTROLS`; do not edit by hand. Each line is a check of the
control data: the rules that answer it, or the reason why none does. The pass of a rule is evidence for the
controls that the check is mapped to; see [profiles.md](profiles.md).
"""


def reasons(rows: Sequence[Mapping[str, str]], rules: Sequence[Rule]) -> dict[str, str]:
    """Why checks are not answered, by key. Raises ConfigError: no such check, or a rule answers it."""
    known = {row["key"] for row in rows}
    answered = {key for rule in rules for key in rule.info.keys}
    found = {}
    for key, reason in read_yaml(REASONS).fields(("reasons",), ("reasons",))["reasons"].mapping().items():
        if key not in known:
            raise reason.fault("a key of mappings.csv", near(key, known))
        if key in answered:
            raise reason.fault("a key that no rule answers", key)
        found[key] = " ".join(reason.text().split())
    return found


def page(rows: Sequence[Mapping[str, str]], rules: Sequence[Rule]) -> str:
    """The page as Markdown: a table a topic, in the order of the control data."""
    why = reasons(rows, rules)
    by_key: dict[str, list[str]] = {}
    for rule in rules:
        for key in rule.info.keys:
            by_key.setdefault(key, []).append(rule.id)
    answered = sum(row["key"] in by_key for row in rows)
    left = len(rows) - answered - len(why)
    lines = [
        _HEAD,
        f"{len(rows)} checks: {answered} answered, {len(why)} not for the reason given, {left} open.",
    ]
    topics = dict.fromkeys(row["topic"].split(".")[0] for row in rows)
    for topic in topics:
        lines += ["", f"## {topic}", "", "| check | asks | answered by |", "|---|---|---|"]
        for row in rows:
            if row["topic"].split(".")[0] == topic:
                found = ", ".join(f"`{name}`" for name in sorted(by_key.get(row["key"], ())))
                lines.append(
                    f"| `{row['key']}` | {_cell(row['description'])} | {found or _cell(_why(row, why))} |"
                )
    own = [rule.id for rule in rules if not rule.info.keys]
    if own:
        lines += ["", "## Beyond the control data", "", "Rules that answer no check of it:", ""]
        lines += [f"- `{rule.id}`: {_cell(rule.info.title)}" for rule in rules if rule.id in own]
    return "\n".join(lines) + "\n"


def _why(row: Mapping[str, str], why: Mapping[str, str]) -> str:
    return f"no: {why[row['key']]}" if row["key"] in why else OPEN


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def read_rows(controls: Path) -> list[dict[str, str]]:
    """The rows of ``mappings.csv``."""
    with (controls / "mappings.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the page; 0 when it is (now) current."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("controls", type=Path, help="folder with mappings.csv")
    parser.add_argument("--check", action="store_true", help="write nothing, say whether it differs")
    options = parser.parse_args(arguments)
    try:
        text = page(read_rows(options.controls), load_rules(ROOT / "rules", fact_specs(PARSERS, DERIVED)))
    except (HardcheckError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
    if not current and not options.check:
        PAGE.write_text(text, encoding="utf-8")
    if not current:
        print(f"docs/coverage.md {'is not current' if options.check else 'written'}")
    return 1 if options.check and not current else 0


if __name__ == "__main__":
    sys.exit(main())
