"""What must not be allowed because a log asks for it: each danger, where it shows, and why.

Reviewed against the attack goals of ``rules/exposure``: a test holds every path that a goal asks for by
default to be on this list.
"""

from __future__ import annotations

from hardcheck.triage.danger_kernel import KERNEL
from hardcheck.triage.danger_model import Danger
from hardcheck.triage.danger_reach import REACH
from hardcheck.triage.danger_secrets import SECRETS

DANGERS: tuple[Danger, ...] = (*SECRETS, *KERNEL, *REACH)
"""Every danger; the first that fits names a denial, all that fit are told."""

NETWORK_SERVICES = (
    "httpd*",
    "*apache2*",
    "*nginx*",
    "*php-fpm*",
    "php*",
    "*lighttpd*",
    "*caddy*",
    "*haproxy*",
    "*squid*",
    "*named*",
    "*unbound*",
    "*dnsmasq*",
    "*mysqld*",
    "*mariadbd*",
    "*postgres*",
    "*redis*",
    "*mongod*",
    "*memcached*",
    "*vsftpd*",
    "ftpd*",
    "*proftpd*",
    "*smbd*",
    "*nmbd*",
    "*postfix*",
    "*exim*",
    "*sendmail*",
    "*dovecot*",
    "*slapd*",
    "*tomcat*",
    "*node*",
    "*snmpd*",
    "*ntpd*",
    "*chronyd*",
    "*cups*",
    "*rsync*",
    "*openvpn*",
    "*bind*",
    "*cockpit*",
    "*container_t",
)
"""Domains, profiles and programs of services that the network reaches, where no host says which do."""
