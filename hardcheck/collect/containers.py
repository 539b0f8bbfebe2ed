"""Containers that run under docker or podman for root, with what shuts them in.

Only chosen fields are asked for: the environment and the command line of a container hold secrets. The
client of an engine that has not run since boot is not started, for podman's writes its state on a
first run. Containers of podman without root belong to their users and are not seen.
"""

from __future__ import annotations

from hardcheck.collect.base import KIB, MIB, ShellSource, TreeSource

_FIELDS = (
    ("id", ".Id"),
    ("name", ".Name"),
    ("image", ".Config.Image"),
    ("apparmor", ".AppArmorProfile"),
    ("process_label", ".ProcessLabel"),
    ("mount_label", ".MountLabel"),
    ("user", ".Config.User"),
    ("privileged", ".HostConfig.Privileged"),
    ("security_opt", ".HostConfig.SecurityOpt"),
    ("cap_add", ".HostConfig.CapAdd"),
    ("cap_drop", ".HostConfig.CapDrop"),
    ("network", ".HostConfig.NetworkMode"),
    ("pid", ".HostConfig.PidMode"),
    ("ipc", ".HostConfig.IpcMode"),
    ("userns", ".HostConfig.UsernsMode"),
    ("memory", ".HostConfig.Memory"),
    ("pids_limit", ".HostConfig.PidsLimit"),
    ("read_only", ".HostConfig.ReadonlyRootfs"),
    ("mounts", ".Mounts"),
    ("main_pid", ".State.Pid"),
    ("ports", ".NetworkSettings.Ports"),
)
# On SELinux the labels of what is mounted from the host, as "label CONTEXT PATH".
_SOURCES = "{{range .Mounts}}{{println .Source}}{{end}}"
_TEMPLATE = "{" + ",".join(f'"{name}":{{{{json {field}}}}}' for name, field in _FIELDS) + "}"


def _list(client: str, guard: str) -> str:
    """The fragment for one engine: `state`, then one JSON object a container."""
    return f"""\
if ! {{ {guard}; }}; then echo 'state stopped'; exit 0; fi
ids=$({client} ps -q --no-trunc) || exit 1
echo 'state running'
{client} info --format '{{{{json .SecurityOptions}}}}' 2>/dev/null | sed 's/^/security /'
set -f
set -- $ids
[ $# -gt 0 ] || exit 0
{client} inspect --type container --format '{_TEMPLATE}' "$@" || exit 1
if [ ! -e /sys/fs/selinux/enforce ]; then exit 0; fi
{client} inspect --type container --format '{_SOURCES}' "$@" | sort -u | head -n 500 |
  while IFS= read -r path; do
    if [ -n "$path" ]; then stat -c 'label %C %n' -- "$path" 2>/dev/null; fi
  done
exit 0
"""


# Owners and modes of what rules an engine: its configuration, and its control socket.
_OWNERS = """\
for file in /etc/docker /etc/docker/daemon.json /etc/docker/*.pem /etc/default/docker /etc/sysconfig/docker \\
  /etc/containers /etc/containers/*.conf /etc/containerd /etc/containerd/config.toml /etc/crio \\
  /etc/crio/crio.conf
do
  if [ -e "$file" ]; then stat -L -c 'config %a %u %g %n' -- "$file"; fi
done
for file in /run/docker.sock /run/podman/podman.sock /run/containerd/containerd.sock /run/crio/crio.sock; do
  if [ -S "$file" ]; then stat -L -c 'socket %a %u %g %n' -- "$file"; fi
done
echo end
"""


SOURCES = (
    ShellSource("containers.owners", _OWNERS, needs=("stat",), max_bytes=16 * KIB, root=True),
    TreeSource("containers.daemon", ("/etc/docker/daemon.json",), max_files=2, max_bytes=64 * KIB, root=True),
    ShellSource(
        "containers.docker",
        _list("docker", "[ -S /run/docker.sock ] && [ -e /run/docker.pid ]"),
        needs=("docker", "sed", "sort", "head", "stat"),
        timeout_s=20,
        max_bytes=2 * MIB,
        root=True,
    ),
    ShellSource(
        "containers.podman",
        _list("podman", "[ -d /run/libpod ] || [ -d /run/containers/storage ]"),
        needs=("podman", "sed", "sort", "head", "stat"),
        timeout_s=20,
        max_bytes=2 * MIB,
        root=True,
    ),
)
