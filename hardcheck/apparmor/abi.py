"""Feature sets: which classes of rules a policy file was written for, and which a kernel knows.

A features file (``/etc/apparmor.d/abi/*``, or the tree below securityfs ``features/``) is a tree of
names in braces::

    dbus {mask {acquire send receive
    }
    }

A class of rules holds for a profile only when the file's features and the kernel's both have it:
whatever the author did not know is not mediated, that is, allowed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_TOKEN = re.compile(r"[{}]|[^\s{}]+")
_MAX_DEPTH = 16
_MAX_TOKENS = 20_000

# class of rules -> the features of which one suffices
_CLASS_FEATURES: dict[str, tuple[str, ...]] = {
    "file": ("file",),
    "capability": ("capability", "caps"),
    "network": ("network", "network_v8", "network_v9"),
    "signal": ("signal",),
    "ptrace": ("ptrace",),
    "mount": ("mount",),
    "dbus": ("dbus",),
    "unix": ("network/af_unix", "network_v9/af_unix"),
    "userns": ("namespaces/mask/userns_create", "namespaces/userns_create"),
    "mqueue": ("ipc/posix_mqueue", "ipc/sysv_mqueue"),
    "io_uring": ("io_uring",),
    "inet": ("network_v8/af_inet", "network_v9/af_inet"),
}
CLASSES = frozenset(_CLASS_FEATURES)
_NETWORK_VERSIONS = frozenset(("network", "network_v8", "network_v9"))


class Features(msgspec.Struct, frozen=True):
    """A feature set by its paths, such as ``network_v8/af_mask`` and ``dbus/mask/send``."""

    name: str
    paths: frozenset[str]

    def has(self, class_: str) -> bool:
        """Whether this set knows the class of rules (a key of `CLASSES`)."""
        return not self.paths.isdisjoint(_CLASS_FEATURES[class_])

    def mediates(self, class_: str, kernel: Features | None) -> bool:
        """Whether policy of these features mediates ``class_`` on ``kernel`` (None: any that can)."""
        if kernel is None:
            return self.has(class_)
        if class_ == "network":  # each version has its own form of rules: both sides need the same
            return bool(self.paths & kernel.paths & _NETWORK_VERSIONS)
        return self.has(class_) and kernel.has(class_)


def parse_features(name: str, text: str) -> Features | None:
    """Read a features file; None when it is none."""
    paths: set[str] = set()
    stack: list[str] = []
    last = ""
    words = _TOKEN.findall(text)
    if not words or len(words) > _MAX_TOKENS:
        return None
    for word in words:
        if word == "{":
            if not last or len(stack) >= _MAX_DEPTH:
                return None
            stack.append(last)
            last = ""
        elif word == "}":
            if not stack:
                return None
            stack.pop()
            last = ""
        else:
            last = word
            paths.add("/".join((*stack, word)))
    return None if stack else Features(name, frozenset(paths))


def features_of_tree(name: str, files: Mapping[str, str]) -> Features:
    """Return the features of a kernel from the files below ``features/``: path to content."""
    paths: set[str] = set()
    for path, content in files.items():
        parts = path.strip("/").split("/")
        paths.update("/".join(parts[: end + 1]) for end in range(len(parts)))
        paths.update(f"{'/'.join(parts)}/{word}" for word in content.split()[:1000])
    return Features(name, frozenset(paths))


# What the parser takes for a file without an abi statement, unless its configuration pins another
# set (``policy-features``): AppArmor 2.13 with Ubuntu's patches (apparmor_parser default_features.c).
_DEFAULT_PATHS = (
    "file caps capability network network/af_unix network/af_mask signal ptrace mount dbus rlimit "
    "namespaces namespaces/profile domain domain/stack domain/change_profile policy"
)
DEFAULT_FEATURES = Features("default", frozenset(_DEFAULT_PATHS.split()))
# Everything this package can answer for; ``abi <kernel>`` where the kernel is not known.
EVERY_FEATURE = Features("kernel", frozenset(path for paths in _CLASS_FEATURES.values() for path in paths))
