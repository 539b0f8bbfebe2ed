"""The report for a terminal: a line a host, then what fails, what could not be judged, and why."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from tabulate import tabulate

from hardcheck.findings import Report, Status
from hardcheck.render.sanitise import visible
from hardcheck.render.text_controls import answer_lines, control_lines
from hardcheck.render.view import (
    OBSERVED_SHOWN,
    Bar,
    Failure,
    FindingView,
    HostView,
    ReportView,
    arrange,
)
from hardcheck.render.words import FRAMEWORK, SEVERITY, STATUS, plural, reason_word

WIDTH = 100
_NARROW = 96
_NARROWEST = 72
_HOSTS_OF_A_RULE = 6
_ITEMS = 3
_FIXED_COLUMNS = 11 + 7 + 10 + 6 + 12 + 2 * 6  # all but host and verdict, with the table's gaps
_INDENT = "    "


def render(report: Report, out: BinaryIO, width: int = WIDTH) -> None:
    """Write UTF-8 lines of at most ``width`` columns where the words allow it.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
    """
    width = max(width, _NARROWEST)
    for line in _report(arrange(report), width):
        out.write(line.rstrip().encode() + b"\n")


def _report(view: ReportView, width: int) -> Iterator[str]:
    yield from _wrap(visible(view.report.title), width)
    yield from _wrap(
        f"{plural(len(view.hosts), 'host')} in scope, {len(view.reached)} reached; "
        f"{plural(len(view.rules), 'check')} each; evidence until {visible(view.report.generated_at, 40)}",
        width,
    )
    yield from _wrap(f"Score {_score(view.bar)}", width)
    if view.waived_bar is not None:
        yield from _wrap(f"Score without the waived findings {_score(view.waived_bar)}", width)
    yield ""
    yield from _hosts(view, width)
    for line in control_lines(view.report):
        yield from _wrap(line, width, hang=4)
    yield from _failures(view, width)
    yield from _unjudged(view, width)
    yield from _unreached(view, width)
    for line in answer_lines(view.report.overlays):
        yield from _wrap(line, width, hang=6)


def _score(bar: Bar | None) -> str:
    if bar is None:
        return "none: nothing that applies was checked"
    return f"{bar.passed} % passed, {bar.failed} % failed, {bar.unjudged} % not judged (weighted by severity)"


def _hosts(view: ReportView, width: int) -> Iterator[str]:
    """The table of hosts; a narrow terminal has the verdicts below it."""
    if not view.hosts:
        return
    narrow = width < _NARROW
    rows = [_host(host) for host in view.hosts]
    fixed = _FIXED_COLUMNS if not narrow else _FIXED_COLUMNS - 2
    longest = max(len(row[0]) for row in rows)
    name_width = min(longest, max(10, (width - fixed) // (1 if narrow else 2)))
    columns = [
        ("Host", "left", name_width),
        ("Framework", "left", None),
        ("Mandatory access control", "left", max(12, width - fixed - name_width)),
        ("Score", "right", None),
        ("Coverage", "right", None),
        ("Fail", "right", None),
        ("Not judged", "right", None),
    ]
    if narrow:
        del columns[2]
    heads, align, widths = zip(*columns, strict=True)
    table = tabulate(
        [row[:2] + row[3:] if narrow else row for row in rows],
        heads,
        tablefmt="simple",
        colalign=align,
        maxcolwidths=list(widths),
        disable_numparse=True,
    )
    yield from table.splitlines()
    yield ""
    if narrow:
        for row in rows:
            yield from _wrap(f"{row[0]}: {row[2]}", width, hang=4)
        yield ""


def _host(host: HostView) -> tuple[str, ...]:
    name = visible(host.result.name, 120)
    framework = FRAMEWORK[host.result.framework].word
    if not host.result.reached:
        return (name, framework, "? not reached", "-", "-", "-", "-")
    score = f"{host.bar.passed} %" if host.bar else "none"
    coverage = f"{100 - host.bar.unjudged} %" if host.bar else "none"
    failed = str(len(host.of(Status.FAIL)))
    verdict = visible(host.result.verdict, 300)
    return (name, framework, verdict, score, coverage, failed, str(host.unjudged_count))


def _failures(view: ReportView, width: int) -> Iterator[str]:
    if not view.failures:
        yield f"{STATUS[Status.FAIL].symbol} No check failed."
        yield ""
        return
    count = sum(len(failure.findings) for failure in view.failures)
    checks = plural(len(view.failures), "check")
    yield f"Failed: {plural(count, 'finding')} of {checks}, the most severe first"
    yield ""
    for failure in view.failures:
        yield from _failure(failure, width)
    yield ""


def _failure(failure: Failure, width: int) -> Iterator[str]:
    rule = failure.rule.info
    symbol, severity = STATUS[Status.FAIL].symbol, SEVERITY[rule.severity].word
    head = f"{symbol} {severity:<8} {visible(rule.title)} [{visible(rule.id)}]"
    yield from _wrap(head, width, hang=11)
    for view in failure.findings[:_HOSTS_OF_A_RULE]:
        observed = visible(view.finding.observed, OBSERVED_SHOWN)
        if view.finding.waiver:
            observed += f" (waived, {visible(view.finding.waiver, 60)})"
        if view.finding.literal is not None:
            observed += f" (by the letter: {STATUS[view.finding.literal].word.lower()})"
        yield from _wrap(f"{visible(view.finding.host, 120)}: {observed}", width, first=_INDENT, hang=8)
        yield from _items(view, width)
    if len(failure.findings) > _HOSTS_OF_A_RULE:
        yield f"{_INDENT}and {plural(len(failure.findings) - _HOSTS_OF_A_RULE, 'more host', 'more hosts')}"


def _items(view: FindingView, width: int) -> Iterator[str]:
    """The first items, where what was observed does not begin with them already."""
    items = view.listed_items
    if not items or items[0] in view.finding.observed:
        return
    for item in items[:_ITEMS]:
        yield from _wrap(f"- {visible(item, 200)}", width, first=_INDENT * 2, hang=10)
    if len(items) > _ITEMS:
        yield f"{_INDENT * 2}- and {len(items) - _ITEMS} more"


def _unjudged(view: ReportView, width: int) -> Iterator[str]:
    open_hosts = [host for host in view.reached if host.unjudged]
    if not open_hosts:
        return
    count = sum(host.unjudged_count for host in open_hosts)
    yield f"Could not be judged: {plural(count, 'finding')}; these never count as passed"
    yield ""
    for host in open_hosts:
        yield visible(host.result.name, 120)
        for group in host.unjudged:
            is_error = group.status is Status.ERROR
            symbol = STATUS[group.status].symbol
            words = "Error in hardcheck" if is_error else reason_word(group.reason).word
            yield f"  {symbol} {words}: {plural(len(group.findings), 'check')}"
            yield from _named(group.findings, width)
        if host.result.cure:
            yield f"{_INDENT}cured by: {visible(host.result.cure)}"
    yield ""


def _named(findings: Sequence[FindingView], width: int) -> Iterator[str]:
    for view in findings[:_HOSTS_OF_A_RULE]:
        detail = f" ({visible(view.finding.detail, 160)})" if view.finding.detail else ""
        yield from _wrap(f"{visible(view.finding.rule)}{detail}", width, first=_INDENT, hang=6)
    if len(findings) > _HOSTS_OF_A_RULE:
        yield f"{_INDENT}and {len(findings) - _HOSTS_OF_A_RULE} more"


def _unreached(view: ReportView, width: int) -> Iterator[str]:
    if not view.unreached:
        return
    yield f"Not reached: {plural(len(view.unreached), 'host')}, still in the denominator of the score"
    yield ""
    for host in view.unreached:
        reason = reason_word(host.result.failure_reason).word.lower()
        text = f"{visible(host.result.name, 120)}: {reason}: {visible(host.result.failure, 300)}"
        yield from _wrap(f"? {text}", width, first="  ", hang=4)
    yield ""


def _wrap(text: str, width: int, first: str = "", hang: int = 0) -> Iterable[str]:
    wrapped = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=" " * hang, break_on_hyphens=False
    )
    return wrapped or [first.rstrip()]
