"""Sockets that take connections or datagrams, and the processes that hold them.

The tables of /proc/net are those of the probe's own network namespace: what listens only inside a
container's namespace is not seen here. See proc_net(5) for the columns.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, MIB, FileSource, ShellSource

# State 0A is TCP_LISTEN; 07 (TCP_CLOSE) is how an unconnected UDP socket shows. A unix socket that
# listens has the flag __SO_ACCEPTCON, 00010000. The busy host's connections stay on the host.
_SOCKETS = """\
set --
for name in tcp tcp6 udp udp6 udplite udplite6; do
  if [ -r "/proc/net/$name" ]; then echo "table $name"; set -- "$@" "/proc/net/$name"
  elif [ -e "/proc/net/$name" ]; then echo "denied $name"
  else echo "absent $name"; fi
done
[ $# -gt 0 ] || exit 1
grep -E '^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ (0A|07) ' "$@" /dev/null
if [ -r /proc/net/unix ]; then
  echo 'table unix'
  grep -H -E '^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 ' /proc/net/unix
else echo 'denied unix'; fi
exit 0
"""

# One ls(1) over every process: `/proc/PID/fd/:` starts a process, `N -> socket:[INODE]` ends a line of it.
# Only the sockets of the tables above are kept. A process that ends meanwhile is no error.
_OWNERS = """\
inodes=$(
  grep -hE '^ *[0-9]+: [0-9A-F]+:[0-9A-F]+ [0-9A-F]+:[0-9A-F]+ (0A|07) ' \\
    /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6 \\
    /proc/net/udplite /proc/net/udplite6 2>/dev/null |
    while read -r _ _ _ _ _ _ _ _ _ inode _; do printf '%s|' "$inode"; done
  grep -E '^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ 00010000 ' /proc/net/unix |
    while read -r _ _ _ _ _ _ inode _; do printf '%s|' "$inode"; done
)
ls -ln /proc/[0-9]*/fd/ 2>/dev/null | grep -E "^/proc/|socket:\\[(${inodes}0)\\]"
exit 0
"""

SOURCES = (
    FileSource("network.ipv6_addresses", "/proc/net/if_inet6", max_bytes=256 * KIB),
    ShellSource("network.sockets", _SOCKETS, needs=("grep",), max_bytes=1 * MIB),
    ShellSource("network.socket_owners", _OWNERS, needs=("ls", "grep"), max_bytes=2 * MIB, root=True),
)
