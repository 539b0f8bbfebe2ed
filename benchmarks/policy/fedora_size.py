"""Writes a policy of the size of Fedora's as CIL: 5,000 types, 85,000 rules, 250,000 filename transitions.

    python -m benchmarks.policy.fedora_size OUTPUT.cil [SEED]

The proportions are those of a distribution's policy, the contents are random: domains with
attributes, rules about attributes and single types, a fifth of the rules conditional, constraints
over categories, filename transitions whose sources are attributes (2,600 names), and programs that
some domains start others with.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

DOMAINS, FILES, ATTRIBUTES = 1000, 4000, 300
RULES, CONDITIONAL, BOOLEANS = 68_000, 17_000, 350
NAMES, SOURCES_OF_NAME = 2_600, 97
PERMISSIONS = {
    "file": "read write append create unlink getattr setattr open execute entrypoint execute_no_trans map",
    "dir": "read write search add_name remove_name open getattr setattr create rmdir lock",
    "process": "fork transition dyntransition setexec setcurrent sigkill signal sigchld ptrace getattr",
    "lnk_file": "read create unlink getattr",
    "sock_file": "read write create unlink getattr",
    "unix_stream_socket": "connectto read write getattr accept listen",
    "tcp_socket": "create name_bind name_connect read write",
    "capability": "sys_module sys_admin net_bind_service setuid setgid",
    "security": "load_policy setenforce setbool",
    "fd": "use",
}
# Given by `transitions` alone: where one may go is narrow in every real policy.
RARE = ("transition", "dyntransition", "setcurrent", "entrypoint")
SIDS = (
    *("kernel", "security", "unlabeled", "fs", "file", "file_labels"),
    *("init", "any_socket", "port", "netif", "netmsg", "node"),
)


def statements(rng: random.Random) -> Iterator[str]:
    """Yield the policy, one statement a line."""
    yield from preamble()
    domains = [f"domain{number}_t" for number in range(DOMAINS)]
    files = [f"file{number}_t" for number in range(FILES)]
    attributes = [f"attribute{number}" for number in range(ATTRIBUTES)]
    yield from (f"(type {name})" for name in (*domains, *files))
    yield from (f"(typeattribute {name})" for name in attributes)
    for number, attribute in enumerate(attributes):
        pool = domains if number < ATTRIBUTES // 2 else files
        size = min(len(pool), int(rng.paretovariate(0.6) * 4) + 2)
        yield f"(typeattributeset {attribute} ({' '.join(rng.sample(pool, size))}))"
    yield f"(typeattributeset domain (kernel_t {' '.join(domains)}))"
    yield f"(typeattributeset file_type (object_t {' '.join(files)}))"
    yield from access_rules(rng, domains, files, attributes)
    yield from transitions(rng, domains, files)


def preamble() -> Iterator[str]:
    yield "(handleunknown allow)(mls true)(policycap open_perms)"
    for name, permissions in PERMISSIONS.items():
        yield f"(class {name} ({permissions}))"
    yield f"(classorder ({' '.join(PERMISSIONS)}))"
    yield from (f"(sid {sid})" for sid in SIDS)
    yield f"(sidorder ({' '.join(SIDS)}))"
    yield "(sensitivity s0)(sensitivityorder (s0))"
    yield "".join(f"(category c{number})" for number in range(1024))
    yield f"(categoryorder ({' '.join(f'c{number}' for number in range(1024))}))"
    yield "(sensitivitycategory s0 (range c0 c1023))(level low (s0))(level high (s0 (range c0 c1023)))"
    yield "(levelrange all (low high))(levelrange lowest (low low))"
    yield "(user system_u)(userrange system_u all)(userlevel system_u low)"
    yield "(role object_r)(role system_r)(userrole system_u object_r)(userrole system_u system_r)"
    yield "(typeattribute domain)(typeattribute file_type)(type kernel_t)(type object_t)"
    yield "(roletype system_r domain)(roletype object_r file_type)"
    yield "(context kernel_context (system_u system_r kernel_t lowest))"
    yield "(context object_context (system_u object_r object_t lowest))"
    for sid in SIDS:
        yield f"(sidcontext {sid} {'kernel' if sid == 'kernel' else 'object'}_context)"
    yield "(mlsconstrain (file (read write)) (or (dom h1 h2) (neq t2 file_type)))"
    yield "(mlsconstrain (process (transition signal sigkill ptrace)) (dom h1 h2))"
    yield "(constrain (process (transition)) (or (eq r1 r2) (eq t1 domain)))"


def access_rules(
    rng: random.Random, domains: list[str], files: list[str], attributes: list[str]
) -> Iterator[str]:
    classes = list(PERMISSIONS)
    seen: set[tuple[str, str, str]] = set()

    def rule() -> str:
        while True:
            source = rng.choice(attributes[: ATTRIBUTES // 2]) if rng.random() < 0.25 else rng.choice(domains)
            target = rng.choice(attributes) if rng.random() < 0.15 else rng.choice(files + domains)
            class_ = rng.choices(classes, (30, 25, 12, 8, 4, 8, 4, 2, 1, 6))[0]
            if (source, target, class_) not in seen:
                break
        seen.add((source, target, class_))
        names = [name for name in PERMISSIONS[class_].split() if name not in RARE]
        chosen = rng.sample(names, rng.randint(1, len(names)))
        kind = "dontaudit" if rng.random() < 0.12 else "allow"
        return f"({kind} {source} {target} ({class_} ({' '.join(chosen)})))"

    for _ in range(RULES):
        yield rule()
    yield from (f"(boolean bool{number} {rng.choice(('true', 'false'))})" for number in range(BOOLEANS))
    for number in range(BOOLEANS):
        held = " ".join(rule() for _ in range(CONDITIONAL // BOOLEANS))
        yield f"(booleanif bool{number} (true {held}))"


def transitions(rng: random.Random, domains: list[str], files: list[str]) -> Iterator[str]:
    for number in range(NAMES):
        attribute = f"creators{number % 40}"
        if number < 40:
            members = rng.sample(domains, SOURCES_OF_NAME)
            yield f"(typeattribute {attribute})(typeattributeset {attribute} ({' '.join(members)}))"
        parent, new = rng.sample(files, 2)
        yield f'(typetransition {attribute} {parent} file "name{number}" {new})'
    for domain, program in zip(rng.sample(domains, 800), rng.sample(files, 800), strict=True):
        yield f"(allow {domain} {program} (file (entrypoint)))"
        for source in ("kernel_t", *rng.sample(domains, rng.randint(0, 6))):
            if source != domain:
                yield f"(typetransition {source} {program} process {domain})"
                yield f"(allow {source} {domain} (process (transition)))"
                yield f"(allow {source} {program} (file (execute)))"


if __name__ == "__main__":
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with Path(sys.argv[1]).open("w") as output:
        for statement in statements(random.Random(seed)):
            output.write(statement + "\n")
