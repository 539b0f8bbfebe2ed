"""The attack goals: read from ``rules/exposure/*.yaml`` and checked.

A goal has ``id`` (the file's name), ``title``, ``why``, ``severity``, and ``ask`` or ``chain``. ``ask`` is a
list of ways, or one list for each framework; a way is a question, or a list of questions that all have
to be answered with yes. A question is the text form of `hardcheck.access.question` without "may SUBJECT",
or a mapping: ``{ask: TEXT, kind: chr_file}``, ``{ask: TEXT, address: 169.254.169.254}``, ``{native: TARGET,
class: CLASS, permission: WORD}``. ``{object}`` stands for each object that ``objects`` finds on the
host, or, where it finds none, of ``defaults``; ``{self}`` for the service's own label.
"""

from __future__ import annotations

import re
from pathlib import Path as FilePath
from typing import cast

from hardcheck.access import Action, Native, Object, Path, Port, Subject
from hardcheck.access.question import parse_question
from hardcheck.engine.yaml_source import Value, near, read_yaml
from hardcheck.errors import ConfigError, UsageError
from hardcheck.exposure.model import Ask, Framework, Goal, Way
from hardcheck.exposure.objects import FINDERS
from hardcheck.findings import Severity
from hardcheck.resources import resource_folder

FRAMEWORKS: tuple[Framework, ...] = ("selinux", "apparmor")
_KINDS = ("file", "dir", "lnk_file", "sock_file", "fifo_file", "chr_file", "blk_file")
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MOST_STEPS = 8


def load_goals(folder: FilePath | None = None) -> tuple[Goal, ...]:
    """Every goal of a folder, hardcheck's own without one; severest first, then by id.

    Raises:
        ConfigError: a file that is no goal, or no file at all.
    """
    folder = resource_folder("rules") / "exposure" if folder is None else folder
    goals = [load_goal(path) for path in sorted(folder.glob("*.yaml"))]
    if not goals:
        raise ConfigError(str(folder), "attack goals (*.yaml)", "none")
    order = list(Severity)
    return tuple(sorted(goals, key=lambda goal: (order.index(goal.severity), goal.id)))


def pick_goals(goals: tuple[Goal, ...], ids: tuple[str, ...]) -> tuple[Goal, ...]:
    """The goals of these ids, all where none is given. Raises UsageError: an id that no goal has."""
    known = [goal.id for goal in goals]
    for id_ in ids:
        if id_ not in known:
            raise UsageError(f"no attack goal is called {near(id_, known)}; known are {', '.join(known)}")
    return tuple(goal for goal in goals if not ids or goal.id in ids)


def load_goal(path: FilePath) -> Goal:
    """One file. Raises ConfigError."""
    keys = ("id", "title", "why", "severity")
    entries = read_yaml(path).fields((*keys, "objects", "defaults", "ask", "chain"), keys)
    id_ = entries["id"].text("an id")
    if not _ID.fullmatch(id_) or id_ != path.stem:
        raise entries["id"].fault(f"the name of the file ({path.stem}), in small letters and dashes")
    if ("ask" in entries) == ("chain" in entries):
        raise entries["id"].fault("either 'ask' or 'chain'")
    finder = entries["objects"].word(FINDERS) if "objects" in entries else ""
    defaults = entries["defaults"].texts() if "defaults" in entries else ()
    labels = bool(finder) and FINDERS[finder].gives_labels
    chain = entries["chain"].integer() if "chain" in entries else 0
    if "chain" in entries and not 1 <= chain <= _MOST_STEPS:
        raise entries["chain"].fault(f"1 to {_MOST_STEPS} steps")
    ways = _ways(entries["ask"], labels=labels) if "ask" in entries else {}
    takes = any(ask.takes_object for side in ways.values() for way in side for ask in way)
    if takes != bool(finder or defaults):
        raise entries["id"].fault("'{object}' in a question exactly where 'objects' or 'defaults' are given")
    return Goal(
        id=id_,
        title=entries["title"].text("a title"),
        why=" ".join(entries["why"].text("a reason").split()),
        severity=Severity(entries["severity"].word([word.value for word in Severity])),
        ways=ways,
        objects=finder,
        defaults=defaults,
        chain=chain,
    )


def _ways(at: Value, *, labels: bool) -> dict[Framework, tuple[Way, ...]]:
    if isinstance(at.data, dict):
        sides = at.fields(FRAMEWORKS, FRAMEWORKS)
        return {cast(Framework, name): _side(side, labels=labels) for name, side in sides.items()}
    return dict.fromkeys(FRAMEWORKS, _side(at, labels=labels))


def _side(at: Value, *, labels: bool) -> tuple[Way, ...]:
    ways = []
    for element in at.items("a list of ways"):
        parts = element.data if isinstance(element.data, list) else [element]
        ways.append(tuple(_ask(part, labels=labels) for part in parts))
    if not ways or not all(ways):
        raise at.fault("at least one question")
    return tuple(ways)


def _ask(at: Value, *, labels: bool) -> Ask:
    if not isinstance(at.data, dict):
        return _parsed(at, at.text("a question"), labels=labels)
    if "native" in at.data:
        entries = at.fields(("native", "class", "permission"), ("native", "class", "permission"))
        target = entries["native"].text("a target")
        native = Native(target, entries["class"].text(), entries["permission"].text())
        return Ask(
            f"{native.permission} {target} ({native.class_})",
            Action.USE,
            native,
            takes_object=target == "{object}",
            takes_self=target == "{self}",
        )
    entries = at.fields(("ask", "kind", "address"), ("ask",))
    ask = _parsed(entries["ask"], entries["ask"].text("a question"), labels=labels)
    object_ = ask.object_
    if "kind" in entries:
        if not isinstance(object_, Path):
            raise entries["kind"].fault("a kind for a path only")
        object_ = Path(object_.path, entries["kind"].word(_KINDS))
    if "address" in entries:
        if not isinstance(object_, Port):
            raise entries["address"].fault("an address for a port only")
        object_ = Port(object_.protocol, object_.number, entries["address"].text("an address"))
    return Ask(ask.text, ask.action, object_, ask.takes_object, ask.takes_self, ask.suffix)


def _parsed(at: Value, text: str, *, labels: bool) -> Ask:
    """A question in its text form; the placeholders are words of their own while it is parsed."""
    stand_in = "object" if labels else "/object"
    try:
        question = parse_question("who may " + text.replace("{object}", stand_in).replace("{self}", "self"))
    except UsageError as error:
        raise at.fault(
            "a question without its subject, such as 'read /etc/shadow'", str(error)[:200]
        ) from None
    object_ = question.object_
    assert object_ is not None  # "who may" has one
    if question.action is None and not isinstance(object_, Native):
        raise at.fault("an action, or a permission with TYPE:CLASS")
    action = question.action or Action.USE
    takes_object = "{object}" in text
    suffix = object_.path.removeprefix("/object") if takes_object and isinstance(object_, Path) else ""
    return Ask(text, action, object_, takes_object, "{self}" in text, suffix)


def object_of(ask: Ask, name: str, own: str) -> Object:
    """The object of a question with its stand-ins replaced by ``name`` and the label ``own``."""
    object_ = ask.object_
    stand_in = name if ask.takes_object else own
    if not (ask.takes_object or ask.takes_self):
        return object_
    if isinstance(object_, Native):
        return Native(stand_in, object_.class_, object_.permission)
    if isinstance(object_, Path):
        return Path(name.rstrip("/") + ask.suffix if ask.suffix else name, object_.kind)
    return Subject(stand_in)
