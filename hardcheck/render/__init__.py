"""Turn a report into the formats that people and machines read, from its findings alone.

``RENDERERS`` names one module a format; it is imported when first used, as the libraries behind
some formats are heavy. Each has ``render(report, out)``, which writes the whole document to a
binary file and needs neither clock nor network.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import BinaryIO, NamedTuple, Protocol

from hardcheck.errors import UsageError
from hardcheck.findings import Report


class Renderer(Protocol):
    """Writes a report as one format."""

    def __call__(self, report: Report, out: BinaryIO, /) -> None:
        """Write all of it to ``out``; errors are the project's own."""
        ...


class Format(NamedTuple):
    """Where a format is made, and how its file is called."""

    module: str
    suffix: str
    about: str


RENDERERS: Mapping[str, Format] = {
    "text": Format("hardcheck.render.text", ".txt", "tables for a terminal"),
    "json": Format(
        "hardcheck.render.json", ".json", "everything, versioned; other formats can be made from it"
    ),
    "html": Format("hardcheck.render.html", ".html", "one page to read and filter, without network"),
    "pdf": Format("hardcheck.render.pdf", ".pdf", "a document to hand over"),
    "csv": Format("hardcheck.render.csv", ".csv", "one line a finding, safe to open in a spreadsheet"),
    "junit": Format("hardcheck.render.junit", ".xml", "test results for a build server"),
    "sarif": Format("hardcheck.render.sarif", ".sarif", "results for code scanning services (SARIF 2.1.0)"),
}


def renderer(name: str) -> Renderer:
    """The renderer of a format.

    Raises:
        UsageError: no format has this name.
    """
    known = RENDERERS.get(name)
    if known is None:
        raise UsageError(f"no report format is called {name[:40]!r}; there are {', '.join(RENDERERS)}")
    render: Renderer = importlib.import_module(known.module).render
    return render
