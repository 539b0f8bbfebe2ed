"""Which permissions of SELinux an action of the common model takes.

One action can need several permissions on several objects: creating a file needs the right to
write the folder and to create a file of the type that it will get. Permissions follow the
kernel's hooks (security/selinux/hooks.c): ``file_mask_to_av``, ``open_file_to_av``,
``may_create``, ``may_link``, ``selinux_bprm_creds_for_exec``, ``selinux_socket_bind``,
``selinux_socket_connect_helper``, ``selinux_kernel_module_from_file``.
"""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from hardcheck.access.model import Action, Capability, Native, Object, Path, Port, Subject
from hardcheck.errors import PolicyError
from hardcheck.selinux.contexts import SecurityContext
from hardcheck.selinux.policy import Policy

if TYPE_CHECKING:
    from hardcheck.selinux.file_contexts import FileContexts

FILE_KINDS = frozenset({"file", "dir", "lnk_file", "sock_file", "fifo_file", "chr_file", "blk_file"})
LATER_CAPABILITIES = frozenset(
    {
        "mac_override",
        "mac_admin",
        "syslog",
        "wake_alarm",
        "block_suspend",
        "audit_read",
        "perfmon",
        "bpf",
        "checkpoint_restore",
    }
)

_OPENED = {
    Action.READ: ("read",),
    Action.WRITE: ("write",),
    Action.APPEND: ("append",),
    Action.EXECUTE: ("execute", "read"),
    Action.MMAP_EXECUTE: ("execute", "map", "read"),
}
_UNOPENED = {Action.LINK: ("link",), Action.LOCK: ("lock",)}
_FOLDER = {
    Action.READ: ("open", "read", "search"),
    Action.WRITE: ("add_name", "search", "write"),
    Action.APPEND: ("add_name", "search", "write"),
    Action.EXECUTE: ("search",),
    Action.MOUNT: ("mounton",),
}
_TO_SUBJECT = {
    Action.TRANSITION: ("process", "transition"),
    Action.SIGNAL: ("process", "sigkill"),
    Action.PTRACE: ("process", "ptrace"),
    Action.CONNECT: ("unix_stream_socket", "connectto"),
    Action.SEND: ("unix_dgram_socket", "sendto"),
}
_PORT_PERMISSION = {Action.CONNECT: "name_connect", Action.BIND: "name_bind"}


class Unanswerable(Exception):
    """Why a question has no answer; caught inside this package."""


class Need(Struct, frozen=True):
    """Permissions of one class that a source needs on a target."""

    source: SecurityContext
    target: SecurityContext
    class_: str
    permissions: tuple[str, ...]


