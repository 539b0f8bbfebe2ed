from __future__ import annotations

import io
import json
import random
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardcheck.errors import BundleError
from hardcheck.evidence import (
    BundleWriter,
    Evidence,
    HostEvidence,
    ZipLimits,
    bundle_name,
    read_bundle,
    read_bundles,
    unpack_bundle,
    write_bundle,
)
from tests.unit.evidence.samples import host, hosts

PACKED = BundleWriter().pack(host())


def remade(change: Callable[[list[tuple[zipfile.ZipInfo, bytes]]], None]) -> bytes:
    """The sample bundle with its members changed and zipped again."""
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    change(members)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, content in members:
            archive.writestr(info, content)
    return out.getvalue()


def with_manifest(change: Callable[[dict[str, object]], None]) -> bytes:
    def edit(members: list[tuple[zipfile.ZipInfo, bytes]]) -> None:
        manifest = json.loads(members[0][1])
        change(manifest)
        members[0] = (members[0][0], json.dumps(manifest).encode())

    return remade(edit)


def with_content(number: int, content: bytes) -> bytes:
    return remade(lambda members: members.__setitem__(number, (members[number][0], content)))


def with_member(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return remade(lambda members: members.append((info, content)))


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "web1.evidence.zip"
    write_bundle(host(), path)
    assert read_bundle(path) == host()
    assert list(path.parent.iterdir()) == [path]


@given(hosts)
@settings(max_examples=60, deadline=None)
def test_any_evidence_is_read_back_equal_and_gives_the_same_bytes(evidence: HostEvidence) -> None:
    packed = BundleWriter().pack(evidence)
    assert unpack_bundle(packed, "bundle") == evidence
    assert BundleWriter().pack(unpack_bundle(packed, "bundle")) == packed


def test_other_programs_read_it_as_a_whole_zip_file() -> None:
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == "manifest.json"
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()} == {0o600}


def test_items_in_another_order_give_the_same_bytes() -> None:
    evidence = host()
    shuffled = dict(reversed(evidence.items.items()))
    assert BundleWriter().pack(msgspec.structs.replace(evidence, items=shuffled)) == PACKED


def test_a_content_that_items_share_is_kept_once() -> None:
    with zipfile.ZipFile(io.BytesIO(PACKED)) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names)) == 1 + 5  # the two with equal bytes share one


def test_a_large_content_is_compressed_once_for_all_hosts() -> None:
    writer = BundleWriter()
    policy = random.Random(1).randbytes(100_000) * 3
    first = writer.pack(host(Evidence("policy", "policy", policy)))
    assert first == BundleWriter().pack(host(Evidence("policy", "policy", policy)))
    assert writer.pack(host(Evidence("policy", "policy", policy))) == first


def test_an_item_under_anothers_key_is_not_written() -> None:
    evidence = host()
    wrong = msgspec.structs.replace(evidence, items={"other": evidence.items["nft"]})
    with pytest.raises(BundleError, match="'other'"):
        BundleWriter().pack(wrong)


def test_text_that_is_not_unicode_is_a_bundle_error() -> None:
    with pytest.raises(BundleError, match="cannot be written"):
        BundleWriter().pack(host(Evidence("key", "\udcff")))


def test_a_folder_that_cannot_be_written_is_a_bundle_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(host(), tmp_path / "file" / "x.evidence.zip")


