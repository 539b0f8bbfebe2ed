"""``hardcheck compare``: SELinux and AppArmor beside each other, on hosts and over a fleet."""

from __future__ import annotations

from collections.abc import Iterator

import click

from hardcheck.cli import options
from hardcheck.cli.tables import print_block, print_table
from hardcheck.compare.catalogue import Side
from hardcheck.compare.model import (
    NAMES,
    Comparison,
    Condition,
    Cover,
    FleetLine,
    HostComparison,
    ObjectiveLine,
    Prospect,
    ServiceLine,
)
from hardcheck.findings import Status
from hardcheck.render.sanitise import visible

_MET = {True: "yes", False: "no", None: "unknown"}
_SHOWN = 30


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@options.targets
@click.option(
    "--team",
    type=click.Choice(["selinux", "apparmor", "both", "neither"]),
    help="What the people who run these hosts know; no host shows that.",
)
@click.option(
    "--levels",
    type=click.Choice(["yes", "no"]),
    help="Whether data of several clearances lies on these hosts; no host shows that.",
)
@click.option("--details", is_flag=True, help="Print every service, and every rule that did not pass.")
@options.as_json
@options.connection
def command(
    targets: tuple[str, ...],
    team: str | None,
    levels: str | None,
    details: bool,
    as_json: bool,
    **how: object,
) -> int:
    """Compare what runs with what the other framework would give.

    TARGET is a host, an inventory name, a bundle, or a folder of bundles. For each host: every objective of
    mandatory access control under the framework that runs, what the other one would give there, for which
    services policy is shipped, what stands in the way, the steps, and a table of criteria. For several
    hosts: the same objectives on one line each.

    \b
      hardcheck compare web1 db1
      hardcheck compare out/bundles --team apparmor --levels no --json

    Exit code 0 when every host could be compared, 3 when one could not, 4 when one could not be reached.
    """
    from hardcheck.cli.knowledge import load_all_profiles, load_setup
    from hardcheck.cli.reach import evidence_of_all
    from hardcheck.compare.catalogue import Lookup
    from hardcheck.compare.comparing import Assumed, compare
    from hardcheck.engine.variants import bind

    hosts = evidence_of_all(targets, how)
    setup = load_setup()
    setup, (profile,) = bind(setup, (load_all_profiles(setup)["mac"],))
    assumed = Assumed(team or "", levels or "")  # type: ignore[arg-type]  # the choices are those words
    found = compare(hosts, setup, profile, Lookup.read(), assumed)
    if as_json:
        from hardcheck.cli.tables import print_json

        print_json("comparison", found)
    else:
        show(found, details=details)
    if any(not host.items for host in hosts):
        return 4
    return 3 if any(one.unknown or one.services_unknown for one in found.hosts) else 0


def show(found: Comparison, *, details: bool) -> None:
    """Print the hosts, then the fleet where there are several."""
    for number, host in enumerate(found.hosts):
        if number:
            click.echo()
        _show_host(host, details=details)
    if len(found.hosts) > 1:
        print_block("The fleet", (_fleet_line(line) for line in found.fleet if line.cells), prose=True)


def _fleet_line(line: FleetLine) -> str:
    return f"{line.title}: {', '.join(cell.shown for cell in line.cells)}"


def _show_host(host: HostComparison, *, details: bool) -> None:
    click.echo(visible(f"{host.host}: {host.verdict}"))
    if host.unknown:
        click.echo(f"  {visible(host.unknown)}")
        return
    others = [one.framework for one in host.prospects]
    click.echo()
    print_table(
        (
            "objective",
            f"here ({NAMES[host.framework.value]})",
            *(f"{NAMES[side]} instead" for side in others),
        ),
        [
            (f"{one.id} {one.title}", _verdict(one), *(one.other[side] for side in others))
            for one in host.objectives
        ],
        prose=True,
    )
    if details:
        for one in host.objectives:
            print_block(one.id, (f"{each.status}: {each.rule}: {each.observed}" for each in one.failed))
    _show_services(host, details=details)
    for prospect in host.prospects:
        _show_prospect(prospect)
    _show_criteria(host)


def _verdict(one: ObjectiveLine) -> str:
    counts = ", ".join(f"{one.counts[status]} {status}" for status in Status if one.counts.get(status))
    return f"{one.status.upper()}: {counts}".replace("_", " ")


def _show_services(host: HostComparison, *, details: bool) -> None:
    if host.services_unknown:
        print_block("Services", [f"unknown: {host.services_unknown}"])
        return
    others = [one.framework for one in host.prospects]
    chosen = [one for one in host.services if one.network or details][:_SHOWN]
    click.echo()
    rows = [
        (
            one.name,
            "yes" if one.network else "",
            f"{one.now}: {', '.join(one.subjects)}" if one.subjects else one.now.value,
            *(_would(one, side) for side in others),
        )
        for one in chosen
    ]
    print_table(
        ("service", "network", "here", *(f"{NAMES[side]} would" for side in others)), rows, prose=True
    )
    left = len(host.services) - len(chosen)
    if left:
        click.echo(
            f"and {left} more services{'' if details else ' that the network does not reach (--details)'}"
        )


def _would(one: ServiceLine, side: Side) -> str:
    cover = one.would[side]
    if cover is Cover.NONE and one.elsewhere[side]:
        return f"{cover} shipped; elsewhere {one.elsewhere[side][0]}"
    return f"{cover}: {', '.join(one.shipped[side][:2])}" if one.shipped[side] else cover.value


def _show_prospect(one: Prospect) -> None:
    possible = {True: "can run here", False: "cannot run here as it is", None: "may run here"}[one.possible]
    print_block(f"{NAMES[one.framework]} {possible}", _conditions(one.conditions), prose=True)
    steps = (f"{n}. {step}" for n, step in enumerate(one.steps, start=1))
    print_block(f"Steps to {NAMES[one.framework]}", steps, prose=True)


def _conditions(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for one in conditions:
        source = f"  [{one.source}]" if one.source else ""
        yield f"{_MET[one.met]}: {one.text}{source}"


def _show_criteria(host: HostComparison) -> None:
    click.echo()
    print_table(
        ("criterion", "SELinux here", "AppArmor here", "leans to", "weight", "source"),
        [
            (one.name, one.selinux, one.apparmor, NAMES.get(one.leans, one.leans), one.weight, one.source)
            for one in host.criteria
        ],
        prose=True,
    )
    if host.recommendation is not None:
        print_block("What follows", [host.recommendation.text], prose=True)
        print_block("For it", host.recommendation.for_it, prose=True)
        print_block("Against it", host.recommendation.against_it, prose=True)
