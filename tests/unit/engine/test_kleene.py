from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hardcheck.engine.kleene import Truth, all_of, any_of, negate
from hardcheck.facts import Absent, Reason

truths = st.one_of(st.booleans(), st.builds(Absent, st.sampled_from(Reason)))


def as_three(truth: Truth) -> bool | None:
    return truth if isinstance(truth, bool) else None


@given(st.lists(truths))
def test_and_is_false_with_one_false_and_true_only_of_all_true(parts: list[Truth]) -> None:
    result = all_of(parts)
    if any(part is False for part in parts):
        assert result is False
    elif all(part is True for part in parts):
        assert result is True
    else:
        assert result in parts
        assert isinstance(result, Absent)


@given(st.lists(truths))
def test_de_morgan_holds_for_three_values(parts: list[Truth]) -> None:
    assert negate(all_of(parts)) == any_of(negate(part) for part in parts)
    assert negate(any_of(parts)) == all_of(negate(part) for part in parts)


@given(truths)
def test_not_twice_is_the_same_and_unknown_stays_itself(part: Truth) -> None:
    assert negate(negate(part)) == part
    if isinstance(part, Absent):
        assert negate(part) is part


@given(st.lists(truths), st.randoms())
def test_the_order_of_the_parts_does_not_change_the_verdict(parts: list[Truth], random: object) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert as_three(all_of(parts)) == as_three(all_of(shuffled))
    assert as_three(any_of(parts)) == as_three(any_of(shuffled))


@given(st.lists(truths), st.integers(0, 20))
def test_to_learn_what_was_unknown_never_turns_a_decided_verdict(parts: list[Truth], n: int) -> None:
    learned = [bool(n >> i & 1) if isinstance(part, Absent) else part for i, part in enumerate(parts)]
    for combine in (all_of, any_of):
        before, after = combine(parts), combine(learned)
        assert isinstance(before, Absent) or before is after
