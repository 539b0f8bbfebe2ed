"""``hardcheck exposure``: what an attacker could do who runs code in a service."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from hardcheck.cli import options
from hardcheck.cli.tables import print_block, print_table
from hardcheck.errors import UsageError
from hardcheck.exposure.model import (
    Difference,
    GoalAnswer,
    HostExposure,
    Identity,
    ServiceExposure,
    Tenants,
)
from hardcheck.facts import Absent
from hardcheck.findings.exposure import GoalReason, Outcome

_SIGN = {
    Outcome.ALLOWED: "ALLOWED",
    Outcome.LOGGED: "logged",
    Outcome.UNKNOWN: "?",
    Outcome.BLOCKED: "-",
}
_ORIGIN = {
    "host": "objects from this host",
    "default": "default paths: the host's own were not seen",
    "none": "",
}
_ORDINARY = {
    "permits": "modes and capabilities permit it",
    "forbids": "modes or capabilities already forbid it",
    "unknown": "modes and capabilities are not all known",
}
_GROUNDS = 4


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("target")
@click.option("--service", "services", multiple=True, metavar="NAME", help="Only this service; repeatable.")
@click.option("--goal", "goals", multiple=True, metavar="ID", help="Only this attack goal; repeatable.")
@click.option(
    "--boolean",
    "booleans",
    multiple=True,
    metavar="NAME=on|off",
    help="What if this SELinux boolean were so? Shows before and after; repeatable.",
)
@click.option(
    "--enforce",
    multiple=True,
    metavar="NAME",
    help="What if this permissive domain, or this profile in complain mode, were enforced? Repeatable.",
)
@click.option(
    "--policy",
    "policy_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What if the kernel held this SELinux policy (policy.33, sepolicy)?",
)
@click.option(
    "--profiles",
    "profile_folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="What if these AppArmor profiles, laid out as in /etc/apparmor.d, were loaded?",
)
@options.as_json
@options.connection
@options.inventory
def command(
    target: str,
    services: tuple[str, ...],
    goals: tuple[str, ...],
    booleans: tuple[str, ...],
    enforce: tuple[str, ...],
    policy_file: Path | None,
    profile_folder: Path | None,
    as_json: bool,
    **how: object,
) -> int:
    """Show what a compromised service could do by the loaded policy.

    TARGET is a host or a bundle. Every service that the network reaches is asked every attack goal: what
    is blocked, allowed, only logged, or unknown; why; and which boolean decides. A grade from A to F
    weighs what is open; file modes and capabilities are told beside it.

    Exit code 0 when every goal was judged, 3 when one could not be.
    """
    from hardcheck.cli.reach import evidence_of
    from hardcheck.exposure.exposing import expose
    from hardcheck.exposure.goals import load_goals, pick_goals
    from hardcheck.exposure.host import host_of
    from hardcheck.exposure.replacing import with_policy_file, with_profile_folder
    from hardcheck.exposure.whatif import differences, read_booleans, with_booleans, with_enforced

    wanted = pick_goals(load_goals(), goals)
    states = read_booleans(booleans)
    evidence = evidence_of(target, how)
    host = after = host_of(evidence)
    if policy_file is not None and profile_folder is not None:
        raise UsageError("--policy is for SELinux and --profiles for AppArmor: a host runs one of them")
    if policy_file is not None:
        after = with_policy_file(evidence, policy_file)
    if profile_folder is not None:
        after = with_profile_folder(evidence, profile_folder)
    after = with_booleans(after, states) if states else after
    after = with_enforced(after, enforce) if enforce else after
    found = expose(host, wanted, services)
    replaced = [f"the policy of {policy_file}"] if policy_file else []
    replaced += [f"the profiles of {profile_folder}"] if profile_folder else []
    assumed = (*replaced, *booleans, *(f"{name} enforced" for name in enforce))
    changed = expose(after, wanted, services, assumed) if assumed else None
    if as_json:
        from hardcheck.cli.tables import print_json

        what: dict[str, object] = {"now": found}
        if changed is not None:
            what |= {"assumed": changed, "differences": differences(found, changed)}
        print_json("exposure", what)
    else:
        show(found)
        if changed is not None:
            show_differences(found, changed, differences(found, changed))
    return 3 if _unjudged(found) else 0


def _unjudged(found: HostExposure) -> bool:
    answers = [answer for one in found.services for answer in one.answers]
    unknown = any(answer.outcome is Outcome.UNKNOWN for answer in answers)
    return bool(found.unknown) or unknown or bool(found.services and not answers)


def show(found: HostExposure) -> None:
    """Print the services, the matrix of services and goals, the tenants, then the reasons."""
    click.echo(f"{found.host}: {found.framework}; the worst grade is {found.grade}")
    if found.unknown:
        print_block("Unknown", [found.unknown])
    if found.services:
        _show_services(found.services)
        _show_matrix(found.services)
    _show_tenants(found.tenants)
    for one in found.services:
        _show_reasons(one)


def _show_services(services: tuple[ServiceExposure, ...]) -> None:
    click.echo()
    rows = []
    for one in services:
        service = one.service
        how = ", ".join(service.sockets) + (f" (behind {service.behind})" if service.behind else "")
        who = "; ".join(dict.fromkeys(_identity(identity) for identity in service.identities))
        rows.append((service.name, one.grade.letter, how, who))
    print_table(("service", "grade", "sockets", "runs as"), rows)


def _identity(one: Identity) -> str:
    state = f"unknown ({one.state.reason})" if isinstance(one.state, Absent) else one.state
    held = f"{len(one.capabilities)} capabilities" if one.capabilities else "no capability"
    extra = ", no_new_privs" if one.no_new_privileges is True else ""
    extra += f", seccomp {one.seccomp}" if one.seccomp != "off" else ""
    return f"uid {one.uid} in {one.label or 'an unknown label'} [{state}], {held}{extra}"


def _show_matrix(services: tuple[ServiceExposure, ...]) -> None:
    click.echo()
    rows = []
    for number, answer in enumerate(services[0].answers):
        cells = [_SIGN[one.answers[number].outcome] for one in services]
        rows.append((answer.severity.value, answer.goal, *cells))
    print_table(("severity", "goal", *(one.service.name for one in services)), rows)
    click.echo(
        "\nALLOWED: the policy lets it pass; logged: denied on paper, let through; ?: unknown; -: blocked"
    )


def _show_tenants(tenants: Tenants) -> None:
    if tenants.unknown:
        print_block("Web tenants", [tenants.unknown])
    if not tenants.matrix:
        return
    click.echo("\nWeb tenants: what the code of a site may do to the files of another")
    rows = [
        (
            one.reader,
            one.owner,
            one.read,
            one.write,
            _ordinary(one.reasons, "read"),
            _ordinary(one.reasons, "write"),
        )
        for one in tenants.matrix
    ]
    headers = ("code of", "files of", "read (policy)", "write (policy)", "read (modes)", "write (modes)")
    print_table(headers, rows)


def _ordinary(reasons: tuple[GoalReason, ...], verb: str) -> str:
    texts = [one.ordinary.text for one in reasons if one.ordinary and one.question.startswith(verb)]
    return texts[0] if texts else "unknown"


def _show_reasons(one: ServiceExposure) -> None:
    lines = [f"grade: {one.grade.arithmetic}"]
    if one.change:
        points = f" (closes {one.change_points} points)" if one.change_points else ""
        lines.append(f"the one change that closes most: {one.change}{points}")
    print_block(f"{one.service.name}", lines)
    for answer in one.answers:
        if answer.outcome is not Outcome.BLOCKED or len(one.answers) == 1:
            print_block(f"{one.service.name}: {answer.title}: {answer.outcome.upper()}", _answer(answer))


def _answer(answer: GoalAnswer) -> Iterable[str]:
    if _ORIGIN[answer.origin]:
        yield _ORIGIN[answer.origin]
    for reason in answer.reasons:
        yield f"{reason.question}  [{reason.subject or 'an unknown label'}]"
        yield from (f"  because: {line}" for line in reason.because[:_GROUNDS])
        if reason.note:
            yield f"  note: {reason.note}"
        if reason.leads_to and reason.leads_to != reason.subject:
            yield f"  then runs as: {reason.leads_to}"
        if reason.ordinary is not None:
            yield f"  {_ORDINARY[reason.ordinary.verdict]}: {reason.ordinary.text}"
    if answer.more:
        yield f"and {answer.more} more (--json has their number only)"
    for switch in answer.switches:
        also = f"; that would also close {', '.join(switch.also)}" if switch.also else ""
        names, now, then = " and ".join(switch.names), _word(switch.on), _word(not switch.on)
        yield f"booleans: {names} {now}; {then} makes it {switch.outcome}{also}"


def _word(on: bool) -> str:
    return "on" if on else "off"


def show_differences(before: HostExposure, after: HostExposure, differences: tuple[Difference, ...]) -> None:
    """Print what an assumption changes: goals, then grades."""
    click.echo(f"\nWith {', '.join(after.assumed)}:")
    if not differences:
        click.echo("  no goal comes out otherwise")
        return
    print_table(
        ("service", "goal", "before", "after"),
        [(one.service, one.goal, one.before, one.after) for one in differences],
    )
    click.echo()
    for old, new in zip(before.services, after.services, strict=True):
        if old.grade != new.grade:
            print_block(
                f"{old.service.name}: {old.grade.letter} -> {new.grade.letter}", [new.grade.arithmetic]
            )
