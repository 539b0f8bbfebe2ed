"""The facts about the system beside mandatory access control, with their parsers."""

from __future__ import annotations

from collections.abc import Mapping

from hardcheck.facts import (
    accounts,
    audit,
    containers,
    fail2ban,
    files,
    firewall,
    mounts,
    network,
    packages,
    sshd,
    sysctl,
    time,
    units,
    web,
)
from hardcheck.parse import (
    apache_conf,
    apt_config,
    apt_simulation,
    audit_rules,
    auditctl_status,
    auditd_conf,
    container_inspect,
    cpanel,
    dnf_automatic,
    dnf_updateinfo,
    engine_files,
    fail2ban_client,
    fail2ban_filters,
    firewall_files,
    firewall_state,
    mountinfo,
    nft_json,
    nginx_conf,
    package_lists,
    passwd,
    php_ini,
    php_pools,
    proc_net,
    reboot_state,
    sshd_effective,
    sudoers,
    sysctl_conf,
    sysctl_values,
    systemctl_show,
    time_state,
    ufw_files,
    web_folders,
)
from hardcheck.parse.base import ParsedFact
from hardcheck.parse.hardening import HARDENING_FACTS
from hardcheck.parse.record_facts import RECORD_FACTS

KERNEL_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "sysctl.reading",
        sysctl.SysctlReading,
        "kernel settings as they are now",
        ("sysctl.values",),
        sysctl_values.parse_sysctl_values,
    ),
    ParsedFact(
        "sysctl.files",
        sysctl.SysctlFiles,
        "every file that sets kernel settings at boot",
        ("sysctl.files",),
        sysctl_conf.parse_sysctl_files,
        partial=True,
    ),
    ParsedFact(
        "sysctl.kernel_options",
        Mapping[str, str],
        "options of the kernel's build that decide start values of settings",
        ("sysctl.values",),
        sysctl_values.parse_kernel_options,
    ),
    ParsedFact(
        "mounts",
        tuple[mounts.Mount, ...],
        "what is mounted",
        ("mounts.mountinfo",),
        mountinfo.parse_mountinfo,
    ),
    ParsedFact(
        "mounts.fstab",
        tuple[mounts.FstabEntry, ...],
        "what fstab mounts at boot",
        ("mounts.fstab",),
        mountinfo.parse_fstab,
    ),
    ParsedFact(
        "reboot.state",
        packages.RebootState,
        "the running kernel, those on disk, and marks of packages",
        ("reboot.state",),
        reboot_state.parse_reboot_state,
    ),
)

NETWORK_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "network.sockets",
        network.Sockets,
        "sockets that listen, without their owners",
        ("network.sockets",),
        proc_net.parse_sockets,
    ),
    ParsedFact(
        "network.socket_owners",
        Mapping[int, tuple[int, ...]],
        "which processes hold a socket",
        ("network.socket_owners",),
        proc_net.parse_socket_owners,
    ),
    ParsedFact(
        "firewall.nftables",
        firewall.Ruleset,
        "the rules of nftables that are loaded",
        ("firewall.nft",),
        nft_json.parse_nft,
    ),
    ParsedFact(
        "firewall.legacy",
        firewall.LegacyTables,
        "the rules of the old ip_tables interface that are loaded",
        ("firewall.iptables",),
        firewall_state.parse_legacy_tables,
    ),
    ParsedFact(
        "firewall.compat",
        firewall.LegacyTables,
        "the rules of iptables-nft, as iptables prints them",
        ("firewall.compat",),
        firewall_state.parse_compat_tables,
    ),
    ParsedFact(
        "firewall.ufw",
        firewall.Ufw,
        "ufw's defaults and rules",
        ("firewall.ufw",),
        ufw_files.parse_ufw,
        partial=True,
    ),
    ParsedFact(
        "firewall.firewalld",
        firewall.Firewalld,
        "firewalld's zones at run time",
        ("firewall.firewalld",),
        firewall_state.parse_firewalld,
    ),
    ParsedFact(
        "firewall.files",
        firewall.FirewallFiles,
        "what the files of each loader of the packet filter hold",
        ("firewall.files",),
        firewall_files.parse_firewall_files,
        partial=True,
    ),
    ParsedFact(
        "fail2ban.server",
        fail2ban.Fail2banServer,
        "fail2ban's server and its jails",
        ("fail2ban.status",),
        fail2ban_client.parse_fail2ban,
    ),
    ParsedFact(
        "fail2ban.filters",
        tuple[str, ...],
        "filters that fail2ban has",
        (fail2ban_filters.KEY,),
        fail2ban_filters.parse_fail2ban_filters,
    ),
)

UPDATE_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "packages",
        packages.Packages,
        "packages that matter and their versions",
        package_lists.KEYS,
        package_lists.parse_packages,
        partial=True,
    ),
    ParsedFact(
        "updates.apt",
        packages.UpdateMetadata,
        "updates that apt's package lists know of",
        ("updates.apt",),
        apt_simulation.parse_apt,
    ),
    ParsedFact(
        "updates.dnf",
        packages.UpdateMetadata,
        "security advisories that dnf's cache knows of",
        ("updates.dnf",),
        dnf_updateinfo.parse_dnf,
    ),
    ParsedFact(
        "updates.apt_config",
        packages.AptConfig,
        "what apt does by itself",
        ("updates.apt_config",),
        apt_config.parse_apt_config,
    ),
    ParsedFact(
        "updates.dnf_automatic",
        packages.DnfAutomatic,
        "what dnf-automatic does",
        ("updates.dnf_config",),
        dnf_automatic.parse_dnf_automatic,
        partial=True,
    ),
)

