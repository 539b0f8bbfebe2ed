"""About sixty rules as a report carries them, with remedies of realistic length."""

from __future__ import annotations

from hardcheck.findings import Framework, Remedy, RuleInfo, Severity

_MAC = """
mac-enforcing-now-and-after-boot|The MAC framework enforces now and after the next boot|critical|mac.state
mac-active-lsm|Exactly one major MAC module is in the active LSM list|high|mac.state
mac-boot-line|The boot line does not switch the MAC framework off or to permissive|high|mac.boot
mac-policy-loaded|A policy is loaded and is the one the configuration names|high|mac.state
mac-no-permissive-subjects|No domain is permissive and no profile is in complain mode|high|mac.confinement
mac-listeners-confined|Every listening process runs under a policy of its own|critical|mac.confinement
mac-services-confined|No service runs in a domain or profile that confines nothing|medium|mac.confinement
mac-policy-matches-disk|What is loaded is what the policy files on disk say|medium|mac.confinement
mac-local-changes-known|Local policy modules and profile additions are known|low|mac.confinement
mac-no-disabled-policy|No policy module or profile of the distribution is disabled|medium|mac.confinement
mac-switches-default|Booleans and tunables that widen access are at their safe value|medium|mac.switches
mac-web-cannot-connect-out|The web server may not open connections to arbitrary ports|medium|mac.switches
mac-labels-and-attachments|Files carry the label the policy gives them, profiles attach|high|mac.labels
mac-no-unlabelled-files|No served or executed file is unlabelled or outside every profile|medium|mac.labels
mac-config-writable-by-root|Only root can write the policy and its configuration|medium|mac.files
mac-policy-changes-audited|Changes of the policy and its mode are audited|medium|mac.audit
mac-denials-recorded|Denials reach a log that is kept|medium|mac.audit
mac-userns-restricted|Unprivileged user namespaces are confined|low|mac.restrict
mac-tools-present|The tools to inspect the policy are installed|info|mac.tools
"""

_SYSCTL = """
net.ipv4.conf.all.accept_source_route=0|Source routed packets are refused on every interface|medium
net.ipv4.conf.default.accept_source_route=0|Source routed packets are refused on new interfaces|medium
net.ipv4.conf.all.accept_redirects=0|ICMP redirects are ignored on every interface|medium
net.ipv4.conf.default.accept_redirects=0|ICMP redirects are ignored on new interfaces|medium
net.ipv4.conf.all.secure_redirects=0|Redirects of listed gateways are ignored|medium
net.ipv4.conf.all.send_redirects=0|No ICMP redirects are sent|medium
net.ipv4.ip_forward=0|The host does not route IPv4|medium
net.ipv4.conf.all.rp_filter=1|Reverse path filtering is on|medium
net.ipv4.conf.all.log_martians=1|Packets with impossible addresses are logged|low
net.ipv4.tcp_syncookies=1|SYN cookies are on|medium
net.ipv4.icmp_echo_ignore_broadcasts=1|Broadcast pings are not answered|medium
net.ipv6.conf.all.accept_ra=0|Router advertisements are ignored|medium
net.ipv6.conf.all.accept_redirects=0|IPv6 redirects are ignored|medium
net.ipv6.conf.all.accept_source_route=0|IPv6 source routing is refused|medium
kernel.randomize_va_space=2|Address space layout is fully randomised|high
kernel.kptr_restrict=1|Kernel addresses are hidden from users|medium
kernel.dmesg_restrict=1|The kernel log is for root alone|low
kernel.yama.ptrace_scope=1|ptrace is limited to descendants|medium
kernel.unprivileged_bpf_disabled=1|Unprivileged BPF is off|medium
kernel.perf_event_paranoid=2|Performance events are restricted|low
kernel.kexec_load_disabled=1|kexec is locked|low
fs.protected_hardlinks=1|Hard links to others' files are refused|medium
fs.protected_symlinks=1|Symlinks in shared folders are guarded|medium
fs.suid_dumpable=0|Set-user-id programs leave no core dump|medium
"""

_OTHER = """
firewall-default-deny|Incoming traffic is refused unless a rule allows it|high|firewall
firewall-persistent|The firewall's rules come back after a boot|medium|firewall
fail2ban-bans|fail2ban's jails really ban: the chain they use is in the firewall|medium|intrusion
updates-security-none-pending|No security update is pending|high|patch
updates-metadata-fresh|The package metadata is younger than a week|low|patch
updates-automatic|Security updates are installed by themselves|medium|patch.auto
kernel-running-is-installed|The running kernel is the newest installed one|medium|patch
auditd-running|The audit daemon runs and the kernel audits|high|audit.core
auditd-mac-rules|Audit rules watch the MAC policy|medium|audit.change
auditd-immutable|The loaded audit rules are locked until the next boot|low|audit.protect
auditd-boot-line|Processes before auditd are audited too|low|audit.core
sshd-no-root-password|Root cannot log in over SSH with a password|high|ssh.auth
sshd-no-empty-passwords|Empty passwords are refused|critical|ssh.auth
sshd-crypto|Only sound ciphers, MACs and key exchanges are offered|medium|ssh.crypto
services-sandboxed|Network services run with systemd's sandbox options|low|service.sandbox
time-synchronised|The clock is kept by a time service|medium|time
containers-confined|No container runs with its MAC label switched off|high|container.isolation
"""