class Needs:
    """Translates questions of the common model for one policy."""

    def __init__(self, policy: Policy, file_contexts: FileContexts | None) -> None:
        self._policy = policy
        self._file_contexts = file_contexts
        self._open = ("open",) if "open_perms" in policy.capabilities else ()

    def of(self, source: SecurityContext, action: Action, object_: Object) -> list[Need]:
        """Return what a source needs; all of it has to be allowed.

        Raises:
            Unanswerable: SELinux has no permission for this action on such an object, or a label
                is not known.
        """
        if action is Action.SET_POLICY:
            return [Need(source, self._initial("security"), "security", ("load_policy",))]
        if action is Action.LOAD_MODULE:
            return self._load_module(source, object_)
        if isinstance(object_, Path):
            return self._on_path(source, action, object_)
        if isinstance(object_, Port):
            return self._on_port(source, action, object_)
        if isinstance(object_, Capability) and action is Action.USE:
            return [self._capability(source, object_.name)]
        if isinstance(object_, Native):
            return [Need(source, self.context(object_.target), object_.class_, (object_.permission,))]
        if isinstance(object_, Subject) and action in _TO_SUBJECT:
            class_, permission = _TO_SUBJECT[action]
            target = self.context(object_.name)
            if action is Action.TRANSITION and ":" not in object_.name:
                target = self._policy.typical.after(source, target.type)
            return [Need(source, target, class_, (permission,))]
        raise Unanswerable(f"SELinux has no permission for '{action}' on a {type(object_).__name__.lower()}")

    def context(self, text: str) -> SecurityContext:
        """Return the context of a text, which may be a bare type.

        Raises:
            Unanswerable: names that the policy does not define.
        """
        try:
            if ":" in text:
                return self._policy.context(text)
            return self._policy.typical.of(self._policy.labels.parse_type(text))
        except PolicyError as error:
            raise Unanswerable(str(error)) from error

    def of_path(self, path: Path) -> SecurityContext:
        """Return the context of a file: the given one, else what the policy wants it to be.

        Raises:
            Unanswerable: neither is known.
        """
        if path.kind not in FILE_KINDS:
            raise Unanswerable(f"no kind of file is called {path.kind!r}")
        if path.context:
            return self.context(path.context)
        pseudo = self._policy.lookups.pseudo_file(path.path, path.kind)
        if pseudo is not None:
            return pseudo
        if self._file_contexts is None:
            raise Unanswerable(f"the label of {path.path} is not known, and no file_contexts were given")
        try:
            text = self._file_contexts.match(path.path, path.kind)
        except PolicyError as error:
            raise Unanswerable(str(error)) from error
        if text is None:
            raise Unanswerable(f"file_contexts define no label for {path.path}")
        return self.context(text)

    def folders_above(self, path: str) -> list[tuple[str, SecurityContext]]:
        """Return the folders on the way to a path with their contexts, those that are known."""
        found = []
        folder = posixpath.dirname(path)
        while folder and folder != posixpath.dirname(folder):
            with suppress(Unanswerable):
                found.append((folder, self.of_path(Path(folder, "dir"))))
            folder = posixpath.dirname(folder)
        return found[::-1]

    def _initial(self, name: str) -> SecurityContext:
        try:
            return self._policy.lookups.initial(name)
        except PolicyError as error:
            raise Unanswerable(str(error)) from error

    def _on_path(self, source: SecurityContext, action: Action, path: Path) -> list[Need]:
        if action in (Action.CREATE, Action.DELETE):
            return self._in_folder(source, action, path)
        context = self.of_path(path)
        if path.kind == "dir" and action in _FOLDER:
            return [Need(source, context, "dir", _FOLDER[action])]
        if action is Action.CONNECT and path.kind == "sock_file":
            return [Need(source, context, path.kind, ("write",))]
        if action in _UNOPENED:
            return [Need(source, context, path.kind, _UNOPENED[action])]
        if action not in _OPENED or path.kind == "dir":
            raise Unanswerable(f"SELinux has no permission for '{action}' on a {path.kind}")
        opened = () if path.kind in ("lnk_file", "sock_file") else self._open
        need = Need(source, context, path.kind, (*_OPENED[action], *opened))
        if action is Action.EXECUTE:
            return [need, *self._execution(source, context)]
        return [need]

    def _execution(self, source: SecurityContext, file: SecurityContext) -> list[Need]:
        """Return what else it takes to run a file: in place, or in the domain it leads to."""
        new = self.execution(source, file)
        if new.type == source.type and new.role == source.role:
            return [Need(source, file, "file", ("execute_no_trans",))]
        return [
            Need(source, new, "process", ("transition",)),
            Need(new, file, "file", ("entrypoint",)),
        ]

    def execution(self, source: SecurityContext, file: SecurityContext) -> SecurityContext:
        """Return the context of a process after it runs a file.

        Raises:
            Unanswerable: the policy has no class ``process``, or the new context is not authorised.
        """
        process = self._policy.names.classes.get("process")
        if process is None:
            raise Unanswerable("the policy does not define the class process")
        new = self._policy.labelling.new_context(self._policy.enabled(), source, file, process)
        if new is None or not self._policy.labels.is_valid(new.context):
            raise Unanswerable("the policy does not authorise the context that a transition gives")
        return new.context

    def _in_folder(self, source: SecurityContext, action: Action, path: Path) -> list[Need]:
        """Return what it takes to make or remove a name in a folder.

        A new file gets its type from the folder and its own name. Without the folder's label
        only the file itself is asked about, by its given label.
        """
        try:
            folder = self.of_path(Path(posixpath.dirname(path.path.rstrip("/")) or "/", "dir"))
        except Unanswerable:
            if not path.context:
                raise
            folder = None
        if action is Action.DELETE:
            removal = "rmdir" if path.kind == "dir" else "unlink"
            needs = [Need(source, self.of_path(path), path.kind, (removal,))]
        else:
            needs = [Need(source, self._created(source, folder, path), path.kind, ("create",))]
        if folder is not None:
            entry = "remove_name" if action is Action.DELETE else "add_name"
            needs.insert(0, Need(source, folder, "dir", (entry, "search", "write")))
        return needs

    def _created(
        self, source: SecurityContext, folder: SecurityContext | None, path: Path
    ) -> SecurityContext:
        class_ = self._policy.names.classes.get(path.kind)
        if folder is None or class_ is None:
            return self.of_path(path)
        name = posixpath.basename(path.path.rstrip("/"))
        new = self._policy.labelling.new_context(self._policy.enabled(), source, folder, class_, name=name)
        if new is None:
            raise Unanswerable("a new file here would have no range")
        return new.context

    def _on_port(self, source: SecurityContext, action: Action, port: Port) -> list[Need]:
        if action not in _PORT_PERMISSION:
            raise Unanswerable(f"SELinux has no permission for '{action}' on a port")
        if action is Action.CONNECT and port.protocol == "udp":
            raise Unanswerable("SELinux does not check the port of a UDP connection")
        try:
            context = self._policy.lookups.port(port.protocol, port.number)
        except PolicyError as error:
            raise Unanswerable(str(error)) from error
        return [Need(source, context, f"{port.protocol}_socket", (_PORT_PERMISSION[action],))]

    def _capability(self, source: SecurityContext, name: str) -> Need:
        name = name.lower().removeprefix("cap_")
        return Need(source, source, "capability2" if name in LATER_CAPABILITIES else "capability", (name,))

    def _load_module(self, source: SecurityContext, object_: Object) -> list[Need]:
        """Loading needs the capability, and module_load on the module's file where one is named."""
        needs = [self._capability(source, "sys_module")]
        if isinstance(object_, Path):
            needs.append(Need(source, self.of_path(object_), "system", ("module_load",)))
        return needs
