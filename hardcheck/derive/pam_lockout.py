"""Whether failed logins lock an account: pam_faillock(8) and the older pam_tally2(8) in the stacks of PAM.

pam_faillock counts where ``authfail`` stands behind the module that asks for the password, and refuses where
``preauth`` stands before it (one line without either does both in ``account``). Arguments in the stack go
before /etc/security/faillock.conf; what neither sets is as faillock.conf(5) says: deny 3, unlock_time 600,
fail_interval 900.

Only the services through which people log in are looked at. Not weighed: jumps (``success=2``) beyond the
order of lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hardcheck.facts import Absent, Reason
from hardcheck.facts.pam import FaillockConf, Lockout, PamLine

SERVICES = ("login", "sshd", "gdm-password", "lightdm", "sddm", "xdm", "cockpit")
_PASSWORD = frozenset(
    {"pam_unix.so", "pam_unix2.so", "pam_sss.so", "pam_ldap.so", "pam_krb5.so", "pam_winbind.so"}
)
_MAX_DEPTH = 8
_MAX_LINES = 2000
_KEY = "pam.files"
_DEFAULTS = {"deny": 3, "unlock_time": 600, "fail_interval": 900}


def lockouts(
    services: Mapping[str, tuple[PamLine, ...]], conf: FaillockConf | Absent
) -> tuple[Lockout, ...] | Absent:
    """What failed logins come to, for each service that is there."""
    known = [name for name in SERVICES if name in services]
    if not known:
        return Absent(Reason.NOT_PRESENT, (_KEY,), "no service of PAM through which people log in")
    found = []
    for name in known:
        lines = list(stack(services, name, "auth", 0))
        tally = next((line for line in lines if line.module == "pam_tally2.so"), None)
        if tally is not None:
            found.append(_of_tally(name, tally))
            continue
        lockout = _of_faillock(name, lines, conf)
        if isinstance(lockout, Absent):
            return lockout
        found.append(lockout)
    return tuple(found)


def stack(services: Mapping[str, tuple[PamLine, ...]], name: str, kind: str, depth: int) -> Iterator[PamLine]:
    """The lines of one kind with those of other services in place of what includes them."""
    if depth > _MAX_DEPTH:
        return
    for count, line in enumerate(services.get(name, ())):
        if count > _MAX_LINES or line.kind not in (kind, "all"):
            continue
        if line.kind == "all" or line.control in ("include", "substack"):
            yield from stack(services, line.module, kind, depth + 1)
        else:
            yield line


def _of_faillock(name: str, lines: Sequence[PamLine], conf: FaillockConf | Absent) -> Lockout | Absent:
    password = next((n for n, line in enumerate(lines) if line.module in _PASSWORD), len(lines))
    mine = [(n, line) for n, line in enumerate(lines) if line.module == "pam_faillock.so"]
    if not mine:
        return Lockout(name, counts=False, why="pam_faillock is not in its stack")
    before = next((line for n, line in mine if "preauth" in line.arguments and n < password), None)
    behind = next((line for n, line in mine if "authfail" in line.arguments and n > password), None)
    if behind is None:
        return Lockout(name, counts=False, why="no authfail line behind the password module")
    if before is None:
        return Lockout(name, counts=False, why="no preauth line before the password module")
    if isinstance(conf, Absent):
        return conf
    values, places = {}, []
    for setting, default in _DEFAULTS.items():
        value, place = _setting(setting, default, (before, behind), conf)
        if isinstance(value, Absent):
            return value
        values[setting] = value
        places.append(place)
    return Lockout(
        service=name,
        counts=True,
        why=", ".join(dict.fromkeys(places)),
        deny=values["deny"],
        unlock_seconds=values["unlock_time"],
        interval_seconds=values["fail_interval"],
    )


def _setting(
    name: str, default: int, lines: Sequence[PamLine], conf: FaillockConf
) -> tuple[int | Absent, str]:
    """The value and its place; of two lines of the stack the last counts, it is the one that decides."""
    said = [(value, line.place) for line in lines for value in _argument(line, name)]
    if said:
        text, place = said[-1]
    elif name in conf.settings:
        text, place = conf.settings[name], conf.places[name]
    else:
        return default, "pam_faillock's default"
    if name == "unlock_time" and text == "never":
        return 0, place
    if not re.fullmatch(r"[0-9]{1,9}", text):
        return Absent(Reason.UNPARSABLE, (_KEY,), f"{place}: {name}={text}"[:200]), place
    return int(text), place


def _argument(line: PamLine, name: str) -> list[str]:
    return [word.partition("=")[2] for word in line.arguments if word.startswith(f"{name}=")]


def _of_tally(name: str, line: PamLine) -> Lockout:
    """pam_tally2 locks only with ``deny=``, and without ``unlock_time=`` until an administrator unlocks."""
    numbers = {
        key: next((int(text) for text in _argument(line, key) if re.fullmatch(r"[0-9]{1,9}", text)), 0)
        for key in ("deny", "unlock_time")
    }
    if not numbers["deny"]:
        return Lockout(name, counts=False, why=f"pam_tally2 without deny= ({line.place})")
    return Lockout(name, True, f"pam_tally2, {line.place}", numbers["deny"], numbers["unlock_time"], -1)
