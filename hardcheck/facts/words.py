"""What facts are called in findings: short nouns for auditors, where a fact's own name reads like code.

A list's name is a plural. Field names behind it are shown with blanks for underscores.
"""

from __future__ import annotations

from collections.abc import Mapping

FACT_WORDS: Mapping[str, str] = {
    "accounts.passwords": "account passwords",
    "accounts.users": "accounts",
    "apparmor.checks": "loaded profiles",
    "apparmor.enforced_text": "enforced profiles",
    "apparmor.files": "files of the profile tree",
    "apparmor.modes": "AppArmor",
    "apparmor.not_loaded": "profiles on disk that are not loaded",
    "apparmor.pam": "PAM files that call pam_apparmor",
    "apparmor.profiles": "loaded profiles",
    "apparmor.service": "apparmor.service",
    "apparmor.standings": "loaded profiles",
    "apparmor.tree": "profiles on disk:",
    "apparmor.unattached": "unconfined processes that a profile is for",
    "audit.drift": "audit rules loaded or persistent, not both",
    "audit.mac_policy_watched": "places of the MAC policy",
    "audit.persistent": "persistent audit rules:",
    "audit.status": "kernel audit",
    "boot.defaults": "defaults of new boot entries:",
    "boot.files": "boot loader files",
    "containers": "running containers",
    "containers.engines": "container engines",
    "denials.recent": "recorded denials:",
    "fail2ban.jails": "jails",
    "fail2ban.server": "fail2ban server",
    "firewall.input": "loaded packet filter, incoming:",
    "firewall.input_after_boot": "packet filter after boot, incoming:",
    "labels.checks": "labelled files",
    "labels.devices": "device files of unknown label:",
    "mac.framework": "MAC framework",
    "mac.listeners": "listening sockets",
    "mac.majors": "active exclusive security modules",
    "mac.subjects": "processes",
    "mac.switches": "kernel options that weaken MAC:",
    "mac.verdict": "MAC state",
    "mounts": "mounts",
    "mounts.points": "mount for",
    "network.sockets": "listening sockets:",
    "packages": "packages:",
    "reboot.needed": "reboot:",
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
    "sshd.effective": "sshd",
    "sshd.matches": "sshd Match blocks",
    "sysctl.settings": "kernel settings",
    "sysctl.values": "kernel setting",
    "time.sync": "time synchronisation:",
    "units.states": "unit",
    "updates.automatic": "automatic updates:",
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
