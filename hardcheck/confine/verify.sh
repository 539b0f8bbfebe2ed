#!/bin/sh
# verify.sh: is the confinement in force, and what was denied since it was installed?
. "$(dirname -- "$0")/common.sh"
bad=0
fail() { say "FAIL $*"; bad=1; }
wanted=''

check_service() {
    wanted="$wanted|:$3:|\"$4[\"/]"
    pid=$(systemctl show -p MainPID --value -- "$2")
    if [ "${pid:-0}" = 0 ]; then fail "$2 does not run"; return; fi
    label=$(tr -d '\0' < "/proc/$pid/attr/current")
    case $framework:$label in
        selinux:*":$3:"*|apparmor:"$4 ("*) say "ok   $2 runs as $label" ;;
        *) fail "$2 runs as $label" ;;
    esac
}
check_path() {
    if [ -e "$1" ] && [ -n "$(restorecon -RFn -v -- "$1" 2>&1)" ]; then
        fail "labels differ from the policy (restorecon -RF): $1"
    fi
}
denials() {
    grep -aE 'avc: +denied|apparmor="(DENIED|ALLOWED)"' | grep -aE "${wanted#|}" || :
}

each_service check_service
if [ "$framework" = selinux ]; then each_path check_path; fi
since=$(stat -c %Y "$state/installed" 2>/dev/null || echo 0)
found=$({
    journalctl -q --no-pager -o cat -k --since "@$since" 2>/dev/null | denials
    if [ -r /var/log/audit/audit.log ]; then
        awk -v since="$since" 'match($0, /audit\([0-9]+/) && substr($0, RSTART + 6, RLENGTH - 6) + 0 >= since' \
            /var/log/audit/audit.log | denials
    fi
} | sort -u)
if [ -n "$found" ]; then
    say 'denied, or let through and logged while permissive (the last 40):'
    printf '%s\n' "$found" | tail -n 40
else
    say 'ok   nothing was denied'
fi
exit "$bad"
