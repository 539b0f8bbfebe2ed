"""Processes with their MAC label, identity and privileges: proc(5), one fork for each kind of file.

``grep -H`` writes the file's name before every line, also before those that a process put into its own
command line, so no process can write a line that reads as another's. Processes that end in between
are left out (``-s``).
"""

from hardcheck.collect.base import MIB, ShellSource, Source

# The first line is the mount of /proc: with hidepid an ordinary account does not see every process.
_STATUS = r"""
cd /proc || exit 2
grep -E '^[^ ]+ /proc proc ' mounts
grep -aHsE '^(Name|PPid|Uid|Gid|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|VmSize):' [0-9]*/status
exit 0
"""

_LABELS = r"""
cd /proc || exit 2
grep -aHs '' [0-9]*/attr/current
exit 0
"""

# With stacked modules attr/current shows one of them; AppArmor has its own folder since Linux 5.8.
_LABELS_APPARMOR = r"""
if [ ! -e /proc/self/attr/apparmor/current ]; then echo absent; exit 0; fi
if ! read -r label 2>/dev/null </proc/self/attr/apparmor/current; then echo absent; exit 0; fi
cd /proc || exit 2
grep -aHs '' [0-9]*/attr/apparmor/current
exit 0
"""

_CGROUPS = r"""
cd /proc || exit 2
grep -aHsE '^(0::|[0-9]+:name=systemd:)' [0-9]*/cgroup
exit 0
"""

# GNU stat quotes odd bytes in %N; the program of another account's process cannot be seen without root.
_PROGRAMS = r"""
cd /proc || exit 2
stat -c %N [0-9]*/exe 2>/dev/null
exit 0
"""

# The first 256 bytes of each line of the arguments.
_ARGUMENTS = r"""
cd /proc || exit 2
grep -aHso '^.\{1,256\}' [0-9]*/cmdline
exit 0
"""

SOURCES: tuple[Source, ...] = (
    ShellSource("processes.status", _STATUS, needs=("grep",), max_bytes=8 * MIB),
    ShellSource("processes.labels", _LABELS, needs=("grep",), max_bytes=4 * MIB),
    ShellSource("processes.labels_apparmor", _LABELS_APPARMOR, needs=("grep",), max_bytes=4 * MIB),
    ShellSource("processes.cgroups", _CGROUPS, needs=("grep",), max_bytes=4 * MIB),
    ShellSource("processes.programs", _PROGRAMS, needs=("stat",), max_bytes=2 * MIB),
    ShellSource("processes.arguments", _ARGUMENTS, needs=("grep",), max_bytes=4 * MIB),
)
