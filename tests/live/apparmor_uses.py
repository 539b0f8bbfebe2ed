"""Questions for the prober about what sockets, buses, queues, namespaces and hats are used for.

Some classes of rules are younger than the kernel of the lab: it does not mediate them, and we have to say so.
"""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.access.model import AccessAnswer
from hardcheck.apparmor import ProfileSet
from hardcheck.apparmor.answers.messages import Message
from hardcheck.apparmor.decision import decide
from hardcheck.apparmor.objects import (
    AaObject,
    HatObject,
    QueueObject,
    SocketObject,
    UnixObject,
    UsernsObject,
)
from tests.live.apparmor_plan import PREFIX, Group

_RULES = (
    "",
    "network inet stream,",
    "network inet,\n network unix dgram,",
    "network unix,",
    "unix (create bind) type=stream,",
    "unix,\n deny unix type=seqpacket,",
    "network,\n userns,\n dbus,\n mqueue,",
    "network,\n deny network inet dgram,\n audit deny network unix stream,",
    "file,\n network,",
)
_HATS = ("here", "there", "nowhere", "here2")
_TYPES = {"stream": 1, "dgram": 2, "seqpacket": 5}
_BUS = "org.freedesktop.DBus"


def _text(name: str, rules: str) -> str:
    return f"profile {PREFIX}{name} {{\n file,\n {rules}\n}}"


def use_profiles() -> list[str]:
    """Return the profiles that stand under an abi."""
    texts = [
        _text(f"use-{n}", rules if "userns" not in rules else "network,\n dbus,")
        for n, rules in enumerate(_RULES)
    ]
    return [
        *texts,
        f"profile {PREFIX}use-queues flags=(attach_disconnected) {{\n file,\n network,\n}}",
        f"profile {PREFIX}use-queue-read flags=(attach_disconnected) {{\n /hardcheck-live r,\n network,\n}}",
        f"profile {PREFIX}use-logged flags=(complain) {{\n deny network inet dgram,\n}}",
        f"profile {PREFIX}hats-0 {{\n file,\n ^here {{ file, }}\n hat there {{ }}\n}}",
        f"profile {PREFIX}hats-1 {{\n file,\n ^here2 {{ file, }}\n profile here {{ file, }}\n}}",
        f"profile {PREFIX}hats-2 {{\n file,\n}}",
    ]


def abiless_profiles() -> list[str]:
    """Return profiles for a file that states no abi: what the host's parser is told to assume holds."""
    return [_text(f"noabi-{n}", rules) for n, rules in enumerate(_RULES) if "mqueue" not in rules]


def _allowed(answers: Iterator[AccessAnswer]) -> bool:
    return all(answer.allowed or not answer.enforced for answer in answers)


def _asked(how: str, word: str) -> list[tuple[str, AaObject]]:
    """What a use asks of the policy, one after the other."""
    if how.startswith("unix"):
        uses: list[tuple[str, AaObject]] = [("create", SocketObject("unix", word))]
        address = "@hardcheck-live-9-9"
        if how == "unix-bind":
            return [*uses, ("bind", UnixObject(word, address))]
        return [*uses, ("connect", UnixObject(word, "none", "@hardcheck-live", "unconfined"))]
    if how.startswith("inet"):
        action = how.removeprefix("inet-")
        return [(one, SocketObject("inet", word)) for one in ("create", action)]
    if how == "userns":
        return [("create", UsernsObject())]
    if how == "mqueue":
        return [(one, QueueObject("/hardcheck-live")) for one in ("create", "open", "delete")]
    if how == "sysv-queue":
        return [("create", QueueObject("1"))]
    message = Message("system", _BUS, "/org/freedesktop/DBus", _BUS, "ListNames", "unconfined")
    return [
        ("create", SocketObject("unix", "stream")),
        ("connect", UnixObject("stream", "none", "/run/dbus/system_bus_socket", "unconfined")),
        ("send", message),
    ]


def use_groups(policy: ProfileSet) -> Iterator[Group]:
    """Every use under every profile, user namespaces in a child of their own each."""
    names = [
        name for name in sorted(policy.profiles) if name.startswith((f"{PREFIX}use-", f"{PREFIX}noabi-"))
    ]
    sockets = [
        (how, word)
        for how in ("unix-bind", "unix-connect", "inet-bind", "inet-connect")
        for word in (_TYPES if how.startswith("unix") else ("stream", "dgram"))
    ]
    for name in names:
        for how_to, uses in (
            ("group", [*sockets, ("mqueue", ""), ("sysv-queue", ""), ("dbus", "")]),
            ("single", [("userns", "")]),
        ):
            group = Group(name, [], [], how=how_to)
            for how, word in uses:
                group.questions.append({"kind": "use", "how": how, "type": _TYPES.get(word, 0)})
                asked = _asked(how, word)
                group.expected.append(_allowed(decide(policy, name, *one) for one in asked))
            yield group


def hat_groups(policy: ProfileSet) -> Iterator[Group]:
    """Changes to hats that are there, that are children and no hats, and that are not there."""
    for number in range(3):
        group = Group(f"{PREFIX}hats-{number}", [], [], how="single")
        for hat in _HATS:
            group.questions.append({"kind": "hat", "hat": hat})
            answer = decide(policy, group.profile, "transition", HatObject(hat))
            group.expected.append(answer.allowed)
        yield group
