#!/bin/sh
# Unpack the AppArmor profiles that packages other than AppArmor's own ship, for tools/build_catalogue.py.
#   tools/fetch_debian_profiles.sh FOLDER      on Debian, with apt-file installed and its lists fetched; about 70 MB
set -eu
folder=$1
mkdir -p "$folder/packages"
cd "$folder/packages"
apt-file search -x '^/etc/apparmor.d/[^/]+$' | cut -d: -f1 | sort -u |
    grep -v -x -E 'apparmor|apparmor-profiles|apparmor-profiles-extra' |
    while read -r package; do
        apt-get download -q "$package" >/dev/null || echo "fetch_debian_profiles: no $package" >&2
    done
for package in *.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$folder" --wildcards './etc/apparmor.d/*' 2>/dev/null || true
done
