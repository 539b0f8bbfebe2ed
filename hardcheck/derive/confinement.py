"""Who is confined: every process and every listener under the framework that is active."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.facts import Absent, Reason
from hardcheck.facts.apparmor import LoadedProfile
from hardcheck.facts.mac import Confined, FrameworkName, ListeningSubject, Subject
from hardcheck.facts.network import Listener
from hardcheck.facts.processes import Process
from hardcheck.facts.selinux import LoadedPolicy, SelinuxKernel, context_type

# What the policies of the distributions call their unconfined domains; used where the policy
# itself could not be read, to name what is surely unconfined. It never proves the contrary.
KNOWN_UNCONFINED = frozenset({"unconfined_t", "unconfined_service_t", "initrc_t", "kernel_t"})
_APPARMOR_LABEL = re.compile(r"(?P<profile>.+) \((?P<mode>[a-z_-]+)\)", re.DOTALL)
_ENFORCED = frozenset({"enforce", "kill"})
_LOGINS = frozenset({"sshd", "sshd-session", "login", "su", "sudo", "runuser", "machinectl"})


def derive_subjects(
    framework: FrameworkName,
    processes: tuple[Process, ...],
    kernel: SelinuxKernel | Absent,
    policy: LoadedPolicy | Absent,
    profiles: tuple[LoadedProfile, ...] | Absent,
) -> tuple[Subject, ...]:
    """Every process with memory of its own, with what it is to the active framework.

    On a host without one, every process is unconfined.
    """
    by_pid = {process.pid: process for process in processes}
    modes = {} if isinstance(profiles, Absent) else {profile.name: profile.mode for profile in profiles}
    found = []
    for process in processes:
        if process.kernel:
            continue
        subject, state = _standing(process, framework, kernel, policy, modes)
        found.append(
            Subject(
                pid=process.pid,
                name=process.name,
                unit=process.unit,
                program=process.program if isinstance(process.program, str) else "",
                uid=process.effective_uid,
                label=process.label if isinstance(process.label, str) else "an unknown label",
                subject=subject,
                state=state,
                service=_is_service(process, by_pid),
            )
        )
    return tuple(found)


def _standing(
    process: Process,
    framework: FrameworkName,
    kernel: SelinuxKernel | Absent,
    policy: LoadedPolicy | Absent,
    modes: Mapping[str, str],
) -> tuple[str, Confined | Absent]:
    label = process.label
    if framework == "neither":
        return "", "unconfined"
    if isinstance(label, Absent):
        return "", label
    if framework == "selinux":
        return _selinux_standing(label, kernel, policy)
    return apparmor_standing(label, modes)


def _selinux_standing(
    label: str, kernel: SelinuxKernel | Absent, policy: LoadedPolicy | Absent
) -> tuple[str, Confined | Absent]:
    type_ = context_type(label)
    if type_ in KNOWN_UNCONFINED and isinstance(policy, Absent):
        return type_, "unconfined"
    if isinstance(policy, Absent):
        return type_, policy
    if type_ in policy.unconfined:
        return type_, "unconfined"
    if isinstance(kernel, Absent):
        return type_, kernel
    return type_, "permissive" if not kernel.enforcing or type_ in policy.permissive else "enforced"


def apparmor_standing(label: str, modes: Mapping[str, str]) -> tuple[str, Confined]:
    """Profile and standing of an AppArmor label: ``unconfined`` or ``PROFILE (MODE)``.

    A stack ``A//&B (mixed)`` is enforced when one of its profiles is: an access has to pass all.
    """
    match = _APPARMOR_LABEL.fullmatch(label)
    if match is None:
        return label, "unconfined"
    profile, mode = match["profile"], match["mode"]
    parts = {modes.get(part, "") for part in profile.split("//&")} if mode == "mixed" else {mode}
    if parts & _ENFORCED:
        return profile, "enforced"
    return profile, "unconfined" if parts <= {"unconfined", ""} else "permissive"


def _is_service(process: Process, by_pid: Mapping[int, Process]) -> bool:
    """Whether a process belongs to a system service, and not to somebody's login.

    Its control group ends in a .service unit (user@.service is a login's), and no process above
    it but the service's own first one takes logins: without logind a session stays in the group
    of sshd.
    """
    if not process.unit.endswith(".service") or process.unit.startswith("user@"):
        return False
    seen = set()
    above = by_pid.get(process.parent)
    while above is not None and above.pid > 1 and above.pid not in seen:
        if above.name in _LOGINS:
            return False
        seen.add(above.pid)
        above = by_pid.get(above.parent)
    return True


def derive_listeners(
    listeners: tuple[Listener, ...], subjects: tuple[Subject, ...]
) -> tuple[ListeningSubject, ...]:
    """Every listening socket with the subject that holds it; one entry where several processes of a
    service hold it under one label. Sockets of the kernel itself have no subject and are left out."""
    by_pid = {subject.pid: subject for subject in subjects}
    found: dict[tuple[object, ...], ListeningSubject] = {}
    for listener in listeners:
        if isinstance(listener.pids, Absent):
            found[(listener.inode, listener.shown)] = _listening(listener, listener.pids)
            continue
        for pid in listener.pids:
            holder = by_pid.get(pid, _GONE)
            entry = _listening(listener, holder)
            found.setdefault((listener.shown, entry.name, entry.unit, entry.label), entry)
    return tuple(found.values())


_GONE = Absent(Reason.NOT_COLLECTED, ("processes.files",), "the process that holds the socket was not seen")


def _listening(listener: Listener, holder: Subject | Absent) -> ListeningSubject:
    known = None if isinstance(holder, Absent) else holder
    return ListeningSubject(
        protocol=listener.protocol,
        address=listener.address,
        port=listener.port,
        local=listener.scope == "loopback",
        name=known.name if known else "an unknown process",
        pid=known.pid if known else 0,
        unit=known.unit if known else "",
        label=known.label if known else "an unknown label",
        subject=known.subject if known else "",
        state=holder if isinstance(holder, Absent) else holder.state,
    )
