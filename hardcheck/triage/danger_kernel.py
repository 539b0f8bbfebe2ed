"""Dangers, the second part: the kernel, its memory and its policy, and other processes."""

from __future__ import annotations

from hardcheck.triage.danger_model import FILES, WRITE, ApparmorClause, Danger, PathClause, SelinuxClause

KERNEL: tuple[Danger, ...] = (
    Danger(
        "memory-execution",
        "Memory that is written and executed",
        "Code that an attacker writes into memory runs only where this is allowed; a program that needs it "
        "is to be fixed, or gets the switch made for it by a person who knows why.",
        (
            SelinuxClause((), ("process",), ("execmem", "execstack", "execheap")),
            SelinuxClause((), FILES, ("execmod",)),
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
            SelinuxClause(("modules_object_t", "modules_conf_t"), FILES, WRITE),
        ),
        (ApparmorClause(("capability",), ("sys_module",)),),
        (
            PathClause(
                ("/{,usr/}lib/modules/{,**}", "/etc/{modprobe.d,modules-load.d}/{,**}", "/etc/modules"),
                WRITE,
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
                FILES,
                WRITE,
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
                WRITE,
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
                WRITE,
            ),
            SelinuxClause((), ("bpf",), ("prog_load", "map_create", "prog_run")),
            SelinuxClause((), ("perf_event",)),
        ),
        (ApparmorClause(("capability",), ("bpf", "perfmon", "syslog")),),
        (
            PathClause(("/proc/{kcore,kmem}", "/boot/{System.map,vmlinu}*", "/sys/kernel/debug/**")),
            PathClause(("/proc/sys/{kernel,vm,fs}/**", "/proc/sysrq-trigger", "/boot/{,**}"), WRITE),
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
)
