"""libsepol as an oracle: ``checkpolicy`` compiles, and answers in its debug menu (``-bd``).

The menu works on numbers of contexts (SIDs) that it hands out in the order of asking, so the
same contexts are entered twice: once to learn their numbers, once before the questions.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.corpora import need_tool

TIMEOUT_S = 120


def compile_conf(source: Path, folder: Path, version: int = 33) -> Path | None:
    """Compile a policy.conf, as MLS policy if it is one; None where this checkpolicy cannot."""
    checkpolicy = need_tool("checkpolicy")
    goal = folder / f"{source.stem}.{version}"
    for mls in (["-M"], []):
        goal.unlink(missing_ok=True)
        command = [checkpolicy, *mls, "-c", str(version), "-o", str(goal), str(source)]
        if subprocess.run(command, capture_output=True, timeout=TIMEOUT_S).returncode == 0:
            return goal
    return None


class Libsepol:
    """One binary policy that libsepol is asked about."""

    def __init__(self, policy: Path, *, mls: bool) -> None:
        self._command = [need_tool("checkpolicy"), *(["-M"] if mls else []), "-bd", str(policy)]

    def _answers(self, lines: Iterable[str]) -> list[str]:
        """Return what the menu printed after each of its prompts."""
        text = "\n".join([*lines, "q", ""])
        run = subprocess.run(
            self._command, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
        return run.stdout.split("Choose:  ")[1:]

    def sids(self, contexts: Sequence[str]) -> dict[str, int]:
        """Return the number of each context; contexts that libsepol refuses are left out."""
        answers = self._answers(_enter(contexts))
        found = {}
        for context, answer in zip(contexts, answers, strict=False):
            match = re.search(r"\bsid (\d+)", answer)
            if match:
                found[context] = int(match[1])
        return found

    def allowed(
        self, questions: Sequence[tuple[str, str, str]], booleans: dict[str, bool] | None = None
    ) -> list[frozenset[str]]:
        """Return the allowed permissions for each (source, target, class)."""
        contexts = list(dict.fromkeys(part for question in questions for part in question[:2]))
        sids = self.sids(contexts)
        lines = list(_enter(contexts))
        for name, state in (booleans or {}).items():
            lines += ["h", name, str(int(state))]
        for source, target, class_ in questions:
            lines += ["0", str(sids[source]), str(sids[target]), class_]
        answers = self._answers(lines)[len(contexts) + len(booleans or {}) :]
        return [frozenset(_permissions(answer)) for answer in answers[: len(questions)]]

    def transitions(self, questions: Sequence[tuple[str, str, str]], option: str = "3") -> list[str]:
        """Return the context of a new object for each (source, target, class); "" where refused.

        ``option`` is the menu's: 3 transition, 4 member, 5 change.
        """
        contexts = list(dict.fromkeys(part for question in questions for part in question[:2]))
        sids = self.sids(contexts)
        lines = list(_enter(contexts))
        for source, target, class_ in questions:
            lines += [option, str(sids[source]), str(sids[target]), class_]
        answers = self._answers(lines)[len(contexts) :][: len(questions)]
        numbers = [re.search(r"\bsid (\d+)", answer) for answer in answers]
        wanted = sorted({int(match[1]) for match in numbers if match})
        for sid in wanted:
            lines += ["1", str(sid)]
        shown = self._answers(lines)[len(contexts) + len(questions) :]
        texts = {}
        for sid, answer in zip(wanted, shown, strict=False):
            match = re.search(r"scontext (\S+)", answer)
            texts[sid] = match[1] if match else ""
        return [texts[int(match[1])] if match else "" for match in numbers]


def _enter(contexts: Iterable[str]) -> Iterable[str]:
    for context in contexts:
        yield "2"
        yield context


def _permissions(answer: str) -> list[str]:
    match = re.search(r"allowed \{([^}]*)\}", answer)
    assert match, answer
    return match[1].split()
