"""A report file is whole or not there; formats are named in one table."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import pytest

from hardcheck.errors import ConfigError, UsageError
from hardcheck.findings import Report
from hardcheck.render import RENDERERS, renderer
from hardcheck.render.output import write_report

DOCS = Path(__file__).resolve().parents[3] / "docs"


def half(report: Report, out: BinaryIO) -> None:
    out.write(b"half of it")
    raise ConfigError("report", "a whole one")


def test_a_report_is_written_and_readable_by_its_owner_alone(tmp_path: Path, small: Report) -> None:
    path = tmp_path / "report.json"
    write_report(path, renderer("json"), small)
    assert path.read_bytes().startswith(b"{")
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_half_written_report_is_removed_and_the_old_one_stays(tmp_path: Path, small: Report) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(b"the old one")
    with pytest.raises(ConfigError):
        write_report(path, half, small)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_any_kind_leaves_nothing_behind(tmp_path: Path, small: Report) -> None:
    def interrupted(report: Report, out: BinaryIO) -> None:
        out.write(b"x")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_report(tmp_path / "report.html", interrupted, small)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path, small: Report) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_report(tmp_path / "none" / "report.html", renderer("json"), small)


def test_a_full_disk_is_a_usage_error(tmp_path: Path, small: Report) -> None:
    def full(report: Report, out: BinaryIO) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left"):
        write_report(tmp_path / "report.html", full, small)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="text, json, html, pdf"):
        renderer("docx")


@pytest.mark.parametrize("name", RENDERERS)
def test_every_format_is_in_the_docs_and_its_suffix_too(name: str) -> None:
    text = (DOCS / "report-format.md").read_text()
    assert f"| `{name}` | `{RENDERERS[name].suffix}` |" in text
