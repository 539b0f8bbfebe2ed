"""fail2ban: is the server up, which jails run, and by which command does each of their actions ban.

The client is a Python program, so it is started only where the server's socket is, and then three times
in all: jails, their actions, the commands of those. `fail2ban-client -i` takes many commands from its
standard input and answers each behind its prompt.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, ShellSource, TreeSource

# Each answer begins with a line `= ...` in place of the prompt, in the order asked. The banned addresses
# stay on the host.
_STATUS = """\
found=no
for path in /run/fail2ban/fail2ban.sock /var/run/fail2ban/fail2ban.sock; do
  [ -S "$path" ] && found=yes
done
if [ "$found" = no ]; then echo 'server stopped'; exit 0; fi
if ! jails=$(fail2ban-client status 2>&1); then echo 'server silent'; printf '%s\\n' "$jails"; exit 0; fi
echo 'server running'
jails=$(printf '%s\\n' "$jails" | sed -n 's/^.*Jail list:[[:space:]]*//p' | tr ',\\t' '  ')
echo "jails $jails"
set -f
ask() {
  printf '%sexit\\n' "$1" | fail2ban-client -i 2>&1 |
    sed -e 's/^fail2ban> /\\n= /' -e '/Banned IP list:/d'
}
one=
for jail in $jails; do
  one="${one}status $jail
get $jail bantime
get $jail findtime
get $jail maxretry
get $jail actions
"
done
[ -n "$one" ] || exit 0
echo 'answers jails'
answers=$(ask "$one")
printf '%s\\n' "$answers"
two=$(
  printf '%s\\n' "$answers" | sed -n '/^= The jail .* has the following actions:$/{
    s/^= The jail \\(.*\\) has the following actions:$/\\1/
    N
    s/\\n/ /
    s/,/ /g
    p
  }' | while read -r jail actions; do
    for action in $actions; do
      printf 'get %s action %s actionstart\\n' "$jail" "$action"
      printf 'get %s action %s actionban\\n' "$jail" "$action"
    done
  done
)
[ -n "$two" ] || exit 0
echo 'asked actions'
printf '%s\\n' "$two"
echo 'answers actions'
ask "$two
"
exit 0
"""

# The filters that are on the host, by name.
_FILTERS = """\
for file in /etc/fail2ban/filter.d/*.conf /etc/fail2ban/filter.d/*.local; do
  if [ -e "$file" ]; then printf 'filter %s\n' "${file##*/}"; fi
done
echo end
"""

SOURCES = (
    ShellSource(
        "fail2ban.status",
        _STATUS,
        needs=("fail2ban-client", "sed", "tr"),
        timeout_s=30,
        max_bytes=512 * KIB,
        root=True,
    ),
    ShellSource("fail2ban.filters", _FILTERS, max_bytes=32 * KIB),
    TreeSource(
        "fail2ban.files",
        (
            "/etc/fail2ban/fail2ban.conf",
            "/etc/fail2ban/fail2ban.d/*.conf",
            "/etc/fail2ban/fail2ban.local",
            "/etc/fail2ban/fail2ban.d/*.local",
        ),
        max_files=40,
        max_bytes=32 * KIB,
    ),
)
