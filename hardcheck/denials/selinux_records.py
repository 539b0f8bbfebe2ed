"""SELinux's refusals: AVC, USER_AVC, SELINUX_ERR and USER_SELINUX_ERR.

::

    avc:  denied  { read open } for  pid=9 comm="x" path="/srv/x" dev="vda" ino=12 scontext=A tcontext=B ...
    pid=640 uid=81 ... msg='avc:  denied  { send_msg } for msgtype=... scontext=A tcontext=B tclass=dbus ...'
    op=security_compute_sid invalid_context="C" scontext=A tcontext=B tclass=process
    security_compute_sid:  invalid context C for scontext=A tcontext=B tclass=process

Source: kernel security/selinux/avc.c, ss/services.c; libselinux avc.c.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hardcheck.denials.joined import Joined, asked_through, known, process_of
from hardcheck.denials.model import Denial, ErrorKind, Event, Outcome, Record, SelinuxDenial
from hardcheck.denials.paths import object_path

NOT_A_REFUSAL = re.compile(r"avc: +(?:received|op=|could not|netlink|AVC)")
_OWN = frozenset({"scontext", "tcontext", "tclass", "permissive", "srawcon", "trawcon"})
_PROCESS_WORDS = (
    "pid ppid comm exe uid auid gid euid suid fsuid egid sgid fsgid ses tty subj msg type node "
    "sauid hostname addr terminal"
)
_OF_PROCESS = frozenset(_PROCESS_WORDS.split())
_OLD_ERROR = re.compile(r"security_compute_sid: +invalid context (\S+) for ")
_ERRORS = {
    "security_compute_sid": ErrorKind.INVALID_CONTEXT,
    "setxattr": ErrorKind.INVALID_CONTEXT,
    "fscreate": ErrorKind.INVALID_CONTEXT,
    "security_bounded_transition": ErrorKind.BOUNDED_TRANSITION,
    "security_validate_transition": ErrorKind.VALIDATE_TRANSITION,
    "security_compute_av": ErrorKind.BOUNDS,
}
_REFUSED = (-1, -13)  # EPERM, EACCES


def read_avc(record: Record, event: Event, joined: Joined, by_program: bool) -> Denial | None:
    """An AVC or USER_AVC; None where source, target or class are missing."""
    fields = record.fields
    source = fields.get("scontext") or fields.get("ssid", "")
    target = fields.get("tcontext") or fields.get("tsid", "")
    if not (source and target and fields.get("tclass")):
        return None
    permissive = {"1": True, "0": False}.get(fields.get("permissive", ""))
    path, how = object_path(fields.get("path", ""), fields.get("name", ""), fields.get("ino", ""), joined)
    if by_program:
        path, how = fields.get("path", ""), "record" if fields.get("path", "").startswith("/") else ""
    return Denial(
        framework="selinux",
        outcome=_outcome(record, permissive, joined),
        at=event.at,
        id=event.id,
        where=record.where,
        host=event.host,
        process=asked_through(record) if by_program else process_of(record, joined),
        syscall=joined.syscall,
        paths=joined.paths,
        sockaddr=joined.sockaddr,
        path=path,
        path_from=how,
        selinux=SelinuxDenial(
            source=source,
            target=target,
            class_=fields["tclass"],
            permissions=record.permissions,
            permissive=permissive,
            raw_source=fields.get("srawcon", ""),
            raw_target=fields.get("trawcon", ""),
            extra=_extra(fields),
            manager=fields.get("exe", "") if by_program else "",
        ),
    )


def read_error(record: Record, event: Event, joined: Joined) -> Denial | None:
    """A SELINUX_ERR or USER_SELINUX_ERR; None for a text of no known form."""
    fields = record.fields
    operation = fields.get("op", "")
    invalid = fields.get("invalid_context", "")
    if not operation:
        old = _OLD_ERROR.search(record.text)
        if old is None:
            return None
        operation, invalid = "security_compute_sid", old[1]
    source = fields.get("scontext") or fields.get("oldcontext", "")
    target = fields.get("tcontext") or fields.get("newcontext", "")
    if not (source or target or invalid):
        return None
    kind = _ERRORS.get(operation, ErrorKind.INVALID_CONTEXT if invalid else ErrorKind.OTHER)
    return Denial(
        framework="selinux",
        outcome=_error_outcome(joined),
        at=event.at,
        id=event.id,
        where=record.where,
        host=event.host,
        process=process_of(record, joined),
        syscall=joined.syscall,
        paths=joined.paths,
        path=next((item.name for item in joined.paths if item.nametype != "PARENT"), ""),
        path_from="name" if joined.paths else "",
        selinux=SelinuxDenial(
            source=source,
            target=target,
            class_=fields.get("tclass", ""),
            permissions=tuple(fields.get("perms", "").replace(",", " ").split()),
            extra=_extra(fields),
            error=kind,
            invalid=invalid,
        ),
    )


def _outcome(record: Record, permissive: bool | None, joined: Joined) -> Outcome:
    """What became of it. Kernels before 3.16 and old object managers do not write ``permissive``: then
    only a call that failed with EACCES or EPERM shows that the refusal was enforced."""
    if record.verdict == "granted":
        return Outcome.GRANTED
    if permissive is not None:
        return Outcome.WOULD_DENY if permissive else Outcome.DENIED
    return _error_outcome(joined)


def _error_outcome(joined: Joined) -> Outcome:
    call = joined.syscall
    refused = call is not None and call.success is False and call.exit in _REFUSED
    return Outcome.DENIED if refused else Outcome.UNKNOWN


def _extra(fields: Mapping[str, str]) -> dict[str, str]:
    return {
        name: known(value) for name, value in fields.items() if name not in _OWN and name not in _OF_PROCESS
    }
