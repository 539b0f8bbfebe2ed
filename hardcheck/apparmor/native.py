"""AppArmor's own words: a rule kind, an access and the object's text as a rule would spell it.

===========  =============================  ==========================================
kind         access                         object
===========  =============================  ==========================================
file         read write ... or ``r w x``    ``[owner] /path``
link         link                           ``/name -> /target``
capability   use                            ``sys_admin``
network      create connect ...             ``inet stream``
unix         connect send ...               ``type=stream addr=@x peer=@y label=z``
signal       send receive                   ``set=term peer=label``
ptrace       trace read ...                 ``peer=label``
dbus         send receive bind eavesdrop    ``bus=system name=... path=... member=...``
mount        mount umount                   ``fstype=tmpfs flags=0 /src -> /dst/``
userns       create                         (empty)
transition   transition                     ``label`` or ``^hat``
mqueue       create open ...                ``/name``
io_uring     sqpoll override_creds          ``label=...``
===========  =============================  ==========================================
"""

from __future__ import annotations

from hardcheck.access.model import Native
from hardcheck.apparmor.answers.messages import Message
from hardcheck.apparmor.answers.mounts import MountRequest
from hardcheck.apparmor.objects import (
    AaObject,
    CapabilityObject,
    FileObject,
    HatObject,
    IoUringObject,
    LinkObject,
    PeerObject,
    ProfileObject,
    QueueObject,
    SignalObject,
    SocketObject,
    UmountObject,
    UnixObject,
    UsernsObject,
)
from hardcheck.errors import UsageError

_LETTERS = {
    "r": "read",
    "w": "write",
    "a": "append",
    "l": "link",
    "k": "lock",
    "m": "mmap-execute",
    "x": "execute",
}


def native_object(native: Native) -> tuple[str, AaObject]:
    """Return the action and the object that a native question means.

    Raises:
        UsageError: no such kind, or a text that does not spell its object.
    """
    text, word = native.target.strip(), native.permission
    words, named = _split(text)
    if native.class_ == "file":
        owner = text.startswith("owner ")
        return _LETTERS.get(word, word), FileObject(text.removeprefix("owner ").strip(), owner)
    if native.class_ == "link":
        name, arrow, target = text.partition(" -> ")
        if not arrow:
            raise UsageError(f"'{text}' is no link: 'NAME -> TARGET'")
        return "link", LinkObject(name.strip(), target.strip(), owner=False)
    if native.class_ == "capability":
        return "use", CapabilityObject(text)
    if native.class_ == "network":
        if len(words) != 2:
            raise UsageError(f"'{text}' is no socket: 'FAMILY TYPE'")
        return word, SocketObject(words[0], words[1])
    if native.class_ == "signal":
        return word, SignalObject(named.get("set", "kill"), named.get("peer", ""))
    if native.class_ == "ptrace":
        return word, PeerObject(named.get("peer", text))
    return _rarer(native.class_, word, text, words, named)


def _rarer(kind: str, word: str, text: str, words: list[str], named: dict[str, str]) -> tuple[str, AaObject]:
    if kind == "unix":
        address, peer = named.get("addr", ""), named.get("peer", "")
        return word, UnixObject(named.get("type", "stream"), address, peer, named.get("label", ""))
    if kind == "dbus":
        fields = ("name", "path", "interface", "member", "label")
        return word, Message(named.get("bus", ""), **{field: named.get(field, "") for field in fields})
    if kind == "mount":
        if word == "umount":
            return word, UmountObject(text)
        paths = [part for part in words if part != "->"]
        if not paths or not named.get("flags", "0").isdecimal():
            raise UsageError(f"'{text}' is no mount: '[fstype=T] [flags=N] [SOURCE ->] POINT'")
        source = paths[0] if len(paths) > 1 else ""
        return "mount", MountRequest(paths[-1], source, named.get("fstype", ""), int(named.get("flags", "0")))
    if kind == "userns":
        return "create", UsernsObject()
    if kind == "transition":
        return word, HatObject(text[1:]) if text.startswith("^") else ProfileObject(text)
    if kind == "mqueue":
        return word, QueueObject(words[0] if words else "", named.get("label", ""))
    if kind == "io_uring":
        return word, IoUringObject(named.get("label", ""))
    raise UsageError(f"AppArmor has no rules of kind '{kind}'")


def _split(text: str) -> tuple[list[str], dict[str, str]]:
    words: list[str] = []
    named: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if equals and key.isidentifier():
            named[key] = value
        else:
            words.append(word)
    return words, named
