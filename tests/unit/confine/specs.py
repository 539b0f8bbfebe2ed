"""Specifications that the tests share, as text and as values."""

from __future__ import annotations

import json

from hardcheck.confine.spec import Spec, spec_of
from hardcheck.engine.yaml_source import parse_yaml

SITES = """\
format: 1
name: sites
services:
  - name: site-a
    unit: php-fpm-site-a.service
    executable: /usr/sbin/php-fpm8.2
    replaces: php8.2-fpm.service
    user: www-data
    group: www-data
    pool: {name: a, file: /etc/php/8.2/fpm/pool.d/a.conf}
    content: [/srv/a/]
    sockets: [/run/php/a.sock]
    reads: [/etc/php/8.2/fpm/php.ini, /usr/share/php/]
    served_by: [{domain: httpd_t, profile: unconfined}]
  - name: site-b
    unit: php-fpm-site-b.service
    executable: /usr/sbin/php-fpm8.2
    replaces: php8.2-fpm.service
    user: www-data
    group: www-data
    pool: {name: b, file: /etc/php/8.2/fpm/pool.d/b.conf}
    content: [/srv/b/]
    sockets: [/run/php/b.sock]
    reads: [/etc/php/8.2/fpm/php.ini, /usr/share/php/]
    served_by: [{domain: httpd_t, profile: unconfined}]
"""

SHOP = """\
format: 1
name: shop
services:
  - name: shop
    unit: shop.service
    executable: /usr/libexec/shop
    shared_executable: false
    content: [/srv/shop/]
    uploads: [/srv/shop/uploads/]
    state: [/var/lib/shop/]
    logs: [/var/log/shop.log]
    runtime: [/run/shop/]
    configuration: [/etc/shop.conf]
    reads: [/etc/mime.types]
    executes: [/usr/bin/convert]
    listen: [tcp 8080]
    connect: [tcp 443, udp 53]
    capabilities: [net_bind_service]
"""


def spec(text: str) -> Spec:
    return spec_of(parse_yaml(text, "spec.yaml"))


def with_paths(paths: list[str]) -> str:
    """A service with these paths as content, each quoted as JSON is."""
    listed = ", ".join(json.dumps(path, ensure_ascii=False) for path in paths)
    return (
        "format: 1\nname: odd\nservices:\n  - name: odd\n    unit: odd.service\n"
        f"    executable: /usr/bin/odd\n    content: [{listed}]\n"
    )
