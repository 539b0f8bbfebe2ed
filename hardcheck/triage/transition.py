"""The wrong domain: a service that was started by hand, or a program whose label starts no domain."""

from __future__ import annotations

from hardcheck.errors import PolicyError
from hardcheck.facts import Absent
from hardcheck.facts.processes import Process
from hardcheck.facts.selinux import context_type
from hardcheck.triage.model import Cause, Cure, Found, Proof, Step
from hardcheck.triage.selinux_case import SelinuxCase

STARTERS = frozenset(
    [
        "init_t",
        "initrc_t",
        "unconfined_t",
        "unconfined_service_t",
        "sysadm_t",
        "staff_t",
        "user_t",
        "kernel_t",
        "run_init_t",
    ]
)
"""Domains of those who start services, not of services."""
_PEERS = frozenset(
    [
        "process",
        "process2",
        "unix_stream_socket",
        "unix_dgram_socket",
        "fd",
        "fifo_file",
        "tcp_socket",
        "dbus",
        "key",
        "sem",
        "shm",
        "msgq",
    ]
)
_INIT = "system_u:system_r:init_t"
_MOST = 5


def wrong_domain(case: SelinuxCase) -> Found | None:
    """One of the two runs where its program does not belong, by the host's own processes."""
    if case.group.source in STARTERS:
        return _by_program(case)
    if case.group.class_ in _PEERS and case.group.target in STARTERS:
        return _peer(case)
    return None


def _peer(case: SelinuxCase) -> Found | None:
    """The other end runs in a starter's domain though its program has one of its own."""
    processes = case.world.processes
    if isinstance(processes, Absent):
        return None
    for process in processes:
        if isinstance(process.label, Absent) or context_type(process.label) != case.group.target:
            continue
        meant = meant_context(case, _program_label(case, process))
        if not meant or context_type(meant) == case.group.target or case.refused(meant):
            continue
        return _started_by_hand(case, process, meant)
    return None


def _by_program(case: SelinuxCase) -> Found | None:
    """The one who asks runs in a starter's domain though its program has one of its own."""
    processes = case.world.processes
    running = [] if isinstance(processes, Absent) else [one for one in processes if one.pid in _pids(case)]
    for process in running:
        meant = meant_context(case, _program_label(case, process))
        if meant and context_type(meant) != case.group.source:
            return _started_by_hand(case, process, meant)
    for exe in list(case.group.exes.values)[:_MOST]:
        contexts = case.world.file_contexts
        if isinstance(contexts, Absent) or not exe.startswith("/"):
            return None
        try:
            label = contexts.match(exe, "file") or ""
        except PolicyError:
            continue
        meant = meant_context(case, label)
        if meant and context_type(meant) != case.group.source:
            return _by_label(case, exe, label, meant)
    return None


def _pids(case: SelinuxCase) -> frozenset[int]:
    return frozenset(int(pid) for pid in case.group.pids.values if pid.isdecimal())


def _program_label(case: SelinuxCase, process: Process) -> str:
    """The label of the file that a process runs: as it was seen, else as file_contexts has it."""
    if isinstance(process.program_label, str) and process.program_label:
        return process.program_label
    contexts = case.world.file_contexts
    if isinstance(process.program, Absent) or isinstance(contexts, Absent):
        return ""
    try:
        return contexts.match(process.program.removesuffix(" (deleted)"), "file") or ""
    except PolicyError:
        return ""


def meant_context(case: SelinuxCase, program_label: str) -> str:
    """The context in which the system's first process starts a program with this label; "" where it stays
    in the first process's own domain or cannot be said."""
    if not program_label:
        return ""
    init = f"{_INIT}:s0" if case.policy.mls else _INIT
    try:
        new = case.policy.transition(init, program_label, "process")
    except PolicyError:
        return ""
    type_ = context_type(new.context)
    return new.context if new.valid and type_ not in STARTERS else ""


def _started_by_hand(case: SelinuxCase, process: Process, meant: str) -> Found:
    domain = context_type(meant)
    unit = process.unit or "no unit"
    proof = (
        Proof(f"{process.shown}: runs as {process.label}", "processes.all"),
        Proof(f"its program has the label {_program_label(case, process)}", "labels.files"),
        Proof(f"started by the system it runs as {meant}", case.proof_of_policy),
    )
    steps = (
        Step("command", ("kill", "--", str(process.pid))),
        Step(
            "note",
            text=f"Start the service by its unit (systemctl restart), so that it runs as {domain}; from a "
            "script use run_init(8).",
        ),
    )
    says = (
        f"{process.name} (pid {process.pid}, {unit}) runs as {context_type(str(process.label))}: it was "
        f"started by hand or from a script, and not by the system, which would run it as {domain}."
    )
    cure = Cure(f"Start {process.name} by its unit", steps, not case.refused(meant))
    return Found(Cause.TRANSITION, says, proof, cure)


def _by_label(case: SelinuxCase, exe: str, label: str, meant: str) -> Found:
    proof = (
        Proof(f"{exe}: file_contexts has {label}", "selinux.file_contexts"),
        Proof(f"with it the system starts it as {meant}", case.proof_of_policy),
    )
    steps = (
        Step("command", ("restorecon", "-v", "--", exe)),
        Step("note", text="Start the service again by its unit, not from a shell."),
    )
    says = (
        f"{exe} ran as {case.group.source}, though the system runs it as {context_type(meant)}: it was "
        "started by hand, or its file has lost the label that starts the domain."
    )
    return Found(
        Cause.TRANSITION, says, proof, Cure("Restore the program's label; restart by the unit", steps)
    )
