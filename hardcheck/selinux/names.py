"""Names to values and back, for everything that a policy names."""

from __future__ import annotations

from typing import TypeVar

from hardcheck.selinux.classes import ObjectClass
from hardcheck.selinux.ebitmap import values_of
from hardcheck.selinux.policydb import PolicyDb
from hardcheck.selinux.symbols import Symbol, SymbolTable

_NamedT = TypeVar("_NamedT", bound=Symbol)

# Bits of the policy capability map; numbers beyond are reported as numbers.
CAPABILITIES = (
    "network_peer_controls",
    "open_perms",
    "extended_socket_class",
    "always_check_network",
    "cgroup_seclabel",
    "nnp_nosuid_transition",
    "genfs_seclabel_symlinks",
    "ioctl_skip_cloexec",
    "userspace_initial_context",
    "netlink_xperm",
    "netif_wildcard",
    "genfs_seclabel_wildcard",
    "functionfs_seclabel",
    "memfd_class",
    "bpf_token_perms",
)


class ClassNames:
    """One class with all its permissions, inherited ones included, by name and by bit."""

    __slots__ = ("_sets", "masks", "name", "record", "value")

    def __init__(self, record: ObjectClass, masks: dict[str, int]) -> None:
        self.record = record
        self.name = record.name
        self.value = record.value
        self.masks = masks
        self._sets: dict[int, frozenset[str]] = {0: frozenset()}

    def permissions(self, mask: int) -> frozenset[str]:
        """Return the names of the bits of an access vector; bits without a name are left out."""
        known = self._sets.get(mask)
        if known is None:
            known = frozenset(name for name, bit in self.masks.items() if mask & bit)
            if len(self._sets) < _REMEMBERED_SETS:
                self._sets[mask] = known
        return known

    @property
    def every(self) -> int:
        """The mask of all permissions that have a name."""
        return sum(self.masks.values())


_REMEMBERED_SETS = 4096  # access vectors of a class seen so far; a policy has some dozens


class Names:
    """The symbol tables of a policy as look-ups.

    ``types`` has types, attributes and aliases, ``type_names`` the proper name of each value.
    """

    def __init__(self, policydb: PolicyDb) -> None:
        records = policydb.types.records
        proper = [record for record in records if not record.is_alias]
        self.types = {record.name: record.value for record in records}
        self.type_names = {record.value: record.name for record in proper}
        self.attributes = frozenset(record.value for record in proper if record.is_attribute)
        self.bounds = {record.value: record.bounds for record in proper if record.bounds}
        self.aliases = {record.name: record.value for record in records if record.is_alias}
        self.roles, self.role_names = _both(policydb.roles)
        self.users, self.user_names = _both(policydb.users)
        self.booleans, self.boolean_names = _both(policydb.booleans)
        self.sensitivities = {r.name: r.level.sensitivity for r in policydb.sensitivities.records}
        self.sensitivity_names = {
            r.level.sensitivity: r.name for r in policydb.sensitivities.records if not r.is_alias
        }
        self.categories = {r.name: r.value for r in policydb.categories.records}
        self.category_names = {r.value: r.name for r in policydb.categories.records if not r.is_alias}
        self.classes = _classes(policydb)
        self.classes_by_value = {class_.value: class_ for class_ in self.classes.values()}

    def type_name(self, value: int) -> str:
        """Return the name of a type or attribute; ``#N`` for a value without one."""
        return self.type_names.get(value) or f"#{value}"


def _both(table: SymbolTable[_NamedT]) -> tuple[dict[str, int], dict[int, str]]:
    names = {record.name: record.value for record in table.records}
    return names, {value: name for name, value in names.items()}


def _classes(policydb: PolicyDb) -> dict[str, ClassNames]:
    commons = {common.name: common.permissions for common in policydb.commons.records}
    classes = {}
    for record in policydb.classes.records:
        inherited = commons.get(record.common, ())
        masks = {p.name: 1 << (p.value - 1) for p in (*inherited, *record.permissions)}
        classes[record.name] = ClassNames(record, masks)
    return classes


def capability_names(bits: int) -> tuple[str, ...]:
    """Return the names of the set policy capabilities; ``capability_N`` for unknown ones."""
    return tuple(
        CAPABILITIES[value - 1] if value <= len(CAPABILITIES) else f"capability_{value - 1}"
        for value in values_of(bits)
    )
