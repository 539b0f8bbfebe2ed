"""AIDE: its configuration, its database, and what runs it."""

from __future__ import annotations

from hardcheck.collect.base import KIB, ShellSource, TreeSource

# "db SIZE PATH", "job PATH" for a script in a folder of cron, "cron FILE:LINE:TEXT" for lines of crontabs,
# and the properties of loaded timers whose name speaks of aide, each behind "timer ".
_STATE = """\
for file in /var/lib/aide/aide.db /var/lib/aide/aide.db.gz /var/lib/aide/aide.db.new \\
  /var/lib/aide/aide.db.new.gz; do
  if [ -f "$file" ]; then stat -L -c 'db %s %n' -- "$file"; fi
done
grep -ls aide /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* | while read -r job; do
  if [ -x "$job" ]; then printf 'job %s\\n' "$job"; fi
done
grep -HnE '^[^#]*aide' /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/root \\
  /var/spool/cron/tabs/root /var/spool/cron/crontabs/root 2>/dev/null \\
  | cut -c 1-400 | head -n 50 | sed 's/^/cron /'
systemctl show --no-pager --property=Id,ActiveState,UnitFileState,TimersCalendar '*aide*.timer' 2>/dev/null \\
  | sed 's/^/timer /'
echo end
"""

SOURCES = (
    TreeSource(
        "integrity.aide",
        (
            "/etc/aide.conf",
            "/etc/aide/aide.conf",
            "/etc/aide.conf.d/*",
            "/etc/aide/aide.conf.d/*",
            "/etc/aide/aide.settings.d/*",
            "/etc/default/aide",
        ),
        max_files=500,
        max_bytes=64 * KIB,
        root=True,
    ),
    ShellSource(
        "integrity.state",
        _STATE,
        needs=("stat", "grep", "sed", "cut", "head"),
        max_bytes=64 * KIB,
        root=True,
    ),
)
