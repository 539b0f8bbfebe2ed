"""Answers agree with libsepol: its recorded tables, and what checkpolicy says here and now."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from hardcheck.errors import PolicyError
from hardcheck.selinux import Policy
from hardcheck.selinux.avtab import KIND_SHIFT, RuleKind, parts_of
from hardcheck.selinux.labelling import Operation
from tests.corpora import corpus, need_tool
from tests.unit.selinux.libsepol import Libsepol, compile_conf
from tests.unit.selinux.policies import debian, debian_folder, oracle_rows
from tests.unit.selinux.randoms import LONGEST, random_contexts

Question = tuple[str, str, str]
PER_POLICY = 400
SMALL_CONFS = ("boolquery", "constraintquery", "boundsquery", "mlsrulequery", "terulequery")


@pytest.mark.parametrize("kind", ["default", "mls"])
@pytest.mark.parametrize("version", [30, 33])
def test_debians_policy_answers_as_libsepol_did(kind: str, version: int) -> None:
    policy = debian(kind, version)
    rows = oracle_rows(corpus("oracle-selinux-av") / f"debian12-{kind}-policy33.tsv")
    wrong = [
        row for row in rows if policy.access(row[0], row[1], row[2]).allowed != set(" ".join(row[3:]).split())
    ]
    assert wrong == []
    assert len(rows) > 3000


def setools_confs(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.conf"))


def questions(policy: Policy, rng: random.Random, count: int) -> list[Question]:
    contexts = random_contexts(policy, rng, 20)
    classes = list(policy.names.classes)
    if not contexts:
        return []
    return [(rng.choice(contexts), rng.choice(contexts), rng.choice(classes)) for _ in range(count)]


def disagreements(path: Path, rng: random.Random, count: int) -> tuple[int, list[object]]:
    """Ask libsepol and hardcheck, once with the booleans of the file and once with half of them flipped."""
    policy = Policy.read(path)
    libsepol = Libsepol(path, mls=policy.mls)
    asked = questions(policy, rng, count)
    flipped = {name: not state for name, state in policy.booleans.items() if rng.random() < 0.5}
    wrong: list[object] = []
    for booleans in ({}, flipped):
        for question, expected in zip(asked, libsepol.allowed(asked, booleans), strict=True):
            if policy.access(*question, booleans=booleans).allowed != expected:
                wrong.append((path.name, question, booleans, sorted(expected)))
    return 2 * len(asked), wrong


def test_setools_policies_answer_as_libsepol(tmp_path: Path) -> None:
    """Some 40,000 answers, made while the test runs."""
    rng = random.Random(7)
    total, wrong = 0, []
    for source in setools_confs(corpus("setools-tests") / "tests/library"):
        compiled = compile_conf(source, tmp_path)
        if compiled is not None:
            count, found = disagreements(compiled, rng, PER_POLICY)
            total += count
            wrong += found
    assert wrong == []
    assert total >= 20_000


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["default", "mls"])
def test_debians_policy_answers_as_libsepol_with_booleans_flipped(kind: str) -> None:
    rng = random.Random(11)
    for _ in range(5):
        total, wrong = disagreements(debian_folder(kind) / "policy.33", rng, 2000)
        assert wrong == []
        assert total == 4000


def transition_questions(policy: Policy, rng: random.Random, count: int) -> list[Question]:
    """Random ones, and those that a type rule of the policy answers. Sockets are left out: the
    kernel gives them the context of their process, which libsepol does not know."""
    classes = [name for name in policy.names.classes if not name.endswith("socket")]
    asked = [(s, t, rng.choice(classes)) for s, t, _ in questions(policy, rng, count)]
    type_rules = [key for key in policy.policydb.rules.plain if key >> KIND_SHIFT >= RuleKind.TYPE_TRANSITION]
    for key in rng.sample(type_rules, min(len(type_rules), count)):
        source, target, class_, _ = parts_of(key)
        pair = policy.typical.process(source), policy.typical.object(target)
        texts = tuple(policy.labels.show(context) for context in pair)
        name = policy.names.classes_by_value[class_].name
        if max(map(len, texts)) <= LONGEST and all(map(policy.labels.is_valid, pair)) and name in classes:
            asked.append((*texts, name))
    return asked


@pytest.mark.parametrize(
    ("option", "operation"),
    [("3", Operation.TRANSITION), ("4", Operation.MEMBER), ("5", Operation.CHANGE)],
)
@pytest.mark.parametrize("which", [*SMALL_CONFS, "debian-default", "debian-mls"])
def test_new_contexts_are_those_of_libsepol(
    which: str, option: str, operation: Operation, tmp_path: Path
) -> None:
    need_tool("checkpolicy")
    if which.startswith("debian"):
        path: Path | None = debian_folder(which.removeprefix("debian-")) / "policy.33"
    else:
        path = compile_conf(corpus("setools-tests") / f"tests/library/{which}.conf", tmp_path)
    if path is None:
        pytest.skip("this checkpolicy cannot compile it")
    policy = Policy.read(path)
    asked = transition_questions(policy, random.Random(3), 200)
    expected = Libsepol(path, mls=policy.mls).transitions(asked, option)
    assert [new_context(policy, question, operation) for question in asked] == expected


def new_context(policy: Policy, question: Question, operation: Operation) -> str:
    try:
        new = policy.transition(*question, operation=operation)
    except PolicyError:
        return ""
    return new.context if new.valid else ""


def test_validity_of_contexts_is_that_of_libsepol() -> None:
    policy = debian("mls")
    rng = random.Random(5)
    names = policy.names
    texts = [
        f"{rng.choice(list(names.users))}:{rng.choice(list(names.roles))}:{rng.choice(policy.types.names(policy.types.domains))}"
        f":s{rng.randrange(3)}-s{rng.randrange(16)}"
        for _ in range(400)
    ]
    known = Libsepol(debian_folder("mls") / "policy.33", mls=True).sids(texts)
    valid = {text for text in texts if policy.labels.is_valid(policy.context(text))}
    assert set(known) == valid
    assert 3 < len(valid) < 390
