"""Reader of SELinux kernel policies and file contexts."""
