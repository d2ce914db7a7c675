"""How values travel between the submission's process and the judge: data that cannot run code.

A message is a JSON header and the raw bytes of its tensors, each preceded by its length. Whoever
reads it gets numbers, strings, containers, tensors, numbers of functions and descriptions of what
is none of these; nothing is unpickled or evaluated. Standard library and torch only.
"""

import json
import math
import numbers
import socket
import struct
import time

import torch

LENGTHS = struct.Struct(">IQ")
HEADER, PAYLOAD = 2 * 2**20, 256 * 2**20  # bytes of one message at most
NODES, DEPTH, TEXT = 20_000, 16, 100_000
DTYPES = {
    str(kind).removeprefix("torch."): kind
    for kind in (
        *(torch.float16, torch.bfloat16, torch.float32, torch.float64),
        *(torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool),
    )
}


class WireError(Exception):
    """The other side has sent what no message of this format is."""


class Function:
    """A function that lives on the other side, by its number."""

    def __init__(self, number: int) -> None:
        """Remember the number."""
        self.number = number


class Opaque:
    """Something that is not sent: the name of its type, and how it shows itself."""

    def __init__(self, kind: str, text: str) -> None:
        """Remember the description."""
        self.kind, self.text = kind, text


class Special:
    """An object of the course that is made anew on the other side, such as a scheduler."""

    def __init__(self, kind: str, values: dict) -> None:
        """Remember the class and its parameters."""
        self.kind, self.values = kind, values


def _raw(tensor: torch.Tensor) -> bytes:
    """The bytes of a tensor of any layout or subclass."""
    plain = tensor.as_subclass(torch.Tensor).detach().cpu().contiguous().reshape(-1)
    return bytes(plain.view(torch.uint8).numpy()) if plain.numel() else b""


def encode(value: object, payload: list[bytes], depth: int = 0) -> object:
    """A value as JSON; the bytes of its tensors are appended to the payload.

    Args:
        value: numbers, strings, containers, tensors, or one of the classes above.
        payload: what the tensors go into.
        depth: how deep in containers it stands.

    Returns:
        What ``json.dumps`` takes.

    Raises:
        WireError: if it is something else, or too deep.
    """
    if depth > DEPTH:
        raise WireError("too many containers in one another")
    if value is None or type(value) in (bool, str):
        return value if not isinstance(value, str) else value[:TEXT]
    if isinstance(value, torch.Tensor):
        name = str(value.dtype).removeprefix("torch.")
        if name not in DTYPES:
            raise WireError(f"tensors of {name} are not sent")
        payload.append(_raw(value))
        return {"tensor": [name, list(value.shape)]}
    if isinstance(value, numbers.Real):
        small = isinstance(value, numbers.Integral) and abs(value) < 2**63
        try:
            return int(value) if small else float(value)
        except OverflowError:
            return math.inf
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [encode(item, payload, depth + 1) for item in value]}
    if isinstance(value, dict):
        pairs = [[k, v] for k, v in value.items() if isinstance(k, str | int)]
        return {"dict": [[k, encode(v, payload, depth + 1)] for k, v in pairs]}
    if isinstance(value, Function):
        return {"function": value.number}
    if isinstance(value, Opaque):
        return {"opaque": [value.kind[:100], value.text[:300]]}
    if isinstance(value, Special):
        return {"special": [value.kind, encode(value.values, payload, depth + 1)]}
    raise WireError(f"{type(value).__name__} is not sent")


