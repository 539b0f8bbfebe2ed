"""``hardcheck denials``: what was refused, grouped by cause, explained by the evidence of its own host."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from hardcheck.cli import options
from hardcheck.cli.log_files import is_log, logs_of, since_of
from hardcheck.denials.model import LogSummary, Outcome
from hardcheck.errors import BundleError, UsageError

if TYPE_CHECKING:
    from hardcheck.evidence import HostEvidence
    from hardcheck.facts import Absent, Facts
    from hardcheck.triage.model import Explanation
    from hardcheck.triage.outage import Outage
    from hardcheck.triage.readiness import Readiness
    from hardcheck.triage.recheck import Recheck
    from hardcheck.triage.world import World


class Read(msgspec.Struct, frozen=True):
    """What was read, and the host that explains it; ``facts`` are that host's, None for a log alone."""

    name: str
    log: LogSummary
    world: Any
    facts: Any = None


class Told(msgspec.Struct, frozen=True):
    """What is said of it."""

    explanations: tuple[Explanation, ...]
    checked: Recheck
    readiness: tuple[Readiness, ...] | Absent
    outages: tuple[Outage, ...]


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("words", nargs=-1, required=True, metavar="TARGET|FILE...")
@click.option(
    "--since", metavar="WHEN", help="Only what came later: 30m, 12h, 7d, 2w, or a date or time (UTC)."
)
@click.option(
    "--policy",
    type=click.Path(exists=True, path_type=Path),
    help="For logs: the bundle of their host, a SELinux policy file, or a folder of AppArmor profiles.",
)
@click.option(
    "--file-contexts",
    type=click.Path(exists=True, path_type=Path),
    help="For a SELinux policy file: its file_contexts, or the folder that holds it.",
)
@click.option(
    "--refpolicy",
    type=click.Path(exists=True, path_type=Path, file_okay=False),
    help="Interface files (selinux-policy-dev, selinux-policy-devel: .../devel/include) from which gaps are "
    "answered besides; default: those of this machine, where it has them.",
)
@click.option("--suggest", is_flag=True, help="Write the cures as files into the folder of -o.")
@click.option("-o", "--output", type=click.Path(path_type=Path, file_okay=False), help="For --suggest.")
@click.option(
    "--min-days",
    type=click.FloatRange(min=0),
    default=7.0,
    show_default=True,
    help="Days that a log must cover before what only logs counts as ready to enforce.",
)
@click.option("--all", "show_all", is_flag=True, help="Show every group, however many.")
@options.as_json
@options.connection
@options.inventory
def command(
    words: tuple[str, ...],
    since: str | None,
    policy: Path | None,
    file_contexts: Path | None,
    refpolicy: Path | None,
    suggest: bool,
    output: Path | None,
    min_days: float,
    show_all: bool,
    as_json: bool,
    **how: object,
) -> int:
    """Explain what SELinux and AppArmor refused.

    \b
    FILE is a log in any of its forms: audit.log with its rotations (also packed, or the folder of them),
    output of ausearch (raw or -i), of journalctl (short, export, json), dmesg, syslog; - is standard input.
    TARGET is one host or bundle: its own logs are read, and its own policy explains them.

    Refusals of one cause are one group. Cures come with their proof; what must not be allowed is said to
    be a possible intrusion. A log alone, without a policy, gets what can be said without it.

    Exit code 0 when nothing is left to do, 1 when a denial is open, 3 when the logs are not whole or tell
    nothing.
    """
    if suggest != (output is not None):
        raise UsageError("--suggest and -o go together: -o names the folder for what is written")
    if file_contexts is not None and policy is None:
        raise UsageError("--file-contexts goes with --policy")
    after = since_of(since, datetime.now(UTC)) if since else None
    read = _read(words, policy, file_contexts, after, how)
    read = msgspec.structs.replace(read, world=_with_interfaces(read.world, refpolicy))
    told = _tell(read, min_days)
    written = _write(read, told, output) if output is not None else ()
    if as_json:
        _print_json(read, told)
    else:
        from hardcheck.cli.denials_text import show, show_enforcing

        show(read.name, read.log, told.explanations, None if show_all else 20)
        show_enforcing(told.readiness, told.outages)
        for path in written:
            click.echo(f"written: {path}")
    return _exit_code(read.log, told.explanations)


