"""Reader of SELinux kernel policies and file contexts, and the answers that rest on them.

    from hardcheck.selinux import FileContexts, Policy
    policy = Policy.read("/etc/selinux/default/policy/policy.33")
    policy.access("system_u:system_r:httpd_t:s0", "system_u:object_r:shadow_t:s0", "file").allowed
    FileContexts.read("/etc/selinux/default").match("/etc/shadow", "file")

Questions about sets of types are in `sets`, changes of domain in `domains`, information flow in
`flow`, comparison in `diff`, weak spots in `hygiene`, the framework-neutral question in `access`.
"""

from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.policy import Access, Booleans, Decision, Policy, Transition

__all__ = ["Access", "Booleans", "Decision", "FileContexts", "Policy", "Transition"]
