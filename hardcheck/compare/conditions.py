"""What has to hold before the other framework can run on a host, and the steps to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hardcheck.compare.catalogue import Side
from hardcheck.compare.distributions import Distribution, Ships, distribution_of
from hardcheck.compare.model import NAMES, Condition, Cover, Prospect, ServiceLine
from hardcheck.facts import Absent, Facts
from hardcheck.reasons import Reason

# File systems whose files carry security.selinux of their own; others get one label as a whole (context=).
_LABELLED = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "gfs2", "overlay", "tmpfs", "zfs"}
)
_OF_DISK = ("/dev/", "UUID=", "LABEL=")


def prospect(side: Side, facts: Facts, services: tuple[ServiceLine, ...] | Absent) -> Prospect:
    """What a framework that does not run needs on this host, in the order in which it is done."""
    system = facts["host.os"]
    distribution = None if isinstance(system, Absent) else distribution_of(system)
    conditions = [_kernel(side, facts)]
    ships = distribution.ships[side] if distribution is not None else None
    if ships is not None and ships.packages:
        conditions += _packages(side, facts, ships)
    else:
        conditions.append(_not_packaged(side, distribution, ships))
    if side == "selinux":
        conditions += [*_file_systems(facts), *_panel(facts)]
    conditions.append(_selected(side, facts))
    steps = [one.step for one in conditions if one.met is not True and one.step]
    if not any(one.met is False and one.barred for one in conditions):
        steps += _work(side, services)
    return Prospect(side, tuple(conditions), tuple(steps))


def _kernel(side: Side, facts: Facts) -> Condition:
    config = facts["kernel.config"]
    option = f"SECURITY_{side.upper()}"
    text = f"the running kernel is built with {NAMES[side]}"
    source = f"kernel configuration, CONFIG_{option}"
    if isinstance(config, Absent):
        active = facts["kernel.lsm"]
        met = True if not isinstance(active, Absent) and side in active else None
        step = "" if met else f"look CONFIG_{option} up in the kernel's configuration"
        return Condition(text, met, source, step)
    if config.get(option) == "y":
        return Condition(text, True, source)
    step = f"install a kernel that is built with CONFIG_{option}=y"
    return Condition(text, False, source, step, barred=True)


def _packages(side: Side, facts: Facts, ships: Ships) -> Iterator[Condition]:
    installed = facts["packages"]
    for names in ships.packages:
        text = f"{' or '.join(names)} is installed ({ships.note})"
        if isinstance(installed, Absent):
            yield Condition(text, None, ships.source, f"install {names[0]} where it is not there")
            continue
        met = any(name in installed.installed for name in names)
        yield Condition(text, met, ships.source, "" if met else f"install {names[0]}")


def _not_packaged(side: Side, distribution: Distribution | None, ships: Ships | None) -> Condition:
    if distribution is None or ships is None:
        text = f"whether this distribution ships {NAMES[side]} is not known to hardcheck"
        return Condition(text, None, "", "find out what this distribution ships for it")
    text = f"{distribution.name} ships {NAMES[side]}: {ships.note}"
    return Condition(text, False, ships.source, barred=True)


def _file_systems(facts: Facts) -> Iterator[Condition]:
    mounts = facts["mounts"]
    text = "files on every disk can carry a label of their own"
    source = "kernel, security.selinux in extended attributes; mount(8), context="
    if isinstance(mounts, Absent):
        yield Condition(text, None, source, "look the file systems up with findmnt")
        return
    without = sorted(
        {
            f"{mount.point} ({mount.fstype})"
            for mount in mounts
            if mount.source.startswith(_OF_DISK) and mount.fstype not in _LABELLED
        }
    )
    if without:
        text += f"; not those of {', '.join(without)}"
        yield Condition(text, False, source, "give these a label as a whole with the mount option context=")
    else:
        yield Condition(text, True, source)


def _panel(facts: Facts) -> Iterator[Condition]:
    cpanel = facts["web.cpanel"]
    if isinstance(cpanel, Absent):
        if cpanel.reason is not Reason.NOT_PRESENT:
            yield Condition("whether cPanel manages this host", None, "docs.cpanel.net, installation guide")
        return
    yield Condition(
        "cPanel manages this host, and its vendor supports it with SELinux disabled only",
        False,
        "docs.cpanel.net, installation guide",
        "keep to CageFS and one account per site here, or move the sites to a host without cPanel",
        barred=True,
    )


def _selected(side: Side, facts: Facts) -> Condition:
    """Of the modules that own a task's label whole, a kernel runs one (before LSM stacking of them)."""
    active = facts["kernel.lsm"]
    text = f"the kernel starts {NAMES[side]}"
    source = "kernel Documentation/admin-guide/LSM/index.rst; kernel-parameters.txt, lsm= and security="
    step = f"set security={side} in the boot loader (selinux=1 too on Debian), and reboot"
    if side == "apparmor":
        step = "set security=apparmor apparmor=1 in the boot loader, and reboot"
    if isinstance(active, Absent):
        return Condition(text, None, source, step)
    met = side in active
    return Condition(text, met, source, "" if met else step)


def _work(side: Side, services: tuple[ServiceLine, ...] | Absent) -> list[str]:
    """What is left once it runs: to watch before it enforces, and policy for what has none."""
    if isinstance(services, Absent):
        without: list[str] | None = None
    else:
        without = [s.name for s in services if s.would[side] in (Cover.NONE, Cover.UNCONFINED, Cover.UNKNOWN)]
    written = (
        "find the services that no policy is shipped for: they were not seen"
        if without is None
        else f"write policy for {len(without)} services that none is shipped for: {_some(without)}"
        if without
        else ""
    )
    if side == "selinux":
        steps = [
            "start permissive: set SELINUX=permissive in /etc/selinux/config, touch /.autorelabel, reboot",
            "work through what would have been denied: hardcheck denials TARGET",
            written,
            "enforce: set SELINUX=enforcing, reboot, and audit again",
        ]
    else:
        steps = [
            "load the shipped profiles in complain mode: aa-complain for each, not for the folder as a whole",
            "work through what would have been denied: hardcheck denials TARGET",
            written,
            "enforce profile by profile: aa-enforce PROFILE, restart its service, and audit again",
        ]
    return [step for step in steps if step]


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - 8} more" if len(listed) > 8 else ""
    return ", ".join(listed[:8]) + more
