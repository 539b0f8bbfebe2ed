"""Whether the clock is kept in step, and by what.

timedatectl(1) is not asked: it would start a service on the host.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, ShellSource, TreeSource

# systemd-timesyncd touches the file at each synchronisation, since systemd 234.
_STATE = """\
echo "clock $(date +%s)"
if [ -e /run/systemd/timesync/synchronized ]; then
  stat -c 'timesyncd %Y' /run/systemd/timesync/synchronized
else echo 'timesyncd none'; fi
if command -v chronyc > /dev/null 2>&1; then
  if [ -S /run/chrony/chronyd.sock ] || [ -e /run/chrony/chronyd.pid ] || [ -e /run/chronyd.pid ]; then
    chronyc -n -c tracking | sed 's/^/chrony /'
    chronyc -n -c sources | sed 's/^/source /'
  else echo 'chrony stopped'; fi
fi
if command -v ntpq > /dev/null 2>&1; then ntpq -n -c 'rv 0 leap,stratum,refid' 2>&1 | sed 's/^/ntpq /'; fi
exit 0
"""

SOURCES = (
    ShellSource("time.state", _STATE, needs=("date", "stat", "sed"), max_bytes=16 * KIB, root=True),
    TreeSource(
        "time.files",
        (
            "/etc/chrony.conf",
            "/etc/chrony/chrony.conf",
            "/etc/chrony/conf.d/*.conf",
            "/etc/chrony/sources.d/*.sources",
            "/etc/chrony.d/*.conf",
            "/etc/systemd/timesyncd.conf",
            "/etc/systemd/timesyncd.conf.d/*.conf",
            "/etc/ntp.conf",
            "/etc/ntpsec/ntp.conf",
        ),
        max_files=30,
        max_bytes=32 * KIB,
    ),
)
