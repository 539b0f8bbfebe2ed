"""AppArmor policy: read any, and answer for it as the kernel does.

`parse` reads one file strictly; `ProfileSet` is all policy of a host; `decide` answers one question;
`AppArmorPolicy` puts it behind the question that both frameworks are asked.
"""

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
