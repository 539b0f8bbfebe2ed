"""Recent denials and changes of the MAC state: the end of the audit log, the journal, the kernel's ring.

Only lines that speak of SELinux, AppArmor or their state are taken. A first line ``window FIRST`` gives
the first line of the part of the log that was searched, so that the report can say how far back it looked.
"""

from hardcheck.collect.base import KIB, MIB, ShellSource, Source

_WANTED = (
    r"avc: |apparmor=|type=((USER_)?(AVC|SELINUX_ERR)|(USER_)?MAC_[A-Z_]+|APPARMOR_[A-Z]+)"
    r"|type=1(40[0-9]|50[0-9]) |SELinux:|rate limit exceeded|callbacks suppressed|backlog limit exceeded"
)

_FILTER = f"""{{
    IFS= read -r first
    printf 'window %.200s\\n' "$first"
    grep -aE '{_WANTED}' | tail -c 1000000
}}
exit 0
"""

_AUDIT_LOG = f"""
f=/var/log/audit/audit.log
if [ ! -e "$f" ]; then echo absent; exit 0; fi
tail -c 4194304 "$f" | {_FILTER}"""

# The journal holds the ring's lines: the ring is read only where there is no journal.
_KERNEL_LOG = f"""
if command -v journalctl >/dev/null; then
    set -- journalctl -q --no-pager -b -k -o short-iso -n 20000
else
    set -- dmesg
    dmesg >/dev/null || exit 1
fi
"$@" | {_FILTER}"""

_LIMIT = 1 * MIB + 64 * KIB

SOURCES: tuple[Source, ...] = (
    ShellSource(
        "denials.audit_log", _AUDIT_LOG, needs=("tail", "grep"), timeout_s=30, max_bytes=_LIMIT, root=True
    ),
    ShellSource(
        "denials.kernel_log", _KERNEL_LOG, needs=("grep",), timeout_s=60, max_bytes=_LIMIT, root=True
    ),
)
