"""What a PDF holds: the whole report, the summary of a fleet, or the pages of one host."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from hardcheck.findings import Framework, Remedy, Report
from hardcheck.render.causes import causes
from hardcheck.render.controls import matrices
from hardcheck.render.denials import denials_view
from hardcheck.render.exposure import exposures
from hardcheck.render.template import environment
from hardcheck.render.view import Appendix, HostView, ReportView, RuleView, arrange


class Scope(Enum):
    """How much of the report one document holds."""

    WHOLE = "whole"
    SUMMARY = "summary"  # of many hosts: without findings and evidence, which the hosts' documents have
    HOST = "host"


_CHAPTERS = {
    "summary": "Summary",
    "scope": "Scope and method",
    "exposure": "What a compromised service could do",
    "denials": "What was refused, and what is ready to enforce",
    "compare": "SELinux beside AppArmor",
    "controls": "Controls",
    "answers": "Waivers and attestations",
    "findings": "Findings by host",
    "unjudged": "What could not be judged, and why",
    "remedies": "Remediation",
    "evidence": "Appendix: evidence",
}
_LEFT_OUT = {
    Scope.WHOLE: (),
    Scope.SUMMARY: ("findings", "evidence"),
    Scope.HOST: ("compare",),
}
_LISTED_HOSTS = 500
_W3C_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Document:
    """The frame of one document: its chapters in order, by anchor, and what its front says."""

    title: str
    subject: str
    date: str  # for the metadata; empty when the report has no valid one
    chapters: dict[str, str]
    host: HostView | None
    brief: bool  # many hosts: a line each, their findings elsewhere
    most_failures: int

    def listed(self, hosts: Sequence[HostView]) -> Sequence[HostView]:
        """The hosts that a table lists; the rest are counted below it, to bound the pages."""
        return hosts[:_LISTED_HOSTS]

    def number(self, chapter: str) -> str:
        """The chapter's number."""
        return str(list(self.chapters).index(chapter) + 1) if chapter in self.chapters else ""

    def column(self, host: HostView) -> str:
        """A short head for a host's column of the control matrix."""
        return f"H{host.number}"

    def side_by_side(self, rule: RuleView) -> Iterator[tuple[Remedy | None, Remedy | None]]:
        """The remedies of the two frameworks in pairs; one side may have more of them."""
        selinux = rule.remedies.get(Framework.SELINUX, ())
        apparmor = rule.remedies.get(Framework.APPARMOR, ())
        return itertools.zip_longest(selinux, apparmor)


def document_html(report: Report, scope: Scope = Scope.WHOLE) -> str:
    """The document's source, for the typesetter; a HOST document is of a report with that host alone.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
    """
    view = arrange(report, Appendix.CITED)
    return (
        environment()
        .get_template("document.html.j2")
        .render(
            report=report,
            view=view,
            matrices=matrices(view),
            exposed=exposures(report, view),
            denied=denials_view(view),
            causes=causes(view),
            doc=_document(report, view, scope),
        )
    )


def _document(report: Report, view: ReportView, scope: Scope) -> Document:
    host = view.hosts[0] if scope is Scope.HOST else None
    chapters = {key: title for key, title in _CHAPTERS.items() if key not in _LEFT_OUT[scope]}
    if not view.objectives:
        chapters.pop("compare", None)
    if report.exposure is None:
        chapters.pop("exposure")
    if all(one.result.denials is None for one in view.hosts):
        chapters.pop("denials")
    if not report.profiles:
        chapters.pop("controls", None)
    if not (report.overlays.waivers or report.overlays.attestations):
        chapters.pop("answers", None)
    if not view.failures:
        chapters.pop("remedies", None)
    if host is not None:
        chapters["findings"] = "Findings"
    return Document(
        title=f"{report.title}: {host.result.name}" if host else report.title,
        subject=f"{len(view.hosts)} hosts in scope, {len(view.reached)} reached",
        date=report.generated_at if _W3C_TIME.fullmatch(report.generated_at) else "",
        chapters=chapters,
        host=host,
        brief=scope is Scope.SUMMARY,
        most_failures=max([1, *view.failed_by_severity.values()]),
    )
