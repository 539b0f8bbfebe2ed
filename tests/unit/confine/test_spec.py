from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.confine.spec import Peer, PortNeed
from hardcheck.errors import ConfigError
from tests.unit.confine.specs import SHOP, SITES, spec, with_paths


def test_a_specification_is_read_as_it_stands() -> None:
    shop = spec(SHOP).services[0]
    assert shop.unit == "shop.service"
    assert shop.paths("uploads") == ("/srv/shop/uploads/",)
    assert shop.listen == (PortNeed("tcp", 8080),)
    assert shop.connect == (PortNeed("tcp", 443), PortNeed("udp", 53))
    assert not shop.makes_unit
    first, second = spec(SITES).services
    assert first.makes_unit
    assert first.served_by == (Peer("httpd_t", "unconfined"),)
    assert second.pool is not None
    assert second.pool.file == "/etc/php/8.2/fpm/pool.d/b.conf"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("uploads:", "upload:", 9, "nearest: uploads"),
        ("format: 1", "format: 2", 1, "format 1"),
        ("unit: shop.service", "unit: 'shop.service;reboot'", 5, "a unit such as"),
        ("/srv/shop/]", '"/srv/sh\\nop/"]', 8, "without line breaks and control characters"),
        ("/srv/shop/]", '"/srv/\\u2028/"]', 8, "without line breaks and control characters"),
        ("/srv/shop/]", "/srv/../etc/]", 8, "'..'"),
        ("/srv/shop/]", "srv]", 8, "absolute path"),
        ("/srv/shop/]", "/]", 8, "absolute path below /"),
        ("/var/lib/shop/]", "/srv/shop/]", 10, "shop's own already"),
        ("tcp 8080", "tcp 80800", 16, "a port such as"),
        ("net_bind_service", "net_bind_servic", 18, "nearest: net_bind_service"),
        ("name: shop\nservices", "name: Shop\nservices", 2, "small letters"),
        ("shared_executable: false", "shared_executable: no", 7, "true, false"),
        ("executable: /usr/libexec/shop", "executable: /usr/libexec/", 6, "a file, not a folder"),
    ],
)
def test_a_fault_is_one_line_with_its_place(old: str, new: str, line: int, words: str) -> None:
    assert old in SHOP
    with pytest.raises(ConfigError) as caught:
        spec(SHOP.replace(old, new, 1))
    message = str(caught.value)
    assert message.startswith(f"spec.yaml:{line}")
    assert words in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    user: www-data\n    group", "    group", "'user' beside it"),
        ("pool.d/a.conf}", "'pool.d/$(id).conf'}", "a .conf file"),
        ("/pool.d/a.conf}", "/pool.d/*.conf}", "a .conf file"),
        ("name: site-b", "name: site-a", "each service once"),
        ("name: sites", "name: sites\nseparate_by: categories", "'categories' exactly where"),
        ("domain: httpd_t", "domain: 'httpd_t) (allow'", "a SELinux type"),
        ("profile: unconfined", "profile: 'x, file'", "an AppArmor profile"),
    ],
)
def test_pools_and_peers_have_their_own_bounds(old: str, new: str, words: str) -> None:
    assert old in SITES
    with pytest.raises(ConfigError, match=words):
        spec(SITES.replace(old, new, 1))


def test_hats_are_for_pools_only() -> None:
    assert spec(SITES.replace("name: sites", "name: sites\nhats: true", 1)).hats
    with pytest.raises(ConfigError, match="only where every service is a pool"):
        spec(SHOP.replace("name: shop", "name: shop\nhats: true", 1))
    hats = SITES.replace("name: sites", "name: sites\nhats: true", 1)
    with pytest.raises(ConfigError, match="one executable"):
        spec(hats.replace("php-fpm8.2\n", "php-fpm8.3\n", 1))


@given(st.text(max_size=60))
def test_any_text_as_a_path_is_taken_whole_or_refused_in_one_line(text: str) -> None:
    path = f"/srv/{text}"
    try:
        found = spec(with_paths([path])).services[0].paths("content")
    except (ConfigError, UnicodeError) as error:
        fault: Exception | None = error
    else:
        fault = None
        assert found == (path,)
        assert path.isprintable()
    if fault is not None:
        assert len(str(fault).splitlines()) == 1
