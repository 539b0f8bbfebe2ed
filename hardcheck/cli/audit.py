"""``hardcheck audit``: collect, evaluate, report."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from hardcheck.cli import judging, options, run
from hardcheck.cli.collect import tell_result
from hardcheck.cli.knowledge import load_answers, load_chosen
from hardcheck.cli.reach import collect_into


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@options.targets
@options.judging
@options.connection
@options.output_folder
@options.formats
@options.resume
@options.title
@options.as_json
@options.quiet
def command(
    targets: tuple[str, ...],
    own: Path | None,
    waivers: Path | None,
    attestations: Path | None,
    as_of: datetime | None,
    profiles: tuple[str, ...],
    fail_on: str,
    max_unknown: int,
    output: Path,
    formats: tuple[str, ...],
    resume: Path | None,
    title: str,
    as_json: bool,
    quiet: bool,
    **how: Any,
) -> int:
    """Collect evidence from hosts, evaluate it, write the reports.

    \b
    TARGET is local, [user@]host[:port], a name, group or pattern of the inventory, or a bundle or folder of
    bundles that stands in for hosts; without one it is the whole inventory.
      hardcheck audit local
      hardcheck audit -i inventory.ini --limit 'web:!web3' --profile pci-dss-4.0.1
      HARDCHECK_SUDO_PASSWORD=... hardcheck audit -i hosts.txt --forks 64 -o friday

    \b
    Root is needed for a full answer. hardcheck becomes root by itself where sudo asks for no password, with
    one from --ask-sudo-pass, HARDCHECK_SUDO_PASSWORD or the inventory (ansible_become_password), or through
    the installed probe (hardcheck probe --help). What an ordinary account may not see is unknown.

    Exit code 0 when all is clean; see hardcheck --help for the others.
    """
    folder = resume or output
    load_chosen(profiles, own)
    answers = load_answers(own, waivers, attestations, as_of)
    chosen, result = collect_into(folder, targets, how, quiet=quiet, resume=resume is not None)
    tell_result(result, folder, len(chosen), quiet=quiet)
    kept = {*result.done, *result.failed, *result.unreachable, *result.skipped}
    names = [target.identity.name for target in chosen if target.identity.name in kept]
    files = sorted((run.bundle_path(folder, name) for name in names), key=lambda path: path.name)
    report, faults = judging.judge_bundles(files, profiles, title, own, answers)
    written = judging.write_reports(report, folder, formats)
    judging.tell(report, as_json=as_json, quiet=quiet)
    if not quiet:
        for path in written:
            click.echo(f"hardcheck: wrote {path}", err=True)
    code = judging.finish(report, faults, fail_on, max_unknown)
    return 130 if result.interrupted else code
