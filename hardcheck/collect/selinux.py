"""Where a host keeps its SELinux state: selinuxfs, /etc/selinux and the module store.

selinuxfs is described in the kernel's security/selinux/selinuxfs.c, the store in semanage.conf(5)
and libsemanage's semanage_store.c.
"""

from hardcheck.collect.base import (
    KIB,
    MIB,
    BlobSource,
    CommandSource,
    FileSource,
    ShellSource,
    Source,
    TreeSource,
)

# initial_contexts/kernel reads "kernel" until a policy is loaded, then a whole context: the one
# file that tells "switched on" from "has a policy". A boolean is "NOW PENDING", each 0 or 1.
_KERNEL_STATE = r"""
if [ ! -e /sys/fs/selinux/enforce ]; then echo absent; exit 0; fi
cd /sys/fs/selinux || exit 2
grep -aHs '' enforce mls policyvers deny_unknown reject_unknown checkreqprot \
    initial_contexts/kernel booleans/*
exit 0
"""

# Priority and name of each module are two directories, PRIORITY/NAME; disabled/NAME is a flag file, and
# disable_dontaudit the one that `semodule -DB` leaves. Behind them the digests of the policies on disk.
_STORE_LISTING = r"""
found=
for s in /var/lib/selinux/*/active /etc/selinux/*/active /etc/selinux/*/modules/active; do
    if [ ! -d "$s" ]; then continue; fi
    found=1
    printf 'store %s\n' "$s"
    if [ -e "$s/disable_dontaudit" ]; then printf 'dontaudit-disabled %s\n' "$s"; fi
    cd "$s/modules" 2>/dev/null || continue
    ls -d [0-9]*/* disabled/* *.pp 2>/dev/null
done
if [ -z "$found" ]; then echo absent; exit 0; fi
set -- /etc/selinux/*/policy/policy.*
if [ -e "$1" ]; then sha256sum -- "$@"; fi
exit 0
"""

SOURCES: tuple[Source, ...] = (
    ShellSource("selinux.kernel", _KERNEL_STATE, needs=("grep",), timeout_s=30, max_bytes=128 * KIB),
    CommandSource("selinux.sestatus", ("sestatus",), max_bytes=16 * KIB),
    FileSource("selinux.config", "/etc/selinux/config", max_bytes=16 * KIB),
    CommandSource("selinux.export", ("semanage", "export"), timeout_s=60, max_bytes=1 * MIB, root=True),
    CommandSource("selinux.modules", ("semodule", "-lfull"), timeout_s=60, max_bytes=256 * KIB, root=True),
    ShellSource("selinux.store_listing", _STORE_LISTING, timeout_s=30, max_bytes=256 * KIB, root=True),
    TreeSource(
        "selinux.store",
        (
            "/var/lib/selinux/*/active/*.local",
            "/etc/selinux/*/active/*.local",
            "/etc/selinux/*/modules/active/*.local",
        ),
        max_files=64,
        max_bytes=512 * KIB,
        root=True,
    ),
    TreeSource(
        "selinux.contexts",
        (
            "/etc/selinux/*/seusers",
            "/etc/selinux/*/setrans.conf",
            "/etc/selinux/*/contexts/customizable_types",
            "/etc/selinux/*/contexts/default_contexts",
            "/etc/selinux/*/contexts/users/*",
        ),
        max_files=128,
        max_bytes=64 * KIB,
    ),
    TreeSource(
        "selinux.file_contexts",
        (
            "/etc/selinux/*/contexts/files/file_contexts",
            "/etc/selinux/*/contexts/files/file_contexts.homedirs",
            "/etc/selinux/*/contexts/files/file_contexts.local",
            "/etc/selinux/*/contexts/files/file_contexts.subs",
            "/etc/selinux/*/contexts/files/file_contexts.subs_dist",
        ),
        max_files=32,
        max_bytes=4 * MIB,
        blobs=True,
    ),
    TreeSource(
        "selinux.config_files", ("/etc/selinux", "/etc/selinux/*", "/etc/sestatus.conf"), max_bytes=64 * KIB
    ),
    # What the kernel holds, with the booleans as they are now.
    BlobSource("selinux.policy", ("/sys/fs/selinux/policy",)),
    # The modules linked without local changes: its booleans are the policy's own defaults.
    BlobSource("selinux.policy_linked", ("/var/lib/selinux/*/active/policy.linked",), root=True),
)
