"""The report as PDF, set by WeasyPrint: tagged, with bookmarks, without any fetch.

The cost of typesetting grows with the pages of one document, so a large scope is not one
document: `render_documents` makes a summary and one document for each host, in worker processes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from hardcheck.errors import UsageError
from hardcheck.findings import Report
from hardcheck.render.document import Scope, document_html
from hardcheck.render.output import write_report
from hardcheck.render.single import single_host
from hardcheck.render.template import style_sheet

if TYPE_CHECKING:
    import weasyprint

WHOLE_HOSTS = 4
"""Up to so many reached hosts make one document of at most about 50 pages."""


def render(report: Report, out: BinaryIO) -> None:
    """Write one PDF: the whole report, or of more than `WHOLE_HOSTS` reached hosts the summary.

    Raises:
        ConfigError: the report refers to a rule or host that it does not have.
        UsageError: WeasyPrint's system libraries are missing.
    """
    render_scope(report, out, Scope.WHOLE if fits_one_document(report) else Scope.SUMMARY)


def render_scope(report: Report, out: BinaryIO, scope: Scope) -> None:
    """Write one PDF of the given scope; a HOST document is of a report with that host alone."""
    source = document_html(report, scope)
    engine, sheet = _engine()
    page = engine.HTML(string=source, url_fetcher=Refusal(), base_url=None, media_type="print")
    page.write_pdf(out, stylesheets=[sheet], pdf_tags=True, presentational_hints=False)


def fits_one_document(report: Report) -> bool:
    """Whether the report is small enough for one document with everything."""
    return sum(host.reached for host in report.hosts) <= WHOLE_HOSTS


@dataclass(frozen=True, slots=True)
class Task:
    """One document to write; it can be sent to a worker process."""

    path: Path
    report: Report
    scope: Scope


def documents(report: Report, folder: Path) -> tuple[Task, ...]:
    """What to write: ``report.pdf``, and for many hosts also ``hosts/NNN-NAME.pdf`` for each reached one."""
    first = folder / "report.pdf"
    if fits_one_document(report):
        return (Task(first, report, Scope.WHOLE),)
    own = [
        Task(_path_of(folder, number, host.name), single_host(report, host.name), Scope.HOST)
        for number, host in enumerate(report.hosts, 1)
        if host.reached
    ]
    return (Task(first, report, Scope.SUMMARY), *own)


def write_documents(tasks: Iterable[Task], executor: Executor | None = None) -> tuple[Path, ...]:
    """Write each document, in worker processes or threads of ``executor``, else here one by one.

    Returns their paths, in order.

    Raises:
        HardcheckError: as `render` and `write_report`; documents already written stay.
    """
    if executor is None:
        return tuple(_write(task) for task in tasks)
    return tuple(future.result() for future in [executor.submit(_write, task) for task in tasks])


def render_documents(report: Report, folder: Path, executor: Executor | None = None) -> tuple[Path, ...]:
    """Plan and write the documents of a report: `documents`, then `write_documents`."""
    return write_documents(documents(report, folder), executor)


def _write(task: Task) -> Path:
    try:
        task.path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{task.path.parent}: cannot be made: {error.strerror}") from error
    write_report(task.path, functools.partial(render_scope, scope=task.scope), task.report)
    return task.path


def _path_of(folder: Path, number: int, host: str) -> Path:
    return folder / "hosts" / f"{number:03d}-{_file_name(host)}.pdf"


def _file_name(host: str) -> str:
    """A host's name as part of a file name: letters, digits, dot and hyphen alone."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", host)[:60].strip("._") or "host"


class Refusal:
    """Fetches nothing: the document has no images, fonts or links to files.

    WeasyPrint asks a fetcher whether an error should end the typesetting; here it leaves the
    thing out, with a warning in the log.
    """

    _fail_on_errors = False

    def __call__(self, url: str, *_: Any, **__: Any) -> Any:
        """Refuse ``url``, whatever its scheme."""
        raise ValueError(f"the report fetches nothing, refused {url[:80]!r}")


@functools.cache
def _engine() -> tuple[Any, weasyprint.CSS]:
    try:
        import weasyprint
    except OSError as error:
        raise UsageError(
            "PDF needs Pango and a font: install libpango-1.0-0, libpangoft2-1.0-0, libharfbuzz-subset0 "
            f"and fonts-dejavu-core ({msgspec.json.encode(str(error)).decode()[:120]})"
        ) from error
    return weasyprint, weasyprint.CSS(string=style_sheet("document.css"), url_fetcher=Refusal())
