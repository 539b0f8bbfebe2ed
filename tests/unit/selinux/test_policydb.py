"""Policies are read to the last byte and written back the same."""

from __future__ import annotations

import subprocess
from array import array
from pathlib import Path

import msgspec
import pytest

from hardcheck.errors import PolicyError
from hardcheck.selinux import Policy
from hardcheck.selinux.avtab import (
    ENABLED,
    KIND_SHIFT,
    ExtendedForm,
    ExtendedRule,
    RuleKind,
    RuleList,
    key_of,
)
from hardcheck.selinux.cursor import Cursor
from hardcheck.selinux.header import policy_version, read_header
from hardcheck.selinux.policydb import PolicyDb, read_policydb, write_policydb
from tests.corpora import corpus, need_tool
from tests.unit.selinux.libsepol import compile_conf
from tests.unit.selinux.policies import SMALL, debian_folder, small

HEADER = small("audit").policydb.header
SETOOLS = "tests/library"


@pytest.mark.parametrize("version", [30, 31, 32, 33])
@pytest.mark.parametrize("kind", ["default", "mls"])
def test_debians_policies_come_back_byte_for_byte(kind: str, version: int) -> None:
    data = (debian_folder(kind) / f"policy.{version}").read_bytes()
    policy = Policy.from_bytes(data)
    assert policy.version == version
    assert write_policydb(policy.policydb) == data


@pytest.mark.parametrize("version", range(24, 34))
def test_every_version_that_checkpolicy_writes_comes_back(version: int, tmp_path: Path) -> None:
    source = corpus("setools-tests") / SETOOLS / "diff_left.conf"
    plain = tmp_path / "plain.conf"
    plain.write_text(
        "\n".join(line for line in source.read_text().splitlines() if "xperm" not in line) + "\n"
    )
    compiled = compile_conf(plain, tmp_path, version)
    assert compiled is not None
    data = compiled.read_bytes()
    policy = Policy.from_bytes(data)
    assert policy.version == version
    assert write_policydb(policy.policydb) == data


def test_setools_policies_compile_and_come_back(tmp_path: Path) -> None:
    folder = corpus("setools-tests") / SETOOLS
    read = 0
    for source in sorted(folder.rglob("*.conf")):
        compiled = compile_conf(source, tmp_path)
        if compiled is not None:
            data = compiled.read_bytes()
            assert write_policydb(Policy.from_bytes(data).policydb) == data, source.name
            read += 1
    assert read > 50


def test_libsepols_policies_compile_and_come_back(tmp_path: Path) -> None:
    secilc, folder = need_tool("secilc"), corpus("selinux-userspace-tests")
    compiled = [compile_conf(source, tmp_path) for source in sorted(folder.rglob("*.conf"))]
    for source in sorted((folder / "secilc/test").glob("*.cil")):
        goal = tmp_path / f"{source.stem}.cil.33"
        command = [secilc, "-c", "33", "-f", "/dev/null", "-o", goal, source]
        if subprocess.run(command, capture_output=True, timeout=60).returncode == 0:
            compiled.append(goal)
    compiled.append(folder / "libsepol/fuzz/policy.bin")
    policies = [path for path in compiled if path is not None]
    for path in policies:
        assert write_policydb(Policy.from_bytes(path.read_bytes()).policydb) == path.read_bytes(), path.name
    assert len(policies) >= 10


def test_module_packages_are_refused_by_name() -> None:
    package = (corpus("selinux-userspace-tests") / "libsepol/fuzz/min_mod.pp").read_bytes()
    with pytest.raises(PolicyError, match="found a policy module"):
        Policy.from_bytes(package)


def test_xen_policies_are_refused_by_name(tmp_path: Path) -> None:
    checkpolicy = need_tool("checkpolicy")
    source = corpus("setools-tests") / SETOOLS / "policyrep/selinuxpolicy-xen.conf"
    goal = tmp_path / "xen"
    command = [checkpolicy, "-t", "xen", "-c", "30", "-M", "-o", goal, source]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    with pytest.raises(PolicyError, match="Xen"):
        Policy.read(goal)


def newer(policydb: PolicyDb, version: int, **changes: object) -> PolicyDb:
    header = msgspec.structs.replace(policydb.header, version=version)
    return msgspec.structs.replace(policydb, header=header, **changes)


def test_version_34_has_extended_rules_in_conditional_lists() -> None:
    policy = small("boolean")
    names = policy.names
    key = key_of(names.types["server_t"], names.types["content_t"], names.classes["file"].value, 0)
    kind = RuleKind.ALLOWXPERM | ENABLED
    rule = ExtendedRule(1, key | kind << KIND_SHIFT, ExtendedForm.IOCTL_FUNCTIONS, 0x54, 1 << 3)
    (block,) = policy.policydb.conditionals
    listed = RuleList(block.when_false.plain, (rule,))
    ioctl = key | RuleKind.ALLOW << KIND_SHIFT, names.classes["file"].masks["ioctl"]
    listed = RuleList((*block.when_false.plain, ioctl), (rule,))
    changed = msgspec.structs.replace(block, when_false=listed)
    data = write_policydb(newer(policy.policydb, 34, conditionals=(changed,)))
    again = Policy.from_bytes(data)
    assert write_policydb(again.policydb) == data
    question = ("system_u:system_r:server_t:s0", "system_u:object_r:content_t:s0", "file", "ioctl")
    assert again.decide(*question, command=0x5403).allowed
    assert not again.decide(*question, command=0x5404).allowed
    with pytest.raises(PolicyError, match="only from version 34"):
        Policy.from_bytes(write_policydb(newer(policy.policydb, 33, conditionals=(changed,))))


