"""Changes of state: policies, modes, booleans, profiles, labels, auditd, boots and units.

::

    type=MAC_STATUS ... enforcing=0 old_enforcing=1 auid=0 ses=1 enabled=1 old-enabled=1 lsm=selinux res=1
    type=MAC_POLICY_LOAD ... auid=0 ses=1 lsm=selinux res=1            (old: policy loaded auid=500)
    type=MAC_CONFIG_CHANGE ... bool=httpd_can_network_connect val=1 old_val=0 auid=0 ses=1
    type=AVC ... apparmor="STATUS" operation="profile_replace" profile="unconfined" name="/usr/sbin/x" pid=...
    type=DAEMON_END ... op=terminate auid=0 pid=1 subj=... res=success

Source: kernel selinuxfs.c, ss/services.c, apparmor policy.c; audit's auditd.c; systemd.
"""

from __future__ import annotations

import re

from hardcheck.denials.apparmor_records import verdict_of
from hardcheck.denials.fields import number, owner
from hardcheck.denials.joined import Joined, known, process_of
from hardcheck.denials.model import ChangeKind, Event, Process, Record, StateChange

_DAEMON = {
    "DAEMON_START": "start",
    "DAEMON_END": "end",
    "DAEMON_ABORT": "abort",
    "DAEMON_ERR": "error",
    "DAEMON_RESUME": "resume",
}
_OK = {"1": True, "success": True, "yes": True, "0": False, "failed": False, "no": False}
_NOTICE = re.compile(r"avc: +(?:received (setenforce|policyload) notice|op=(setenforce|load_policy) )")
_SETTING = re.compile(r"audit_([a-z_]+)=([^ ]+)")
UNIT_TYPES = ("SERVICE_START", "SERVICE_STOP")


def read_change(record: Record, event: Event, joined: Joined) -> StateChange | None:
    """The change that a record tells of; None for a record that tells of none.

    What userspace managers note in USER_AVC (they too saw the new mode) is none: the kernel's record
    tells the same.
    """
    fields = record.fields
    if record.type in ("MAC_POLICY_LOAD", "USER_MAC_POLICY_LOAD"):
        return _change(ChangeKind.POLICY, record, event, joined)
    if record.type in ("MAC_STATUS", "USER_MAC_STATUS") and "enforcing" in fields:
        return _mode(record, event, joined)
    if record.type == "MAC_CONFIG_CHANGE" and "bool" in fields:
        return _change(
            *(ChangeKind.BOOLEAN, record, event, joined),
            name=fields["bool"],
            old=fields.get("old_val", ""),
            new=fields.get("val", ""),
        )
    if record.type.startswith(("MAC_", "USER_MAC_")):
        return _change(ChangeKind.CONFIG, record, event, joined, name=fields.get("op", ""))
    if record.type in _DAEMON:
        return _change(ChangeKind.AUDIT, record, event, joined, name="auditd", new=_DAEMON[record.type])
    if record.type == "CONFIG_CHANGE":
        return _audit_setting(record, event, joined)
    if record.type == "KERNEL":  # the audit system's own first record, and its complaints
        initialised = fields.get("state") == "initialized"
        return _change(ChangeKind.BOOT, record, event, joined) if initialised else None
    if record.type == "SYSTEM_BOOT":
        return _change(ChangeKind.BOOT, record, event, joined)
    if record.type == "SYSTEM_SHUTDOWN":
        return _change(ChangeKind.SHUTDOWN, record, event, joined)
    return _apparmor(record, event, joined)


def _mode(record: Record, event: Event, joined: Joined) -> StateChange:
    fields = record.fields
    names = {"0": "permissive", "1": "enforcing"}
    enabled = fields.get("enabled", "1"), fields.get("old-enabled", "1")
    old, new = (names.get(fields.get(key, ""), "") for key in ("old_enforcing", "enforcing"))
    return _change(
        *(ChangeKind.MODE, record, event, joined),
        old="disabled" if enabled[1] == "0" else old,
        new="disabled" if enabled[0] == "0" else new,
    )


def _audit_setting(record: Record, event: Event, joined: Joined) -> StateChange:
    """``audit_enabled=0 old=1``, or ``op=remove_rule ... list=4``."""
    setting = _SETTING.search(record.text)
    return _change(
        *(ChangeKind.AUDIT, record, event, joined),
        name=f"audit_{setting[1]}" if setting else record.fields.get("op", ""),
        old=record.fields.get("old", ""),
        new=setting[2] if setting else "",
    )


def _apparmor(record: Record, event: Event, joined: Joined) -> StateChange | None:
    fields = record.fields
    verdict = verdict_of(record)
    if verdict not in ("STATUS", "HINT", "ERROR"):
        return None
    operation = fields.get("operation", "")
    of_profile = operation.startswith("profile_") and verdict == "STATUS" and "error" not in fields
    return _change(
        ChangeKind.PROFILE if of_profile else ChangeKind.APPARMOR,
        *(record, event, joined),
        name=fields.get("name", ""),
        ok=False if fields.get("error", "0").lstrip("-") != "0" else None,
    )


def _change(
    kind: ChangeKind,
    record: Record,
    event: Event,
    joined: Joined,
    *,
    name: str = "",
    old: str = "",
    new: str = "",
    ok: bool | None = None,
) -> StateChange:
    fields = record.fields
    return StateChange(
        kind=kind,
        at=event.at,
        where=record.where,
        name=name,
        old=old,
        new=new,
        operation=fields.get("operation", "") or ("" if "apparmor" in fields else record.type),
        ok=_OK.get(fields.get("res", ""), ok),
        process=process_of(record, joined) if joined.caller or "pid" in fields else _by_login(record),
        host=event.host,
        id=event.id,
        info=fields.get("info", "") or fields.get("profile", ""),
    )


def _by_login(record: Record) -> Process:
    """Who sent a user record: its outer fields."""
    fields = {**{name.removeprefix("outer."): value for name, value in record.fields.items()}}
    return Process(
        pid=number(fields.get("pid", "")),
        comm=fields.get("comm", ""),
        exe=known(fields.get("exe", "")),
        auid=owner(fields.get("auid", "")),
        subject=known(fields.get("subj", "")),
    )


def is_notice(record: Record) -> bool:
    """Whether a USER_AVC only says that its program saw a new mode or policy."""
    return _NOTICE.search(record.text) is not None
