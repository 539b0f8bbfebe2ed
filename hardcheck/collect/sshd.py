"""The SSH server's settings as sshd(8) ``-T`` gives them, and its files for ``Match`` blocks."""

from __future__ import annotations

from hardcheck.collect.base import KIB, CommandSource, TreeSource

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
)
