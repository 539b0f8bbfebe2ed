"""What must not be allowed because a log asks for it: each danger, where it shows, and why.

Names of types are those of the reference policy and of Fedora's; ``*`` at one end stands for any text.
``@read`` ``@write`` ``@execute`` are the sets of permissions and mask letters of `WORDS`. Paths are AppArmor
patterns and hold for both frameworks. Reviewed against the attack goals of ``rules/exposure``: a test holds
every path that a goal asks for by default to be on this list.
"""

from __future__ import annotations

import msgspec

WORDS: dict[str, frozenset[str]] = {
    "@read": frozenset({"read", "open", "map", "ioctl", "r", "m"}),
    "@write": frozenset(
        [
            "write",
            "append",
            "create",
            "unlink",
            "rename",
            "link",
            "setattr",
            "relabelto",
            "relabelfrom",
            "add_name",
            "remove_name",
            "rmdir",
            "reparent",
            "mounton",
            "w",
            "a",
            "c",
            "d",
            "l",
        ]
    ),
    "@execute": frozenset({"execute", "execute_no_trans", "entrypoint", "x"}),
}


class SelinuxClause(msgspec.Struct, frozen=True):
    """All that is given has to fit; an empty tuple fits anything. ``across``: source and target differ;
    ``shells``: only a service that the network reaches counts."""

    target: tuple[str, ...] = ()
    class_: tuple[str, ...] = ()
    permission: tuple[str, ...] = ()
    across: bool = False
    apart: bool = False
    shells: bool = False


class ApparmorClause(msgspec.Struct, frozen=True):
    """Kinds of rules, with names (capabilities, targets) and words; an empty tuple fits anything."""

    kind: tuple[str, ...]
    name: tuple[str, ...] = ()
    across: bool = False


class PathClause(msgspec.Struct, frozen=True):
    """Paths and what is done to them; an empty ``access`` is anything at all."""

    paths: tuple[str, ...]
    access: tuple[str, ...] = ()
    shells: bool = False


class Danger(msgspec.Struct, frozen=True):
    """One entry. ``relabel``: a wrong label may be put right all the same, since that opens nothing."""

    id: str
    title: str
    why: str
    selinux: tuple[SelinuxClause, ...] = ()
    apparmor: tuple[ApparmorClause, ...] = ()
    paths: tuple[PathClause, ...] = ()
    relabel: bool = False


_FILES = ("file", "dir", "lnk_file", "sock_file", "fifo_file")
_WRITE = ("@write",)

