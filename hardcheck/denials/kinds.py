"""Types of audit records, by name and number, and what the reader does with each.

Numbers stand where no audit daemon runs, and as ``UNKNOWN[1503]`` where the daemon is older than the
kernel. Source: linux/audit.h, audit's msg_typetab.h.
"""

from __future__ import annotations


class Use:
    """What a record is good for, as bits of a plain integer: the loop over all lines asks for them."""

    NOTHING = 0
    REFUSAL = 1  # a refusal or a granted access
    CHANGE = 2  # a change of state
    PART = 4  # joined to a refusal or a change of the same event
    USER = 8  # written by a program: its text is less to be trusted


_NUMBERS: dict[int, str] = {
    1006: "LOGIN",
    1107: "USER_AVC",
    1122: "USER_SELINUX_ERR",
    1127: "SYSTEM_BOOT",
    1128: "SYSTEM_SHUTDOWN",
    1130: "SERVICE_START",
    1131: "SERVICE_STOP",
    1200: "DAEMON_START",
    1201: "DAEMON_END",
    1202: "DAEMON_ABORT",
    1203: "DAEMON_CONFIG",
    1204: "DAEMON_RECONFIG",
    1205: "DAEMON_ROTATE",
    1206: "DAEMON_RESUME",
    1209: "DAEMON_ERR",
    1300: "SYSCALL",
    1302: "PATH",
    1305: "CONFIG_CHANGE",
    1306: "SOCKADDR",
    1307: "CWD",
    1309: "EXECVE",
    1318: "OBJ_PID",
    1320: "EOE",
    1321: "BPRM_FCAPS",
    1325: "NETFILTER_CFG",
    1326: "SECCOMP",
    1327: "PROCTITLE",
    1330: "KERN_MODULE",
    1400: "AVC",
    1401: "SELINUX_ERR",
    1402: "AVC_PATH",
    1403: "MAC_POLICY_LOAD",
    1404: "MAC_STATUS",
    1405: "MAC_CONFIG_CHANGE",
    1406: "MAC_UNLBL_ALLOW",
    1407: "MAC_CIPSOV4_ADD",
    1408: "MAC_CIPSOV4_DEL",
    1409: "MAC_MAP_ADD",
    1410: "MAC_MAP_DEL",
    1411: "MAC_IPSEC_ADDSA",
    1415: "MAC_IPSEC_EVENT",
    1416: "MAC_UNLBL_STCADD",
    1417: "MAC_UNLBL_STCDEL",
    1418: "MAC_CALIPSO_ADD",
    1419: "MAC_CALIPSO_DEL",
    1420: "MAC_TASK_CONTEXTS",
    1421: "MAC_OBJ_CONTEXTS",
    1501: "APPARMOR_AUDIT",
    1502: "APPARMOR_ALLOWED",
    1503: "APPARMOR_DENIED",
    1504: "APPARMOR_HINT",
    1505: "APPARMOR_STATUS",
    1506: "APPARMOR_ERROR",
    1507: "APPARMOR_KILL",
    2000: "KERNEL",
    2300: "USER_ROLE_CHANGE",
    2310: "USER_MAC_POLICY_LOAD",
    2314: "USER_MAC_STATUS",
    2315: "USER_MAC_CONFIG_CHANGE",
}
_REFUSALS = ("AVC", "SELINUX_ERR", "APPARMOR")
_APPARMOR = ("AUDIT", "ALLOWED", "DENIED", "HINT", "STATUS", "ERROR", "KILL")
_USER_REFUSALS = ("USER_AVC", "USER_SELINUX_ERR")
_PARTS = ("SYSCALL", "PATH", "CWD", "PROCTITLE", "EXECVE", "SOCKADDR", "AVC_PATH", "OBJ_PID")
_PARTS_OF_CONTEXTS = ("MAC_TASK_CONTEXTS", "MAC_OBJ_CONTEXTS")
_CHANGES = ("CONFIG_CHANGE", "KERNEL")
_USER_CHANGES = (
    *("SYSTEM_BOOT", "SYSTEM_SHUTDOWN", "SERVICE_START", "SERVICE_STOP"),
    *("DAEMON_START", "DAEMON_END", "DAEMON_ABORT", "DAEMON_ERR", "DAEMON_RESUME"),
    *("USER_MAC_POLICY_LOAD", "USER_MAC_STATUS", "USER_MAC_CONFIG_CHANGE"),
)


def _uses() -> dict[bytes, tuple[int, str]]:
    uses: dict[str, int] = dict.fromkeys(_NUMBERS.values(), Use.NOTHING)
    uses |= dict.fromkeys((name for name in uses if name.startswith("MAC_")), Use.CHANGE)
    uses |= dict.fromkeys((*_PARTS, *_PARTS_OF_CONTEXTS), Use.PART)
    uses |= dict.fromkeys((*_REFUSALS, *(f"APPARMOR_{word}" for word in _APPARMOR)), Use.REFUSAL)
    uses |= dict.fromkeys(_CHANGES, Use.CHANGE)
    uses |= dict.fromkeys(_USER_REFUSALS, Use.REFUSAL | Use.USER)
    uses |= dict.fromkeys(_USER_CHANGES, Use.CHANGE | Use.USER)
    table = {name.encode(): (use, name) for name, use in uses.items()}
    for number, name in _NUMBERS.items():
        table[b"%d" % number] = table[b"UNKNOWN[%d]" % number] = (uses[name], name)
    return table


USES: dict[bytes, tuple[int, str]] = _uses()
"""Type as written -> what it is good for, and its name."""
