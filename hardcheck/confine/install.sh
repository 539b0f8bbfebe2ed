#!/bin/sh
# install.sh [permissive|enforce]: set the confinement up. Denials are only logged until "enforce".
. "$(dirname -- "$0")/common.sh"
mode=${1:-permissive}
case $mode in
    permissive|enforce) ;;
    *) say 'usage: install.sh [permissive|enforce]'; exit 2 ;;
esac

install_selinux() {
    only_logs="${module}_permissive"
    if [ "$mode" = permissive ]; then
        semodule -X 400 -i "$here/selinux/$module.cil" -i "$here/selinux/$only_logs.cil"
    elif has_module "$only_logs"; then
        semodule -X 400 -r "$only_logs"
    elif ! has_module "$module"; then
        semodule -X 400 -i "$here/selinux/$module.cil"
    fi
    if [ ! -e "$state/installed" ]; then
        each_label label_line > "$state/labels"
        if [ -s "$state/labels" ]; then semanage import < "$state/labels"; fi
    fi
}
# -m: the module has the same expression, and -a would refuse it
label_line() { printf "fcontext -m -f %s -t %s -r %s '%s'\n" "$1" "$2" "$3" "$4"; }

install_profile() {
    cp -- "$here/apparmor/$1" "/etc/apparmor.d/$1"
    if [ "$mode" = permissive ]; then
        mkdir -p /etc/apparmor.d/force-complain
        ln -sf "/etc/apparmor.d/$1" "/etc/apparmor.d/force-complain/$1"
        apparmor_parser -r -C "/etc/apparmor.d/$1"
    else
        rm -f "/etc/apparmor.d/force-complain/$1"
        apparmor_parser -r "/etc/apparmor.d/$1"
    fi
}

# NAME UNIT DOMAIN PROFILE MAKES-UNIT POOL POOL-FILE MOVED-TO MAIN-FILE
install_unit() {
    if [ -n "$6" ]; then
        if [ -e "$7" ]; then cp -p -- "$7" "$state/$1.conf"; fi
        if [ "$hats" = yes ]; then
            printf '\n[%s]\napparmor_hat = %s\n' "$6" "$1" >> "$7"
        else
            mkdir -p -- "$(dirname -- "$8")"
            if [ -e "$7" ]; then mv -- "$7" "$8"; fi
            cp -- "$here/php/$(basename -- "$9")" "$9"
        fi
    fi
    if [ "$5" = yes ]; then
        cp -- "$here/systemd/$2" "/etc/systemd/system/$2"
    elif [ "$hats" = no ]; then
        mkdir -p "/etc/systemd/system/$2.d"
        cp -- "$here/systemd/$2.d/50-confine.conf" "/etc/systemd/system/$2.d/50-confine.conf"
    fi
}

units=''
note_unit() {
    units="$units $2"
    if [ "$5" = yes ]; then systemctl --no-reload enable -q -- "$2"; fi
}

mkdir -p -m 700 "$state"
if [ "$framework" = selinux ]; then install_selinux; else each_profile install_profile; fi
if [ -e "$state/installed" ]; then
    say "the mode is now: $mode"
    exit 0
fi
each_service install_unit
systemctl daemon-reload
if [ "$framework" = selinux ]; then each_path relabel; fi
: > "$state/installed"
each_shared restart
each_service note_unit
# shellcheck disable=SC2086 # names of units have no odd character; together they start at the same time
if [ "$hats" = no ]; then systemctl restart $units; fi
say "installed; the mode is: $mode. Now run verify.sh"
