"""The page in a real browser: nothing hostile runs, nothing is fetched, filters find what they should."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardcheck.findings import Framework, Report, Severity, Status
from tests.unit.render.browser import Page
from tests.unit.render.fixtures import SHOP

VISIBLE = "document.querySelectorAll('#findings .f:not([hidden])').length"


@pytest.fixture
def opened(page: Page, pages: Path) -> Page:
    page.open((pages / "real.html").as_uri())
    return page


def choose(page: Page, **wanted: str) -> int:
    """Set filters as a reader would, and return how many findings are left."""
    page.run("document.getElementById('filters').reset()")
    for name, value in wanted.items():
        field = f"document.getElementById('filters').elements[{name!r}]"
        page.run(f"{field}.value = {str(value)!r}")
        page.run(f"{field}.dispatchEvent(new Event('input', {{bubbles: true}}))")
    page.run("new Promise(done => setTimeout(done, 200))")
    count: int = page.run(VISIBLE)
    return count


def test_nothing_of_a_hostile_report_runs_or_is_fetched(page: Page, pages: Path) -> None:
    address = (pages / "hostile.html").as_uri()
    page.open(address)
    page.run("document.getElementById('open-all').click()")
    page.run("new Promise(done => setTimeout(done, 300))")
    assert "owned" not in page.run("document.title").split(" ")
    assert (
        page.run("document.querySelectorAll('img, iframe, object, embed, link, base, form[action]').length")
        == 0
    )
    assert page.requests == [address]
    assert page.messages == []


def test_the_page_works_without_a_complaint(opened: Page, real: Report) -> None:
    assert opened.messages == []
    assert (
        opened.run("document.getElementById('count').textContent")
        == f"{len(real.findings)} of {len(real.findings)} findings"
    )


def test_without_scripts_filters_are_hidden_and_findings_are_there(page: Page, pages: Path) -> None:
    page.open((pages / "real.html").as_uri(), scripts=False)
    assert page.run("getComputedStyle(document.getElementById('filters')).display") == "none"
    assert page.run("document.querySelectorAll('#findings details.f').length") > 30


@pytest.mark.parametrize("status", list(Status))
def test_the_status_filter_shows_that_status(opened: Page, real: Report, status: Status) -> None:
    assert choose(opened, status=status) == sum(finding.status is status for finding in real.findings)


def test_the_host_filter_shows_that_host(opened: Page, real: Report) -> None:
    assert choose(opened, host="2") == sum(finding.host == SHOP for finding in real.findings)
    assert opened.run("document.querySelectorAll('#findings .host:not([hidden])').length") == 1


def test_the_severity_filter_shows_that_severity_and_above(opened: Page, real: Report) -> None:
    severities = {rule.id: rule.severity for rule in real.rules}
    high = sum(severities[finding.rule].at_least(Severity.HIGH) for finding in real.findings)
    assert choose(opened, severity="1") == high


@pytest.mark.parametrize(
    "framework", [Framework.SELINUX, Framework.APPARMOR, Framework.NEITHER, Framework.ANY]
)
def test_the_framework_filter_shows_that_side(opened: Page, real: Report, framework: Framework) -> None:
    expected = sum(finding.framework is framework for finding in real.findings)
    assert expected
    assert choose(opened, framework=framework) == expected


def test_the_control_filter_shows_the_evidence_of_that_control(opened: Page, real: Report) -> None:
    value = opened.run(
        "[...document.querySelectorAll('#filters option')].find(o => o.textContent.startsWith('7.3.3')).value"
    )
    (control,) = [one for profile in real.profiles for one in profile.controls if one.id == "7.3.3"]
    assert choose(opened, control=value) == sum(finding.rule in control.rules for finding in real.findings)


def test_a_control_of_the_matrix_sets_the_filter(opened: Page) -> None:
    opened.run(
        "[...document.querySelectorAll('a[data-control]')].find(a => a.textContent === '10.6.1').click()"
    )
    opened.run("new Promise(done => setTimeout(done, 200))")
    assert opened.run(VISIBLE) == 3


def test_the_text_filter_finds_words_of_a_finding(opened: Page) -> None:
    assert choose(opened, text="CROND_T is permissive") == 1
    assert choose(opened, text="no such words") == 0
    assert opened.run("document.getElementById('none').hidden") is False


def test_filters_work_together(opened: Page, real: Report) -> None:
    expected = sum(finding.host == SHOP and finding.status is Status.FAIL for finding in real.findings)
    assert choose(opened, host="2", status="fail") == expected


def test_a_passed_finding_that_matches_is_unfolded(opened: Page) -> None:
    choose(opened, status="pass")
    assert opened.run("document.querySelectorAll('#findings .rest[open]').length") == 3


def test_an_opened_failure_shows_both_frameworks_side_by_side(opened: Page) -> None:
    opened.run("document.querySelector('#findings details.f[data-w=selinux][data-s=fail]').open = true")
    opened.run("new Promise(done => setTimeout(done, 200))")
    names = opened.run(
        "[...document.querySelectorAll('#findings details.f[open] .side-name')].map(n => n.textContent)"
    )
    assert names == ["SELinux, with this host's values", "AppArmor"]
    assert "aa-enforce" in opened.run("document.querySelector('#findings details.f[open]').textContent")


def test_a_link_to_a_folded_check_opens_it(opened: Page) -> None:
    opened.run("location.hash = '#r3'")
    opened.run("new Promise(done => setTimeout(done, 200))")
    assert opened.run("document.getElementById('r3').open") is True


def test_the_theme_can_be_chosen(opened: Page) -> None:
    colours = []
    for _ in range(3):
        opened.run("document.getElementById('theme').click()")
        colours.append(opened.run("getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]


def test_every_command_can_be_copied(opened: Page) -> None:
    opened.run("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    opened.run("new Promise(done => setTimeout(done, 200))")
    assert opened.run("document.querySelectorAll('pre.cmd:not(:has(.copy))').length") == 0
    opened.run("document.querySelector('#remedies .copy').click()")
    opened.run("new Promise(done => setTimeout(done, 200))")
    assert opened.run("document.querySelector('#remedies .copy').textContent") in ("Copied", "Selected")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_keeps_its_contrast(opened: Page, theme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text; a status, a muted text and a link on their backgrounds."""
    opened.run(f"document.documentElement.dataset.theme = {theme!r}")
    ratios = opened.run(
        """(() => {
        const parse = c => c.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
            .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = n => { for (; n; n = n.parentElement) {
            const c = parse(getComputedStyle(n).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } };
        return ['.st-pass', '.st-fail', '.st-unknown', '.st-error', '.st-manual', '.st-not_applicable',
                '.muted', 'main a', '.sev-low', '.label', '.obs', '.side-nav a', '.idle th',
                'pre.cmd'].map(s => {
            const n = document.querySelector(s);
            const a = light(parse(getComputedStyle(n).color)), b = light(ground(n));
            return [s, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]; });
        })()"""
    )
    assert [(name, ratio) for name, ratio in ratios if ratio < 4.5] == []
