"""What the kernel starts a setting with, where no file sets it.

Only defaults that are the same in every kernel, that an option of the kernel's build decides, or that a
distribution's patch fixes are given; for the others nothing is said. Sources: kernel net/ipv4/devinet.c
``ipv4_devconf``, net/ipv6/addrconf.c ``ipv6_devconf``, net/ipv4/tcp_ipv4.c ``tcp_sk_init``,
Documentation/admin-guide/sysctl; Debian's kernel patches ``yama-disable-by-default`` and
``security-perf-allow-further-restriction-of-perf_event_open`` and
``add-sysctl-to-disallow-unprivileged-CLONE_NEWUSER-by-default``."""

from __future__ import annotations

from collections.abc import Mapping

_FIXED = {
    "net.ipv4.conf.all.accept_redirects": "1",
    "net.ipv4.conf.default.accept_redirects": "1",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.default.accept_source_route": "1",
    "net.ipv4.conf.all.forwarding": "0",
    "net.ipv4.conf.default.forwarding": "0",
    "net.ipv4.conf.all.log_martians": "0",
    "net.ipv4.conf.default.log_martians": "0",
    "net.ipv4.conf.all.route_localnet": "0",
    "net.ipv4.conf.default.route_localnet": "0",
    "net.ipv4.conf.all.rp_filter": "0",
    "net.ipv4.conf.default.rp_filter": "0",
    "net.ipv4.conf.all.secure_redirects": "1",
    "net.ipv4.conf.default.secure_redirects": "1",
    "net.ipv4.conf.all.send_redirects": "1",
    "net.ipv4.conf.default.send_redirects": "1",
    "net.ipv6.conf.all.accept_ra": "1",
    "net.ipv6.conf.default.accept_ra": "1",
    "net.ipv6.conf.all.accept_redirects": "1",
    "net.ipv6.conf.default.accept_redirects": "1",
    "net.ipv6.conf.all.accept_source_route": "0",
    "net.ipv6.conf.default.accept_source_route": "0",
    "net.ipv6.conf.all.forwarding": "0",
    "net.ipv6.conf.default.forwarding": "0",
    "net.ipv4.ip_forward": "0",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.icmp_ignore_bogus_error_responses": "1",
    "net.ipv4.tcp_syncookies": "1",  # the key is there only with CONFIG_SYN_COOKIES
    "net.core.bpf_jit_harden": "0",
    "kernel.core_pattern": "core",
    "kernel.io_uring_disabled": "0",
    "kernel.kexec_load_disabled": "0",
    "kernel.kptr_restrict": "0",
    "kernel.modules_disabled": "0",
    "fs.protected_fifos": "0",
    "fs.protected_hardlinks": "0",
    "fs.protected_regular": "0",
    "fs.protected_symlinks": "0",
    "fs.suid_dumpable": "0",
}
_DEBIAN = {
    "kernel.perf_event_paranoid": "3",
    "kernel.unprivileged_userns_clone": "1",  # 0 before Debian 11, whose kernel was the first after 4.19
    "kernel.yama.ptrace_scope": "0",
}


def kernel_default(key: str, options: Mapping[str, str], version: str) -> str | None:
    """The value that the running kernel gives ``key`` by itself; None where that is not known.

    Args:
        options: of the kernel's build, without ``CONFIG_``; empty where they are not known.
        version: the text of /proc/version.
    """
    if key in _FIXED:
        return _FIXED[key]
    if key == "kernel.unprivileged_userns_clone" and version.startswith("Linux version 4."):
        return None
    if key in _DEBIAN and " Debian " in version:
        return _DEBIAN[key]
    if key == "kernel.perf_event_paranoid" and options.get("SECURITY_PERF_EVENTS_RESTRICT", "n") == "n":
        return "2" if options else None
    return _by_option(key, options)


def _by_option(key: str, options: Mapping[str, str]) -> str | None:
    """Defaults that the build decides."""
    if key == "kernel.randomize_va_space" and "COMPAT_BRK" in options:
        return "1" if options["COMPAT_BRK"] == "y" else "2"
    if key == "kernel.dmesg_restrict" and "SECURITY_DMESG_RESTRICT" in options:
        return "1" if options["SECURITY_DMESG_RESTRICT"] == "y" else "0"
    if key == "kernel.unprivileged_bpf_disabled" and "BPF_UNPRIV_DEFAULT_OFF" in options:
        return "2" if options["BPF_UNPRIV_DEFAULT_OFF"] == "y" else "0"
    if key == "vm.mmap_min_addr":
        return options.get("DEFAULT_MMAP_MIN_ADDR")
    if key == "kernel.sysrq":
        return _decimal(options.get("MAGIC_SYSRQ_DEFAULT_ENABLE", ""))
    return None


def _decimal(text: str) -> str | None:
    try:
        return str(int(text[:20], 0))
    except ValueError:
        return None
