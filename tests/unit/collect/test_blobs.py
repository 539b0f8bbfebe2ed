from __future__ import annotations

import hashlib
import threading
from pathlib import Path

from hardcheck.collect.blobs import BlobStore

CONTENT = b"policy" * 100
SHA = hashlib.sha256(CONTENT).hexdigest()


def test_what_was_put_is_found_by_its_digest() -> None:
    store = BlobStore()
    assert store.get(SHA) is None
    assert store.put(CONTENT) == SHA
    assert store.get(SHA) == CONTENT


def test_a_folder_keeps_contents_for_later_runs(tmp_path: Path) -> None:
    BlobStore(tmp_path / "blobs").put(CONTENT)
    assert BlobStore(tmp_path / "blobs").get(SHA) == CONTENT
    assert [path.name for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == [SHA]


def test_a_file_with_other_bytes_than_its_name_is_as_good_as_absent(tmp_path: Path) -> None:
    BlobStore(tmp_path).put(CONTENT)
    (tmp_path / SHA[:2] / SHA).write_bytes(b"altered")
    assert BlobStore(tmp_path).get(SHA) is None


def test_a_name_that_is_no_digest_reads_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    assert BlobStore(tmp_path).get("../secret") is None


def test_a_folder_that_cannot_be_written_costs_only_the_later_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = BlobStore(tmp_path / "file" / "blobs")
    store.put(CONTENT)
    assert store.get(SHA) == CONTENT


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    store = BlobStore(max_memory_bytes=1000)
    first, second = store.put(b"1" * 400), store.put(b"2" * 400)
    store.get(first)
    third = store.put(b"3" * 400)
    assert store.get(second) is None
    assert store.get(first) is not None
    assert store.get(third) is not None
    assert store.get(store.put(b"4" * 2000)) is None


def test_what_one_host_is_fetching_the_next_waits_for() -> None:
    store = BlobStore()
    assert store.claim([SHA], 0) == {SHA}
    claimed: list[frozenset[str]] = []
    waiting = threading.Thread(target=lambda: claimed.append(store.claim([SHA], 30)))
    waiting.start()
    store.put(CONTENT)
    store.release([SHA])
    waiting.join(10)
    assert claimed == [frozenset()]


def test_when_the_fetching_host_fails_the_next_one_fetches() -> None:
    store = BlobStore()
    assert store.claim([SHA], 0) == {SHA}
    claimed: list[frozenset[str]] = []
    waiting = threading.Thread(target=lambda: claimed.append(store.claim([SHA], 30)))
    waiting.start()
    store.release([SHA])
    waiting.join(10)
    assert claimed == [{SHA}]


def test_a_host_waits_no_longer_than_it_may() -> None:
    store = BlobStore()
    store.claim([SHA], 0)
    assert store.claim([SHA], 0.01) == {SHA}


def test_a_host_with_a_blob_of_its_own_never_waits() -> None:
    store = BlobStore()
    store.claim([SHA], 0)
    other = "0" * 64
    assert store.claim([SHA, other], 60) == {SHA, other}
