"""Which system this is, how its kernel was started, and what the next boot will use.

The boot loader's files may hold password hashes (``password_pbkdf2``), so of those only the lines
that name entries and kernel options are taken.
"""

from hardcheck.collect.base import KIB, CommandSource, FileSource, ShellSource, Source, TreeSource

# One line a fact: owners and modes, FILE:LINE as grep writes it, "uki FILE" for a unified kernel image, whose
# command line is inside the image. "none" says that the search was made and found no file.
_BOOT_LOADER = r"""
entry='^[[:space:]]*(linux(16|efi)?|kernel|append|menuentry|submenu|title|label|blscfg|\})([[:space:]]|$)'
variable='^[[:space:]]*(set )?(kernelopts|tuned_params|vt_handoff|default|saved_entry|next_entry)='
set --
for f in /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg /boot/grub/menu.lst \
    /boot/grub/grub.conf /boot/grub/custom.cfg /boot/grub2/custom.cfg /boot/extlinux/extlinux.conf \
    /boot/syslinux/syslinux.cfg /boot/grub/grubenv /boot/grub2/grubenv; do
    if [ -e "$f" ]; then set -- "$@" "$f"; fi
done
for f in /boot/efi/EFI/Linux/*.efi /efi/EFI/Linux/*.efi; do
    if [ -e "$f" ]; then printf 'uki %s\n' "$f"; fi
done
if [ $# -eq 0 ]; then echo none; exit 0; fi
stat -c 'owner %a %u %g %n' -- "$@"
grep -aiHE "$entry|$variable" "$@"
"""

_KERNEL_CONFIG = r"""
release=$(uname -r)
for f in "/boot/config-$release" "/lib/modules/$release/config" "/usr/lib/modules/$release/config"; do
    if [ -r "$f" ]; then
        grep -E '^CONFIG_(LSM|DEFAULT_SECURITY|SECURITY_SELINUX|SECURITY_APPARMOR|AUDIT)[A-Z_]*=' "$f"
        exit 0
    fi
done
if [ -r /proc/config.gz ]; then
    zcat /proc/config.gz |
        grep -E '^CONFIG_(LSM|DEFAULT_SECURITY|SECURITY_SELINUX|SECURITY_APPARMOR|AUDIT)[A-Z_]*='
    exit 0
fi
echo none
"""

SOURCES: tuple[Source, ...] = (
    FileSource("host.os_release", "/etc/os-release", max_bytes=16 * KIB),
    CommandSource("kernel.uname", ("uname", "-a"), max_bytes=4 * KIB),
    FileSource("kernel.cmdline", "/proc/cmdline", max_bytes=16 * KIB),
    FileSource("kernel.lsm", "/sys/kernel/security/lsm", max_bytes=4 * KIB),
    FileSource("kernel.lockdown", "/sys/kernel/security/lockdown", max_bytes=4 * KIB),
    ShellSource("kernel.config", _KERNEL_CONFIG, timeout_s=30, max_bytes=16 * KIB),
    ShellSource("boot.loader", _BOOT_LOADER, timeout_s=30, max_bytes=256 * KIB, root=True),
    # Boot Loader Specification entries, and the one-line files that make or are a command line.
    TreeSource(
        "boot.entries",
        (
            "/boot/loader/entries/*.conf",
            "/boot/efi/loader/entries/*.conf",
            "/efi/loader/entries/*.conf",
        ),
        max_files=64,
        max_bytes=16 * KIB,
        root=True,
    ),
    TreeSource(
        "boot.defaults",
        (
            "/etc/default/grub",
            "/etc/default/grub.d/*.cfg",
            "/etc/kernel/cmdline",
            "/boot/firmware/cmdline.txt",
            "/boot/cmdline.txt",
        ),
        max_files=64,
        max_bytes=16 * KIB,
    ),
)