def _read(
    words: tuple[str, ...],
    policy: Path | None,
    file_contexts: Path | None,
    after: datetime | None,
    how: dict[str, object],
) -> Read:
    logs = [word for word in words if is_log(word)]
    if len(logs) == len(words):
        from hardcheck.denials.reading import read_logs

        name = logs[0] if len(logs) == 1 else f"{len(logs)} logs"
        world = _given_world(policy, file_contexts)
        return Read("standard input" if name == "-" else name, read_logs(logs_of(logs), after), world)
    if logs or len(words) > 1:
        raise UsageError(
            "give logs, or one host or bundle; --policy BUNDLE explains a log by a host's evidence"
        )
    if policy is not None:
        raise UsageError("--policy goes with logs: a host's own policy explains its own logs")
    from hardcheck.cli.reach import evidence_of
    from hardcheck.facts import Absent
    from hardcheck.parse.denial_log import parse_denial_log
    from hardcheck.triage.world import world_of_facts

    host = evidence_of(words[0], how)
    log = parse_denial_log(host, after)
    if isinstance(log, Absent):
        raise BundleError(host.host.name, f"its logs cannot be read: {log.reason}: {log.detail}")
    facts = _facts_of(host)
    return Read(host.host.name, log, world_of_facts(host.host.name, facts), facts)


def _facts_of(host: HostEvidence) -> Facts:
    from hardcheck.derive import DERIVED
    from hardcheck.derive.assemble import assemble, fact_specs
    from hardcheck.parse import PARSERS

    return assemble(host, PARSERS, DERIVED, fact_specs(PARSERS, DERIVED))


def _given_world(policy: Path | None, file_contexts: Path | None) -> World:
    """What ``--policy`` names; without it, nothing is known beside the log."""
    from hardcheck.ask.worlds import is_policy_file
    from hardcheck.triage import world as worlds

    if policy is None:
        return worlds.without_host()
    if policy.is_dir():
        from hardcheck.apparmor import ProfileSet

        return worlds.world_of_profiles(ProfileSet.read(policy))
    if is_policy_file(policy):
        from hardcheck.selinux.file_contexts import FileContexts
        from hardcheck.selinux.policy import Policy

        contexts = FileContexts.read(file_contexts) if file_contexts is not None else None
        return worlds.world_of_policy(Policy.read(policy), contexts, str(policy))
    from hardcheck.evidence.bundle import read_bundle

    host = read_bundle(policy)
    return worlds.world_of_facts(host.host.name, _facts_of(host))


def _with_interfaces(world: World, folder: Path | None) -> World:
    """The world with the interface files of a folder, else of this machine. They only say how a rule of the
    host's policy may be written; what it opens is asked of that policy."""
    from hardcheck.refpolicy.installed import installed_folder

    chosen = folder or installed_folder()
    if chosen is None:
        return world
    from hardcheck.refpolicy.interfaces import Interfaces

    return msgspec.structs.replace(world, interfaces=Interfaces(chosen))


def _tell(read: Read, min_days: float) -> Told:
    from hardcheck.triage.explain import explain
    from hardcheck.triage.outage import outages
    from hardcheck.triage.recheck import recheck

    explanations = explain(read.log.groups, read.world)
    ready: tuple[Readiness, ...] | Absent = ()
    if read.facts is not None:
        from hardcheck.derive.denial_triage import READINESS, readiness_of

        ready = readiness_of(read.log, explanations, tuple(read.facts[name] for name in READINESS), min_days)
    down = outages(explanations, read.log.units, read.world)
    return Told(explanations, recheck(explanations, read.world), ready, down)


def _write(read: Read, told: Told, folder: Path) -> tuple[Path, ...]:
    from hardcheck.triage.suggest import suggestions

    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in suggestions(told.explanations, read.name, told.checked):
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(file.text, encoding="utf-8")
            path.chmod(0o755 if file.executable else 0o644)
            written.append(path)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written: {error.strerror}") from None
    return tuple(written)


def _print_json(read: Read, told: Told) -> None:
    from hardcheck.cli.tables import print_json

    log = read.log
    what = {
        "name": read.name,
        "sources": log.sources,
        "hosts": log.hosts,
        "denials": log.denials,
        "health": log.health,
        "changes": log.changes,
        "more_changes": log.more_changes,
        "units": log.units,
        "groups": [_with_rates(one) for one in told.explanations],
        "recheck": told.checked,
        "readiness": told.readiness,
        "outages": told.outages,
    }
    print_json("denials", what)


def _with_rates(one: Explanation) -> msgspec.Raw:
    """An explanation with what is computed of it, as JSON: there are hundreds, each with whole records."""
    more = msgspec.json.encode({"open": one.open, "rate_per_hour": one.group.rate})
    return msgspec.Raw(msgspec.json.encode(one)[:-1] + b"," + more[1:])


def _exit_code(log: LogSummary, explanations: tuple[Explanation, ...]) -> int:
    """1 before 3: an open denial counts also where the log has holes."""
    if any(one.open and one.group.outcome is not Outcome.GRANTED for one in explanations):
        return 1
    from hardcheck.triage.readiness import log_state

    return 0 if log.health.lines and not log_state(log).faults else 3
