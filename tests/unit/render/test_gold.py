"""Every format against a file that somebody has looked at. How to renew them: tests/gold/README.md."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardcheck.findings import Report
from hardcheck.render import RENDERERS
from hardcheck.render.document import document_html
from tests.unit.render.conftest import rendered

GOLD = Path(__file__).resolve().parents[2] / "gold" / "report"


@pytest.mark.parametrize("name", RENDERERS)
def test_a_format_is_as_it_was(name: str, small: Report) -> None:
    if name == "pdf":
        compare("small.pdf.html", document_html(small).encode())
    else:
        compare(f"small{RENDERERS[name].suffix}", rendered(name, small))


def compare(name: str, actual: bytes) -> None:
    path = GOLD / name
    if os.environ.get("HARDCHECK_RENEW_GOLD") == "1":
        path.write_bytes(actual)
    expected = path.read_bytes().splitlines()
    assert actual.splitlines() == expected, f"{name} differs; see tests/gold/README.md"
