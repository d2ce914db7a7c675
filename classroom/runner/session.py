"""One run of a submission: its cells in an IPython shell, and answers to what the judge asks."""

import contextlib
import os
import sys

import torch
import wire
from IPython.core.interactiveshell import InteractiveShell


class Shell(InteractiveShell):
    """IPython without a screen: figures go nowhere, no history is kept."""

    def enable_gui(self, gui=None):
        """There is no window."""

    def enable_matplotlib(self, gui=None):
        """Figures are drawn into nothing, whatever a cell asks for."""
        return "agg", "agg"

    def showtraceback(self, *args, **kwargs):
        """The judge gets the error's name and text."""

    def showsyntaxerror(self, *args, **kwargs):
        """Likewise."""

    def ask_exit(self):
        """A cell that says exit() has ended; the shell has not."""


def shell() -> Shell:
    """A shell that writes nothing to disk."""
    made = Shell.instance(history_length=0)
    made.history_manager.enabled = False
    made.colors = "nocolor" if hasattr(made, "colors") else None
    return made


class Session:
    """Answers the judge's questions until it hangs up."""

    def __init__(self, channel: wire.Channel, made: Shell) -> None:
        """Take the connection and a shell."""
        self.channel, self.shell = channel, made
        self.functions: list = []
        self.process = os.getpid()

    def serve(self) -> None:
        """Answer until the judge hangs up."""
        while True:
            try:
                message = self.channel.receive()
            except EOFError:
                return
            answer = getattr(self, f"do_{message.pop('op')}")(**message)
            if os.getpid() != self.process:  # a copy that the cell has made: one answer is enough
                os._exit(0)
            try:
                self.channel.send(answer)
            except wire.WireError as error:
                self.channel.send({"error": ["ValueError", str(error)]})

    def do_cell(self, source: str) -> dict:
        """Run one cell."""
        result = self.shell.run_cell(source, store_history=False, silent=False)
        error = result.error_before_exec or result.error_in_exec
        self.flush()
        return {"error": _described(error)} if error else {}

    def do_get(self, name: str) -> dict:
        """The value of a name, if there is one."""
        space = self.shell.user_ns
        return {"value": self.outward(space[name])} if name in space else {"missing": True}

    def do_call(self, number: int, args: tuple, names: dict, grad: bool) -> dict:
        """Call a function of the submission; say also which tensors it has overwritten."""
        given = [self.inward(arg) for arg in args]
        before = [arg.clone() if isinstance(arg, torch.Tensor) else None for arg in given]
        named = {name: self.inward(value) for name, value in names.items()}
        try:
            with torch.set_grad_enabled(grad):
                value = self.outward(self.functions[number](*given, **named))
        except BaseException as error:
            return {"error": _described(error)}
        finally:
            self.flush()
        changed = {
            place: arg.detach()
            for place, (was, arg) in enumerate(zip(before, given, strict=True))
            if was is not None and not _same(was, arg)
        }
        return {"value": value, "changed": changed}

    def outward(self, value: object, depth: int = 0) -> object:
        """A value as the wire takes it; what it does not take is described."""
        if isinstance(value, torch.Tensor):
            if value.is_complex() and not value.imag.any():
                return value.real
            known = str(value.dtype).removeprefix("torch.") in wire.DTYPES
            sent = known and value.numel() * value.itemsize <= wire.PAYLOAD // 2
            return value if sent else _opaque(value)
        if isinstance(value, list | tuple | dict) and depth < 4 and len(value) < 1000:
            if isinstance(value, dict):
                return {k: self.outward(v, depth + 1) for k, v in value.items()}
            items = [self.outward(item, depth + 1) for item in value]
            return items if isinstance(value, list) else tuple(items)
        with contextlib.suppress(wire.WireError):
            wire.encode(value, [])
            return value
        if callable(value):
            self.functions.append(value)
            return wire.Function(len(self.functions) - 1)
        return _opaque(value)

    def inward(self, value: object) -> object:
        """What the judge hands to a function of the submission."""
        if isinstance(value, wire.Function):
            return lambda *args, **names: self.ask(value.number, args, names)
        if isinstance(value, wire.Special):
            import utils.schedulers

            kind = getattr(utils.schedulers, value.kind)
            return kind(**{name: self.inward(inner) for name, inner in value.values.items()})
        if isinstance(value, list | tuple):
            return type(value)(self.inward(item) for item in value)
        return value

    def ask(self, number: int, args: tuple, names: dict) -> object:
        """Call a function of the judge's, such as the field that a loss is given."""
        sent = {name: self.outward(value) for name, value in names.items()}
        given = tuple(self.outward(arg) for arg in args)
        self.channel.send({"callback": number, "args": given, "names": sent})
        answer = self.channel.receive()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    @staticmethod
    def flush() -> None:
        """Let go of what a cell has printed, and of its figures."""
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        if "matplotlib.pyplot" in sys.modules:
            with contextlib.suppress(Exception):
                sys.modules["matplotlib.pyplot"].close("all")


def _same(was: torch.Tensor, now: torch.Tensor) -> bool:
    """Whether a tensor is what it was; NaN that stayed NaN counts as equal."""
    if was.shape != now.shape:
        return False
    return bool(((was == now) | (was.isnan() & now.isnan())).all())


def _described(error: BaseException) -> list[str]:
    """Name and text of an error."""
    try:
        text = str(error)
        if isinstance(error, SyntaxError):  # its file is a name that IPython has made up
            text = f"{error.msg} (line {error.lineno})"
        return [type(error).__name__, text[:500]]
    except Exception:
        return ["Exception", ""]


def _opaque(value: object) -> wire.Opaque:
    """What is told about a value that is not sent."""
    try:
        return wire.Opaque(type(value).__name__, repr(value)[:200])
    except Exception:
        return wire.Opaque("object", "?")


def silence() -> None:
    """Let everything that is printed vanish, below Python too; nothing can be read."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
