"""From what people call a subject to the labels that the kernel knows.

``nginx``, ``nginx.service``, ``php-fpm`` (for ``php-fpm8.2``), ``/usr/sbin/nginx``, ``pid 412`` are looked up
among the host's processes; whatever is none of them goes to the policy as it is: a domain, a context, a
profile.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from hardcheck.access import Action, Path, Subject
from hardcheck.ask.world import World
from hardcheck.facts import Absent
from hardcheck.facts.processes import Process

STARTER = {"selinux": "init_t", "apparmor": "unconfined"}  # who starts services
_MODE = re.compile(r" \((?:enforce|complain|kill|unconfined|prompt|user|mixed)\)$")
_VERSION = re.compile(r"[0-9.]+$")


class Resolved(msgspec.Struct, frozen=True):
    """A subject of the policy and how it was found: ``processes`` are the pids that run as it."""

    subject: Subject
    processes: tuple[int, ...] = ()
    note: str = ""


def resolve_subjects(world: World, text: str) -> tuple[Resolved, ...]:
    """Every label that what is meant by ``text`` runs as, in the order of the first pid."""
    if isinstance(world.processes, Absent):
        if text.startswith("pid "):
            return (Resolved(Subject(text, text), note="there are no processes to look at here"),)
        return (_by_policy(world, text),)
    found = _matching(world.processes, text)
    if not found:
        return (_by_policy(world, text),)
    by_label: dict[str, list[int]] = {}
    unseen = [process.pid for process in found if isinstance(process.label, Absent)]
    for process in found:
        if not isinstance(process.label, Absent):
            by_label.setdefault(plain_label(process.label), []).append(process.pid)
    resolved = tuple(Resolved(Subject(label, text), tuple(pids)) for label, pids in by_label.items())
    if not unseen:
        return resolved
    hidden = Resolved(Subject("", text), tuple(unseen), "the label of these processes could not be read")
    return (*resolved, hidden)


def is_known(world: World, subject: Subject) -> bool:
    """Whether the policy knows the subject: what it may do to itself is then no unknown."""
    return not world.policy.may(subject, Action.SIGNAL, subject).unknown


def _by_policy(world: World, text: str) -> Resolved:
    """A subject of the policy of this name; for a program that is none, what it would run as when started."""
    subject = Subject(text, text)
    if text.startswith("/") and not is_known(world, subject):
        starter = Subject(STARTER[world.framework])
        label = world.policy.may(starter, Action.EXECUTE, Path(text)).leads_to
        if label:
            return Resolved(Subject(label, text), note=f"as what {starter.name} would start it")
    return Resolved(subject)


def plain_label(label: str) -> str:
    """A process label without the mode that AppArmor writes behind it."""
    return _MODE.sub("", label)


def _matching(processes: Iterable[Process], text: str) -> list[Process]:
    """The processes meant; kernel threads never are."""
    candidates = [process for process in processes if not process.kernel]
    tests: tuple[Callable[[Process], bool], ...]
    if text.startswith("pid "):
        tests = (lambda process: process.pid == int(text[4:]),)
    elif text.startswith("/"):
        tests = (lambda process: process.program == text,)
    else:
        tests = (
            lambda process: process.name == text,
            lambda process: process.unit in (text, f"{text}.service"),
            lambda process: _base(process) == text,
            lambda process: text == _VERSION.sub("", _base(process)),
            lambda process: text == _VERSION.sub("", process.unit.removesuffix(".service")),
        )
    for test in tests:
        found = [process for process in candidates if test(process)]
        if found:
            return found
    return []


def _base(process: Process) -> str:
    program = process.program
    if isinstance(program, Absent):
        return ""
    return program.removesuffix(" (deleted)").rpartition("/")[2]
