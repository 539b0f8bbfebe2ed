"""Dangers, the third part: others' data, programs and accounts, ways out of confinement."""

from __future__ import annotations

from hardcheck.triage.danger_model import FILES, WRITE, ApparmorClause, Danger, PathClause, SelinuxClause

REACH: tuple[Danger, ...] = (
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
        (SelinuxClause(("etc_t", "usr_t", "var_t", "root_t", "var_lib_t", "home_root_t"), FILES, WRITE),),
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
                FILES,
                WRITE,
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
                WRITE,
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
                FILES,
                WRITE,
            ),
        ),
        paths=(
            PathClause(
                (
                    "/{,usr/}{bin,sbin,lib,lib32,lib64,libx32,libexec}/{,**}",
                    "/usr/local/{bin,sbin,lib,libexec}/{,**}",
                ),
                WRITE,
            ),
        ),
    ),
    Danger(
        "accounts",
        "Accounts and who may become root",
        "A line there makes an account, or makes one root.",
        (SelinuxClause(("passwd_file_t", "pam_conf_t", "sudo_config_t"), FILES, WRITE),),
        paths=(
            PathClause(
                ("/etc/{passwd,group,subuid,subgid,sudo.conf,nsswitch.conf}*", "/etc/{pam.d,security}/{,**}"),
                WRITE,
            ),
            PathClause(("/etc/{sudoers,doas.conf}", "/etc/sudoers.d/{,**}")),
        ),
    ),
    Danger(
        "audit-trail",
        "The audit trail",
        "Who changes the log or the audit settings leaves no trace.",
        (
            SelinuxClause(("auditd_log_t",), FILES, WRITE),
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
                WRITE,
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