@pytest.mark.parametrize("length", [*range(60), *range(60, len(PACKED), 37)])
def test_a_bundle_cut_in_the_middle_is_a_bundle_error(length: int) -> None:
    with pytest.raises(BundleError, match=r"^cut\.zip: not a whole zip file"):
        unpack_bundle(PACKED[:length], "cut.zip")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"none\.zip: cannot be read"):
        read_bundle(tmp_path / "none.zip")


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (with_member("../../etc/passwd"), r"member '\.\./\.\./etc/passwd': is not a name that a bundle has"),
        (with_member("/etc/passwd"), "is not a name that a bundle has"),
        (with_member("content/" + "A" * 64), "is not a name that a bundle has"),
        (with_member("content/" + "a" * 64 + "/"), "is not a name that a bundle has"),
        (with_member("content\\" + "a" * 64), "is not a name that a bundle has"),
        (with_member("content/" + "a" * 64 + "\u0661"), "is not a name that a bundle has"),
        (with_member("content/" + "a" * 64, mode=stat.S_IFLNK | 0o777), "is not a regular file"),
        (with_member("content/" + "a" * 64, mode=stat.S_IFDIR | 0o755), "is not a regular file"),
        (with_member("content/" + "a" * 64), r"content/a{64}: is not in the manifest"),
        (remade(lambda members: members.pop(1)), "is in the manifest and missing"),
        (remade(lambda members: members.pop(0)), r"has no manifest\.json"),
        (with_content(1, b"other"), "not those of the manifest"),
        (with_content(0, b"\xff{}"), r"manifest\.json: .*"),
        (with_content(0, b"[" * 100_000), r"manifest\.json: .*"),
        (with_content(0, b'{"format": 1}'), "tool_version"),
        (with_manifest(lambda m: m.update(format=2)), "format 2 is not known"),
        (with_manifest(lambda m: m.update(format=1e300)), "format"),
        (with_manifest(lambda m: m.update(surprise=1)), "surprise"),
        (with_manifest(lambda m: m.update(privilege="god")), "god"),
        (with_manifest(lambda m: m["items"].append(m["items"][0])), r"items\[5\]: key 'kernel\.cmdline'"),
        (with_manifest(lambda m: m["items"][0].update(size=-1)), r"items\[0\]\.size"),
        (with_manifest(lambda m: m["items"][0].update(size=1 << 80)), r"items\[0\]\.size"),
        (with_manifest(lambda m: m["items"][0]["content"].update(size=1)), "two sizes"),
        (with_manifest(lambda m: m["items"][1]["content"].update(sha256="../x")), r"content\.sha256"),
        (b"", "not a whole zip file"),
        (b"PK\x05\x06" + b"\0" * 18, r"has no manifest\.json"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_with_file_and_place(packed: bytes, says: str) -> None:
    with pytest.raises(BundleError, match=says) as caught:
        unpack_bundle(packed, "host.zip")
    assert str(caught.value).startswith("host.zip")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused() -> None:
    with pytest.raises(BundleError, match="is there twice"):
        unpack_bundle(remade(lambda members: members.append(members[1])), "host.zip")


def zeros(size: int) -> bytes:
    """An archive whose one content is that many zeros, true to the last bit."""
    block = bytes(1 << 20)
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH)
    crc = 0
    for _ in range(size >> 20):
        crc = zlib.crc32(block, crc)
    stored = packed * (size >> 20) + zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS).flush()
    name = b"content/" + b"0" * 64
    common = (20, 0, 8, 0, 33, crc, len(stored), size, len(name), 0)
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", *common) + name + stored
    central = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, *common, 0, 0, 0, 0, 0) + name
    return local + central + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)


def test_the_archive_of_zeros_is_what_it_says() -> None:
    with zipfile.ZipFile(io.BytesIO(zeros(2 << 20))) as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].file_size == 2 << 20


def test_a_gigabyte_of_zeros_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(BundleError, match="1073741824 bytes, more than the limit"):
        unpack_bundle(zeros(1 << 30), "host.zip")


def test_a_content_that_would_grow_a_thousandfold_is_refused() -> None:
    with pytest.raises(BundleError, match="would unpack"):
        unpack_bundle(zeros(32 << 20), "host.zip")


def test_a_size_that_the_directory_lies_about_is_refused() -> None:
    packed = bytearray(PACKED)
    struct.pack_into("<I", packed, packed.find(b"PK\x01\x02") + 24, 10)
    with pytest.raises(BundleError, match=r"manifest\.json: (damaged|does not have the size)"):
        unpack_bundle(bytes(packed), "host.zip")


def test_limits_are_kept_for_the_archive_and_for_all_members_together() -> None:
    with pytest.raises(BundleError, match="more than the limit of 100"):
        unpack_bundle(PACKED, "host.zip", ZipLimits(archive=100))
    with pytest.raises(BundleError, match="unpacked are more than the limit of 100"):
        unpack_bundle(PACKED, "host.zip", ZipLimits(total=100))
    with pytest.raises(BundleError, match="members are more than"):
        unpack_bundle(PACKED, "host.zip", ZipLimits(members=2))


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_a_bundle_error(noise: bytes) -> None:
    with pytest.raises(BundleError):
        unpack_bundle(noise, "noise.zip")


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_a_changed_bundle_reads_equal_or_is_a_bundle_error(data: st.DataObject) -> None:
    packed = bytearray(PACKED)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(packed) - 1))
        packed[at] = data.draw(st.integers(0, 255))
    try:
        found = unpack_bundle(bytes(packed), "host.zip")
    except BundleError:
        return
    assert found == host()  # a date or a mode: nothing that is evidence


def test_bundles_of_a_folder_come_in_name_order_and_a_bad_one_costs_only_itself(tmp_path: Path) -> None:
    write_bundle(host(name="b"), tmp_path / bundle_name("b"))
    write_bundle(host(name="a"), tmp_path / bundle_name("a"))
    (tmp_path / bundle_name("aa")).write_bytes(b"broken")
    (tmp_path / "notes.txt").write_text("not a bundle")
    found = list(read_bundles(tmp_path))
    assert [path.name for path, _ in found] == ["a.evidence.zip", "aa.evidence.zip", "b.evidence.zip"]
    assert [getattr(one, "host", None) and one.host.name for _, one in found] == ["a", None, "b"]
    assert isinstance(found[1][1], BundleError)


def test_an_empty_folder_is_an_error_and_not_an_empty_fleet(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle in this folder"):
        list(read_bundles(tmp_path))


@given(st.lists(st.text(max_size=200), min_size=2, max_size=2, unique=True))
def test_names_of_bundles_are_plain_and_differ_as_hosts_do(names: list[str]) -> None:
    first, second = (bundle_name(name) for name in names)
    assert first != second
    assert not first.startswith(".")
    assert set(first) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%")
    assert len(first) < 200
