"""Where logs go: the journal's and rsyslog's configuration, rotation, and who may read what is kept."""

from __future__ import annotations

from hardcheck.collect.base import KIB, ShellSource, TreeSource

# Owners and modes below /var/log and of the journal in /run, as "TYPE MODE UID GID PATH"; the umask that
# rsyslog is started with; the jobs that rotate. The audit log may lie on a file system of its own.
_FILES = """\
for folder in /var/log/journal /run/log/journal; do
  if [ -d "$folder" ]; then printf 'journal %s\\n' "$folder"; fi
done
printf 'umask %s\\n' "$(systemctl show -p UMask --value rsyslog.service 2>/dev/null)"
for job in /etc/cron.daily/logrotate /etc/cron.hourly/logrotate /etc/cron.weekly/logrotate; do
  if [ -x "$job" ]; then printf 'job %s\\n' "$job"; fi
done
find /var/log /var/log/audit /run/log/journal -xdev -maxdepth 4 \\( -type f -o -type d \\) \\
  ! -path '*[[:cntrl:]]*' -printf '%y %m %U %G %p\\n' 2>/dev/null | head -n 3000
exit 0
"""

SOURCES = (
    TreeSource(
        "logs.journald",
        (
            "/etc/systemd/journald.conf",
            "/etc/systemd/journald.conf.d/*.conf",
            "/run/systemd/journald.conf.d/*.conf",
            "/usr/local/lib/systemd/journald.conf.d/*.conf",
            "/usr/lib/systemd/journald.conf",
            "/usr/lib/systemd/journald.conf.d/*.conf",
        ),
        max_files=40,
        max_bytes=32 * KIB,
    ),
    TreeSource(
        "logs.journal_upload",
        (
            "/etc/systemd/journal-upload.conf",
            "/etc/systemd/journal-upload.conf.d/*.conf",
            "/run/systemd/journal-upload.conf.d/*.conf",
            "/usr/local/lib/systemd/journal-upload.conf.d/*.conf",
            "/usr/lib/systemd/journal-upload.conf",
            "/usr/lib/systemd/journal-upload.conf.d/*.conf",
        ),
        max_files=40,
        max_bytes=32 * KIB,
    ),
    TreeSource(
        "logs.rsyslog",
        ("/etc/rsyslog.conf", "/etc/rsyslog.d/*", "/run/rsyslog/*.conf"),
        max_files=100,
        max_bytes=128 * KIB,
        root=True,
    ),
    TreeSource("logs.logrotate", ("/etc/logrotate.conf", "/usr/etc/logrotate.conf"), max_bytes=32 * KIB),
    ShellSource("logs.files", _FILES, needs=("find", "head"), timeout_s=30, max_bytes=512 * KIB, root=True),
)
