# Read by the other scripts: where they are, what is to be done, which framework runs.
set -eu
umask 022
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export PATH LC_ALL
say() { printf '%s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || stop 'run this as root'
here=$(cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=/dev/null
. "$here/settings.sh"

if [ -e /sys/fs/selinux/enforce ]; then framework=selinux
elif [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ]; then framework=apparmor
else stop 'neither SELinux nor AppArmor runs on this host'
fi
if [ "$framework" = selinux ] && [ -z "$module" ]; then
    stop 'this folder has no SELinux module (hats are of AppArmor; without a host, labels may not be known)'
fi

relabel() { if [ -e "$1" ]; then restorecon -RF -- "$1"; fi; }
restart() { systemctl restart -- "$1"; }
has_module() { semodule -l | grep -qx -- "$1"; }
