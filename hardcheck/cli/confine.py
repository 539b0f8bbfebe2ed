"""``hardcheck confine``: draft what confines a service, and judge the draft."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hardcheck.cli import options
from hardcheck.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from hardcheck.confine.draft import Draft
    from hardcheck.confine.spec import Spec
    from hardcheck.exposure.host import Host

_REFPOLICY = Path("/usr/share/selinux/devel/Makefile")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("spec", type=click.Path(path_type=Path), required=False)
@click.option(
    *("--from", "source"),
    metavar="TARGET",
    help="A host or bundle: the draft takes its labels and is judged by its policy.",
)
@click.option(
    "--service",
    metavar="NAME",
    help="Without SPEC: draft one for this service of the host, from what is recorded of it.",
)
@click.option(
    *("-o", "--output"),
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("confine"),
    show_default=True,
    help="The folder for the files.",
)
@click.option(
    "--abi",
    type=click.Choice(["3.0", "4.0"]),
    default="3.0",
    show_default=True,
    help="The AppArmor abi of the profiles; every 4.x loads 3.0 as well.",
)
@click.option(
    "--refpolicy/--no-refpolicy",
    default=None,
    help="Write the .te with refpolicy's interfaces.  [default: where its sources are installed here]",
)
@options.as_json
@options.connection
@options.inventory
def command(
    spec: Path | None,
    source: str | None,
    service: str | None,
    output: Path,
    abi: str,
    refpolicy: bool | None,
    as_json: bool,
    **how: object,
) -> int:
    """Draft a SELinux module, an AppArmor profile and systemd units that confine a service.

    SPEC says what the service needs (docs/confine.md). The draft is compiled where the tools are here,
    and judged by the host's own policy with the draft in it: all that SPEC needs is allowed, nothing of
    one service is open to another, and no attack goal is open that was not. Nothing is changed on the
    host: the folder has install.sh (only logging at first), verify.sh and rollback.sh.

    Exit code 0 when the draft is good, 1 when a line of the judgement is bad (install.sh is then not
    written), 3 when one could not be judged.
    """
    from hardcheck.confine.draft import Choices, draft
    from hardcheck.exposure.goals import load_goals

    text, wanted, host = _inputs(spec, source, service, how)
    choices = Choices(
        "4.0" if abi == "4.0" else "3.0", _REFPOLICY.exists() if refpolicy is None else refpolicy
    )
    found = draft(wanted, host, load_goals(), choices)
    _write(output, text, wanted, found)
    if as_json:
        from hardcheck.cli.tables import print_json

        what = {
            "judged": found.judged,
            "compiled": found.compiled,
            "judgements": found.judgements,
            "notes": found.notes,
        }
        print_json("confine", what)
    else:
        _show(found, output)
    return {"good": 0, "bad": 1, "unknown": 3}[found.judged]


def _inputs(
    path: Path | None, source: str | None, service: str | None, how: dict[str, object]
) -> tuple[bytes, Spec, Host | None]:
    """The specification as text and as values, and the host. A fault of the text is told before any host
    is reached."""
    from hardcheck.confine.spec import spec_of
    from hardcheck.engine.yaml_source import parse_yaml, read_bytes

    if (path is None) == (service is None):
        raise UsageError("give SPEC, or --from TARGET --service NAME to draft one")
    if service is not None and source is None:
        raise UsageError("--service goes with --from TARGET")
    text = read_bytes(path) if path is not None else b""
    wanted = spec_of(parse_yaml(text, str(path))) if path is not None else None
    host = _host(source, how) if source is not None else None
    if wanted is None:
        from hardcheck.confine.from_host import spec_text

        assert host is not None
        assert service is not None
        text = spec_text(host, service).encode()
        wanted = spec_of(parse_yaml(text, f"the specification drafted from {host.name}"))
    return text, wanted, host


def _host(source: str, how: dict[str, object]) -> Host:
    from hardcheck.cli.reach import evidence_of
    from hardcheck.exposure.host import host_of

    return host_of(evidence_of(source, how))


def _write(folder: Path, text: bytes, spec: Spec, found: Draft) -> None:
    """Write every file; install.sh only where no line is bad."""
    from hardcheck.confine.steps import judgement_text, readme

    files = {name: content.encode() for name, content in found.files.items()}
    files |= {"spec.yaml": text, "README.md": readme(spec, found).encode()}
    files["judgement.txt"] = judgement_text(found).encode("utf-8", "backslashreplace")
    if found.judged == "bad":
        del files["install.sh"]
        (folder / "install.sh").unlink(missing_ok=True)
    try:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o755 if name.endswith(".sh") else 0o644)
    except OSError as error:
        where = os.fspath(error.filename or folder)
        raise ConfigError(where, "a folder that can be written", error.strerror or "") from error


def _show(found: Draft, folder: Path) -> None:
    from hardcheck.cli.tables import print_block, print_table

    click.echo(f"The draft is {found.judged}; the files are in {folder}\n")
    print_table(("tool", "file", "result"), [(one.tool, one.file, one.result) for one in found.compiled])
    for one in found.compiled:
        if one.result == "refused":
            print_block(f"{one.tool} {one.file}", one.detail.splitlines())
    print_block("Notes", found.notes)
    for judgement in found.judgements:
        click.echo(f"\n{judgement.side}: {judgement.judged}")
        for note in judgement.notes:
            print_block("Note", [note])
        bad = [line for line in judgement.needs if line.judged != "good"]
        click.echo(
            f"\n{len(judgement.needs) - len(bad)} of {len(judgement.needs)} needs and bounds are as wanted"
        )
        if bad:
            rows = [
                (line.judged, line.service, line.question, line.wanted, line.answer, _first(line.because))
                for line in bad
            ]
            print_table(("", "service", "question", "wanted", "answer", "because"), rows)
        if judgement.goals:
            click.echo("\nAttack goals, now and with the draft")
            goals = [
                (
                    line.judged,
                    line.service,
                    line.goal,
                    line.before or "does not run",
                    line.after,
                    _first(line.because),
                )
                for line in judgement.goals
            ]
            print_table(("", "service", "goal", "now", "with the draft", "because"), goals)
        if judgement.tenants:
            click.echo("\nWeb tenants: what the code of a site may do to the files of another")
            sites = [
                (one.reader, one.owner, one.read_before, one.read_after, one.write_before, one.write_after)
                for one in judgement.tenants
            ]
            headers = ("code of", "files of", "read now", "read then", "write now", "write then")
            print_table(headers, sites)


def _first(because: tuple[str, ...]) -> str:
    shown = because[0] if because else ""
    return shown if len(shown) <= 70 else shown[:67] + "..."
