"""``hardcheck report``: a finished run again, in other formats."""

from __future__ import annotations

from pathlib import Path

import click

from hardcheck.cli import judging, options, run
from hardcheck.errors import UsageError
from hardcheck.render.json import read_report


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("source", metavar="RUN", type=click.Path(exists=True, path_type=Path))
@options.formats
@click.option(
    *("-o", "--output"),
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write; default is the run's own folder.",
)
def command(source: Path, formats: tuple[str, ...], output: Path | None) -> int:
    """Write a finished run again in other formats.

    RUN is the folder of a run or its report.json. Nothing is judged anew; see `hardcheck evaluate` for that.
    """
    file = source / f"{run.REPORT}.json" if source.is_dir() else source
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    report = read_report(content, str(file))
    folder = output or file.parent
    run.make_folder(folder)
    for path in judging.write_reports(report, folder, formats):
        click.echo(str(path))
    return 0