_SELINUX_REMEDY = Remedy(
    framework=Framework.SELINUX,
    steps=(
        "# Set the mode for the next boot, then for the running system.",
        "sed -i 's/^SELINUX=.*/SELINUX=enforcing/' /etc/selinux/config",
        "grubby --update-kernel ALL --remove-args 'enforcing selinux'",
        "setenforce 1",
    ),
    verify=("getenforce", "grep ^SELINUX= /etc/selinux/config"),
    rollback=("setenforce 0", "sed -i 's/^SELINUX=.*/SELINUX=permissive/' /etc/selinux/config"),
    may_break="Services without a policy of their own keep running; those that relied on permissive mode "
    "are denied what the log of the last days shows. Read the denials first.",
    reboot=True,
    ansible="""- name: Enforce SELinux now and after the next boot
  ansible.posix.selinux:
    policy: targeted
    state: enforcing
- name: Remove the boot arguments that undo it
  ansible.builtin.command: grubby --update-kernel ALL --remove-args 'enforcing selinux'
  changed_when: false
""",
    families=("rhel",),
)

_APPARMOR_REMEDY = Remedy(
    framework=Framework.APPARMOR,
    steps=(
        "# Enforce each profile once its log is clean.",
        "aa-enforce /etc/apparmor.d/usr.sbin.php-fpm8.2",
        "systemctl reload apparmor",
    ),
    verify=("aa-status --json | jq '.profiles | to_entries[] | select(.value != \"enforce\")'",),
    rollback=("aa-complain /etc/apparmor.d/usr.sbin.php-fpm8.2",),
    may_break="Scripts that write outside the paths of the profile are denied from then on.",
    ansible="""- name: Enforce the profile
  ansible.builtin.command: aa-enforce /etc/apparmor.d/usr.sbin.php-fpm8.2
  register: enforced
  changed_when: "'Setting' in enforced.stdout"
""",
    families=("debian",),
)


def rules() -> tuple[RuleInfo, ...]:
    """All rules, MAC first; the order is fixed."""
    mac = [_mac(line) for line in _MAC.strip().splitlines()]
    sysctl = [_sysctl(line) for line in _SYSCTL.strip().splitlines()]
    other = [_other(line) for line in _OTHER.strip().splitlines()]
    return (*mac, *sysctl, *other)


def _mac(line: str) -> RuleInfo:
    identifier, title, severity, topic = line.split("|")
    return RuleInfo(
        id=identifier,
        title=title,
        severity=Severity(severity),
        topic=topic,
        rationale="What a compromised service can reach is decided by the policy that is loaded and "
        "enforced. A setting that holds only until the next boot, or only in a file, protects nothing "
        "in the meantime.",
        sources=("selinux(8)", "apparmor(7)", "kernel Documentation/admin-guide/LSM"),
        sides=(Framework.SELINUX, Framework.APPARMOR),
        remedies=(_SELINUX_REMEDY, _APPARMOR_REMEDY),
        keys=("selinux_state", "apparmor_kernel_enabled"),
    )


def _sysctl(line: str) -> RuleInfo:
    setting, title, severity = line.split("|")
    key, value = setting.split("=")
    file = "/etc/sysctl.d/99-hardening.conf"
    return RuleInfo(
        id="sysctl-" + key.replace(".", "-").replace("_", "-"),
        title=title,
        severity=Severity(severity),
        topic="sysctl.net" if key.startswith("net") else "sysctl.kernel",
        rationale=f"The kernel reads {key} at run time; a value set in no file is lost with the next boot.",
        sources=("sysctl.d(5)", "kernel Documentation/networking/ip-sysctl.rst"),
        sides=(Framework.ANY,),
        remedies=(
            Remedy(
                framework=Framework.ANY,
                steps=(f"echo '{key} = {value}' >> {file}", "sysctl --system"),
                verify=(f"sysctl -n {key}",),
                rollback=(f"sed -i '/^{key} /d' {file}", "sysctl --system"),
                may_break="Hosts that route or run a VPN may need another value on single interfaces.",
                ansible=f'- name: Set {key}\n  ansible.posix.sysctl:\n    name: {key}\n    value: "{value}"\n'
                f"    sysctl_file: {file}\n    sysctl_set: true\n",
            ),
        ),
        keys=("sysctl_" + key.replace(".", "_"),),
    )


def _other(line: str) -> RuleInfo:
    identifier, title, severity, topic = line.split("|")
    return RuleInfo(
        id=identifier,
        title=title,
        severity=Severity(severity),
        topic=topic,
        rationale="An attacker meets this control before the policy; together they keep a fault small.",
        sources=("systemd.exec(5)", "auditd.conf(5)"),
        sides=(Framework.ANY,),
        remedies=(
            Remedy(
                framework=Framework.ANY,
                steps=(
                    "# Allow what is needed first, then refuse the rest.",
                    "systemctl enable --now nftables",
                ),
                verify=("nft list ruleset | grep 'policy drop'",),
                rollback=("systemctl disable --now nftables",),
                may_break="Connections that no rule allows are refused at once, your own session's included.",
                ansible="- name: Start the firewall now and at boot\n  ansible.builtin.systemd_service:\n"
                "    name: nftables\n    state: started\n    enabled: true\n",
            ),
        ),
    )
