"""A module laid over a decoded policy is what the real compiler makes of both."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from hardcheck.errors import PolicyError
from hardcheck.selinux.cil import read_extension
from hardcheck.selinux.diff import diff_policies
from hardcheck.selinux.extend import extend, extend_file_contexts
from hardcheck.selinux.file_contexts import FileContexts
from hardcheck.selinux.policy import Policy
from hardcheck.selinux.policydb import read_policydb, write_policydb
from tests.unit.selinux.policies import debian, debian_labels

HERE = Path(__file__).parent
BASE, MODULE = HERE / "small_base.cil", HERE / "small_module.cil"


def compiled(folder: Path, *sources: Path) -> Policy:
    secilc = shutil.which("secilc", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if secilc is None:
        pytest.skip("secilc is not installed (apt-get install secilc)")
    out = folder / f"{len(sources)}.policy"
    # -X 0: no attribute is expanded, as semodule leaves those of distributions
    command = [secilc, "-X", "0", "-c", "33", "-f", "/dev/null", "-o", str(out), *map(str, sources)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return Policy.read(out)


def test_the_extended_policy_is_the_compiled_one(tmp_path: Path) -> None:
    base = compiled(tmp_path, BASE)
    extended = extend(base, read_extension(MODULE.read_text()))
    real = compiled(tmp_path, BASE, MODULE)
    difference = diff_policies(extended.policy, real)
    assert difference.equal, difference
    assert not diff_policies(base, real).equal
    assert extended.unsure == ("site_t: no type has the same attributes; learnt without bounded",)


def test_the_extended_policy_can_be_written_and_read_again(tmp_path: Path) -> None:
    extended = extend(debian(), read_extension(DEBIAN_MODULE)).policy
    again = Policy(read_policydb(write_policydb(extended.policydb)))
    assert diff_policies(extended, again).equal


DEBIAN_MODULE = """
(type site_t) (type site_content_t)
(roletype system_r site_t)
(typeattributeset domain (site_t)) (typeattributeset daemon (site_t))
(typeattributeset file_type (site_content_t)) (typeattributeset non_security_file_type (site_content_t))
(typeattributeset non_auth_file_type (site_content_t))
(allow site_t site_content_t (file (read open getattr)))
(allow init_t site_t (process (transition)))
(filecon "/srv/www/a\\.example(/.*)?" any (system_u object_r site_content_t ((s0) (s0))))
"""


def test_a_new_domain_has_what_all_daemons_have_and_no_more() -> None:
    policy = extend(debian(), read_extension(DEBIAN_MODULE)).policy
    site, content = "system_u:system_r:site_t:s0", "system_u:object_r:site_content_t:s0"
    assert "read" in policy.access(site, content, "file").allowed
    assert "execute" in policy.access(site, "system_u:object_r:lib_t:s0", "file").allowed
    assert "transition" in policy.access("system_u:system_r:init_t:s0", site, "process").allowed
    for type_ in ("shadow_t", "httpd_sys_content_t", "etc_t"):
        target = f"system_u:object_r:{type_}:s0"
        assert "write" not in policy.access(site, target, "file").allowed
        assert "read" not in policy.access(site, target, "file").allowed
    assert "read" not in policy.access("system_u:system_r:httpd_t:s0", content, "file").allowed


def test_file_contexts_of_a_module_come_before_those_of_the_host() -> None:
    local = b"/srv/www(/.*)? system_u:object_r:httpd_sys_content_t:s0\n"
    distributed = "\n".join(
        f"{rule.spec} {rule.context}"
        for rule in debian_labels().rules
        if rule.where.startswith("file_contexts:")
    )
    module = read_extension(DEBIAN_MODULE)
    path = "/srv/www/a.example/index.php"
    plain = FileContexts.from_files({"file_contexts": distributed.encode()})
    overruled = FileContexts.from_files({"file_contexts": distributed.encode(), "file_contexts.local": local})
    assert "site_content_t" in str(extend_file_contexts(plain, module).match(path))
    assert "httpd_sys_content_t" in str(extend_file_contexts(overruled, module).match(path))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(type init_t)", "init_t"),
        ("(type x_t) (typeattributeset no_such (x_t))", "no_such"),
        ("(type x_t) (typeattributeset init_t (x_t))", "init_t"),
        ("(allow init_t no_such_t (file (read)))", "no_such_t"),
        ("(allow init_t init_t (file (no_such)))", "no_such"),
        ("(allow init_t init_t (no_such (read)))", "no_such"),
        ("(macro x ())", "macro"),
        ("(allow init_t init_t (file (not (read))))", "not"),
        ("(type x_t", "the end"),
        ("x", "x"),
    ],
)
def test_what_does_not_fit_or_is_not_covered_is_named(text: str, found: str) -> None:
    with pytest.raises(PolicyError, match=found):
        extend(debian(), read_extension(text))
