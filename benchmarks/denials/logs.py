"""Logs of any size with the shape of real ones: the same bytes for the same number of events.

An audit log of a host with audit rules: of five events one is a refusal with its SYSCALL, CWD, PATH and
PROCTITLE, the others are calls by audit rules, logins and starts of services. Logs repeat themselves: what is
refused is one of 400 things, the common ones far more often than the rare ones. Process ids and serials
differ from event to event, and one file in thirty is a new one.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

_START = 1_795_000_000
_DOMAINS = ("httpd_t", "mysqld_t", "sshd_t", "crond_t", "postfix_master_t", "named_t", "ntpd_t", "init_t")
_TARGETS = ("user_home_t", "default_t", "var_t", "tmp_t", "admin_home_t", "usr_t", "etc_t", "shadow_t")
_WANTED = ("read", "open", "getattr", "write", "add_name write", "unlink")
_CALL = (
    "type=SYSCALL msg=audit({id}): arch=c000003e syscall={call} success={success} exit={exit} a0=ffffff9c "
    "a1=7ffd{a1:08x} a2=0 a3=0 items={items} ppid=1 pid={pid} auid={auid} uid=33 gid=33 euid=33 suid=33 "
    'fsuid=33 egid=33 sgid=33 fsgid=33 tty=(none) ses={ses} comm="{comm}" exe="/usr/sbin/{comm}" '
    "subj=system_u:system_r:{domain}:s0 key={key}\n"
)
_PATH = (
    'type=PATH msg=audit({id}): item={item} name="{name}" inode={inode} dev=fd:00 mode=0100644 ouid=0 ogid=0 '
    "rdev=00:00 obj=system_u:object_r:{target}:s0 nametype={kind} cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 "
    "cap_frootid=0\n"
)
_TITLE = (
    "type=PROCTITLE msg=audit({id}): proctitle=2F7573722F7362696E2F6874747064002D44464F524547524F554E44\n"
)
_AVC = (
    'type=AVC msg=audit({id}): avc:  denied  {{ {wanted} }} for  pid={pid} comm="{comm}" name="{last}" '
    'dev="dm-0" ino={inode} scontext=system_u:system_r:{domain}:s0 '
    "tcontext=system_u:object_r:{target}:s0 tclass={class_} permissive=0\n"
)
_LOGIN = (
    "type=USER_ACCT msg=audit({id}): pid={pid} uid=0 auid=4294967295 ses=4294967295 "
    'subj=system_u:system_r:sshd_t:s0 msg=\'op=PAM:accounting grantors=pam_unix acct="ops" '
    'exe="/usr/sbin/sshd" hostname=10.0.0.9 addr=10.0.0.9 terminal=ssh res=success\'\n'
)
_UNIT = (
    "type=SERVICE_START msg=audit({id}): pid=1 uid=0 auid=4294967295 ses=4294967295 "
    'subj=system_u:system_r:init_t:s0 msg=\'unit=job{unit} comm="systemd" exe="/usr/lib/systemd/systemd" '
    "hostname=? addr=? terminal=? res=success'\n"
)
_APPARMOR = (
    'type=AVC msg=audit({id}): apparmor="{verdict}" operation="open" profile="/usr/sbin/{comm}" '
    'name="{name}" pid={pid} comm="{comm}" requested_mask="{mask}" denied_mask="{mask}" fsuid=33 ouid=0\n'
)


def audit_log(events: int, seed: int = 1) -> Iterator[bytes]:
    """An audit log of a SELinux host, event by event; an event has about four lines and 1,000 bytes."""
    rng = random.Random(seed)
    for number in range(events):
        yield _event(rng, number).encode()


def apparmor_log(events: int, seed: int = 1) -> Iterator[bytes]:
    """An audit log of an AppArmor host: a refusal or a learning line, then its SYSCALL and PROCTITLE."""
    rng = random.Random(seed)
    for number in range(events):
        values = _values(rng, number)
        values |= {"verdict": rng.choice(("DENIED", "ALLOWED")), "mask": rng.choice(("r", "wc", "w"))}
        text = (_APPARMOR + _CALL + _TITLE).format(**values)
        yield text.encode()


def _event(rng: random.Random, number: int) -> str:
    values = _values(rng, number)
    kind = number % 5
    if kind == 0:
        paths = "".join(
            _PATH.format(**values, item=item, kind=kind_of)
            for item, kind_of in enumerate(("PARENT", "NORMAL"))
        )
        cwd = 'type=CWD msg=audit({id}): cwd="/"\n'.format(**values)
        return _AVC.format(**values) + _CALL.format(**values) + cwd + paths + _TITLE.format(**values)
    if kind == 1:
        return _LOGIN.format(**values)
    if kind == 2 and number % 50 == 2:
        return _UNIT.format(**values, unit=number % 40)
    called = values | {"success": "yes", "exit": 3, "key": '"changes"'}
    return _CALL.format(**called) + _PATH.format(**values, item=0, kind="NORMAL") + _TITLE.format(**values)


def _things() -> list[dict[str, object]]:
    """What is asked for in the log: who, what, how."""
    rng = random.Random(7)
    found: list[dict[str, object]] = []
    for number in range(400):
        domain = rng.choice(_DOMAINS)
        found.append(
            {
                "domain": domain,
                "comm": domain.removesuffix("_t"),
                "target": rng.choice(_TARGETS),
                "wanted": rng.choice(_WANTED),
                "class_": rng.choice(("file", "dir")),
                "last": f"file{number}",
                "inode": 100_000 + number,
                "call": rng.choice((2, 257, 262, 87)),
            }
        )
    return found


_THINGS = _things()


def _values(rng: random.Random, number: int) -> dict[str, object]:
    thing = _THINGS[min(int(rng.expovariate(1 / 60)), len(_THINGS) - 1)]
    new = {"last": f"new{number}", "inode": 1_000_000 + number} if number % 150 == 0 else {}
    values = thing | new
    return values | {
        "id": f"{_START + number // 20}.{number % 1000:03d}:{number + 100}",
        "name": f"/srv/{values['target']}/{values['last']}",
        "pid": 1000 + rng.randrange(30_000),
        "a1": rng.randrange(1 << 32),
        "success": "no",
        "exit": -13,
        "items": 2,
        "auid": 4294967295,
        "ses": 4294967295,
        "key": "(null)",
    }
