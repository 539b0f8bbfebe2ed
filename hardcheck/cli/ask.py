"""``hardcheck ask``: may SUBJECT do ACTION to OBJECT, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from hardcheck.access.question import QuestionError, parse_question
from hardcheck.ask.answers import Answer, ask
from hardcheck.ask.world import World
from hardcheck.ask.worlds import is_policy_file, world_of_host, world_of_policy, world_of_profiles
from hardcheck.cli import options
from hardcheck.errors import UsageError

_SHOWN = 40
_MAX_LINE = 64 * 1024


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("target")
@click.argument("question", required=False)
@click.option(
    "--file-contexts",
    type=click.Path(exists=True, path_type=Path),
    help="For a SELinux policy file: its file_contexts, or the folder that holds it.",
)
@click.option(
    "--batch",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="One question a line, - for standard input; answers as TSV, or as JSON lines with --json.",
)
@click.option("--all", "show_all", is_flag=True, help="Print every name and rule, however many.")
@options.as_json
@options.connection
@options.inventory
def command(
    target: str,
    question: str | None,
    file_contexts: Path | None,
    batch: Path | None,
    show_all: bool,
    as_json: bool,
    **how: object,
) -> int:
    """Ask what the loaded policy allows.

    \b
    TARGET is a host, a bundle, a SELinux policy file or a folder of AppArmor profiles.
    QUESTION is one of
      may SUBJECT ACTION OBJECT      "may nginx read /etc/shadow"
      who may ACTION OBJECT          "who may write /etc/cron.d"
      what may SUBJECT ACTION        "what may php-fpm write"
      what does PATH run as          "what does /usr/sbin/nginx run as"
    SUBJECT is a process or service name, an executable, pid N, a domain, context or profile;
    OBJECT a path, TYPE:CLASS, tcp 443, capability sys_admin, or another subject.

    Exit code 0 when every question was answered, 3 when one could not be.
    """
    if (question is None) == (batch is None):
        raise UsageError("give one question, or --batch FILE with one a line")
    if question is not None:
        parse_question(question)  # a fault of the text is told before any host is reached
    world = _world(target, file_contexts, how)
    if batch is not None:
        return _batch(world, batch, as_json=as_json)
    assert question is not None
    answers = ask(world, question)
    if as_json:
        from hardcheck.cli.tables import print_json

        print_json("answers", answers)
    else:
        for answer in answers:
            _print(world, answer, len(answers) if not show_all else 0, show_all=show_all)
    return 3 if any(answer.verdict == "unknown" for answer in answers) or not answers else 0


def _world(target: str, file_contexts: Path | None, how: dict[str, object]) -> World:
    path = Path(target)
    if path.is_dir() and not (path / "bundles").is_dir() and not list(path.glob("*.zip")):
        return world_of_profiles(path)
    if path.is_file() and is_policy_file(path):
        return world_of_policy(path, file_contexts)
    if file_contexts is not None:
        raise UsageError("--file-contexts goes with a SELinux policy file; hosts and bundles have their own")
    from hardcheck.cli.reach import evidence_of

    return world_of_host(evidence_of(target, how))


def _print(world: World, answer: Answer, many: int, *, show_all: bool) -> None:
    from hardcheck.render.sanitise import visible

    limit = 10**9 if show_all else _SHOWN
    who = f"{answer.subject}" + (f" (pid {', '.join(map(str, answer.pids[:8]))})" if answer.pids else "")
    if answer.verdict is not None and not (answer.names and answer.verdict == "allowed"):
        click.echo(f"{answer.verdict.upper()}  {visible(who)}" + _reading(answer))
    elif answer.subject or answer.object_as or answer.pids:
        click.echo(visible(who) + _reading(answer))
    if answer.note:
        click.echo(f"  note: {visible(answer.note)}")
    for name in answer.names[:limit]:
        click.echo(f"  {visible(name)}")
    _more(len(answer.names), limit)
    for line in answer.because[:limit]:
        click.echo(f"  because: {visible(line)}")
    _more(len(answer.because), limit)
    if answer.leads_to:
        click.echo(f"  leads to: {visible(answer.leads_to)}")
    for line in answer.outside:
        click.echo(f"  not weighed: {visible(line)}")
    if answer.verdict is None and not answer.names:
        click.echo("  none")


def _reading(answer: Answer) -> str:
    from hardcheck.render.sanitise import visible

    return f"  [{visible(answer.object_as)}]" if answer.object_as else ""


def _more(count: int, limit: int) -> None:
    if count > limit:
        click.echo(f"  ... and {count - limit} more (--all shows them)")


def _batch(world: World, source: Path, *, as_json: bool) -> int:
    """Answer each line in turn; a line that cannot be read gets an error in its place."""
    import msgspec

    encode = msgspec.json.Encoder().encode
    out = sys.stdout.buffer
    bad = 0
    for text in _lines(source):
        try:
            answers = ask(world, text)
        except QuestionError as error:
            bad += 1
            record = {"question": text, "error": error.fault}
            line = encode(record) if as_json else _tsv((text, "error", error.fault, "", ""))
            out.write(line + b"\n")
            continue
        bad += any(answer.verdict == "unknown" for answer in answers)
        for answer in answers:
            out.write((encode(answer) if as_json else _tsv(_columns(answer))) + b"\n")
    out.flush()
    return 3 if bad else 0


def _lines(source: Path) -> Iterator[str]:
    """Questions of a file; empty lines and those that begin with # are left out."""
    try:
        stream = sys.stdin.buffer if str(source) == "-" else source.open("rb")
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror}") from None
    with stream:
        while raw := stream.readline(_MAX_LINE):
            text = raw.decode("utf-8", "backslashreplace").strip()
            if text and not text.startswith("#"):
                yield text


def _columns(answer: Answer) -> tuple[str, ...]:
    """Question, verdict (or what is listed), subject, reading of the object, grounds or names."""
    verdict = answer.verdict or "list"
    return (
        answer.question,
        verdict,
        answer.subject,
        answer.object_as,
        " | ".join(answer.names or answer.because) or answer.note,
    )


def _tsv(cells: Iterable[str]) -> bytes:
    table = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r", "\\": "\\\\"})
    return "\t".join(cell.translate(table) for cell in cells).encode("utf-8", "backslashreplace")
