#!/bin/sh
# rollback.sh: back to how it was before install.sh.
. "$(dirname -- "$0")/common.sh"

# NAME UNIT DOMAIN PROFILE MAKES-UNIT POOL POOL-FILE MOVED-TO MAIN-FILE
remove_unit() {
    if [ "$5" = yes ]; then
        systemctl --no-reload disable -q --now -- "$2" 2>/dev/null || :
        rm -f "/etc/systemd/system/$2"
    elif [ "$hats" = no ]; then
        rm -f "/etc/systemd/system/$2.d/50-confine.conf"
        rmdir "/etc/systemd/system/$2.d" 2>/dev/null || :
    fi
    if [ -n "$6" ]; then
        if [ -e "$state/$1.conf" ]; then
            cp -p -- "$state/$1.conf" "$7"
            rm -f -- "$state/$1.conf"
        fi
        if [ "$hats" = no ]; then
            rm -f -- "$8" "$9"
            rmdir -- "$(dirname -- "$8")" 2>/dev/null || :
        fi
    fi
}
restart_unit() { if [ "$5" = no ] && [ "$hats" = no ]; then restart "$2"; fi; }
remove_profile() {
    if [ -e "/etc/apparmor.d/$1" ]; then apparmor_parser -R "/etc/apparmor.d/$1" || :; fi
    rm -f "/etc/apparmor.d/force-complain/$1" "/etc/apparmor.d/$1"
}
label_line() { printf "fcontext -d -f %s '%s'\n" "$1" "$4"; }

each_service remove_unit
systemctl daemon-reload
if [ "$framework" = selinux ]; then
    if [ -s "$state/labels" ]; then each_label label_line | semanage import || :; fi
    set --
    for one in "${module}_permissive" "$module"; do
        if has_module "$one"; then set -- "$@" -r "$one"; fi
    done
    if [ $# -gt 0 ]; then semodule -X 400 "$@"; fi
    each_path relabel
fi
rm -f "$state/installed" "$state/labels"
# before the restarts: a profile that attaches by the program's path would take the service again
if [ "$framework" = apparmor ]; then each_profile remove_profile; fi
each_shared restart
each_service restart_unit
say 'rolled back'
