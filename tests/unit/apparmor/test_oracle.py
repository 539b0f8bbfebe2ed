"""Answers recorded from the policy that apparmor_parser compiled for Debian 12's profiles."""

from __future__ import annotations

from collections.abc import Iterator

from hardcheck.apparmor import FileAccess, FolderSource, ProfileSet
from hardcheck.apparmor.includes import Library
from tests.corpora import corpus


def _rows() -> Iterator[list[str]]:
    table = corpus("oracle-apparmor") / "debian12-profiles.tsv"
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


class _Sets:
    """The profiles of each file, read when a row asks for them."""

    def __init__(self) -> None:
        root = corpus("apparmor-profiles-debian12")
        self._root = root / "usr" / "share" / "apparmor"
        self._base = root / "etc" / "apparmor.d"
        self._library = Library(FolderSource(root), str(self._base))
        self._sets: dict[str, ProfileSet] = {}

    def of(self, name: str) -> ProfileSet:
        if name not in self._sets:
            path = str((self._root if name.startswith("extra-profiles/") else self._base) / name)
            unit = self._library.unit(path)
            assert unit is not None
            self._sets[name] = ProfileSet.of_unit(path, unit, self._library)
        return self._sets[name]


def _as_compiled(access: FileAccess) -> str:
    """The compiled policy keeps no letter for a named transition, only its name."""
    mode = access.exec_mode
    if mode is None or not mode.target:
        return str(access)
    return f"{access.permissions} {'T' if mode.scrub else 't'}x -> {mode.target}".strip()


def test_every_row_of_the_recorded_answers_is_answered_alike() -> None:
    sets = _Sets()
    wrong, counted = [], {"file": 0, "caps": 0, "net": 0}
    for kind, file, profile, object_, *answers in _rows():
        policy = sets.of(file)
        counted[kind] += 1
        got: object
        want: object
        if kind == "file":
            got = [_as_compiled(policy.file(profile, object_, owner)) for owner in (True, False)]
            want = answers
        elif kind == "caps":
            got, want = policy.capabilities(profile), frozenset(object_.split()) - {"-"}
        else:
            family, type_ = object_.split()
            got, want = "yes" if policy.network(profile, family, type_) else "no", answers[0]
        if got != want:
            wrong.append(f"{kind} {profile} {object_}: recorded {want}, got {got}")
    assert wrong == []
    assert counted == {"file": 15527, "caps": 156, "net": 4992}
