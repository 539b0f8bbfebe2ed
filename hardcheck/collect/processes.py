"""Processes with their MAC label, identity and privileges: proc(5), one process for each kind of file.

``grep -H`` writes the file's name before every line, also before those that a process put into its own
command line, so no process can write a line that reads as another's. Processes that end in between
are left out (``-s``).
"""

from hardcheck.collect.base import MIB, ShellSource, Source

# The first line is the mount of /proc: with hidepid an ordinary account does not see every process. With
# stacked modules attr/current shows one of them; AppArmor has a folder of its own since Linux 5.8. Of
# the arguments the first 256 bytes of each line.
_FILES = r"""
cd /proc || exit 2
grep -E '^[^ ]+ /proc proc ' mounts
grep -aHsE '^(Name|PPid|Uid|Gid|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|VmSize):' [0-9]*/status
if read -r label 2>/dev/null <self/attr/apparmor/current; then
    grep -aHs '' [0-9]*/attr/apparmor/current
else
    grep -aHs '' [0-9]*/attr/current
fi
grep -aHsE '^(0::|[0-9]+:name=systemd:)' [0-9]*/cgroup
grep -aHso '^.\{1,256\}' [0-9]*/cmdline
exit 0
"""

# GNU stat quotes odd bytes in %N; the program of another account's process cannot be seen without root.
_PROGRAMS = r"""
cd /proc || exit 2
stat -c %N [0-9]*/exe 2>/dev/null
exit 0
"""

SOURCES: tuple[Source, ...] = (
    ShellSource("processes.files", _FILES, needs=("grep",), timeout_s=60, max_bytes=16 * MIB),
    ShellSource("processes.programs", _PROGRAMS, needs=("stat",), timeout_s=30, max_bytes=2 * MIB),
)
