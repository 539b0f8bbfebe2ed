"""Drafts that confine a service: SELinux module, AppArmor profile, systemd units, and their judgement."""