AUDIT_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "audit.status",
        audit.AuditStatus,
        "the state of the kernel's audit system",
        ("audit.status",),
        auditctl_status.parse_audit_status,
    ),
    ParsedFact(
        "audit.loaded",
        tuple[audit.AuditRule, ...],
        "the audit rules in the kernel",
        ("audit.loaded",),
        audit_rules.parse_loaded_rules,
    ),
    ParsedFact(
        "audit.files",
        audit.AuditFiles,
        "the audit rules in files",
        ("audit.rules_files",),
        audit_rules.parse_audit_files,
        partial=True,
    ),
    ParsedFact(
        "audit.config",
        audit.AuditdConfig,
        "the audit daemon's settings",
        ("audit.config",),
        auditd_conf.parse_auditd_conf,
    ),
)

SERVICE_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "sshd.effective",
        Mapping[str, str],
        "the SSH server's settings outside of Match blocks",
        ("sshd.effective",),
        sshd_effective.parse_sshd_effective,
    ),
    ParsedFact(
        "sshd.matches",
        tuple[sshd.MatchSetting, ...],
        "what Match blocks change in the SSH server's settings",
        ("sshd.files",),
        sshd_effective.parse_match_blocks,
        partial=True,
    ),
    ParsedFact(
        "units.states",
        Mapping[str, units.UnitState],
        "the state of the units that matter",
        ("units.states",),
        systemctl_show.parse_unit_states,
    ),
    ParsedFact(
        "units.sandboxing",
        tuple[units.Sandbox, ...],
        "how far each running service is shut in",
        ("units.running",),
        systemctl_show.parse_sandboxes,
    ),
    ParsedFact(
        "containers.engines",
        tuple[containers.Engine, ...],
        "container engines and what they run",
        container_inspect.KEYS,
        container_inspect.parse_engines,
        partial=True,
    ),
    ParsedFact(
        "containers.files",
        tuple[containers.EngineFile, ...],
        "owners and modes of what rules a container engine",
        (engine_files.OWNERS,),
        engine_files.parse_engine_files,
    ),
    ParsedFact(
        "containers.docker_config",
        containers.DockerConfig,
        "dockerd's configuration",
        (engine_files.DAEMON,),
        engine_files.parse_docker_config,
        partial=True,
    ),
    ParsedFact(
        "time.state", time.TimeState, "what time services say", ("time.state",), time_state.parse_time_state
    ),
    ParsedFact(
        "time.servers",
        time.TimeServers,
        "time servers that the files name",
        ("time.files",),
        time_state.parse_time_servers,
        partial=True,
    ),
)

WEB_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact("web.nginx", web.WebServer, "nginx and its sites", ("web.nginx",), nginx_conf.parse_nginx),
    ParsedFact(
        "web.apache",
        web.WebServer,
        "Apache and its sites",
        ("web.apache", "web.apache_files"),
        apache_conf.parse_apache,
    ),
    ParsedFact(
        "web.php_pools",
        tuple[web.PhpPool, ...],
        "the pools of php-fpm",
        ("web.php_pools",),
        php_pools.parse_php_pools,
        partial=True,
    ),
    ParsedFact(
        "web.php_ini",
        tuple[web.PhpIni, ...],
        "settings of each PHP",
        ("web.php_ini",),
        php_ini.parse_php_ini,
    ),
    ParsedFact(
        "web.folders",
        Mapping[str, files.OwnedFile],
        "owners and modes of the folders that sites are kept in",
        ("web.folders",),
        web_folders.parse_web_folders,
    ),
    ParsedFact("web.cpanel", web.Cpanel, "cPanel and its domains", ("web.cpanel",), cpanel.parse_cpanel),
)

ACCOUNT_FACTS: tuple[ParsedFact, ...] = (
    ParsedFact(
        "accounts.users", tuple[accounts.User, ...], "accounts", ("accounts.passwd",), passwd.parse_passwd
    ),
    ParsedFact(
        "accounts.groups", tuple[accounts.Group, ...], "groups", ("accounts.group",), passwd.parse_group
    ),
    ParsedFact(
        "accounts.passwords",
        tuple[accounts.Password, ...],
        "the state of each password, without its hash",
        ("accounts.passwords",),
        passwd.parse_passwords,
    ),
    ParsedFact(
        "accounts.sudoers",
        accounts.Sudoers,
        "the rules of sudo",
        ("accounts.sudoers",),
        sudoers.parse_sudoers,
        partial=True,
    ),
)

SYSTEM_PARSERS: tuple[ParsedFact, ...] = (
    *KERNEL_FACTS,
    *NETWORK_FACTS,
    *UPDATE_FACTS,
    *AUDIT_FACTS,
    *RECORD_FACTS,
    *SERVICE_FACTS,
    *WEB_FACTS,
    *ACCOUNT_FACTS,
    *HARDENING_FACTS,
)
