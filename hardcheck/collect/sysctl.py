"""Kernel settings: their values now, the files that set them at boot, and what the kernel starts with.

Every key is asked for by name, so that one that cannot be read is told and not left out. The values
are read by one grep(1): a handler of /proc/sys answers a second short read(2) with end of file, which
makes the shell's own ``read`` lose all but the first character.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, ShellSource, TreeSource

IPV4_INTERFACE = (
    "accept_redirects",
    "accept_source_route",
    "forwarding",
    "log_martians",
    "route_localnet",
    "rp_filter",
    "secure_redirects",
    "send_redirects",
)
IPV6_INTERFACE = ("accept_ra", "accept_redirects", "accept_source_route", "disable_ipv6", "forwarding")

KEYS = (
    *(f"net.ipv4.conf.{scope}.{leaf}" for leaf in IPV4_INTERFACE for scope in ("all", "default")),
    *(f"net.ipv6.conf.{scope}.{leaf}" for leaf in IPV6_INTERFACE for scope in ("all", "default")),
    "net.ipv4.ip_forward",
    "net.ipv4.icmp_echo_ignore_broadcasts",
    "net.ipv4.icmp_ignore_bogus_error_responses",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.core.bpf_jit_enable",
    "net.core.bpf_jit_harden",
    "kernel.apparmor_restrict_unprivileged_unconfined",
    "kernel.apparmor_restrict_unprivileged_userns",
    "kernel.core_pattern",
    "kernel.core_uses_pid",
    "kernel.dmesg_restrict",
    "kernel.io_uring_disabled",
    "kernel.kexec_load_disabled",
    "kernel.kptr_restrict",
    "kernel.modules_disabled",
    "kernel.perf_event_paranoid",
    "kernel.randomize_va_space",
    "kernel.sysrq",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.yama.ptrace_scope",
    "vm.mmap_min_addr",
    "vm.unprivileged_userfaultfd",
    "fs.protected_fifos",
    "fs.protected_hardlinks",
    "fs.protected_regular",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "user.max_user_namespaces",
    "crypto.fips_enabled",
)
"""The settings that are looked at, in the dotted form of sysctl(8)."""

CONFIG_SYMBOLS = (
    "BPF_UNPRIV_DEFAULT_OFF",
    "COMPAT_BRK",
    "DEFAULT_MMAP_MIN_ADDR",
    "INIT_ON_FREE_DEFAULT_ON",
    "LEGACY_VSYSCALL_EMULATE",
    "LEGACY_VSYSCALL_NONE",
    "LEGACY_VSYSCALL_XONLY",
    "LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY",
    "LOCK_DOWN_KERNEL_FORCE_INTEGRITY",
    "MAGIC_SYSRQ_DEFAULT_ENABLE",
    "PAGE_POISONING",
    "SECURITY_DMESG_RESTRICT",
    "SECURITY_PERF_EVENTS_RESTRICT",
    "SYN_COOKIES",
)
"""Options of the kernel's build that decide a default of the keys above, or of a boot argument."""

_VALUES = """\
if [ -d /run/systemd/system ]; then echo 'boot systemd'; else echo 'boot other'; fi
IFS= read -r line < /proc/version && printf 'version %s\\n' "$line"
cd /proc/sys || exit 1
set --
for key in @KEYS@; do
  if [ ! -e "$key" ]; then printf 'absent %s\\n' "$key"
  elif [ ! -r "$key" ]; then printf 'denied %s\\n' "$key"
  else set -- "$@" "$key"; printf 'asked %s\\n' "$key"; fi
done
grep -s '' "$@" /dev/null
read -r release < /proc/sys/kernel/osrelease || exit 1
for file in "/boot/config-$release" "/lib/modules/$release/config"; do
  if [ -r "$file" ]; then
    printf 'config %s\\n' "$file"
    grep -E '^(CONFIG_(@SYMBOLS@)=|# CONFIG_(@SYMBOLS@) is not set)' "$file"
    exit 0
  elif [ -e "$file" ]; then echo 'config denied'; exit 0
  fi
done
echo 'config none'
""".replace("@KEYS@", " ".join(key.replace(".", "/") for key in KEYS)).replace(
    "@SYMBOLS@", "|".join(CONFIG_SYMBOLS)
)

SOURCES = (
    ShellSource("sysctl.values", _VALUES, needs=("grep",), max_bytes=64 * KIB),
    # sysctl.d(5): the folders of systemd-sysctl; /lib and /etc/sysctl.conf are procps' own.
    # /etc/ufw/sysctl.conf is applied by ufw when it starts, after both.
    TreeSource(
        "sysctl.files",
        (
            "/etc/sysctl.conf",
            "/etc/sysctl.d/*.conf",
            "/run/sysctl.d/*.conf",
            "/usr/local/lib/sysctl.d/*.conf",
            "/usr/lib/sysctl.d/*.conf",
            "/lib/sysctl.d/*.conf",
            "/etc/ufw/sysctl.conf",
            "/etc/default/ufw",
            "/etc/ufw/ufw.conf",
        ),
        max_files=200,
        max_bytes=64 * KIB,
    ),
)
