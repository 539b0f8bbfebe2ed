"""Which remedies are proven on the lab hosts, where, and what in them is a person's part.

A rule is in ``PROOFS`` when it fails on a lab host as planted and its remedy needs no reboot, no package and
nothing else that the lab lacks; each is proven on the host that is named, those of ``LATER`` by the slow run.
``ELSEWHERE`` has the rules that fail too and are not proven here, by reason. ``EVIDENCE`` are the sources
that the verdicts rest on.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """One rule on one host.

    ``first`` and ``undo`` are what sentences (``#``) of the steps and of the rollback ask of a person;
    ``first`` comes before the steps.
    """

    host: str
    rule: str
    first: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def on(host: str, rules: str) -> list[Proof]:
    return [Proof(host, rule) for rule in words(rules)]


FORMER_PROFILE = """
cd /etc/apparmor.d && cp reader /root/reader &&
sed -i 's#/srv/www/[*][*] r,#/srv/www/a.example/** r,#' reader && apparmor_parser -r --skip-cache reader
sleep 1; cp /root/reader reader; rm /root/reader
"""
PROOFS = [
    *on(
        "selinux",
        "mount-shared-memory coredump-user-limit audit-mac-policy-watched audit-setsebool-recorded "
        "audit-relabelling-recorded audit-clock-recorded audit-permission-changes-recorded "
        "audit-sudo-rules-watched audit-login-records-watched auditd-disk-error auditd-name-format "
        "auditd-space-left "
        "ssh-forwarding ssh-idle-sessions ssh-login-limits ssh-rekey-limit "
        "ssh-x11-forwarding "
        "sysctl-bpf-jit-hardened sysctl-ipv4-log-martians sysctl-ipv4-redirects-sent "
        "sysctl-ipv6-redirects-accepted sysctl-ipv4-reverse-path-filter sysctl-protected-fifos-and-files "
        "sysctl-sysrq-off sysctl-userns-clone-refused",
    ),
    Proof(
        "selinux",
        "selinux-file-labels",
        undo=("chcon -t user_home_t /srv/www/a.example/moved.html",),
    ),
    Proof(
        "selinux",
        "mac-enforcing-after-boot",
        undo=("sed -i 's/^SELINUX=enforcing/SELINUX=permissive/' /etc/selinux/config",),
    ),
    Proof(
        "selinux",
        "ssh-named-accounts",
        first=("groupadd --system --force ssh-users", "usermod -aG ssh-users auditor"),
    ),
    *on(
        "apparmor",
        "accounts-lock-after-failures accounts-lock-interval accounts-lock-lasts audit-accounts-watched "
        "audit-kernel-modules-recorded audit-mounts-recorded audit-network-settings-watched "
        "audit-privileged-programs-recorded audit-refused-access-recorded auditd-admin-space-left-action "
        "auditd-disk-full auditd-space-left-action "
        "ssh-banner ssh-password-login ssh-root-login ssh-start-limit ssh-weak-ciphers "
        "sysctl-address-randomisation sysctl-core-pattern sysctl-ipv4-redirects-accepted "
        "sysctl-ipv4-secure-redirects sysctl-ipv4-source-route sysctl-ipv6-router-advertisements "
        "sysctl-kernel-pointers-hidden sysctl-ptrace-restricted sysctl-user-namespaces-off",
    ),
    Proof(
        "apparmor",
        "ssh-config-files-root-only",
        undo=("chmod 0644 /etc/ssh/sshd_config",),
    ),
    Proof("apparmor", "mac-running-policy-is-configured", undo=(FORMER_PROFILE,)),
]

LATER = frozenset(
    words(
        "accounts-lock-interval accounts-lock-lasts audit-clock-recorded audit-network-settings-watched "
        "audit-privileged-programs-recorded audit-sudo-rules-watched auditd-disk-error auditd-disk-full "
        "auditd-name-format auditd-space-left-action ssh-idle-sessions ssh-named-accounts ssh-rekey-limit "
        "sysctl-ipv4-secure-redirects sysctl-ipv6-router-advertisements sysctl-sysrq-off"
    )
)
"""More of a kind that stands in `PROOFS` already: tried where there is time for it."""

EVIDENCE = frozenset(
    words(
        "apparmor.files apparmor.files_elsewhere apparmor.kernel apparmor.loaded "
        "apparmor.profiles audit.config audit.loaded audit.places audit.rules_files audit.status "
        "audit.storage boot.entries boot.loader host.os_release kernel.cmdline kernel.config "
        "kernel.lsm kernel.uname labels.files limits.files mounts.fstab mounts.mountinfo "
        "mounts.units network.socket_owners network.sockets pam.faillock_conf pam.files "
        "processes.files processes.programs selinux.config selinux.contexts selinux.export "
        "selinux.file_contexts selinux.kernel selinux.policy selinux.policy_linked "
        "selinux.sestatus selinux.store selinux.store_listing sshd.banners sshd.effective "
        "sshd.files sysctl.files sysctl.values units.running units.states"
    )
)

ELSEWHERE = {
    "builds the policy anew: minutes under emulation": words(
        "mac-no-permissive-subjects selinux-booleans-web"
    ),
    "a person has to decide or to write something: a profile, a module, an account, a pattern": words(
        "access-listeners-audit-log access-listeners-cron access-listeners-host-keys "
        "access-listeners-kernel-modules access-listeners-libraries access-listeners-mac-policy "
        "access-listeners-memory access-listeners-password-hashes access-listeners-programs "
        "access-listeners-ptrace access-listeners-root-keys access-listeners-root-logins "
        "access-listeners-shell-confined access-listeners-sys-admin access-listeners-units "
        "access-listeners-web-code apparmor-attachments-match apparmor-broad-abstractions "
        "apparmor-broad-write-rules apparmor-ptrace-rules apparmor-strong-capabilities "
        "apparmor-writable-programs apt-sources-signed-by denials-no-intrusion mac-denials-reviewed "
        "mac-listeners-confined mac-logins-confined mac-no-weakening-recorded "
        "mac-policy-switches-at-default mac-ready-to-enforce mac-services-confined "
        "selinux-booleans-kernel selinux-device-labels selinux-local-fcontexts selinux-sudo-context "
        "selinux-unknown-permissions service-own-account service-own-confinement "
        "web-one-account-per-site web-php-open-basedir"
    ),
    "needs a package, or a server on the network": words(
        "aide-installed audit-plugins-installed audit-records-leave-host audit-remote-server "
        "audit-syslog-plugin journal-uploaded logs-rotated rsyslog-installed time-servers-named "
        "time-synchronised updates-metadata-fresh"
    ),
    "needs a boot, to come into force or to go back": words(
        "audit-backlog-at-boot audit-login-identities-locked audit-rules-locked boot-freed-memory "
        "boot-freed-pages boot-kernel-lockdown boot-secure-boot partition-tmp sysctl-kexec-off "
        "sysctl-modules-disabled"
    ),
    "needs another disk": words(
        "partition-home partition-var partition-var-log partition-var-log-audit partition-var-tmp"
    ),
    "halts the host when records are lost, which this load may well do": ("audit-failure-stops-host",),
    "stays unknown: systemd calls networking.service, whose DHCP client listens, exited": words(
        "service-capabilities-bounded service-memory-not-executable service-namespaces-restricted "
        "service-no-new-privileges service-private-devices service-private-tmp service-protect-home "
        "service-protect-kernel service-protect-system service-system-call-filter"
    ),
    "differs from one that is proven in a path, a call or a setting alone": words(
        "audit-authentication-watched audit-changed-identity-recorded audit-chcon-recorded "
        "audit-deletions-recorded audit-mode-switches-recorded audit-policy-loads-recorded "
        "audit-semanage-recorded audit-session-records-watched audit-usermod-recorded "
        "selinux-boolean-polyinstantiation selinux-booleans-logins"
    ),
    "builds the policy anew with many modules: minutes under emulation": ("mac-nothing-disabled",),
}
