"""``hardcheck evaluate``: judge bundles that were collected earlier."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from hardcheck.cli import judging, options, run
from hardcheck.cli.knowledge import load_answers


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("bundles", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="BUNDLE...")
@options.judging
@click.option(
    *("-o", "--output"),
    type=click.Path(file_okay=False, path_type=Path),
    help="Write reports here; without it only the table is printed.",
)
@options.formats
@options.title
@options.as_json
@options.quiet
def command(
    bundles: tuple[Path, ...],
    own: Path | None,
    waivers: Path | None,
    attestations: Path | None,
    as_of: datetime | None,
    profiles: tuple[str, ...],
    fail_on: str,
    max_unknown: int,
    output: Path | None,
    formats: tuple[str, ...],
    title: str,
    as_json: bool,
    quiet: bool,
) -> int:
    """Evaluate bundles offline and write the reports.

    BUNDLE is a bundle (*.zip), a folder of bundles, or the folder of a run. The same bundles and rules
    give the same bytes of JSON, today or years later.
    """
    answers = load_answers(own, waivers, attestations, as_of)
    files = run.bundle_files(bundles)
    report, faults = judging.judge_bundles(files, profiles, title, own, answers)
    if not report.hosts:
        for fault in faults:
            click.echo(f"hardcheck: {fault}", err=True)
        return 3
    if output is not None:
        run.make_folder(output)
        for path in judging.write_reports(report, output, formats):
            click.echo(f"hardcheck: wrote {path}", err=True)
    judging.tell(report, as_json=as_json, quiet=quiet)
    return judging.finish(report, faults, fail_on, max_unknown)
