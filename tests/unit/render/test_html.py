"""The page is one file that fetches nothing, and text of hosts stays text."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import msgspec
import pytest
from tinyhtml5.parser import HTMLParser as Html5Parser

from hardcheck.errors import ConfigError
from hardcheck.findings import Report, Status
from hardcheck.render.document import document_html
from hardcheck.render.sanitise import has_unseen, visible
from tests.unit.render.conftest import rendered
from tests.unit.render.fixtures import fleet_report, with_evidence

ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "a", "div", "nav", "p", "ul", "li", "button", "main"),
    *("header", "section", "footer", "h1", "h2", "h3", "h4", "b", "i", "br", "span", "time", "caption"),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "ol", "dl", "dt", "dd", "article", "wbr"),
    *("path", "text"),
    *(
        "form",
        "label",
        "select",
        "option",
        "optgroup",
        "input",
        "output",
        "details",
        "summary",
        "code",
        "pre",
    ),
    "script",
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "href", "id", "role", "type", "scope"),
    *("aria-label", "aria-labelledby", "aria-hidden", "aria-live", "colspan", "rowspan", "value", "label"),
    *("viewbox", "preserveaspectratio", "fill", "width", "height", "x", "autocomplete", "spellcheck"),
    *("d", "y", "stroke", "stroke-width", "font-size", "font-family", "text-anchor"),
    *("hidden", "data-r", "data-s", "data-w", "data-host", "data-rule", "data-part", "data-control"),
}
VOID = {"meta", "br", "input", "wbr"}


class Seen(HTMLParser):
    """Collects elements, attributes and text, and checks that every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.scripts: list[dict[str, str | None]] = []
        self.raw: dict[str, list[str]] = {"style": [], "script": []}
        self.text: list[str] = []
        self.ids: list[str] = []
        self.open: list[str] = []
        self.comments = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag == "script":
            self.scripts.append(dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.raw:
            self.raw[self.open[-1]].append(data)
        else:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments += 1


def parsed(page: str) -> Seen:
    seen = Seen()
    seen.feed(page)
    seen.close()
    assert seen.open == []
    return seen


@pytest.fixture(scope="module")
def hostile_seen(hostile_page: str) -> Seen:
    return parsed(hostile_page)


def test_hostile_text_makes_no_element_attribute_or_comment(hostile_seen: Seen) -> None:
    assert hostile_seen.elements <= ELEMENTS
    assert {name for _, name, _ in hostile_seen.attributes} <= ATTRIBUTES
    assert hostile_seen.comments == 0
    assert len(hostile_seen.scripts) == 2
    assert [script.get("type") for script in hostile_seen.scripts] == ["application/json", None]


def test_the_page_and_the_source_of_the_pdf_have_no_fault_of_form(hostile_page: str, hostile: Report) -> None:
    for document in (hostile_page, document_html(hostile)):
        parser = Html5Parser()
        parser.parse(document)
        assert parser.errors == []


def test_every_link_stays_inside_the_page(hostile_seen: Seen) -> None:
    links = [value for _, name, value in hostile_seen.attributes if name == "href"]
    assert links
    assert {value for value in links if not re.fullmatch(r"#[a-z0-9-]+", value)} == set()
    assert {value[1:] for value in links} <= set(hostile_seen.ids)


def test_ids_are_unique(hostile_seen: Seen) -> None:
    assert len(hostile_seen.ids) == len(set(hostile_seen.ids))


def test_host_text_is_never_in_an_attribute_but_labels(hostile_seen: Seen, hostile: Report) -> None:
    carrying = {
        (tag, name) for tag, name, value in hostile_seen.attributes if "example" in value or "owned" in value
    }
    assert carrying <= {("meta", "content"), ("optgroup", "label")}


def test_no_control_or_bidi_character_is_in_the_page(hostile_page: str) -> None:
    assert not has_unseen(hostile_page.replace("\n", "").replace("\t", ""))


def test_hostile_text_can_be_read_in_full(hostile_seen: Seen, hostile: Report) -> None:
    text = "".join(hostile_seen.text)
    for finding in hostile.findings:
        assert visible(finding.observed, 200) in text
        if finding.status is Status.FAIL:
            assert visible(finding.expected) in text
            assert all(visible(item, 400) in text for item in finding.items)


def test_the_policy_allows_its_own_style_and_script_and_nothing_else(
    hostile_page: str, hostile_seen: Seen
) -> None:
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', hostile_page)
    style, (_, script) = hostile_seen.raw["style"], hostile_seen.raw["script"]

    def sha256(text: str) -> str:
        return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    assert policy == (
        f"default-src 'none'; style-src '{sha256(''.join(style))}'; script-src '{sha256(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_style_and_script_fetch_nothing(real_page: str) -> None:
    seen = parsed(real_page)
    style = "".join(seen.raw["style"])
    assert "url(" not in style
    assert "@import" not in style
    script = "".join(seen.raw["script"])
    assert not re.search(r"fetch\(|XMLHttpRequest|import\(|innerHTML|eval\(|https?:", script)


def unsettled(report: Report) -> set[str]:
    """The rules that a host fails or that could not be judged on one: those whose remedies are told."""
    open_ = (Status.FAIL, Status.UNKNOWN, Status.ERROR)
    return {finding.rule for finding in report.findings if finding.status in open_}


def test_everything_is_readable_without_scripts(real_page: str, real: Report) -> None:
    text = "".join(parsed(real_page).text)
    cited = {ref.key for finding in real.findings for ref in finding.evidence}
    for rule in real.rules:
        assert rule.rationale in text
        if rule.id in unsettled(real):
            assert all(remedy.may_break in text for remedy in rule.remedies)
            assert all(remedy.ansible.strip() in text for remedy in rule.remedies)
    for host in real.hosts:
        assert host.cure in text
        assert host.failure in text
        assert all(ref.sha256 in text for ref in host.evidence if ref.reason is None and ref.key in cited)
    for profile in real.profiles:
        assert all(control.title in text for control in profile.controls)


def test_a_rule_and_its_remedies_stand_once_where_they_are_needed(real_page: str, real: Report) -> None:
    told = unsettled(real)
    for rule in real.rules:
        if rule.id.startswith("sysctl-"):
            task = f'tasks</summary><pre class="cmd"><code>- name: Set {rule.rationale.split()[3]}\n'
            assert real_page.count(task) == (1 if rule.id in told else 0)


def test_a_status_is_never_told_by_colour_alone(real_page: str) -> None:
    for cell in re.findall(r'<span class="st st-[^>]*>(.*?)</span>', real_page):
        assert re.sub(r"<i.*?</i>", "", cell).strip()
    for cell in re.findall(r'<td class="c st-[^>]*>(.*?)</td>', real_page):
        assert '<span class="vh">' in cell


def test_tables_have_headers_and_landmarks_are_there(real_page: str) -> None:
    for table in re.findall(r"<table.*?</table>", real_page, re.S):
        assert 'scope="col"' in table or 'scope="row"' in table
    for landmark in ("<nav ", "<main ", "<footer>", "<header ", '<html lang="en">', 'class="skip"'):
        assert landmark in real_page


def test_the_report_of_four_hosts_is_small(real: Report) -> None:
    assert len(rendered("html", with_evidence(real, 280))) < 1_000_000


def test_the_report_of_a_hundred_hosts_stays_under_five_megabytes() -> None:
    page = rendered("html", with_evidence(fleet_report(100), 280))
    assert len(page) < 5_000_000
    seen = parsed(page.decode())
    links = {value[1:] for _, name, value in seen.attributes if name == "href"}
    assert links <= set(seen.ids)


def test_texts_of_ten_megabytes_do_not_swell_the_page(small: Report) -> None:
    flood = "A<b>\x1b" * 2_500_000
    finding = msgspec.structs.replace(
        small.findings[0], observed=flood, expected=flood, items=(flood,) * 200, detail=flood
    )
    page = rendered("html", msgspec.structs.replace(small, findings=(finding, *small.findings[1:])))
    assert len(page) < 400_000
    assert b"12,500,000 characters in all" in page
    assert b"and 150 more" in page


def test_a_scope_without_hosts_rules_or_profiles_has_a_page(small: Report) -> None:
    empty = msgspec.structs.replace(small, hosts=(), findings=(), rules=(), profiles=())
    assert "0 hosts in scope" in rendered("html", empty).decode()


def test_a_finding_of_an_unknown_host_is_refused_in_one_line(small: Report) -> None:
    stray = msgspec.structs.replace(small.findings[0], host="nowhere")
    with pytest.raises(ConfigError, match="nowhere"):
        rendered("html", msgspec.structs.replace(small, findings=(stray,)))
