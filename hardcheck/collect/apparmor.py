"""Where a host keeps its AppArmor state: securityfs, module parameters, /etc/apparmor.d and the cache.

securityfs is described in the kernel's security/apparmor/apparmorfs.c.
"""

from hardcheck.collect.base import KIB, MIB, CommandSource, FileSource, ShellSource, Source, TreeSource

# Parameters and features, one small file each; some parameters are for policy administrators only, and
# what an ordinary account may read is printed. Then the PAM stacks that apply a profile or hat to a login.
_KERNEL_STATE = r"""
cd /sys || exit 2
if [ -d module/apparmor/parameters ]; then
    grep -arHs '' module/apparmor/parameters kernel/security/apparmor/features
else
    echo absent
fi
grep -aHsE '^[[:space:]]*-?session[[:space:]].*pam_apparmor' /etc/pam.d/* /etc/pam.conf
exit 0
"""

# policy is a link of the kernel's own kind: it has to be entered, not read. Then the times of last change
# (modified, changed) of the text and of the kernel's entries, which get theirs when a profile is loaded
# or replaced. Paths with control bytes are left out; the listing of the tree has them.
_LOADED = r"""
if [ ! -e /sys/kernel/security/apparmor/policy ]; then echo absent; exit 0; fi
cd /sys/kernel/security/apparmor/policy/ || exit 2
find . \( -name name -o -name mode -o -name attach -o -name 'sha*' -o -name 'raw_sha*' \) \
    -exec grep -aHs '' {} +
p=/sys/kernel/security/apparmor/policy
find "$p/profiles" "$p/raw_data" "$p/namespaces" -type d -exec stat -c '%y %z %n' {} +
find /etc/apparmor.d -type f ! -path '*[[:cntrl:]]*' -exec stat -c '%y %z %n' {} +
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

# What profiles could attach to: files that can be executed, where programs lie. A merged /bin is a link and
# its files are those of /usr/bin, which is the path that the kernel sees.
PROGRAM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/usr/local", "/opt", "/snap")
_PROGRAMS = rf"""
if [ ! -d /etc/apparmor.d ]; then echo absent; exit 0; fi
set --
for d in {" ".join(PROGRAM_FOLDERS)}; do
    if [ -d "$d" ] && [ ! -h "$d" ]; then set -- "$@" "$d"; fi
done
find "$@" -xdev \( -path /usr/share/doc -o -path /usr/share/man -o -path /usr/share/locale \
    -o -path /usr/share/icons -o -path /usr/src -o -path /usr/include -o -path '*/lib/modules' \
    -o -path '*/lib/firmware' \) -prune -o -type f \( -perm -100 -o -perm -010 -o -perm -001 \) \
    ! -name '*.so' ! -name '*.so.*' ! -path '*[[:cntrl:]]*' -print
"""

SOURCES: tuple[Source, ...] = (
    ShellSource("apparmor.kernel", _KERNEL_STATE, needs=("grep",), timeout_s=30, max_bytes=128 * KIB),
    # Mode 0444, yet open(2) gives EACCES without CAP_MAC_ADMIN: unreadable, not absent.
    FileSource("apparmor.profiles", "/sys/kernel/security/apparmor/profiles", max_bytes=1 * MIB, root=True),
    ShellSource(
        "apparmor.loaded",
        _LOADED,
        needs=("find", "grep", "stat"),
        timeout_s=60,
        max_bytes=8 * MIB,
        root=True,
    ),
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
        ("/etc/apparmor/*", "/usr/share/apparmor-features/*", "/var/lib/snapd/apparmor/profiles/*"),
        max_files=2000,
        max_bytes=512 * KIB,
        blobs=True,
    ),
    ShellSource("apparmor.cache", _CACHE, needs=("find", "stat"), timeout_s=60, max_bytes=1 * MIB, root=True),
    ShellSource("apparmor.programs", _PROGRAMS, needs=("find",), timeout_s=60, max_bytes=4 * MIB, root=True),
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
)
