"""Which service a group of denials belongs to, in the words that people use."""

from __future__ import annotations

from hardcheck.denials.model import Group
from hardcheck.facts import Absent
from hardcheck.facts.selinux import context_type
from hardcheck.triage.request import learning_parent
from hardcheck.triage.world import World


def service_of(group: Group, world: World) -> str:
    """The systemd unit of a running process of that domain or profile, else the program, else the subject."""
    parent = learning_parent(group.source.partition("//&")[0])[0]
    processes = world.processes
    if not isinstance(processes, Absent):
        pids = frozenset(group.pids.values)
        for process in processes:
            if process.kernel or isinstance(process.label, Absent) or not process.unit.endswith(".service"):
                continue
            label = process.label.rpartition(" (")[0] or process.label
            subject = context_type(label) if group.framework == "selinux" else label
            if str(process.pid) in pids and subject == parent:
                return process.unit
    program = next(iter(group.exes.values), "") or next(iter(group.comms.values), "")
    return program.rpartition("/")[2] or parent


def unit_name(unit: str) -> str:
    """A service's unit as audit records have it: without its ending."""
    return unit.removesuffix(".service")
