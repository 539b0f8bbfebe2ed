"""``hardcheck collect``: evidence into bundles, nothing judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hardcheck.cli import options, run
from hardcheck.cli.reach import collect_into
from hardcheck.collect.fleet import FleetResult

_MOST_NAMED = 20  # hosts of one kind; the report and --json have all of them


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@options.targets
@options.connection
@options.output_folder
@options.resume
@options.as_json
@options.quiet
def command(
    targets: tuple[str, ...], output: Path, resume: Path | None, as_json: bool, quiet: bool, **how: Any
) -> int:
    """Collect evidence into bundles; judge nothing yet.

    \b
    TARGET is local, [user@]host[:port], or a name, group or pattern of the inventory; without one it is the
    whole inventory. Each host gives one file, OUTPUT/bundles/HOST.zip, with every byte that came back, how it
    was got, and its sha256. `hardcheck evaluate OUTPUT` judges it, here or elsewhere, now or later.

    Exit code 4 when a host could not be reached, 130 when stopped by Ctrl-C; what was collected is kept.
    """
    folder = resume or output
    chosen, result = collect_into(folder, targets, how, quiet=quiet, resume=resume is not None)
    if as_json:
        from hardcheck.cli.tables import print_json

        print_json("collected", result)
    tell_result(result, folder, len(chosen), quiet=quiet)
    return code_of(result)


def tell_result(result: FleetResult, folder: Path, count: int, *, quiet: bool) -> None:
    """What became of the hosts and why, on stderr, with the command that goes on where some are left."""
    from hardcheck.render.sanitise import visible

    whole = len(result.done) + len(result.skipped)
    if not quiet:
        click.echo(f"hardcheck: {whole} of {count} hosts collected into {folder / run.BUNDLES}", err=True)
    words = (
        ("not reached", result.unreachable),
        ("collected in part", result.failed),
        ("a fault of hardcheck", result.errors),
    )
    for what, names in words:
        for name in names[:_MOST_NAMED]:
            click.echo(visible(f"hardcheck: {name}: {what}: {result.why.get(name, '')}"), err=True)
        if len(names) > _MOST_NAMED:
            click.echo(f"hardcheck: {len(names) - _MOST_NAMED} more hosts: {what}", err=True)
    if stopped := (*result.broken_off, *result.waiting):
        shown = ", ".join(visible(name) for name in stopped[:_MOST_NAMED])
        more = f" and {len(stopped) - _MOST_NAMED} more" if len(stopped) > _MOST_NAMED else ""
        click.echo(f"hardcheck: not collected, stopped: {shown}{more}", err=True)
    if result.interrupted:
        click.echo(f"hardcheck: go on with the same command and --resume {folder}", err=True)


def code_of(result: FleetResult) -> int:
    """130 when stopped, 4 when a host was not reached, 3 when one is not whole, else 0."""
    if result.interrupted:
        return 130
    if result.unreachable:
        return 4
    return 3 if result.failed or result.errors else 0
