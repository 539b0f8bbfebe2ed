#!/usr/bin/env python3
"""Real SELinux, AppArmor and unprotected Debian hosts under QEMU, for the end-to-end tests.

    lab.py up [HOST...]      build what is missing, start from a booted snapshot, wait for SSH
    lab.py ssh HOST [CMD]    run CMD as root on a host
    lab.py reset HOST...     back to the snapshot, whatever was changed since
    lab.py down [HOST...]    stop
    lab.py status            one line a host
    lab.py clean             stop all and delete the images

Hosts: selinux (enforcing, Debian's `default` policy), apparmor, plain (no MAC framework). What is planted
on each stands in plant/. The first `up` takes minutes (mmdebstrap and one boot under software emulation;
no KVM is needed); later ones restore the snapshot in seconds. Everything lives in $HARDCHECK_LAB (default
~/.cache/hardcheck-lab): ssh_config, inventory.ini, known_hosts, images. Hosts listen on 127.0.0.1 only, from
port $HARDCHECK_LAB_PORT (2201).

Accounts, all with the key `id_lab`: root; auditor (sudo without a password); pwuser (sudo with the password
sudo-pw); plain (no sudo).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
LAB = Path(os.environ.get("HARDCHECK_LAB", "~/.cache/hardcheck-lab")).expanduser()
FIRST_PORT = int(os.environ.get("HARDCHECK_LAB_PORT", "2201"))
SUDO_PASSWORD = "sudo-pw"
TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "gpg": "gpg",
    "ssh": "openssh-client",
}
COMMON = (
    "systemd-sysv,udev,dbus,openssh-server,sudo,python3,iproute2,ifupdown,isc-dhcp-client,procps,kmod,"
    "auditd,nginx-light,php-fpm,fail2ban,nftables,cron,ca-certificates,linux-image-cloud-amd64,"
    "initramfs-tools,less,file,attr,curl,unattended-upgrades,apt-utils,lsb-release"
)
SELINUX = (
    "selinux-policy-default,selinux-basics,policycoreutils,policycoreutils-python-utils,"
    "selinux-utils,setools,semodule-utils,checkpolicy,python3-selinux"
)
APPARMOR = (
    "apparmor,apparmor-utils,apparmor-profiles,apparmor-profiles-extra,python3-apparmor,"
    "python3-libapparmor,ufw"
)


@dataclass(frozen=True)
class Host:
    """One lab host: the image it boots from, what is installed there, and its boot arguments."""

    name: str
    image: str
    packages: str
    port: int
    boot: str

    def path(self, suffix: str) -> Path:
        return LAB / f"{self.name}.{suffix}"

    @property
    def plants(self) -> list[Path]:
        own = HERE / "plant" / f"{self.name}.sh"
        return [HERE / "plant" / "common.sh", *([own] if own.exists() else [])]

    @property
    def stamp(self) -> str:
        """Changes with anything that goes into the snapshot."""
        parts = [COMMON, self.packages, self.boot, *(plant.read_text() for plant in self.plants)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


HOSTS = {
    host.name: host
    for host in (
        Host("selinux", "selinux", SELINUX, FIRST_PORT, "security=selinux selinux=1 audit=1"),
        Host("apparmor", "apparmor", APPARMOR, FIRST_PORT + 1, "security=apparmor apparmor=1 audit=1"),
        Host("plain", "apparmor", APPARMOR, FIRST_PORT + 2, "apparmor=0 audit=1"),
    )
}


def run(*command: str | Path, **options: object) -> None:
    subprocess.run([str(word) for word in command], check=True, **options)  # type: ignore[call-overload]


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def need_tools() -> None:
    """Install what is missing where root and apt-get allow it; otherwise say the line to run."""
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if not missing:
        return
    line = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() or not shutil.which("apt-get"):
        raise SystemExit(f"lab: needs root and these Debian packages: sudo {' '.join(line)}")
    say(" ".join(line))
    quiet = {"stdout": subprocess.DEVNULL, "env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
    run("apt-get", "-o", "DPkg::Lock::Timeout=300", "update", "-qq", **quiet)
    run(*line, **quiet)


def key() -> Path:
    LAB.mkdir(parents=True, exist_ok=True)
    path = LAB / "id_lab"
    if not path.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", path)
    return path


# Images


def build_image(image: str, packages: str) -> None:
    """A root file system in an ext4 image, from Debian packages; labelled where it is the SELinux one."""
    raw, stamp = LAB / f"{image}.raw", LAB / f"{image}.packages"
    if raw.exists() and (not stamp.exists() or stamp.read_text() == COMMON + packages):
        return
    root = LAB / f"{image}.root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    say(f"building {image} (a few minutes)")
    with subprocess.Popen(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={COMMON},{packages}", "bookworm", "-"],
        stdout=subprocess.PIPE,
    ) as bootstrap:
        run("tar", "-C", root, "-xf", "-", stdin=bootstrap.stdout)
    if bootstrap.returncode:
        raise SystemExit(f"lab: mmdebstrap failed with status {bootstrap.returncode}")
    configure(root, image)
    if image == "selinux":
        label(root)
    for name in ("vmlinuz", "initrd.img"):
        shutil.copy(next((root / "boot").glob(f"{name}-*")), LAB / f"{image}.{name}")
    part = raw.with_suffix(".part")
    run("truncate", "-s", "3G", part)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-L", "root", "-d", root, part)
    part.rename(raw)
    stamp.write_text(COMMON + packages)
    shutil.rmtree(root)


def configure(root: Path, image: str) -> None:
    (root / "etc/hostname").write_text(f"{image}\n")
    (root / "etc/fstab").write_text("LABEL=root / ext4 defaults 0 1\n")
    interfaces = "auto lo eth0\niface lo inet loopback\niface eth0 inet dhcp\n"
    (root / "etc/network/interfaces").write_text(interfaces)
    public = key().with_suffix(".pub").read_text()
    for user, sudo in (("root", None), ("auditor", "NOPASSWD: ALL"), ("pwuser", "ALL"), ("plain", None)):
        home = root / ("root" if user == "root" else f"home/{user}")
        if user != "root":
            run("chroot", root, "useradd", "-m", "-s", "/bin/bash", user)
        (home / ".ssh").mkdir(mode=0o700, exist_ok=True)
        (home / ".ssh/authorized_keys").write_text(public)
        run("chroot", root, "chown", "-R", f"{user}:{user}", f"/{(home / '.ssh').relative_to(root)}")
        if sudo:
            (root / f"etc/sudoers.d/{user}").write_text(f"{user} ALL=(root) {sudo}\n")
    run("chroot", root, "chpasswd", input=f"pwuser:{SUDO_PASSWORD}\n", text=True)
    for site in ("a.example", "b.example"):
        docroot = root / "srv/www" / site
        docroot.mkdir(parents=True)
        (docroot / "index.php").write_text("<?php echo $_SERVER['HTTP_HOST'];\n")
        (docroot / "secret").write_text(f"secret of {site}\n")
    for old in (*root.glob("initrd.img*"), *root.glob("vmlinuz*")):
        old.unlink()


def label(root: Path) -> None:
    config = root / "etc/selinux/config"
    config.write_text(config.read_text().replace("SELINUX=permissive", "SELINUX=enforcing"))
    contexts = "/etc/selinux/default/contexts/files/file_contexts"
    run("mount", "-t", "proc", "proc", root / "proc")
    try:
        skip = ("-e", "/proc", "-e", "/sys", "-e", "/dev")
        run("chroot", root, "/sbin/setfiles", "-F", *skip, contexts, "/")
    finally:
        run("umount", root / "proc")


# Machines


def pid_of(host: Host) -> int | None:
    try:
        pid = int(host.path("pid").read_text())
        if f"hardcheck-lab-{host.name}".encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    except (OSError, ValueError):
        pass
    return None


def start(host: Host, disk: Path, *, resume: bool = False) -> None:
    command: list[str | Path] = [
        *("qemu-system-x86_64", "-name", f"hardcheck-lab-{host.name}"),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "1", "-m", "1024"),
        *("-display", "none", "-serial", f"file:{host.path('console')}"),
        *("-monitor", f"unix:{host.path('monitor')},server,nowait"),
        *("-kernel", LAB / f"{host.image}.vmlinuz", "-initrd", LAB / f"{host.image}.initrd.img"),
        *("-append", f"root=LABEL=root rw console=ttyS0 net.ifnames=0 panic=-1 {host.boot}"),
        *("-drive", f"file={disk},if=virtio,format=qcow2,cache=unsafe"),
        *("-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{host.port}-:22"),
        *("-device", "virtio-net-pci,netdev=n0,romfile="),
        *("-daemonize", "-pidfile", host.path("pid")),
    ]
    if resume:
        command += ["-incoming", f"exec:cat {host.path('state')}"]
    run(*command)
    if resume:
        wait_monitor(host, "info migrate", "completed")
        monitor(host, "cont")


def overlay(disk: Path, base: Path, base_format: str) -> Path:
    disk.unlink(missing_ok=True)
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", base, "-F", base_format, disk)
    return disk


def monitor(host: Host, command: str, wait: float = 120) -> str:
    def until_prompt(connection: socket.socket) -> bytes:
        seen = b""
        while not seen.endswith(b"(qemu) "):
            seen += connection.recv(4096)
        return seen

    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(wait)
        connection.connect(str(host.path("monitor")))
        until_prompt(connection)
        connection.sendall(command.encode() + b"\n")
        return until_prompt(connection).decode(errors="replace")


def wait_monitor(host: Host, command: str, word: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while word not in monitor(host, command):
        if time.monotonic() > end:
            raise SystemExit(f"lab: {host.name}: '{command}' did not say '{word}' in {seconds:.0f} s")
        time.sleep(0.2)


def ssh_command(name: str, *words: str) -> list[str]:
    return ["ssh", "-F", str(LAB / "ssh_config"), f"lab-{name}", *words]


def wait_ssh(host: Host, seconds: float = 900) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if subprocess.run(ssh_command(host.name, "true"), capture_output=True).returncode == 0:
            return
        time.sleep(2)
    raise SystemExit(f"lab: {host.name} did not answer on SSH in {seconds:.0f} s; see {host.path('console')}")


def write_clients() -> None:
    ssh, inventory = [], ["[lab]"]
    for host in HOSTS.values():
        ssh.append(
            f"Host lab-{host.name}\n  HostName 127.0.0.1\n  Port {host.port}\n  User root\n"
            f"  IdentityFile {LAB}/id_lab\n  IdentitiesOnly yes\n  UserKnownHostsFile {LAB}/known_hosts\n"
            "  StrictHostKeyChecking accept-new\n  ConnectTimeout 20\n  LogLevel ERROR\n"
        )
        inventory.append(
            f"lab-{host.name} ansible_host=127.0.0.1 ansible_port={host.port} ansible_user=auditor "
            f"ansible_ssh_private_key_file={LAB}/id_lab ansible_python_interpreter=/usr/bin/python3 "
            f"ansible_ssh_common_args='-o UserKnownHostsFile={LAB}/known_hosts'"
        )
    (LAB / "ssh_config").write_text("\n".join(ssh))
    (LAB / "inventory.ini").write_text("\n".join(inventory) + "\n")


def up(host: Host) -> None:
    """Resume the booted state on a fresh overlay; the frozen one is never written again."""
    frozen, state, stamp = host.path("frozen.qcow2"), host.path("state"), host.path("stamp")
    if not state.exists() or not stamp.exists() or stamp.read_text() != host.stamp:
        down(host)
        freeze(host, frozen, state)
        stamp.write_text(host.stamp)
    elif pid_of(host):
        return wait_ssh(host)
    start(host, overlay(host.path("qcow2"), frozen, "qcow2"), resume=True)
    wait_ssh(host)
    subprocess.run(ssh_command(host.name, f"date -s @{int(time.time())}"), capture_output=True)
    return None


def freeze(host: Host, frozen: Path, state: Path) -> None:
    """Boot once, plant, and keep disk and memory as they are then."""
    say(f"first boot of {host.name} under emulation (a few minutes)")
    state.unlink(missing_ok=True)
    forget_host_key(host)
    start(host, overlay(frozen, LAB / f"{host.image}.raw", "raw"))
    wait_ssh(host)
    for plant in host.plants:
        say(f"{host.name}: planting {plant.name}")
        with plant.open() as script:
            run(*ssh_command(host.name, "sh", "-s"), stdin=script, stdout=sys.stderr)
    subprocess.run(ssh_command(host.name, "systemctl is-system-running --wait; sync"), capture_output=True)
    monitor(host, "stop")
    part = state.with_suffix(".part")
    monitor(host, f'migrate "exec:cat > {part}"', wait=600)
    wait_monitor(host, "info migrate", "completed", 600)
    down(host)
    part.rename(state)
    say(f"{host.name} frozen")


def forget_host_key(host: Host) -> None:
    known = LAB / "known_hosts"
    if known.exists():
        place = f"[127.0.0.1]:{host.port}"
        subprocess.run(["ssh-keygen", "-q", "-R", place, "-f", str(known)], capture_output=True)


def down(host: Host) -> None:
    pid = pid_of(host)
    if pid:
        os.kill(pid, signal.SIGTERM)
        while pid_of(host):
            time.sleep(0.2)


def status(host: Host) -> str:
    pid = pid_of(host)
    return f"{host.name} 127.0.0.1:{host.port} {f'pid {pid}' if pid else 'down'}"


def bring_up(hosts: list[Host]) -> None:
    need_tools()
    key()
    write_clients()
    for image, packages in {host.image: host.packages for host in hosts}.items():
        build_image(image, packages)
    with ThreadPoolExecutor(len(HOSTS)) as pool:
        list(pool.map(up, hosts))


def main() -> None:
    verb, *names = sys.argv[1:] or ["help"]
    if verb == "ssh" and names:
        os.execvp("ssh", ssh_command(*names))
    if verb not in ("up", "reset", "down", "status", "clean") or not set(names) <= set(HOSTS):
        raise SystemExit(__doc__)
    hosts = [HOSTS[name] for name in names] or list(HOSTS.values())
    if verb in ("reset", "down", "clean"):
        for host in hosts:
            down(host)
    if verb in ("up", "reset"):
        bring_up(hosts)
    if verb == "clean":
        shutil.rmtree(LAB, ignore_errors=True)
    else:
        print("\n".join(status(host) for host in hosts))


if __name__ == "__main__":
    main()