DANGERS: tuple[Danger, ...] = (
    Danger(
        "password-hashes",
        "Password hashes",
        "Whoever reads the hashes tries passwords offline; only login programs, each with a rule of its own, "
        "need them.",
        (SelinuxClause(("shadow_t", "shadow_history_t"), _FILES),),
        paths=(
            PathClause(
                ("/etc/{,g}shadow*", "/etc/security/opasswd*", "/var/backups/{,g}shadow*", "/etc/tcb/**")
            ),
        ),
    ),
    Danger(
        "ssh-keys",
        "SSH keys and what lets keys in",
        "A host key poses as the host, a user's key logs in elsewhere, authorized_keys logs in here.",
        (SelinuxClause(("sshd_key_t", "ssh_home_t", "ssh_agent_tmp_t"), _FILES),),
        paths=(
            PathClause(
                (
                    "/etc/ssh/ssh_host_*_key",
                    "/{root,home/*}/.ssh/{,**}",
                    "/etc/ssh/authorized_keys/{,**}",
                    "/var/lib/*/.ssh/{,**}",
                )
            ),
            PathClause(("/etc/ssh/{,**}",), _WRITE),
        ),
    ),
    Danger(
        "tls-keys",
        "Private keys of TLS",
        "With the key a copy of the site is taken for the site. A server that ends TLS with this very key "
        "gets a rule written by a person who knows that.",
        (SelinuxClause(("tls_privkey_t", "pki_*_key_t", "ipsec_key_file_t"), _FILES),),
        paths=(
            PathClause(
                (
                    "/etc/ssl/private/{,**}",
                    "/etc/pki/tls/private/{,**}",
                    "/etc/pki/CA/private/{,**}",
                    "/etc/letsencrypt/{live,archive,keys}/**/privkey*.pem",
                    "/etc/letsencrypt/{keys,accounts}/{,**}",
                    "/etc/nginx/ssl/**.key",
                    "/etc/ipsec.d/private/{,**}",
                    "/etc/wireguard/**",
                )
            ),
        ),
    ),
    Danger(
        "stored-secrets",
        "Other stored secrets",
        "Tickets, tokens and saved passwords open other systems than this one.",
        (SelinuxClause(("krb5_keytab_t", "*_keytab_t", "gpg_secret_t", "gnome_keyring_*"), _FILES),),
        paths=(
            PathClause(
                (
                    "/etc/krb5.keytab",
                    "/tmp/krb5cc_*",  # noqa: S108 - a pattern
                    "/{root,home/*}/.{gnupg,aws,kube,docker,azure,config/gcloud,password-store}/{,**}",
                    "/{root,home/*}/.{my.cnf,pgpass,netrc,git-credentials,bash_history,mysql_history}",
                    "/etc/mysql/debian.cnf",
                    "/etc/{openvpn,ppp}/**{secrets,.key}",
                )
            ),
        ),
    ),
    Danger(
        "memory-execution",
        "Memory that is written and executed",
        "Code that an attacker writes into memory runs only where this is allowed; a program that needs it "
        "is to be fixed, or gets the switch made for it by a person who knows why.",
        (
            SelinuxClause((), ("process",), ("execmem", "execstack", "execheap")),
            SelinuxClause((), _FILES, ("execmod",)),
            SelinuxClause(("tmp_t", "tmpfs_t", "user_tmp_t", "*_tmpfs_t"), ("file",), ("@execute",)),
        ),
        paths=(
            PathClause(
                ("/{,var/}tmp/**", "/{,var/}run/shm/**", "/dev/sh[m]/**", "/run/user/**", "/memfd:**"),
                ("x", "m", "@execute"),
            ),
        ),
    ),
    Danger(
        "kernel-modules",
        "Loading code into the kernel",
        "A module is above every policy.",
        (
            SelinuxClause((), ("system",), ("module_load", "module_request")),
            SelinuxClause((), ("capability",), ("sys_module",)),
            SelinuxClause(("modules_object_t", "modules_conf_t"), _FILES, _WRITE),
        ),
        (ApparmorClause(("capability",), ("sys_module",)),),
        (
            PathClause(
                ("/{,usr/}lib/modules/{,**}", "/etc/{modprobe.d,modules-load.d}/{,**}", "/etc/modules"),
                _WRITE,
            ),
            PathClause(("/{,usr/}{,s}bin/{kmod,insmod,modprobe,rmmod}",), ("x", "@execute")),
        ),
    ),
    Danger(
        "policy-writes",
        "Changing the policy that refuses",
        "Who may change the policy is not bound by it.",
        (
            SelinuxClause((), ("security",), ("load_policy", "setenforce", "setbool", "setsecparam")),
            SelinuxClause((), ("capability2", "cap2_userns"), ("mac_admin", "mac_override")),
            SelinuxClause(
                (
                    "selinux_config_t",
                    "semanage_store_t",
                    "semanage_*_lock_t",
                    "policy_config_t",
                    "default_context_t",
                    "file_context_t",
                    "security_t",
                ),
                _FILES,
                _WRITE,
            ),
        ),
        (ApparmorClause(("capability",), ("mac_admin", "mac_override")),),
        (
            PathClause(
                (
                    "/etc/{selinux,apparmor,apparmor.d}/{,**}",
                    "/var/lib/{selinux,apparmor}/{,**}",
                    "/var/cache/apparmor/{,**}",
                    "/sys/kernel/security/{,**}",
                    "/sys/fs/selinux/{,**}",
                ),
                _WRITE,
            ),
        ),
    ),
    Danger(
        "raw-devices",
        "Disks, memory and hardware without a file system between",
        "Reading a disk reads every file on it, past every label and rule.",
        (
            SelinuxClause(
                (
                    "fixed_disk_device_t",
                    "memory_device_t",
                    "scsi_generic_device_t",
                    "nvram_device_t",
                    "nvme_*",
                ),
                ("blk_file", "chr_file"),
            ),
            SelinuxClause((), ("capability",), ("sys_rawio",)),
        ),
        (ApparmorClause(("capability",), ("sys_rawio",)),),
        (
            PathClause(
                (
                    "/dev/{mem,kmem,port,nvram,core}",
                    "/dev/{sd,vd,xvd,hd,nvme,dm-,sg,loop,md,ram}*",
                    "/dev/{mapper,disk,raw,block,cpu}/**",
                )
            ),
        ),
    ),
    Danger(
        "kernel-memory",
        "The kernel's memory and switches",
        "Addresses and settings of the kernel are the first step of most attacks on it.",
        (
            SelinuxClause(("proc_kcore_t",), ("file",)),
            SelinuxClause(
                ("sysctl_kernel_t", "sysctl_modprobe_t", "usermodehelper_t", "sysctl_vm_t", "debugfs_t"),
                ("file",),
                _WRITE,
            ),
            SelinuxClause((), ("bpf",), ("prog_load", "map_create", "prog_run")),
            SelinuxClause((), ("perf_event",)),
        ),
        (ApparmorClause(("capability",), ("bpf", "perfmon", "syslog")),),
        (
            PathClause(("/proc/{kcore,kmem}", "/boot/{System.map,vmlinu}*", "/sys/kernel/debug/**")),
            PathClause(("/proc/sys/{kernel,vm,fs}/**", "/proc/sysrq-trigger", "/boot/{,**}"), _WRITE),
        ),
    ),
    Danger(
        "ptrace",
        "Looking into or changing other processes",
        "Who traces a process has its memory, its keys, and its rights.",
        (
            SelinuxClause((), ("process",), ("ptrace",), across=True),
            SelinuxClause((), ("capability", "cap_userns"), ("sys_ptrace",)),
            SelinuxClause(
                ("init_t", "kernel_t", "initrc_t", "unconfined_t", "sshd_t"),
                ("dir", "file", "lnk_file"),
                across=True,
            ),
        ),
        (
            ApparmorClause(("ptrace",), across=True),
            ApparmorClause(("capability",), ("sys_ptrace", "checkpoint_restore")),
        ),
        (PathClause(("/proc/[0-9]*/{mem,environ,maps,syscall,stack}", "/proc/[0-9]*/task/*/mem")),),
    ),
    Danger(
        "other-tenants",
        "Another tenant's data",
        "Categories, and profiles for each site, keep tenants apart; what crosses them is what they are "
        "against.",
        (SelinuxClause((), (), (), apart=True),),
        (ApparmorClause(("tenant",)),),
    ),
    Danger(
        "unlabelled",
        "Objects whose label the policy does not know",
        "A rule for unlabeled_t opens every such object at once, whatever it really is. Put the label right.",
        (SelinuxClause(("unlabeled_t", "file_t", "default_t", "invalid_packet_t")),),
        relabel=True,
    ),
    Danger(
        "whole-folders",
        "Types of whole top folders",
        "A rule to write there opens everything below /etc, /usr or /var that has no label of its own.",
        (SelinuxClause(("etc_t", "usr_t", "var_t", "root_t", "var_lib_t", "home_root_t"), _FILES, _WRITE),),
        relabel=True,
    ),
    Danger(
        "shells",
        "Shells from a service that the network reaches",
        "A web server that starts a shell is what an attack looks like; a program that really needs one gets "
        "a domain or profile of its own for it.",
        (SelinuxClause(("shell_exec_t",), ("file",), ("@execute",), shells=True),),
        paths=(
            PathClause(
                (
                    "/{,usr/}{,local/}bin/{sh,dash,bash,rbash,zsh,ksh*,mksh,csh,tcsh,fish,ash,busybox}",
                    "/{,usr/}bin/{nc,nc.*,ncat,netcat,socat,telnet}",
                ),
                ("x", "@execute"),
                shells=True,
            ),
        ),
    ),
    Danger(
        "unconfined",
        "Leaving confinement",
        "A confined program that may become an unconfined one is not confined.",
        (
            SelinuxClause(
                ("unconfined_t", "unconfined_service_t", "initrc_t", "init_t", "kernel_t", "sysadm_t"),
                ("process", "process2"),
                (
                    "transition",
                    "dyntransition",
                    "setcurrent",
                    "noatsecure",
                    "nnp_transition",
                    "nosuid_transition",
                ),
            ),
            SelinuxClause((), ("process",), ("dyntransition", "setcurrent")),
        ),
        (ApparmorClause(("change_profile",), ("unconfined",)),),
    ),
    Danger(
        "start-up-files",
        "What the system starts by itself",
        "A line in a cron table, a unit or a start-up file runs later with other rights than the writer's.",
        (
            SelinuxClause(
                (
                    "system_cron_spool_t",
                    "user_cron_spool_t",
                    "cron_spool_t",
                    "systemd_unit_t",
                    "systemd_unit_file_t",
                    "*_unit_file_t",
                    "*_unit_t",
                    "initrc_exec_t",
                    "init_exec_t",
                    "udev_rules_t",
                ),
                _FILES,
                _WRITE,
            ),
        ),
        paths=(
            PathClause(
                (
                    "/etc/cron{,tab,.d,.hourly,.daily,.weekly,.monthly}{,/**}",
                    "/var/spool/cron{,/**}",
                    "/{etc,run,usr/lib,lib}/systemd/{,**}",
                    "/etc/{init.d,rc?.d,profile.d,udev,ld.so.conf.d,dbus-1,polkit-1,xinetd.d}/{,**}",
                    "/etc/{ld.so.preload,ld.so.conf,ld.so.cache,profile,environment,rc.local,bash.bashrc,inittab}",
                    "/{root,home/*}/.{profile,bashrc,bash_profile,bash_login,zshrc,config/systemd/**}",
                ),
                _WRITE,
            ),
        ),
    ),
    Danger(
        "programs",
        "Programs and libraries",
        "What is changed there runs with everybody's rights.",
        (
            SelinuxClause(
                ("bin_t", "lib_t", "ld_so_t", "shell_exec_t", "textrel_shlib_t", "*_exec_t", "boot_t"),
                _FILES,
                _WRITE,
            ),
        ),
        paths=(
            PathClause(
                (
                    "/{,usr/}{bin,sbin,lib,lib32,lib64,libx32,libexec}/{,**}",
                    "/usr/local/{bin,sbin,lib,libexec}/{,**}",
                ),
                _WRITE,
            ),
        ),
    ),
    Danger(
        "accounts",
        "Accounts and who may become root",
        "A line there makes an account, or makes one root.",
        (SelinuxClause(("passwd_file_t", "pam_conf_t", "sudo_config_t"), _FILES, _WRITE),),
        paths=(
            PathClause(
                ("/etc/{passwd,group,subuid,subgid,sudo.conf,nsswitch.conf}*", "/etc/{pam.d,security}/{,**}"),
                _WRITE,
            ),
            PathClause(("/etc/{sudoers,doas.conf}", "/etc/sudoers.d/{,**}")),
        ),
    ),
    Danger(
        "audit-trail",
        "The audit trail",
        "Who changes the log or the audit settings leaves no trace.",
        (
            SelinuxClause(("auditd_log_t",), _FILES, _WRITE),
            SelinuxClause((), ("capability",), ("audit_control",)),
            SelinuxClause((), ("netlink_audit_socket",), ("nlmsg_write",)),
        ),
        (ApparmorClause(("capability",), ("audit_control",)),),
        (
            PathClause(
                (
                    "/var/log/audit/{,**}",
                    "/etc/audit/{,**}",
                    "/var/log/{auth.log,secure,syslog,messages,wtmp,btmp,journal}*{,/**}",
                ),
                _WRITE,
            ),
        ),
    ),
    Danger(
        "root-capabilities",
        "Capabilities that amount to root",
        "sys_admin and its like undo what the rest of the policy holds back.",
        (
            SelinuxClause((), ("capability", "cap_userns"), ("sys_admin", "sys_boot", "setfcap")),
            SelinuxClause((), ("capability2", "cap2_userns"), ("bpf", "perfmon", "checkpoint_restore")),
        ),
        (ApparmorClause(("capability",), ("sys_admin", "sys_boot", "setfcap")),),
    ),
    Danger(
        "mounts",
        "Mounting",
        "A mount puts other files under names that rules trust.",
        (
            SelinuxClause((), ("filesystem",), ("mount", "remount", "unmount", "relabelfrom", "relabelto")),
            SelinuxClause((), ("dir", "file"), ("mounton",)),
        ),
        (ApparmorClause(("mount", "umount", "pivot_root")),),
    ),
    Danger(
        "container-engine",
        "The socket of a container engine",
        "Who may speak to the engine is root on the host.",
        (
            SelinuxClause(
                ("container_var_run_t", "container_runtime_tmpfs_t", "docker_var_run_t"), ("sock_file",)
            ),
            SelinuxClause(
                ("container_runtime_t", "dockerd_t", "docker_t"), ("unix_stream_socket",), ("connectto",)
            ),
        ),
        paths=(
            PathClause(
                (
                    "/{,var/}run/{docker,podman/podman,containerd/containerd,crio/crio}.sock",
                    "/run/user/*/{docker,podman/podman}.sock",
                )
            ),
        ),
    ),
    Danger(
        "borrowed-credentials",
        "Another's credentials through io_uring",
        "The kernel then acts with rights that the program does not have.",
        (SelinuxClause((), ("io_uring",), ("override_creds",)),),
        (ApparmorClause(("io_uring",)),),
    ),
)
"""Every danger; the first that fits names a denial, all that fit are told."""

NETWORK_SERVICES = (
    "httpd*",
    "*apache2*",
    "*nginx*",
    "*php-fpm*",
    "php*",
    "*lighttpd*",
    "*caddy*",
    "*haproxy*",
    "*squid*",
    "*named*",
    "*unbound*",
    "*dnsmasq*",
    "*mysqld*",
    "*mariadbd*",
    "*postgres*",
    "*redis*",
    "*mongod*",
    "*memcached*",
    "*vsftpd*",
    "ftpd*",
    "*proftpd*",
    "*smbd*",
    "*nmbd*",
    "*postfix*",
    "*exim*",
    "*sendmail*",
    "*dovecot*",
    "*slapd*",
    "*tomcat*",
    "*node*",
    "*snmpd*",
    "*ntpd*",
    "*chronyd*",
    "*cups*",
    "*rsync*",
    "*openvpn*",
    "*bind*",
    "*cockpit*",
    "*container_t",
)
"""Domains, profiles and programs of services that the network reaches, where no host says which do."""
