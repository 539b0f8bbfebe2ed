"""The PDF holds what an auditor hands over, fetches nothing, and hostile text stays text."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pytest

from hardcheck.errors import UsageError
from hardcheck.findings import Report, Status
from hardcheck.render import pdf
from hardcheck.render.document import Scope, document_html
from hardcheck.render.sanitise import has_unseen, visible
from hardcheck.render.single import single_host
from tests.unit.render.conftest import rendered
from tests.unit.render.fixture_hostile import HOSTILE
from tests.unit.render.fixtures import SHOP, fleet_report, realistic_report, with_evidence


def text_of(document: bytes) -> str:
    """All text, with what line breaks and hyphenation did to it undone."""
    return "".join(
        "".join(page.extract_text().split()) for page in pypdf.PdfReader(io.BytesIO(document)).pages
    )


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def real_text(real_pdf: bytes) -> str:
    return text_of(real_pdf)


def test_a_report_of_four_hosts_is_made_in_time(real_pdf_and_seconds: tuple[bytes, float]) -> None:
    document, seconds = real_pdf_and_seconds
    assert len(pypdf.PdfReader(io.BytesIO(document)).pages) <= 50
    assert seconds < 20


@pytest.mark.parametrize(
    "words",
    ["Contents", "Summary", "Scope and method", "SELinux beside AppArmor", "Controls",
     "Findings by host", "What could not be judged, and why", "Remediation", "Appendix: evidence",
     "Verdict per host", "Top risks, and what to do first", "Hosts not reached"],
)  # fmt: skip
def test_a_part_is_there(real_text: str, words: str) -> None:
    assert squeezed(words) in real_text


def test_every_failure_tells_expected_observed_and_evidence(real_text: str, real: Report) -> None:
    for finding in real.findings:
        if finding.status is Status.FAIL:
            assert squeezed(finding.observed) in real_text
            assert squeezed(finding.expected) in real_text
            assert all(ref.sha256[:16] in real_text for ref in finding.evidence if ref.reason is None)


def test_remedies_of_both_frameworks_are_there(real_text: str) -> None:
    for words in (
        *("grubby --update-kernel", "aa-enforce /etc/apparmor.d", "ansible.posix.selinux"),
        *("What may break", "Roll back", "Verify", "Needs a reboot"),
    ):
        assert squeezed(words) in real_text


def test_unknowns_their_reason_and_their_cure_are_there(real_text: str, real: Report) -> None:
    assert squeezed("auditctl: must be root") in real_text
    assert all(squeezed(host.cure) in real_text for host in real.hosts)
    assert squeezed("no answer from 192.0.2.44 port 22") in real_text


def test_every_item_that_a_finding_rests_on_has_its_whole_digest(real_text: str, real: Report) -> None:
    cited = {ref.sha256 for finding in real.findings for ref in finding.evidence if ref.reason is None}
    assert len(cited) > 50
    assert all(digest in real_text for digest in cited)


def test_items_that_no_finding_rests_on_are_counted_and_missing_ones_listed(small: Report) -> None:
    source = document_html(with_evidence(small, 280))
    assert "306 items asked for" in source
    assert "file-17" not in source
    assert "/sys/fs/selinux/policy" in source  # not present on the AppArmor host


def test_it_is_tagged_has_bookmarks_metadata_and_page_numbers(real_pdf: bytes, real: Report) -> None:
    reader = pypdf.PdfReader(io.BytesIO(real_pdf))
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"].value
    assert root["/Lang"] == "en"
    assert reader.metadata is not None
    assert reader.metadata.title == real.title
    assert str(reader.metadata.creation_date) == "2026-11-20 14:05:09+00:00"
    chapters = [item["/Title"] for item in reader.outline if not isinstance(item, list)]
    assert chapters[0] == "1 Summary"
    assert chapters[-1] == "10 Appendix: evidence"
    assert f"{len(reader.pages)} / {len(reader.pages)}" in reader.pages[-1].extract_text()


def _annotations(reader: pypdf.PdfReader) -> list[Any]:
    return [note.get_object() for page in reader.pages for note in page.get("/Annots", [])]


def test_hostile_text_makes_no_link_script_or_attachment(hostile_pdf: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(hostile_pdf))
    notes = _annotations(reader)
    assert notes, "the contents list has links"
    assert {note["/Subtype"] for note in notes} == {"/Link"}
    assert [note for note in notes if "/A" in note and note["/A"]["/S"] != "/GoTo"] == []
    for name in ("/OpenAction", "/AA", "/AcroForm"):
        assert name not in reader.root_object
    names = reader.root_object.get("/Names", {})
    assert "/JavaScript" not in names
    assert "/EmbeddedFiles" not in names
    assert reader.attachments == {}


def test_hostile_text_is_there_as_text(hostile_pdf: bytes) -> None:
    text = text_of(hostile_pdf)
    missing = [attack for attack in HOSTILE if squeezed(visible(attack)) not in text]
    assert missing == []
    assert not has_unseen(text)
    assert "root:x:0" not in text


def test_the_typesetter_may_fetch_nothing(small: Report) -> None:
    with pytest.raises(ValueError, match="refused"):
        pdf.Refusal()("file:///etc/passwd")


@pytest.mark.filterwarnings("ignore")
def test_a_document_that_asks_for_a_file_gets_nothing(monkeypatch: pytest.MonkeyPatch, small: Report) -> None:
    """Should escaping ever fail, the typesetter still reads no file."""
    asked: list[str] = []

    class Listening(pdf.Refusal):
        def __call__(self, url: str, *rest: Any, **more: Any) -> Any:
            asked.append(url)
            return super().__call__(url, *rest, **more)

    monkeypatch.setattr(pdf, "Refusal", Listening)
    monkeypatch.setattr(
        pdf,
        "document_html",
        lambda *_: "<img src='file:///etc/hostname'><link rel=stylesheet href='http://x.example/'>",
    )
    rendered("pdf", small)
    assert asked == ["http://x.example/", "file:///etc/hostname"]


def test_the_same_report_gives_the_same_bytes(small: Report) -> None:
    assert rendered("pdf", small) == rendered("pdf", small)


def test_a_date_that_is_none_is_left_out(small: Report) -> None:
    odd = msgspec.structs.replace(small, generated_at='"><script>')
    source = document_html(odd)
    assert "dcterms.created" not in source
    assert "<script>" not in source


def test_a_fleet_gets_a_summary_and_a_document_for_each_host(tmp_path: Path, small: Report) -> None:
    fleet = fleet_report(7, small)
    named = msgspec.structs.replace(fleet.hosts[0], reached=False)
    fleet = msgspec.structs.replace(fleet, hosts=(named, *fleet.hosts[1:]))
    assert not pdf.fits_one_document(fleet)
    with ThreadPoolExecutor(1) as executor:
        tasks = pdf.documents(fleet, tmp_path)
        assert [task.path.name for task in tasks][:2] == ["report.pdf", "002-node001.shop2.example.pdf"]
        assert len(tasks) == 7
        written = pdf.write_documents(tasks[:2], executor)
    assert [path.read_bytes()[:5] for path in written] == [b"%PDF-", b"%PDF-"]
    summary, host = (text_of(path.read_bytes()) for path in written)
    assert "Evidenceofeachhost" not in host
    assert "node006.web1.example" in summary
    assert "node006.web1.example" not in host
    assert squeezed("2 of 38 profiles are in complain mode") in host


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "001-etc_passwd.pdf"),
        ("", "001-host.pdf"),
        ("a b\x00\u202e.example", "001-a_b_.example.pdf"),
    ],
)
def test_a_host_name_cannot_choose_where_its_document_goes(tmp_path: Path, name: str, file: str) -> None:
    fleet = fleet_report(6)
    hosts = (msgspec.structs.replace(fleet.hosts[0], name=name), *fleet.hosts[1:])
    fleet = msgspec.structs.replace(fleet, hosts=hosts, findings=())
    task = pdf.documents(fleet, tmp_path)[1]
    assert task.path == tmp_path / "hosts" / file


def test_the_document_of_a_host_speaks_of_that_host_alone() -> None:
    source = document_html(single_host(realistic_report(), SHOP), Scope.HOST)
    assert "shop2.example" in source
    assert "web1.example" not in source
    assert "db3.example" not in source


def test_texts_of_ten_megabytes_do_not_swell_the_document(small: Report) -> None:
    flood = "A" * 10_000_000
    remedy = msgspec.structs.replace(small.rules[0].remedies[0], steps=(flood,), ansible=flood)
    finding = msgspec.structs.replace(
        small.findings[0], observed=flood, items=(flood,) * 100, remedies=(remedy,), literal_note=flood
    )
    flooded = msgspec.structs.replace(small, findings=(finding, *small.findings[1:]))
    reader = pypdf.PdfReader(io.BytesIO(rendered("pdf", flooded)))
    assert len(reader.pages) < 40


def test_a_scope_without_hosts_has_a_document(small: Report) -> None:
    empty = msgspec.structs.replace(small, hosts=(), findings=(), rules=(), profiles=())
    assert "0hostsinscope" in text_of(rendered("pdf", empty))


def test_missing_system_libraries_are_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, small: Report
) -> None:
    import builtins

    real_import = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real_import(name, *rest, **more)

    pdf._engine.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"libpango-1\.0-0.*fonts-dejavu-core"):
        rendered("pdf", small)
    pdf._engine.cache_clear()