class _Reader:
    """Takes the bytes of tensors out of a payload, in order, and counts what it makes."""

    def __init__(self, payload: bytearray) -> None:
        self.payload, self.at, self.nodes = payload, 0, 0

    def tensor(self, name: object, shape: object) -> torch.Tensor:
        kind = DTYPES.get(name) if isinstance(name, str) else None
        sizes = isinstance(shape, list) and all(type(n) is int and 0 <= n < 2**40 for n in shape)
        if kind is None or not sizes or len(shape) > 16:
            raise WireError("a tensor of unknown kind")
        count = math.prod(shape)
        if count == 0:
            return torch.zeros(shape, dtype=kind)
        length = count * kind.itemsize
        if self.at + length > len(self.payload):
            raise WireError("a tensor larger than its message")
        part = self.payload[self.at : self.at + length]
        self.at += length
        if kind is torch.bool:  # any byte but 0 and 1 would be no truth value
            return torch.frombuffer(part, dtype=torch.uint8).ne(0).reshape(shape)
        return torch.frombuffer(part, dtype=kind).reshape(shape)

    def value(self, node: object, depth: int = 0) -> object:
        self.nodes += 1
        if self.nodes > NODES or depth > DEPTH:
            raise WireError("too large")
        if node is None or type(node) in (bool, int, float):
            return node
        if type(node) is str:
            return node[:TEXT]
        if type(node) is not dict or len(node) != 1:
            raise WireError("no value")
        ((kind, inner),) = node.items()
        if kind == "function" and type(inner) is int:
            return Function(inner)
        if type(inner) is not list:
            raise WireError("no value")
        if kind in ("list", "tuple"):
            items = [self.value(item, depth + 1) for item in inner]
            return items if kind == "list" else tuple(items)
        if not (kind == "dict" or len(inner) == 2):
            raise WireError("no value")
        if kind == "dict":
            return {self.key(pair): self.value(pair[1], depth + 1) for pair in inner}
        if kind == "tensor":
            return self.tensor(*inner)
        if kind == "opaque" and all(type(part) is str for part in inner):
            return Opaque(inner[0][:100], inner[1][:300])
        if kind == "special" and type(inner[0]) is str:
            return Special(inner[0][:100], self.value(inner[1], depth + 1))
        raise WireError("no value")

    def key(self, pair: object) -> str | int:
        if type(pair) is not list or len(pair) != 2 or type(pair[0]) not in (str, int):
            raise WireError("no value")
        return pair[0]


def pack(message: dict) -> bytes:
    """A message, values by name, as bytes.

    Args:
        message: see ``encode`` for the values.

    Returns:
        What ``Channel.receive`` on the other side reads.

    Raises:
        WireError: if it is too large, or holds what is not sent.
    """
    payload: list[bytes] = []
    header = json.dumps({name: encode(value, payload) for name, value in message.items()})
    data = header.encode("utf-8", "surrogatepass")
    body = b"".join(payload)
    if len(data) > HEADER or len(body) > PAYLOAD:
        raise WireError("more than one message may hold")
    return LENGTHS.pack(len(data), len(body)) + data + body


def unpack(header: bytes, payload: bytearray) -> dict:
    """The message in a header and its payload.

    Args:
        header: JSON.
        payload: bytes of its tensors.

    Returns:
        Values by name.

    Raises:
        WireError: if it is none.
    """
    try:
        nodes = json.loads(header.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise WireError("no message") from error
    if type(nodes) is not dict:
        raise WireError("no message")
    reader = _Reader(payload)
    return {name: reader.value(node) for name, node in nodes.items()}


class Channel:
    """One end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        """Take a connected socket."""
        self.socket = connection

    def send(self, message: dict, seconds: float | None = None) -> None:
        """Send a message.

        Args:
            message: values by name.
            seconds: how long that may take.

        Raises:
            WireError: if it cannot be sent.
            TimeoutError: if the other side does not read.
        """
        self.socket.settimeout(seconds)
        self.socket.sendall(pack(message))

    def receive(self, seconds: float | None = None) -> dict:
        """Wait for a message.

        Args:
            seconds: how long, until its last byte.

        Returns:
            Values by name.

        Raises:
            WireError: if what comes is none.
            EOFError: if the other side is gone.
            TimeoutError: if nothing comes, or not all of it.
        """
        end = None if seconds is None else time.monotonic() + seconds
        header, payload = LENGTHS.unpack(self._read(LENGTHS.size, end))
        if header > HEADER or payload > PAYLOAD:
            raise WireError("more than one message may hold")
        return unpack(bytes(self._read(header, end)), self._read(payload, end))

    def _read(self, length: int, end: float | None) -> bytearray:
        """Exactly so many bytes."""
        data = bytearray()
        while len(data) < length:
            if end is not None and end <= time.monotonic():
                raise TimeoutError
            self.socket.settimeout(None if end is None else end - time.monotonic())
            part = self.socket.recv(min(length - len(data), 2**20))
            if not part:
                raise EOFError
            data += part
        return data

    def close(self) -> None:
        """Hang up."""
        self.socket.close()
