"""Reader of SELinux kernel policies and file contexts, and the answers that rest on them.

    from hardcheck.selinux import FileContexts, Policy
    policy = Policy.read("/etc/selinux/default/policy/policy.33")
    policy.access("system_u:system_r:httpd_t:s0", "system_u:object_r:shadow_t:s0", "file").allowed
    FileContexts.read("/etc/selinux/default").match("/etc/shadow", "file")

Questions about sets of types are in `sets`, changes of domain in `domains`, information flow in
`flow`, comparison in `diff`, weak spots in `hygiene`, the framework-neutral question in `access`.
"""

from typing import TYPE_CHECKING

from hardcheck.selinux.policy import Access, Booleans, Decision, Policy, Transition

if TYPE_CHECKING:
    from hardcheck.selinux.file_contexts import FileContexts

__all__ = ["Access", "Booleans", "Decision", "FileContexts", "Policy", "Transition"]


def __getattr__(name: str) -> object:
    """Import file contexts when they are first used; a question about types needs none."""
    if name == "FileContexts":
        from hardcheck.selinux.file_contexts import FileContexts

        return FileContexts
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