def test_version_35_has_types_that_are_never_audited() -> None:
    policy = small("permissive")
    type_ = policy.names.types["server_t"]
    data = write_policydb(newer(policy.policydb, 35, neveraudit_types=1 << type_))
    again = Policy.from_bytes(data)
    assert again.policydb.neveraudit_types == 1 << type_
    question = ("system_u:object_r:secret_t:s0", "file", "write")
    assert not again.decide("system_u:system_r:server_t:s0", *question).audited
    assert again.decide("system_u:system_r:other_t:s0", *question).audited
    assert write_policydb(again.policydb) == data


@pytest.mark.parametrize("version", [23, 36, 0, 2**31])
def test_an_unknown_version_is_named(version: int) -> None:
    data = write_policydb(newer(small("audit").policydb, version))
    with pytest.raises(PolicyError, match=f"a policy version from 24 to 35, found {version}"):
        Policy.from_bytes(data)


def test_the_version_is_known_from_the_first_bytes() -> None:
    assert policy_version((SMALL / "audit.33").read_bytes()[:32]) == 33


@pytest.mark.parametrize("length", range(32))
def test_a_cut_header_is_a_policy_error(length: int) -> None:
    with pytest.raises(PolicyError, match="offset 0x"):
        read_header(Cursor((SMALL / "audit.33").read_bytes()[:length]))


def test_vendor_flags_of_the_header_are_kept() -> None:
    header = msgspec.structs.replace(HEADER, config=HEADER.config | 1 << 31)
    data = write_policydb(msgspec.structs.replace(small("audit").policydb, header=header))
    assert write_policydb(read_policydb(data)) == data


def test_a_file_that_is_not_there_is_a_policy_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="No such file"):
        Policy.read(tmp_path / "none")


def test_the_error_of_a_file_names_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.33"
    path.write_bytes((SMALL / "audit.33").read_bytes()[:100])
    with pytest.raises(PolicyError, match=f"^{path}: offset 0x"):
        Policy.read(path)


def broken(**changes: object) -> bytes:
    return write_policydb(msgspec.structs.replace(small("attribute").policydb, **changes))


def test_values_that_no_table_defines_are_refused() -> None:
    db = small("attribute").policydb
    missing = key_of(60_000, 1, 1, RuleKind.ALLOW)
    rules = msgspec.structs.replace(db.rules, plain={**db.rules.plain, missing: 1})
    with pytest.raises(PolicyError, match="rules: expected a source type that the policy defines"):
        Policy.from_bytes(broken(rules=rules))
    with pytest.raises(PolicyError, match="permissive types"):
        Policy.from_bytes(broken(permissive_types=1 << 5000))
    attributes = (array("H", [9000]), *db.type_attributes[1:])
    with pytest.raises(PolicyError, match="type attributes"):
        Policy.from_bytes(broken(type_attributes=attributes))


def test_a_value_without_a_name_is_a_gap_and_no_type() -> None:
    """Compilers that expand attributes away leave their values unused."""
    db = small("attribute").policydb
    gone = next(record for record in db.types.records if record.name == "port_t")
    types = tuple(record for record in db.types.records if record is not gone)
    contexts = msgspec.structs.replace(db.object_contexts, initial_sids=())
    with pytest.raises(PolicyError, match="object contexts: expected a type that the policy defines"):
        Policy.from_bytes(data_with(db, types, db.object_contexts, db.roles.records))
    kept = ~(1 << (gone.value - 1))
    roles = tuple(msgspec.structs.replace(role, types=role.types & kept) for role in db.roles.records)
    policy = Policy.from_bytes(data_with(db, types, contexts, roles))
    assert "port_t" not in policy.types.names(policy.types.every)
    assert policy.types.names(policy.types.named("port_type")) == ()


def data_with(db: PolicyDb, types: tuple[object, ...], contexts: object, roles: tuple[object, ...]) -> bytes:
    replace = msgspec.structs.replace
    return write_policydb(
        replace(
            db,
            types=replace(db.types, records=types),
            roles=replace(db.roles, records=roles),
            object_contexts=contexts,
        )
    )


def test_bounds_in_a_circle_are_refused() -> None:
    db = small("bounds").policydb
    types = {record.name: record.value for record in db.types.records}
    circle = {"server_t": types["other_t"], "other_t": types["server_t"]}
    records = tuple(
        msgspec.structs.replace(record, bounds=circle.get(record.name, record.bounds))
        for record in db.types.records
    )
    data = write_policydb(
        msgspec.structs.replace(db, types=msgspec.structs.replace(db.types, records=records))
    )
    with pytest.raises(PolicyError, match="type bounds"):
        Policy.from_bytes(data)
