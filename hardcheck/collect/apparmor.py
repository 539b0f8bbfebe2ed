"""Where a host keeps its AppArmor state: securityfs, module parameters, /etc/apparmor.d and the cache.

securityfs is described in the kernel's security/apparmor/apparmorfs.c.
"""

from hardcheck.collect.base import KIB, MIB, CommandSource, FileSource, ShellSource, Source, TreeSource

# Some parameters are for policy administrators only; what an ordinary account may read is printed.
_PARAMETERS = r"""
if [ ! -d /sys/module/apparmor/parameters ]; then echo absent; exit 0; fi
cd /sys/module/apparmor/parameters || exit 2
grep -aHs '' -- *
exit 0
"""

_FEATURES = r"""
if [ ! -d /sys/kernel/security/apparmor/features ]; then echo absent; exit 0; fi
cd /sys/kernel/security/apparmor/features || exit 2
grep -arHs '' .
exit 0
"""

# policy is a link of the kernel's own kind: it has to be entered, not read.
_LOADED = r"""
if [ ! -e /sys/kernel/security/apparmor/policy ]; then echo absent; exit 0; fi
cd /sys/kernel/security/apparmor/policy/ || exit 2
find . \( -name name -o -name mode -o -name attach -o -name 'sha*' -o -name 'raw_sha*' \) \
    -exec grep -aHs '' {} +
exit 0
"""

# Times of last change of the text (modified, changed) and of the kernel's entries, which
# get theirs when a profile is loaded or replaced. Paths with control bytes are left out of this list;
# the listing of the tree has them.
_TIMES = r"""
for d in /etc/apparmor.d /var/lib/snapd/apparmor/profiles /sys/kernel/security/apparmor/policy/profiles \
    /sys/kernel/security/apparmor/policy/raw_data /sys/kernel/security/apparmor/policy/namespaces; do
    if [ -d "$d" ]; then
        case $d in
        /sys/*) kind=d ;;
        *) kind=f ;;
        esac
        find "$d" -type "$kind" ! -path '*[[:cntrl:]]*' -exec stat -c '%y %z %n' {} +
    fi
done
exit 0
"""

# Compiled profiles kept for the next boot. The kernel's raw_sha1 or raw_sha256 of a loaded profile
# equals the digest of the cache file that it came from, where that holds one profile.
_CACHE = r"""
sum=sha256sum
for f in /sys/kernel/security/apparmor/policy/raw_data/*/sha1; do
    if [ -e "$f" ]; then sum=sha1sum; fi
    break
done
for d in /var/cache/apparmor /var/lib/apparmor/cache /etc/apparmor.d/cache /etc/apparmor.d/cache.d \
    /var/cache/apparmor.d; do
    if [ -d "$d" ]; then
        find "$d" -maxdepth 2 -type f ! -name '.*' ! -path '*[[:cntrl:]]*' -exec "$sum" {} +
        find "$d" -maxdepth 2 -type f ! -name '.*' ! -path '*[[:cntrl:]]*' -exec stat -c '%y %z %n' {} +
    fi
done
exit 0
"""

_PAM = r"""
set --
for f in /etc/pam.d/* /etc/pam.conf; do if [ -f "$f" ]; then set -- "$@" "$f"; fi; done
if [ $# -eq 0 ]; then echo absent; exit 0; fi
grep -aHE '^[[:space:]]*(-?session)[[:space:]].*pam_apparmor' "$@"
exit 0
"""

SOURCES: tuple[Source, ...] = (
    ShellSource("apparmor.parameters", _PARAMETERS, needs=("grep",), max_bytes=8 * KIB),
    ShellSource("apparmor.features", _FEATURES, needs=("grep",), max_bytes=64 * KIB),
    # Mode 0444, yet open(2) gives EACCES without CAP_MAC_ADMIN: unreadable, not absent.
    FileSource("apparmor.profiles", "/sys/kernel/security/apparmor/profiles", max_bytes=1 * MIB, root=True),
    ShellSource("apparmor.loaded", _LOADED, needs=("find", "grep"), max_bytes=4 * MIB, root=True),
    # 0 in force, 1 not enabled, 2 no policy loaded, 3 control files missing, 4 not permitted: aa-status(8).
    CommandSource(
        "apparmor.status", ("aa-status", "--json"), ok=(0, 1, 2, 3, 4), max_bytes=2 * MIB, root=True
    ),
    TreeSource(
        "apparmor.files",
        (
            "/etc/apparmor.d",
            "/etc/apparmor.d/*",
            "/etc/apparmor.d/*/*",
            "/etc/apparmor.d/*/*/*",
            "/etc/apparmor.d/*/*/*/*",
        ),
        max_files=6000,
        max_bytes=512 * KIB,
        blobs=True,
    ),
    TreeSource(
        "apparmor.files_elsewhere",
        ("/etc/apparmor/*", "/var/lib/snapd/apparmor/profiles/*"),
        max_files=2000,
        max_bytes=512 * KIB,
        blobs=True,
    ),
    ShellSource("apparmor.times", _TIMES, needs=("find", "stat"), max_bytes=4 * MIB, root=True),
    ShellSource("apparmor.cache", _CACHE, needs=("find", "stat"), timeout_s=30, max_bytes=1 * MIB, root=True),
    CommandSource(
        "apparmor.service",
        (
            "systemctl",
            "show",
            "apparmor.service",
            "-p",
            "LoadState,ActiveState,SubState,UnitFileState,Result",
        ),
        max_bytes=4 * KIB,
    ),
    ShellSource("apparmor.pam", _PAM, needs=("grep",), max_bytes=16 * KIB),
)
