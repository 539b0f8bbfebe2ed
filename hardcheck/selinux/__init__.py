"""Reader of SELinux kernel policies and file contexts, and the answers that rest on them.

from hardcheck.selinux import FileContexts, Policy
policy = Policy.read("/etc/selinux/default/policy/policy.33")
policy.access("system_u:system_r:httpd_t:s0", "system_u:object_r:shadow_t:s0", "file")
"""

from hardcheck.selinux.policy import Access, Decision, Policy

__all__ = ["Access", "Decision", "Policy"]
