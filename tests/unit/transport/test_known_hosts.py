"""known_hosts: parsing, matching, hashing and adding; ssh-keygen as the oracle where it is there."""

from __future__ import annotations

import base64
import logging
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardcheck.errors import HostKeyRejected
from hardcheck.transport.host_keys import HostKeys, HostKeyStore, fingerprint
from hardcheck.transport.known_hosts import (
    KnownHosts,
    Marker,
    append_known_host,
    hashed_name,
    known_name,
    parse_known_hosts,
    read_known_hosts,
)
from hardcheck.transport.ssh_lookup import Caller, SshHost, look_up
from tests.corpora import need_tool

BLOB = b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes(range(32))
KEY = base64.b64encode(BLOB).decode()
OTHER_BLOB = BLOB[:-1] + b"!"
OTHER = base64.b64encode(OTHER_BLOB).decode()


def known(text: str) -> KnownHosts:
    return KnownHosts(parse_known_hosts(text, "kh"))


def host(folder: Path, **changes: tuple[str, ...]) -> SshHost:
    overrides = {"userknownhostsfile": (str(folder / "kh"),), "globalknownhostsfile": ("none",), **changes}
    return look_up("web1", (), overrides, Caller("me", folder), {})


@pytest.mark.parametrize(
    ("line", "name", "fits"),
    [
        (f"web1 ssh-ed25519 {KEY}", "web1", True),
        (f"WEB1,192.0.2.1 ssh-ed25519 {KEY} a comment", "Web1", True),
        (f"[web1]:2222 ssh-ed25519 {KEY}", "[web1]:2222", True),
        (f"web1 ssh-ed25519 {KEY}", "[web1]:2222", False),
        (f"*.example,!db.example ssh-ed25519 {KEY}", "web.example", True),
        (f"*.example,!db.example ssh-ed25519 {KEY}", "db.example", False),
        (f"web? ssh-ed25519 {KEY}", "web12", False),
        (f"  \tweb1\tssh-ed25519\t{KEY}", "web1", True),
        (f"#web1 ssh-ed25519 {KEY}", "web1", False),
        ("web1 ssh-ed25519 not/base64!", "web1", False),
        ("web1 ssh-ed25519", "web1", False),
        (f"@unknown web1 ssh-ed25519 {KEY}", "web1", False),
        (f"|1|notbase64|x ssh-ed25519 {KEY}", "web1", False),
    ],
)
def test_a_line_speaks_of_a_name(line: str, name: str, fits: bool) -> None:
    assert bool(known(line).lookup(name)) is fits


def test_a_marker_is_kept_with_file_and_line() -> None:
    keys = known(f"\n@revoked * ssh-ed25519 {KEY}\n@cert-authority web1 ssh-ed25519 {OTHER}\n").lookup("web1")
    assert {(key.marker, key.where) for key in keys} == {(Marker.REVOKED, "kh:2"), (Marker.AUTHORITY, "kh:3")}


@given(st.binary(max_size=500))
def test_any_bytes_are_a_known_hosts_file(data: bytes) -> None:
    logging.disable(logging.WARNING)
    known(data.decode("utf-8", "replace")).lookup("web1")


@given(
    st.from_regex(r"[a-z0-9.-]{1,30}", fullmatch=True),
    st.integers(1, 65535),
    st.binary(min_size=20, max_size=20),
)
def test_a_hashed_name_is_found_again(name: str, port: int, salt: bytes) -> None:
    where = known_name(name, port)
    assert known(f"{hashed_name(where, salt)} ssh-ed25519 {KEY}").lookup(where)
    assert not known(f"{hashed_name(where, salt)} ssh-ed25519 {KEY}").lookup(where + "x")


def test_openssh_finds_what_we_hash_and_we_find_what_it_hashes(tmp_path: Path) -> None:
    keygen = need_tool("ssh-keygen")
    file = tmp_path / "kh"
    append_known_host(file, hashed_name("[web1]:2222", b"s" * 20), "ssh-ed25519", KEY)
    found = subprocess.run([keygen, "-F", "[web1]:2222", "-f", str(file)], capture_output=True, check=False)
    assert KEY.encode() in found.stdout
    file.write_text(f"web2 ssh-ed25519 {KEY}\n")
    subprocess.run([keygen, "-H", "-f", str(file)], capture_output=True, check=True)
    assert file.read_text().startswith("|1|")
    assert read_known_hosts([file]).lookup("web2")


