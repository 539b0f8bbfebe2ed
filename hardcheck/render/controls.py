"""The control matrix: every control of a profile in the standard's order, beside every host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from hardcheck.findings import ControlResult, Coverage, ProfileResult, Standing, Status
from hardcheck.render.view import Bar, ReportView, RuleView, score_bar

MATRIX_HOSTS = 12
"""With more hosts than this a row shows how many have each status, not a column for each."""


@dataclass(frozen=True, slots=True)
class ControlRow:
    """One control. ``cells`` has a status for every host, None where the profile says nothing of it;
    ``depth`` is how far it is below the top of its standard; ``unknown_rules`` are rules that the
    report does not describe."""

    number: int  # in the whole report, as `ControlRef.number`
    control: ControlResult
    depth: int
    cells: tuple[Status | None, ...]
    rules: tuple[RuleView, ...]
    unknown_rules: tuple[str, ...]
    counts: Mapping[Status, int]
    failing_hosts: tuple[str, ...]

    @property
    def heading(self) -> bool:
        """Whether it is a part of the standard that only groups others, and has no verdict."""
        return self.control.attributes.get("kind") == "heading"

    @property
    def standing(self) -> Standing | None:
        """Where it stands, None where that says no more than the verdict."""
        standing = self.control.standing
        return None if standing in _SAYS_NO_MORE.get(self.control.status, ()) else standing

    def part(self, status: Status | None) -> bool:
        """Whether a pass says only that a part of the control holds."""
        return status is Status.PASS and self.control.coverage is not Coverage.AUTOMATED

    @property
    def attributes(self) -> Mapping[str, str]:
        """What the standard says of it beside its title: level, baseline ..."""
        return {name: value for name, value in self.control.attributes.items() if name != "kind"}


_SAYS_NO_MORE = {
    Status.FAIL: (Standing.NOT_MET,),
    Status.UNKNOWN: (Standing.OPEN,),
    Status.NOT_APPLICABLE: (Standing.NOT_APPLICABLE,),
    Status.PASS: (Standing.PART,),
}


@dataclass(frozen=True, slots=True)
class Matrix:
    """One audit profile over the scope. ``wide`` when every host has a column of its own."""

    number: int
    profile: ProfileResult
    bar: Bar | None
    rows: tuple[ControlRow, ...]
    wide: bool

    @property
    def counted(self) -> tuple[ControlRow, ...]:
        """Rows that have a verdict: all but the headings."""
        return tuple(row for row in self.rows if not row.heading)

    @property
    def answered(self) -> tuple[ControlRow, ...]:
        """Rows that have rules: those that a host's evidence says something about."""
        return tuple(row for row in self.rows if row.control.rules)


def matrices(view: ReportView) -> tuple[Matrix, ...]:
    """The matrix of every profile, in the report's order."""
    result = []
    first = 0
    for number, profile in enumerate(view.report.profiles, 1):
        rows = _rows(profile, view, first)
        first += len(rows)
        wide = len(view.hosts) <= MATRIX_HOSTS
        result.append(Matrix(number, profile, score_bar(profile.score), rows, wide))
    return tuple(result)


def _rows(profile: ProfileResult, view: ReportView, first: int) -> tuple[ControlRow, ...]:
    by_id = {rule.info.id: rule for rule in view.rules}
    parents = {control.id: control.parent for control in profile.controls}
    names = [host.result.name for host in view.hosts]
    rows = []
    for number, control in enumerate(profile.controls, first + 1):
        cells = tuple(control.hosts.get(name) for name in names)
        rows.append(
            ControlRow(
                number=number,
                control=control,
                depth=_depth(control.id, parents),
                cells=cells,
                rules=tuple(by_id[rule] for rule in control.rules if rule in by_id),
                unknown_rules=tuple(rule for rule in control.rules if rule not in by_id),
                counts=Counter(cell for cell in cells if cell is not None),
                failing_hosts=tuple(
                    name for name, cell in zip(names, cells, strict=True) if cell is Status.FAIL
                ),
            )
        )
    return tuple(rows)


def _depth(control: str, parents: Mapping[str, str]) -> int:
    """Steps up to a control without parent; a circle of parents ends where it began."""
    depth = 0
    seen = {control}
    while (control := parents.get(control, "")) and control not in seen:
        seen.add(control)
        depth += 1
    return depth
