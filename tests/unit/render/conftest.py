"""Documents that several tests look at, rendered once a session."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardcheck.findings import Report
from hardcheck.render import renderer
from tests.unit.render.browser import Page, browser
from tests.unit.render.fixture_hostile import hostile_report, poisoned
from tests.unit.render.fixtures import realistic_report, small_report


def rendered(name: str, report: Report) -> bytes:
    out = io.BytesIO()
    renderer(name)(report, out)
    return out.getvalue()


@pytest.fixture(scope="session")
def real() -> Report:
    return realistic_report()


@pytest.fixture(scope="session")
def hostile() -> Report:
    return hostile_report()


@pytest.fixture(scope="session")
def small() -> Report:
    return small_report()


@pytest.fixture(scope="session")
def real_page(real: Report) -> str:
    return rendered("html", real).decode()


@pytest.fixture(scope="session")
def hostile_page(hostile: Report) -> str:
    return rendered("html", hostile).decode()


@pytest.fixture(scope="session")
def real_pdf_and_seconds(real: Report) -> tuple[bytes, float]:
    """The PDF of the realistic report, and the processor time that it took."""
    begin = time.process_time()
    return rendered("pdf", real), time.process_time() - begin


@pytest.fixture(scope="session")
def real_pdf(real_pdf_and_seconds: tuple[bytes, float]) -> bytes:
    return real_pdf_and_seconds[0]


@pytest.fixture(scope="session")
def hostile_pdf() -> bytes:
    """Of the small report, as every hostile string is in it and a short document tells as much."""
    return rendered("pdf", poisoned(small_report()))


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, real_page: str, hostile_page: str) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "real.html").write_text(real_page, encoding="utf-8")
    (folder / "hostile.html").write_text(hostile_page, encoding="utf-8")
    return folder
