"""The report as one self-contained page: no network, readable without scripts, from a file too.

The page's policy (CSP) allows its own style sheet and script by their hash and nothing else, so
that markup which came from a host could run nothing even if escaping failed.
"""

from __future__ import annotations

import base64
import hashlib
from typing import BinaryIO

import msgspec
from markupsafe import Markup

from hardcheck.findings import Report, Severity
from hardcheck.render.causes import causes
from hardcheck.render.controls import matrices
from hardcheck.render.denials import denials_view
from hardcheck.render.exposure import exposures
from hardcheck.render.template import environment, style_sheet
from hardcheck.render.view import Appendix, ReportView, arrange

FULL_APPENDIX_HOSTS = 20
"""Up to so many hosts the page lists every item of evidence that a finding rests on."""


def render(report: Report, out: BinaryIO) -> None:
    """Write the page as UTF-8.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
    """
    appendix = Appendix.CITED if len(report.hosts) <= FULL_APPENDIX_HOSTS else Appendix.OPEN
    view = arrange(report, appendix)
    style, script = style_sheet("page.css"), style_sheet("page.js")
    page = environment().get_template("page.html.j2")
    for piece in page.generate(
        report=report,
        view=view,
        matrices=matrices(view),
        exposed=exposures(report, view),
        denied=denials_view(view),
        causes=causes(view),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_filter_data(view),
    ):
        out.write(piece.encode())


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _filter_data(view: ReportView) -> Markup:
    """For each rule number its place in the order of severities and its controls' numbers; ints only."""
    order = list(Severity)
    data = {
        str(rule.number): [
            order.index(rule.info.severity),
            [ref.number for ref in rule.controls],
        ]
        for rule in view.rules
    }
    return Markup(msgspec.json.encode(data).decode())  # noqa: S704 - digits, brackets and commas
