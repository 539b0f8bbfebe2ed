"""The part on denials: bars of the right height, verdicts that go together, no part without one."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.findings.denials import HostDenials, ServiceDays
from hardcheck.render.denials import denials_view
from hardcheck.render.document import document_html
from hardcheck.render.plot import draw_days
from hardcheck.render.view import Appendix, arrange
from tests.unit.render.fixture_denials import REFUSED
from tests.unit.render.fixtures import WEB, realistic_report


def test_bars_stand_on_each_other_and_the_highest_day_fills_the_height() -> None:
    plot = draw_days(REFUSED)
    assert plot is not None
    by_day: dict[float, list[float]] = {}
    for bar in plot.bars:
        by_day.setdefault(bar.x, []).append(bar.height)
    heights = [sum(parts) for parts in by_day.values()]
    totals = [sum(one.lines[place] for one in REFUSED.services) for place in range(len(REFUSED.days))]
    assert heights[totals.index(max(totals))] == pytest.approx(max(heights))
    assert heights[0] / max(heights) == pytest.approx(totals[0] / max(totals), abs=0.02)
    assert plot.names == ("nginx.service", "php-fpm.service", "others")
    assert all(bar.y >= 0 and bar.y + bar.height <= plot.floor + 0.1 for bar in plot.bars)
    assert all(bar.x + bar.width <= plot.width for bar in plot.bars)
    assert plot.counts[0].text == str(max(totals))


@pytest.mark.parametrize(
    "denials",
    [HostDenials(), HostDenials(days=("2026-11-01",), services=(ServiceDays("x", (0,)),))],
    ids=["no-days", "no-lines"],
)
def test_nothing_is_drawn_where_nothing_was_refused(denials: HostDenials) -> None:
    assert draw_days(denials) is None


def test_what_only_logs_and_differs_in_the_name_alone_is_one_row() -> None:
    view = denials_view(arrange(realistic_report(), Appendix.CITED))
    assert view is not None
    web = next(each for each in view.hosts if each.host.result.name == WEB)
    assert [one.names for one in web.alike] == [("crond_t",), ("smbd_t", "nmbd_t"), ("ntpd_t",)]
    assert web.verdicts == (("ready after steps", 1), ("unknown", 2), ("ready", 1))
    assert view.causes == REFUSED.causes


def test_a_report_without_denials_has_no_part_on_them() -> None:
    report = realistic_report()
    hosts = tuple(msgspec.structs.replace(host, denials=None) for host in report.hosts)
    bare = msgspec.structs.replace(report, hosts=hosts)
    assert denials_view(arrange(bare, Appendix.CITED)) is None
    title = "What was refused"
    assert title in document_html(report)
    assert title not in document_html(bare)
