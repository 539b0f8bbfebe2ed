"""Who may change what the boot loader starts, what the firmware verifies, and what the kernel keeps in force.

The boot loader's password hashes stay on the host: of each only that it is there, and whose it is.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, ShellSource

# `file PATH` for every file that was read, then `superusers NAMES`; `hashed USER`, `plain USER` or (by a
# variable) `variable USER` for a password; `user` where GRUB2_PASSWORD of user.cfg has a value
# (grub2-setpassword(8)).
_AUTH = r"""
blank='[[:space:]][[:space:]]*'
set --
for f in /boot/grub/grub.cfg /boot/grub2/grub.cfg /boot/efi/EFI/*/grub.cfg /boot/grub/custom.cfg \
    /boot/grub2/custom.cfg /boot/grub/user.cfg /boot/grub2/user.cfg /boot/efi/EFI/*/user.cfg; do
    if [ -e "$f" ]; then set -- "$@" "$f"; fi
done
if [ $# -eq 0 ]; then echo none; exit 0; fi
for f do
    if [ ! -r "$f" ]; then printf 'denied %s\n' "$f"; continue; fi
    printf 'file %s\n' "$f"
    sed -n -e "s/^[[:space:]]*set${blank}superusers=/superusers /p" \
        -e "s/^[[:space:]]*password_pbkdf2${blank}\([^[:space:]]*\)${blank}[\$].*/variable \1/p" \
        -e "s/^[[:space:]]*password_pbkdf2${blank}\([^[:space:]]*\)${blank}[^\$].*/hashed \1/p" \
        -e "s/^[[:space:]]*password${blank}\([^[:space:]]*\)${blank}.*/plain \1/p" \
        -e 's/^[[:space:]]*GRUB2_PASSWORD=..*/user/p' "$f"
done
"""

# One byte of attributes after another, then the value: efivarfs, UEFI specification "SecureBoot", shim's
# MokSBStateRT.
_FIRMWARE = r"""
if [ ! -d /sys/firmware/efi ]; then echo 'firmware other'; exit 0; fi
echo 'firmware efi'
folder=/sys/firmware/efi/efivars
set -- "$folder"/*
if [ ! -e "$1" ]; then echo 'variables none'; exit 0; fi
for name in SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c SetupMode-8be4df61-93ca-11d2-aa0d-00e098032b8c \
    MokSBStateRT-605dab50-e046-4300-abb6-3dd810dd8b23; do
    if [ ! -e "$folder/$name" ]; then printf 'absent %s\n' "${name%%-*}"
    elif [ ! -r "$folder/$name" ]; then printf 'denied %s\n' "${name%%-*}"
    else printf 'value %s %s\n' "${name%%-*}" "$(od -An -v -tu1 "$folder/$name" | tr -s ' \n' ' ')"
    fi
done
"""

_PROTECTIONS = r"""
printf 'machine %s\n' "$(uname -m)"
case " $(grep -m 1 -E '^(flags|Features)' /proc/cpuinfo) " in
    *' nx '*) echo 'nx yes' ;;
    *flags*) echo 'nx no' ;;
    *) echo 'nx unknown' ;;
esac
mode=$(sed -n 's/^[0-9a-f-]* \([-rwxps]*\) .*\[vsyscall\]$/\1/p' /proc/self/maps)
printf 'vsyscall %s\n' "${mode:-none}"
if cd /sys/devices/system/cpu/vulnerabilities 2> /dev/null; then
    echo 'reports yes'
    grep -s '' /dev/null ./* | sed 's|^\./|cpu |'
else echo 'reports no'; fi
exit 0
"""

SOURCES = (
    ShellSource("boot.auth", _AUTH, needs=("sed",), max_bytes=32 * KIB, root=True),
    ShellSource("boot.firmware", _FIRMWARE, needs=("od", "tr"), max_bytes=8 * KIB),
    ShellSource("kernel.protections", _PROTECTIONS, needs=("grep", "sed", "uname"), max_bytes=32 * KIB),
)
