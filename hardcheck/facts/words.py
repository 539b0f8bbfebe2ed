"""What facts are called in findings: short nouns for auditors, where a fact's own name reads like code.

A list's name is a plural. Field names behind it are shown with blanks for underscores.
"""

from __future__ import annotations

from collections.abc import Mapping

FACT_WORDS: Mapping[str, str] = {
    "accounts.passwords": "account passwords",
    "accounts.sudo_contexts": "sudo rules that give any command",
    "accounts.users": "accounts",
    "apparmor.checks": "loaded profiles",
    "apparmor.enforced_text": "enforced profiles",
    "apparmor.enforced_weaknesses": "weak points of enforced profiles",
    "apparmor.files": "files of the profile tree",
    "apparmor.modes": "AppArmor",
    "apparmor.not_loaded": "profiles on disk that are not loaded",
    "apparmor.pam": "PAM files that call pam_apparmor",
    "apparmor.profiles": "loaded profiles",
    "apparmor.service": "apparmor.service",
    "apparmor.standings": "loaded profiles",
    "apparmor.tree": "profiles on disk:",
    "apparmor.unattached": "unconfined processes that a profile is for",
    "apparmor.weaknesses": "weak points of profiles",
    "audit.drift": "audit rules loaded or persistent, not both",
    "audit.mac_policy_watched": "places of the MAC policy",
    "audit.persistent": "persistent audit rules:",
    "audit.status": "kernel audit",
    "boot.arguments": "kernel parameter",
    "boot.auth": "GRUB",
    "boot.defaults": "defaults of new boot entries:",
    "boot.files": "boot loader files",
    "boot.firmware": "firmware:",
    "boot.safeguards": "kernel safeguards",
    "containers": "running containers",
    "containers.engines": "container engines",
    "coredump.config": "systemd-coredump:",
    "crypto.policy": "system-wide policy for cryptography",
    "denials.recent": "recorded denials:",
    "fail2ban.jails": "jails",
    "fail2ban.persistence": "fail2ban:",
    "fail2ban.server": "fail2ban server",
    "firewall.input": "loaded packet filter, incoming:",
    "firewall.input_after_boot": "packet filter after boot, incoming:",
    "host.support": "vendor's support:",
    "kernel.protections": "processor:",
    "labels.checks": "labelled files",
    "labels.devices": "device files of unknown label:",
    "limits.core": "core files, hard limit of",
    "mac.framework": "MAC framework",
    "mac.listeners": "listening sockets",
    "mac.majors": "active exclusive security modules",
    "mac.subjects": "processes",
    "mac.switches": "kernel options that weaken MAC:",
    "mac.verdict": "MAC state",
    "mounts": "mounts",
    "mounts.local": "local file systems",
    "mounts.places": "mounts",
    "mounts.points": "mount for",
    "mounts.removable_media": "removable media",
    "network.ipv6_in_use": "interfaces with IPv6 addresses",
    "network.sockets": "listening sockets:",
    "packages": "packages:",
    "pam.lockouts": "logins",
    "reboot.needed": "reboot:",
    "repositories.apt": "apt sources",
    "repositories.apt_options": "options of apt that let unchecked packages in",
    "repositories.rpm": "package manager:",
    "repositories.vendor_keys": "vendor's signing keys",
    "selinux.boolean_changes": "booleans off default",
    "selinux.booleans": "booleans",
    "selinux.config": "SELinux configuration:",
    "selinux.files": "SELinux configuration files",
    "selinux.kernel": "SELinux in the kernel:",
    "selinux.local": "local changes of the policy:",
    "selinux.local_modules": "local policy modules",
    "selinux.logins": "login mappings",
    "selinux.modes": "SELinux mode:",
    "selinux.permissive": "permissive domains",
    "selinux.policy": "loaded policy:",
    "selinux.policy_state": "policy:",
    "selinux.store": "module store:",
    "sshd.banner": "sshd banner:",
    "sshd.config_files": "sshd configuration files",
    "sshd.crypto_policy": "crypto policy:",
    "sshd.effective": "sshd",
    "sshd.host_keys": "host key files",
    "sshd.limits": "sshd",
    "sshd.matches": "sshd Match blocks",
    "sysctl.settings": "kernel settings",
    "sysctl.values": "kernel setting",
    "time.config": "time service:",
    "time.sources": "time servers",
    "time.sync": "time synchronisation:",
    "units.states": "unit",
    "updates.automatic": "automatic updates:",
    "updates.dnf_automatic": "dnf-automatic:",
    "updates.metadata": "package lists:",
    "updates.security": "security updates:",
    "web.php_pools": "PHP pools",
    "web.shared_users": "accounts that run several sites",
    "web.sites": "web sites",
}
"""A name that ends in a colon is followed by the fields that a rule reads of it."""


def shown_path(fact: str, steps: tuple[str, ...]) -> str:
    """How a fact of `FACT_WORDS` and the fields or keys behind it read: ``sshd permitrootlogin``,
    ``loaded packet filter, incoming: ipv4``."""
    words = FACT_WORDS[fact]
    if not steps:
        return words.removesuffix(":")
    return " ".join((words, *(field_words(step) for step in steps)))


def field_words(name: str) -> str:
    """A field's name as it reads: ``after_boot`` as "after boot", ``type_`` as "type"."""
    return name.rstrip("_").replace("_", " ")
