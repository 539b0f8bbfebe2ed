"""Answers agree with the running kernel of the lab's SELinux host.

Nothing is changed there for longer than a question takes: booleans are put back by the program
that flips them (selinux_agent.py), and the executed file is removed.
"""

from __future__ import annotations

import base64
import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from hardcheck.selinux import FileContexts, Policy
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.file_contexts import NAMES
from hardcheck.selinux.policydb import write_policydb
from tests.live import lab
from tests.unit.selinux.randoms import random_contexts

pytestmark = pytest.mark.live

AGENT = Path(__file__).with_name("selinux_agent.py")
POLICY_FOLDER = "/etc/selinux/default"
KINDS = {4: "dir", 8: "file", 10: "lnk_file", 12: "sock_file", 1: "fifo_file", 2: "chr_file", 6: "blk_file"}
RANDOM, REALISTIC, TRANSITIONS, SETTINGS = 20_000, 5_000, 5_000, 5
SHARE = 4
SEED = 20_240_917


def on_host(command: str, stdin: bytes = b"") -> bytes:
    done = subprocess.run(lab.ssh_command("selinux", command), input=stdin, capture_output=True, timeout=1800)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def agent(job: str, rows: Iterable[object] = ()) -> list[object]:
    """Run one job of the agent on the host."""
    code = base64.b64encode(AGENT.read_bytes()).decode()
    stdin = "\n".join([job, *(json.dumps(row) for row in rows)]).encode()
    command = f"python3 -c \"exec(__import__('base64').b64decode('{code}').decode())\""
    return [json.loads(line) for line in on_host(command, stdin).decode().splitlines()]


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The policy that the kernel holds, with the booleans as they are."""
    loaded = Policy.from_bytes(on_host("cat /sys/fs/selinux/policy"))
    (booleans,) = agent("booleans")
    assert isinstance(booleans, dict)
    return loaded.with_booleans(booleans)


@pytest.fixture(scope="module")
def host_files() -> list[tuple[str, str, str, str]]:
    """(path, kind, label on disk, label by matchpathcon) of one file in `SHARE`; the emulated host takes
    minutes for all of them."""
    rows = agent("files", [SHARE])
    return [(path, KINDS[kind], label, wanted) for path, kind, label, wanted in rows]  # type: ignore[misc]


def test_the_kernels_own_policy_is_read_and_written_back() -> None:
    data = on_host("cat /sys/fs/selinux/policy")
    assert write_policydb(Policy.from_bytes(data).policydb) == data


def flipped(policy: Policy, rng: random.Random) -> dict[str, bool]:
    """Other states of 40 booleans; those that guard the setting of booleans stay."""
    names = sorted(name for name in policy.booleans if not name.startswith("secure_mode"))
    return {name: not policy.booleans[name] for name in rng.sample(names, 40)}


def compare(policy: Policy, questions: list[tuple[str, str, str]], rng: random.Random) -> list[object]:
    """Ask kernel and hardcheck, with other booleans for each fifth of the questions."""
    settings: list[dict[str, bool]] = [{}, *(flipped(policy, rng) for _ in range(SETTINGS - 1))]
    rows: list[list[object]] = []
    asked: list[tuple[tuple[str, str, str], dict[str, bool]]] = []
    for number, question in enumerate(questions):
        setting = settings[number * SETTINGS // len(questions)]
        value = policy.names.classes[question[2]].value
        row: list[object] = [f"{question[0]} {question[1]} {value}"]
        if not rows or setting is not asked[-1][1]:
            row.append(setting)
        rows.append(row)
        asked.append((question, setting))
    wrong: list[object] = []
    for (question, setting), answer in zip(asked, agent("access", rows), strict=True):
        if expected(policy, question[2], str(answer)) != given(policy, question, setting):
            wrong.append((question, setting, answer))
    return wrong


def expected(policy: Policy, class_name: str, answer: str) -> tuple[object, ...]:
    allowed, _, auditallow, auditdeny, _, flags = answer.split()
    named = policy.names.classes[class_name].permissions
    silent = named(~int(auditdeny, 16) & 0xFFFFFFFF)
    return named(int(allowed, 16)), named(int(auditallow, 16)), silent, bool(int(flags, 16) & 1)


def given(policy: Policy, question: tuple[str, str, str], booleans: dict[str, bool]) -> tuple[object, ...]:
    access = policy.access(*question, booleans=booleans)
    return access.allowed, access.auditallow, access.dontaudit, access.permissive


def test_20000_random_questions_are_answered_as_by_the_kernel(policy: Policy) -> None:
    rng = random.Random(SEED)
    contexts = random_contexts(policy, rng, 3000)
    classes = list(policy.names.classes)
    questions = [(rng.choice(contexts), rng.choice(contexts), rng.choice(classes)) for _ in range(RANDOM)]
    assert compare(policy, questions, rng) == []


def test_5000_realistic_questions_are_answered_as_by_the_kernel(
    policy: Policy, host_files: list[tuple[str, str, str, str]]
) -> None:
    rng = random.Random(SEED + 1)
    processes = sorted({str(context) for context in agent("processes")})
    labels = sorted({(label, kind) for _, kind, label, _ in host_files})
    questions = []
    for _ in range(REALISTIC):
        source = rng.choice(processes)
        target, class_ = rng.choice(labels) if rng.random() < 0.8 else (rng.choice(processes), "process")
        questions.append((source, target, class_))
    assert len(processes) > 5
    assert len(labels) > 50
    assert compare(policy, questions, rng) == []


def test_files_get_the_label_of_matchpathcon(host_files: list[tuple[str, str, str, str]]) -> None:
    folder = f"{POLICY_FOLDER}/contexts/files"
    names = [name for name in on_host(f"ls {folder}").decode().split() if name in NAMES]
    contexts = FileContexts.from_files({name: on_host(f"cat {folder}/{name}") for name in names})
    wrong = [
        (path, kind, wanted, contexts.match(path, kind))
        for path, kind, _, wanted in host_files
        if (contexts.match(path, kind) or "") != wanted.replace("<<none>>", "")
    ]
    assert wrong == []
    assert len(host_files) > 4_000


def test_new_contexts_are_those_of_the_kernel(policy: Policy) -> None:
    rng = random.Random(SEED + 2)
    questions = [*by_rules(policy, rng, TRANSITIONS // 2), *by_names(policy, rng, TRANSITIONS // 4)]
    contexts = random_contexts(policy, rng, 1000)
    classes = list(policy.names.classes)
    while len(questions) < TRANSITIONS:
        questions.append((rng.choice(contexts), rng.choice(contexts), rng.choice(classes), ""))
    rows = [
        [" ".join((s, t, str(policy.names.classes[c].value), *([name] if name else [])))]
        for s, t, c, name in questions
    ]
    wrong = []
    for (source, target, class_, name), answer in zip(questions, agent("create", rows), strict=True):
        new = policy.transition(source, target, class_, name=name or None)
        if (new.context if new.valid else "") != answer:
            wrong.append((source, target, class_, name, answer, new))
    assert wrong == []


def by_rules(policy: Policy, rng: random.Random, count: int) -> list[tuple[str, str, str, str]]:
    found = []
    rules = [key for key in policy.policydb.rules.plain if key >> 48 == 0x10]
    show, typical = policy.labels.show, policy.typical
    for key in rng.sample(rules, min(len(rules), count)):
        class_ = policy.names.classes_by_value[key >> 32 & 0xFFFF].name
        pair = show(typical.process(key & 0xFFFF)), show(typical.object(key >> 16 & 0xFFFF))
        if all(policy.labels.is_valid(policy.context(text)) for text in pair):
            found.append((*pair, class_, ""))
    return found


def by_names(policy: Policy, rng: random.Random, count: int) -> list[tuple[str, str, str, str]]:
    found = []
    show, typical = policy.labels.show, policy.typical
    for key, data in policy.policydb.filename_transitions.by_key.items():
        class_ = policy.names.classes_by_value[key.class_].name
        for sources, _ in data:
            for source in values_of(sources):
                pair = show(typical.process(source)), show(typical.object(key.parent))
                found.append((*pair, class_, key.name))
                found.append((*pair, class_, f"{key.name}x"))
    return rng.sample(found, min(len(found), count))


def test_running_a_file_gives_the_context_that_was_foretold(policy: Policy) -> None:
    """For the entry points of all domains that an administrator or init starts by themselves."""
    graph_sources = ("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", "system_u:system_r:initrc_t:s0")
    rng = random.Random(SEED + 3)
    rows = []
    for source in graph_sources:
        type_ = policy.context(source).type
        files = {
            key >> 16 & 0xFFFF
            for key in policy.policydb.rules.plain
            if key >> 48 == 0x10 and key & 0xFFFF == type_ and key >> 32 & 0xFFFF == 2
        }
        labels = [policy.labels.show(policy.typical.object(file)) for file in sorted(files)]
        rows += [(source, label) for label in rng.sample(labels, min(len(labels), 30))]
        rows.append((source, "system_u:object_r:bin_t:s0"))
    seen: Counter[str] = Counter()
    wrong = []
    for (source, label), context in zip(rows, agent("executions", rows), strict=True):
        if context == "":
            seen["no process came of it"] += 1
            continue
        new = policy.transition(source, label, "process")
        seen["same" if new.context == context else "different"] += 1
        if new.context != context:
            wrong.append((source, label, context, new))
    assert wrong == []
    assert seen["same"] >= 15, seen
