"""Logs of the kernel and of auditd: what SELinux and AppArmor refused, joined, grouped and counted."""
