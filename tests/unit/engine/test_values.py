"""Values that standards set differently, and the variants of a rule that come of them."""

from __future__ import annotations

import msgspec
import pytest

from hardcheck.engine.evaluate import evaluate
from hardcheck.engine.judge import Setup
from hardcheck.engine.load import compile_rule
from hardcheck.engine.profile import AuditProfile, Control, SetValues, Tightened
from hardcheck.engine.rule import Rule
from hardcheck.engine.variants import bind, variant_id
from hardcheck.errors import ConfigError
from hardcheck.facts import fixed_facts
from hardcheck.findings import Coverage, Origin, Severity, Status
from tests.unit.engine.world import SPECS, ref

TEXT = """\
id: tries
title: At most {$most} tries
severity: medium
topic: x
rationale: Because.
sources: [s]
values:
  most: {default: 4, tighter: lower}
  modes: {default: [enforce, kill]}
check: {all: [{fact: count, at_most: $most}, {fact: selinux.config.mode, in: $modes}]}
remedies: [{steps: ["set-tries {$most} # {item}"], verify: ["true"], rollback: ["true"], may_break: none}]
"""


def rule(text: str = TEXT) -> Rule:
    return compile_rule(text.encode(), "tries.yaml", SPECS)


def profile(name: str, *values: SetValues, tighten: tuple[Tightened, ...] = ()) -> AuditProfile:
    control = Control(
        "1", "One", Coverage.PARTIAL, origin=Origin.HARDCHECK, rules=("tries",), partial=("tries",)
    )
    return AuditProfile(name, name, "1", "x", "", (), (control,), values, tighten)


def setup() -> Setup:
    return Setup((rule(),), (), (), SPECS)


def status(checked: Rule, count: int, mode: str = "enforce") -> Status:
    facts = fixed_facts(
        SPECS,
        {"count": count, "selinux.config": msgspec.convert({"mode": mode}, SPECS["selinux.config"].type)},
    )
    return evaluate(checked, facts, "h", ref).status


def test_the_default_holds_where_no_profile_says_otherwise() -> None:
    bound, (same,) = bind(setup(), [profile("p")])
    assert [each.id for each in bound.rules] == ["tries"]
    assert same == profile("p")
    assert rule().info.title == "At most 4 tries"
    assert rule().info.remedies[0].steps == ("set-tries 4 # {item}",)
    assert (status(rule(), 4), status(rule(), 5)) == (Status.PASS, Status.FAIL)


def test_profiles_that_differ_ask_each_its_own_question_in_one_run() -> None:
    strict = profile("strict", SetValues("tries", {"most": 3}, "policy"))
    lax = profile("lax", SetValues("tries", {"most": 10, "modes": ("kill",)}, "standard"))
    bound, profiles = bind(setup(), [strict, lax, profile("plain"), strict])
    rules = {each.id: each for each in bound.rules}
    assert set(rules) == {"tries", "tries@most=3", "tries@modes=kill,most=10"}
    assert [each.rules for each in profiles] == [
        ("tries@most=3",),
        ("tries@modes=kill,most=10",),
        ("tries",),
        ("tries@most=3",),
    ]
    assert profiles[0].controls[0].partial == ("tries@most=3",)
    assert rules["tries@most=3"].info.title == "At most 3 tries"
    assert rules["tries@most=3"].info.remedies[0].steps == ("set-tries 3 # {item}",)
    assert status(rules["tries@most=3"], 4) is Status.FAIL
    assert status(rules["tries@modes=kill,most=10"], 9, "kill") is Status.PASS
    assert status(rules["tries@modes=kill,most=10"], 9) is Status.FAIL
    assert len({each.sha256 for each in bound.rules}) == 3


def test_a_value_that_is_the_default_makes_no_variant() -> None:
    bound, _ = bind(setup(), [profile("p", SetValues("tries", {"most": 4}, "the same"))])
    assert [each.id for each in bound.rules] == ["tries"]


def test_a_title_without_the_value_gets_it() -> None:
    plain = rule(TEXT.replace("At most {$most} tries", "Few tries"))
    bound, _ = bind(Setup((plain,), (), (), SPECS), [profile("p", SetValues("tries", {"most": 3}, "x"))])
    assert bound.rules[0].info.title == "Few tries (most: 3)"


def test_a_raised_severity_is_a_variant_with_the_same_check() -> None:
    raised = profile("p", tighten=(Tightened("tries", Severity.CRITICAL, "exposed"),))
    bound, _ = bind(setup(), [raised])
    assert [(each.id, each.info.severity) for each in bound.rules] == [("tries@critical", Severity.CRITICAL)]


def test_a_long_list_is_named_by_its_digest() -> None:
    name = variant_id("ciphers", {"known": ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com")})
    assert name.startswith("ciphers@known=")
    assert len(name) == len("ciphers@known=") + 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "at_most: $most",
            "at_most: $mots",
            "expected a value that the rule declares, found 'mots' (nearest: most)",
        ),
        ("tries {$most} #", "tries {$mots} #", "steps[0]: expected a value that the rule declares"),
        ("default: 4", "default: 4.5", "values.most.default: expected a whole number"),
        ("[enforce, kill]}", "[enforce, $(id)]}", "expected a word of letters, digits and"),
        ("tighter: lower", "tighter: less", "expected one of lower, higher"),
        ("{default: [enforce, kill]}", "{default: [a], tighter: lower}", "no 'tighter' beside a default"),
        ("  most:", "  Most:", "expected a name of small letters"),
        ("default: 4,", "", "expected the key 'default'"),
    ],
)
def test_a_fault_is_told_with_its_place(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError) as caught:
        rule(TEXT.replace(old, new))
    assert message in str(caught.value)
    assert "tries.yaml:" in str(caught.value)


def test_a_rule_without_values_keeps_dollars_as_they_are() -> None:
    text = (
        TEXT[: TEXT.index("values:")] + "check: {fact: count, at_most: 4}\n" + TEXT[TEXT.index("remedies:") :]
    )
    assert rule(text.replace("{$most}", "$most")).info.remedies[0].steps == ("set-tries $most # {item}",)
