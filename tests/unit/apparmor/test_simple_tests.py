"""The AppArmor project's own parser tests: which files are policy and which are not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardcheck.apparmor import FolderSource
from hardcheck.apparmor.check import check_profile
from hardcheck.apparmor.grammar import parse_unit
from hardcheck.apparmor.includes import Library, decode
from hardcheck.apparmor.resolve import Resolver
from tests.corpora import corpus

_RESULT = re.compile(rb"^#=EXRESULT\s+(\w+)", re.M)
_MARKED = re.compile(rb"^#=(TODO|DISABLED)", re.M)  # the project itself does not hold these to be right
_DIRECTIVE = re.compile(rb"^#=.*$", re.M)

# Files that only the back end of the compiler can judge, each with its reason. There are none.
KNOWN_DIFFERENCES: dict[str, str] = {}
LEAST_SCORE = 0.99


def _cases(tests: Path) -> Iterator[tuple[str, bytes, bool]]:
    """Yield name, text without directives, and whether it must be accepted."""
    for path in sorted(tests.rglob("*.sd")):
        content = path.read_bytes()
        result = _RESULT.search(content)
        if result is not None and not _MARKED.search(content):
            name = str(path.relative_to(tests))
            yield name, _DIRECTIVE.sub(b"", content), result[1] == b"PASS"


def test_the_parser_tests_of_the_apparmor_project_are_judged_as_they_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = corpus("apparmor-parser-tests") / "parser" / "tst"
    tests = folder / "simple_tests"
    library = Library(FolderSource(folder), str(tests))
    resolver = Resolver(library)
    counted, wrong = 0, []
    for name, text, good in _cases(tests):
        resolved = resolver.resolve(str(tests / name), parse_unit(decode(name, text)))
        faults = list(resolved.faults)
        for profile in resolved.profiles if not faults else ():
            faults += check_profile(profile)
        counted += 1
        if bool(faults) == good:
            wrong.append(f"{name}: {faults[0] if faults else 'accepted'}")
    score = 1 - len(wrong) / counted
    with capsys.disabled():
        print(f"\nsimple_tests: {counted - len(wrong)} of {counted} ({score:.2%})")
    assert counted > 7_000
    assert score >= LEAST_SCORE
    assert {line.split(":")[0] for line in wrong} == set(KNOWN_DIFFERENCES), "\n".join(wrong[:20])
