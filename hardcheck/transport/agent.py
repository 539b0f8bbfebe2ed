"""A client of ssh-agent: list keys, have data signed. draft-miller-ssh-agent, sections 4.4 and 4.5.

A message is a u32 length, a type byte and its fields; a string is a u32 length and its bytes. Each question
opens its own connection to the socket, so any thread may ask at any time.
"""

from __future__ import annotations

import socket
import struct

import msgspec
from paramiko import PKey

_REQUEST_IDENTITIES = 11
_IDENTITIES_ANSWER = 12
_SIGN_REQUEST = 13
_SIGN_RESPONSE = 14
_SIGN_FLAGS = {"rsa-sha2-256": 2, "rsa-sha2-512": 4}  # SSH_AGENT_RSA_SHA2_256, _512
_MAX_MESSAGE = 256 * 1024
_MAX_KEYS = 1000
_TIMEOUT_S = 60.0  # a key on a token may ask its owner for a touch


class AgentError(OSError):
    """The agent cannot be reached, refuses, or answers out of form."""


class AgentIdentity(msgspec.Struct, frozen=True):
    """A key the agent holds: the public key's wire form, and its comment."""

    blob: bytes
    comment: str


class Agent:
    """The agent behind one socket."""

    def __init__(self, path: str) -> None:
        self._path = path

    def identities(self) -> tuple[AgentIdentity, ...]:
        """The keys it holds, in its order.

        Raises:
            AgentError: no agent there, or an answer of another form.
        """
        answer = self._ask(bytes([_REQUEST_IDENTITIES]), _IDENTITIES_ANSWER)
        if len(answer) < 4:
            raise AgentError("ssh-agent: a list of keys was expected")
        (count,) = struct.unpack(">I", answer[:4])
        if count > _MAX_KEYS:
            raise AgentError(f"ssh-agent: more than {_MAX_KEYS} keys")
        rest, found = answer[4:], []
        for _ in range(count):
            blob, rest = _take_string(rest)
            comment, rest = _take_string(rest)
            found.append(AgentIdentity(blob, comment.decode("utf-8", "replace")))
        return tuple(found)

    def sign(self, blob: bytes, data: bytes, algorithm: str) -> bytes:
        """The signature over ``data``, in its wire form.

        Raises:
            AgentError: the agent refuses to sign.
        """
        flags = struct.pack(">I", _SIGN_FLAGS.get(algorithm, 0))
        question = bytes([_SIGN_REQUEST]) + _string(blob) + _string(data) + flags
        signature, _ = _take_string(self._ask(question, _SIGN_RESPONSE))
        return signature

    def _ask(self, question: bytes, wanted: int) -> bytes:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_TIMEOUT_S)
                connection.connect(self._path)
                connection.sendall(_string(question))
                (length,) = struct.unpack(">I", _read_exactly(connection, 4))
                if not 0 < length <= _MAX_MESSAGE:
                    raise AgentError(f"ssh-agent: a message of {length} bytes")
                answer = _read_exactly(connection, length)
        except AgentError:
            raise
        except OSError as error:
            raise AgentError(f"ssh-agent at {self._path}: {error.strerror or error}") from None
        if answer[0] != wanted:
            raise AgentError("ssh-agent: refused")
        return answer[1:]


class AgentKey(PKey):
    """A key of an agent in the form that paramiko signs with."""

    def __init__(self, agent: Agent, identity: AgentIdentity) -> None:
        self._agent = agent
        self.blob = identity.blob
        self.comment = identity.comment
        self.public_blob = None

    def get_name(self) -> str:
        """The key's type: the first string of its wire form."""
        return _take_string(self.blob)[0].decode("ascii", "replace")

    def asbytes(self) -> bytes:
        """The wire form."""
        return self.blob

    def can_sign(self) -> bool:
        """The agent holds the private part."""
        return True

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> bytes:  # type: ignore[override] # paramiko's own AgentKey returns bytes here; both are fed to Message.add_string
        """Have the agent sign."""
        return self._agent.sign(self.blob, bytes(data), algorithm or "")


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _take_string(data: bytes) -> tuple[bytes, bytes]:
    """Split the string at the front from the rest."""
    if len(data) < 4:
        raise AgentError("ssh-agent: a string was expected")
    (length,) = struct.unpack(">I", data[:4])
    if length > len(data) - 4:
        raise AgentError("ssh-agent: a string longer than its message")
    return data[4 : 4 + length], data[4 + length :]


def _read_exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise AgentError("ssh-agent: closed the connection")
        data += more
    return bytes(data)
