"""From bundles to a report, its files and its exit code: what audit and evaluate share."""

from __future__ import annotations

import hashlib
import multiprocessing
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import click

from hardcheck.cli.garbage import collect_rarely
from hardcheck.cli.knowledge import load_chosen, load_chosen_setup
from hardcheck.cli.run import REPORT
from hardcheck.engine.overlays import NO_ANSWERS, Answers
from hardcheck.engine.report import BATCH, Workers, build_report
from hardcheck.errors import BundleError
from hardcheck.evidence import HostEvidence
from hardcheck.evidence.bundle import read_bundle
from hardcheck.findings import Report, Severity
from hardcheck.findings.exit_code import exit_code


def judge_bundles(
    files: list[Path],
    profiles: tuple[str, ...],
    title: str,
    own: Path | None = None,
    answers: Answers = NO_ANSWERS,
) -> tuple[Report, list[BundleError]]:
    """Evaluate bundles; those that cannot be read are told apart and cost only themselves."""
    setup, chosen = load_chosen(profiles, own)
    digests: dict[str, str] = {}
    faults: list[BundleError] = []

    def readable() -> Iterator[HostEvidence]:
        for path in files:
            try:
                host = read_bundle(path)
            except BundleError as error:
                faults.append(error)
                continue
            digests[host.host.name] = hashlib.sha256(path.read_bytes()).hexdigest()
            yield host

    if len(files) <= BATCH:
        report = build_report(readable(), setup, chosen, title=title, bundles=digests, answers=answers)
    else:
        with _processes() as executor:
            workers = Workers(executor, partial(load_chosen_setup, profiles, own))
            report = build_report(
                readable(), setup, chosen, title=title, bundles=digests, workers=workers, answers=answers
            )
    return report, faults


def write_reports(report: Report, folder: Path, formats: Iterable[str]) -> list[Path]:
    """Write each format into the folder; the files that came of it."""
    from hardcheck.render import RENDERERS, renderer
    from hardcheck.render.output import write_report

    written: list[Path] = []
    for name in formats:
        if name == "pdf":
            written += _write_documents(report, folder)
            continue
        path = folder / f"{REPORT}{RENDERERS[name].suffix}"
        write_report(path, renderer(name), report)
        written.append(path)
    return written


def _write_documents(report: Report, folder: Path) -> tuple[Path, ...]:
    """The PDF; for many hosts a summary and one document each, set by worker processes."""
    from hardcheck.render.pdf import fits_one_document, render_documents

    if fits_one_document(report):
        return render_documents(report, folder)
    with _processes() as executor:
        return render_documents(report, folder, executor)


def _processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        mp_context=multiprocessing.get_context("forkserver"), initializer=collect_rarely
    )


def tell(report: Report, *, as_json: bool, quiet: bool) -> None:
    """The report on stdout, for people or machines."""
    if quiet and not as_json:
        return
    if as_json:
        from hardcheck.render.json import render as render_json

        render_json(report, sys.stdout.buffer)
        return
    from hardcheck.cli.tables import line_width
    from hardcheck.render.text import render as render_text

    render_text(report, sys.stdout.buffer, line_width())


def finish(report: Report, faults: list[BundleError], fail_on: str, max_unknown: int) -> int:
    """The exit code of a judged run; a bundle that could not be read is never clean."""
    code = exit_code(report, Severity(fail_on), max_unknown)
    for fault in faults:
        click.echo(f"hardcheck: {fault}", err=True)
    return 3 if faults and code == 0 else int(code)