def test_the_fingerprint_is_the_one_of_ssh_keygen(tmp_path: Path) -> None:
    keygen = need_tool("ssh-keygen")
    (tmp_path / "key.pub").write_text(f"ssh-ed25519 {KEY} c\n")
    shown = subprocess.run([keygen, "-l", "-f", str(tmp_path / "key.pub")], capture_output=True, check=True)
    assert fingerprint(BLOB) in shown.stdout.decode()


def test_ten_thousand_lines_are_read_in_a_blink(tmp_path: Path) -> None:
    (tmp_path / "kh").write_text(
        "".join(f"h{n},192.0.2.{n % 250} ssh-ed25519 {KEY}\n" for n in range(10_000))
    )
    started = time.process_time()
    found = read_known_hosts([tmp_path / "kh"])
    assert found.lookup("h9999")
    assert time.process_time() - started < 5.0  # paramiko's own reader takes ten seconds and more


def test_a_missing_file_and_an_unreadable_one_know_nothing(tmp_path: Path) -> None:
    assert read_known_hosts([tmp_path / "none", tmp_path]).lookup("web1") == ()


def test_a_revoked_key_is_refused_though_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "kh").write_text(f"web1 ssh-ed25519 {KEY}\n@revoked * ssh-ed25519 {KEY}\n")
    with pytest.raises(HostKeyRejected, match=r"@revoked by .*kh:2"):
        HostKeyStore(HostKeys.ACCEPT_NEW).check("web1", host(tmp_path), "ssh-ed25519", BLOB)


def test_an_authority_alone_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "kh").write_text(f"@cert-authority *.example,web1 ssh-ed25519 {OTHER}\n")
    for policy in HostKeys:
        with pytest.raises(HostKeyRejected, match=r"@cert-authority.*--transport ansible"):
            HostKeyStore(policy).check("web1", host(tmp_path), "ssh-ed25519", BLOB)
    (tmp_path / "kh").write_text(f"@cert-authority web1 ssh-ed25519 {OTHER}\nweb1 ssh-ed25519 {KEY}\n")
    HostKeyStore().check("web1", host(tmp_path), "ssh-ed25519", BLOB)


def test_a_key_of_another_type_is_not_a_new_host(tmp_path: Path) -> None:
    (tmp_path / "kh").write_text(f"web1 ssh-ed25519 {KEY}\n")
    with pytest.raises(HostKeyRejected, match=r"known by the ssh-ed25519 key in .*kh:1 and shows another"):
        HostKeyStore(HostKeys.ACCEPT_NEW).check("web1", host(tmp_path), "ecdsa-sha2-nistp256", OTHER_BLOB)


def test_the_known_types_are_asked_for_first(tmp_path: Path) -> None:
    (tmp_path / "kh").write_text(f"web1 ssh-rsa {KEY}\n@revoked web1 ssh-ed25519 {OTHER}\n")
    assert HostKeyStore().known_algorithms(host(tmp_path)) == ("rsa-sha2-512", "rsa-sha2-256")


@pytest.mark.parametrize(
    ("policy", "configured", "accepted"),
    [
        (None, "", False),
        (None, "ask", False),
        (None, "yes", False),
        (None, "accept-new", True),
        (None, "no", True),
        (HostKeys.STRICT, "no", False),
        (HostKeys.ACCEPT_NEW, "", True),
    ],
)
def test_who_may_accept_a_new_key(
    tmp_path: Path, policy: HostKeys | None, configured: str, accepted: bool
) -> None:
    changes = {"stricthostkeychecking": (configured,)} if configured else {}
    store = HostKeyStore(policy)
    if accepted:
        store.check("web1", host(tmp_path, **changes), "ssh-ed25519", BLOB)
        assert KEY in (tmp_path / "kh").read_text()
        assert (tmp_path / "kh").stat().st_mode & 0o777 == 0o600
        store.check("web1", host(tmp_path, **changes), "ssh-ed25519", BLOB)
        assert (tmp_path / "kh").read_text().count("\n") == 1
    else:
        with pytest.raises(HostKeyRejected, match=r"not in .*kh"):
            store.check("web1", host(tmp_path, **changes), "ssh-ed25519", BLOB)
        assert not (tmp_path / "kh").exists()


def test_a_known_hosts_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "kh").mkdir()
    with pytest.raises(HostKeyRejected, match="cannot be kept in"):
        HostKeyStore(HostKeys.ACCEPT_NEW).check("web1", host(tmp_path), "ssh-ed25519", BLOB)


def test_dev_null_as_known_hosts_keeps_nothing_and_works(tmp_path: Path) -> None:
    nowhere = host(tmp_path, userknownhostsfile=("/dev/null",))
    HostKeyStore(HostKeys.ACCEPT_NEW).check("web1", nowhere, "ssh-ed25519", BLOB)
