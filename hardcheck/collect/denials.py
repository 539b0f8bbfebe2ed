"""Recent denials and changes of the MAC state: the end of the audit log, the journal, the kernel's ring.

Only lines that speak of SELinux, AppArmor or their state are taken, with starts of the host, its
services and its audit daemon; of the audit log also the records that belong to a refusal (SYSCALL, PATH,
CWD, SOCKADDR: the call, the program, the path), where awk is there to find them. Command lines (EXECVE,
PROCTITLE) are left on the host. A first line ``window FIRST`` gives the first line of the part of the log
that was searched, so that the report can say how far back it looked.
"""

from hardcheck.collect.base import KIB, MIB, ShellSource, Source

_WANTED = (
    r"avc: |apparmor=|type=((USER_)?(AVC|SELINUX_ERR)|(USER_)?MAC_[A-Z_]+|APPARMOR_[A-Z]+|SYSTEM_[A-Z]+"
    r"|SERVICE_ST[A-Z]+|DAEMON_[A-Z]+|KERNEL)|type=1(40[0-9]|50[0-9]) |SELinux:|rate limit exceeded"
    r"|callbacks suppressed|backlog limit exceeded|Linux version "
)
_PARTS = r"type=(SYSCALL|PATH|CWD|SOCKADDR|AVC_PATH) "

MOST_LINES = 5000
"""Lines of one log that are kept, the last ones; so many lines mean that there may have been more."""

# Parts may stand before their refusal or behind it: those before are held until it comes.
_JOIN = f"""awk '
function id(s, a) {{
    a = index(s, "audit("); s = substr(s, a + 6, 64)
    return a ? substr(s, 1, index(s, ")")) : ""
}}
/{_WANTED}/ {{
    i = id($0)
    if (i in held) {{ printf "%s", held[i]; delete held[i] }}
    if (i) hot[i] = 1
    print
    next
}}
/{_PARTS}/ {{ i = id($0); if (i in hot) print; else if (i) held[i] = held[i] $0 "\\n" }}'"""

_FILTER = f"""{{
    IFS= read -r first
    printf 'window %.200s\\n' "$first"
    {{ printf '%s\\n' "$first"; cat; }} | grep -aE '{_WANTED}' | tail -n {MOST_LINES}
}}
exit 0
"""

# The end of a longer log begins within a line, which is left out.
_AUDIT_LOG = f"""
f=/var/log/audit/audit.log
if [ ! -e "$f" ]; then echo absent; exit 0; fi
size=$(wc -c <"$f") || exit 1
tail -c 4194304 "$f" | {{
    if [ "$size" -gt 4194304 ]; then IFS= read -r first; fi
    IFS= read -r first
    printf 'window %.200s\\n' "$first"
    {{ printf '%s\\n' "$first"; cat; }} |
    if command -v awk >/dev/null; then {_JOIN}; else grep -aE '{_WANTED}'; fi | tail -n {MOST_LINES}
}}
exit 0
"""

# The journal holds the ring's lines: the ring is read only where there is no journal.
_KERNEL_LOG = f"""
if command -v journalctl >/dev/null; then
    set -- journalctl -q --no-pager -b -k -o short-iso -n 20000
else
    set -- dmesg
    dmesg >/dev/null || exit 1
fi
"$@" | {_FILTER}"""

_LIMIT = 3 * MIB + 64 * KIB

SOURCES: tuple[Source, ...] = (
    ShellSource(
        "denials.audit_log",
        _AUDIT_LOG,
        needs=("tail", "grep", "wc", "cat"),
        timeout_s=60,
        max_bytes=_LIMIT,
        root=True,
    ),
    ShellSource(
        "denials.kernel_log",
        _KERNEL_LOG,
        needs=("grep", "tail", "cat"),
        timeout_s=60,
        max_bytes=_LIMIT,
        root=True,
    ),
)
