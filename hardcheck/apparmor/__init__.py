"""AppArmor policy: read any, and answer for it as the kernel does.

`parse` reads one file strictly; `ProfileSet` is all policy of a host; `decide` answers one question;
`AppArmorPolicy` puts it behind the question that both frameworks are asked.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hardcheck.apparmor.abi import Features, features_of_tree, parse_features
    from hardcheck.apparmor.faults import Fault
    from hardcheck.apparmor.file_access import FileAccess
    from hardcheck.apparmor.flags import ProfileMode
    from hardcheck.apparmor.permissions import ExecMode
    from hardcheck.apparmor.profile import Profile
    from hardcheck.apparmor.profileset import FileState, PolicyFile, ProfileSet, parse
    from hardcheck.apparmor.source import FolderSource, MappingSource, Source

__all__ = [
    "ExecMode",
    "Fault",
    "Features",
    "FileAccess",
    "FileState",
    "FolderSource",
    "MappingSource",
    "PolicyFile",
    "Profile",
    "ProfileMode",
    "ProfileSet",
    "Source",
    "features_of_tree",
    "parse",
    "parse_features",
]
_MODULES = {
    "Features": "abi",
    "features_of_tree": "abi",
    "parse_features": "abi",
    "Fault": "faults",
    "FileAccess": "file_access",
    "ProfileMode": "flags",
    "ExecMode": "permissions",
    "Profile": "profile",
    "FileState": "profileset",
    "PolicyFile": "profileset",
    "ProfileSet": "profileset",
    "parse": "profileset",
    "FolderSource": "source",
    "MappingSource": "source",
    "Source": "source",
}


def __getattr__(name: str) -> object:
    """Import a name's module when it is first used: a question about a SELinux host may need one pattern."""
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
