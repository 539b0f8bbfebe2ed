"""The SSH server's settings as sshd(8) ``-T`` gives them, and its files for ``Match`` blocks."""

from __future__ import annotations

from hardcheck.collect.base import KIB, CommandSource, ShellSource, TreeSource

# Owners and modes alone: what is in a key file stays there.
_HOST_KEYS = """\
set -- /etc/ssh/ssh_host_*key /etc/ssh/ssh_host_*key.pub /etc/ssh/ssh_host_*key-cert.pub
for file do if [ -e "$file" ]; then stat -L -c 'owner %a %u %g %n' -- "$file"; fi; done
echo 'end'
"""

SOURCES = (
    # Needs root: the host keys are read too.
    CommandSource("sshd.effective", ("sshd", "-T"), max_bytes=64 * KIB, root=True),
    TreeSource(
        "sshd.files",
        ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"),
        max_files=50,
        max_bytes=64 * KIB,
        root=True,
    ),
    ShellSource("sshd.host_keys", _HOST_KEYS, needs=("stat",), max_bytes=16 * KIB),
    # The places that a banner is usually kept in.
    TreeSource(
        "sshd.banners",
        ("/etc/issue", "/etc/issue.net", "/etc/motd", "/etc/ssh/*banner*", "/etc/ssh/*issue*"),
        max_files=20,
        max_bytes=16 * KIB,
    ),
)
