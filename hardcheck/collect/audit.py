"""The kernel's audit system: what is loaded, what auditd(8) loads at boot, and where its records go."""

from __future__ import annotations

from hardcheck.collect.base import KIB, CommandSource, FileSource, ShellSource, TreeSource

# What of the usual places the host has: folders that are links, places whose changes standards want recorded,
# and commands by name, with what each is after links ("real", in the same order); programs with a set-user or
# set-group bit.
_PLACES = """\
set --
for folder in /bin /sbin /lib /lib64 /usr/sbin /usr/lib64 /var/run /var/lock; do
  if [ -L "$folder" ]; then set -- "$@" "$folder"; printf 'link %s\\n' "$folder"; fi
done
for place in /etc/passwd /etc/shadow /etc/group /etc/gshadow /etc/security/opasswd /etc/nsswitch.conf \\
  /etc/pam.conf /etc/pam.d /etc/sudoers /etc/sudoers.d /etc/issue /etc/issue.net /etc/hosts /etc/hostname \\
  /etc/networks /etc/network /etc/netplan /etc/NetworkManager /etc/sysconfig/network \\
  /etc/sysconfig/network-scripts /var/log/lastlog /var/lib/lastlog /var/log/faillog /var/log/tallylog \\
  /run/faillock /var/log/faillock /var/lib/faillock /run/utmp /var/log/wtmp /var/log/btmp /var/lib/wtmpdb; do
  if [ -e "$place" ]; then set -- "$@" "$place"; printf 'place %s\\n' "$place"; fi
done
for name in chcon semanage setsebool setfiles restorecon seunshare semodule setenforce apparmor_parser \\
  aa-complain aa-disable aa-enforce aa-teardown usermod chacl setfacl kmod; do
  for folder in /usr/sbin /usr/bin /sbin /bin; do
    if [ -e "$folder/$name" ]; then
      set -- "$@" "$folder/$name"
      printf 'command %s\\n' "$folder/$name"
      break
    fi
  done
done
readlink -f -- "$@" | sed 's/^/real /'
set --
for folder in /usr/bin /usr/sbin /usr/libexec /usr/lib /usr/local /opt /bin /sbin; do
  if [ -d "$folder" ] && [ ! -L "$folder" ]; then set -- "$@" "$folder"; fi
done
find "$@" -xdev -maxdepth 3 -type f -perm /6000 ! -path '*[[:cntrl:]]*' -print | sed 's/^/setid /'
echo end
"""

# Owners and modes of the configuration and the tools, as "config|tool MODE UID GID PATH".
_OWNERS = """\
set --
for folder in /etc/audit /etc/audisp; do if [ -d "$folder" ]; then set -- "$@" "$folder"; fi; done
if [ $# -gt 0 ]; then
  find -L "$@" -maxdepth 2 \\( -type f -o -type d \\) ! -path '*[[:cntrl:]]*' -printf 'config %m %U %G %p\\n'
fi
set --
for name in auditctl aureport ausearch autrace auditd augenrules audispd rsyslogd; do
  for folder in /usr/sbin /usr/bin /sbin; do
    if [ -e "$folder/$name" ]; then set -- "$@" "$folder/$name"; break; fi
  done
done
if [ $# -gt 0 ]; then find -L "$@" -maxdepth 0 -printf 'tool %m %U %G %p\\n'; fi
echo end
"""

# Room of the file system that holds the log, in KiB; the files of the log with size and last change; the
# time of the first record of each.
_STORAGE = """\
folder=/var/log/audit
if [ ! -d "$folder" ]; then echo absent; exit 0; fi
echo "clock $(date +%s)"
df -Pk "$folder" | sed -n '2s/^/room /p'
for file in "$folder"/audit.log*; do
  if [ -f "$file" ]; then
    stat -c 'file %s %Y' -- "$file"
    case $file in
      *.gz | *.xz | *.zst) ;;
      *) head -c 300 -- "$file" | sed -n '1s/.*msg=audit(\\([0-9]*\\)\\..*/first \\1/p' ;;
    esac
  fi
done
grep -ls '/var/log/audit' /etc/cron.weekly/* /etc/cron.daily/* /etc/cron.hourly/* /etc/cron.d/* |
  while read -r file; do printf 'job %s\\n' "${file##*/}"; done
echo end
"""

SOURCES = (
    CommandSource("audit.status", ("auditctl", "-s"), max_bytes=8 * KIB, root=True),
    CommandSource("audit.loaded", ("auditctl", "-l"), max_bytes=512 * KIB, root=True),
    TreeSource(
        "audit.rules_files",
        ("/etc/audit/audit.rules", "/etc/audit/rules.d/*.rules"),
        max_files=100,
        root=True,
    ),
    FileSource("audit.config", "/etc/audit/auditd.conf", root=True),
    TreeSource(
        "audit.plugins",
        (
            "/etc/audit/plugins.d/*.conf",
            "/etc/audisp/plugins.d/*.conf",
            "/etc/audit/audisp-remote.conf",
            "/etc/audisp/audisp-remote.conf",
        ),
        max_files=50,
        max_bytes=32 * KIB,
        root=True,
    ),
    ShellSource(
        "audit.places",
        _PLACES,
        needs=("find", "sed", "readlink"),
        timeout_s=60,
        max_bytes=64 * KIB,
        root=True,
    ),
    ShellSource("audit.owners", _OWNERS, needs=("find",), max_bytes=64 * KIB, root=True),
    ShellSource(
        "audit.storage",
        _STORAGE,
        needs=("date", "df", "sed", "stat", "head", "grep"),
        max_bytes=32 * KIB,
        root=True,
    ),
)
