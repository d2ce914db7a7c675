"""What stands for a student's names in the judge: values, and functions that ask the sandbox."""

import re
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass

import torch

from classroom.runner import wire
from classroom.runner.wire import Channel

CALLBACKS = 5000  # calls of a judge's function that one call of a student's may make


class Stopped(BaseException):
    """The run cannot go on; no check may take it for an error of the student's function.

    Attributes:
        why: the key of a reason.
    """

    def __init__(self, why: str) -> None:
        """Remember why."""
        super().__init__(why)
        self.why = why


def imitation(name: str, *bases: type) -> type:
    """A class with the name that a student's class has, for the text of a hint."""
    clean = re.sub(r"\W", "", name)[:60] or "object"
    return type(clean, bases, {})


class Unsent:
    """A student's object that stays in the sandbox."""

    text = ""

    def __repr__(self) -> str:
        """What the object showed of itself there."""
        return self.text


class Line:
    """Questions to a run of a submission, each with a limit on time."""

    def __init__(self, channel: Channel, why: Callable[[], str | None]) -> None:
        """Take the connection.

        Args:
            channel: to the run.
            why: says why the sandbox was ended, if it was.
        """
        self.channel, self.why = channel, why
        self.left = 0.0  # seconds that the questions may still take

    def ask(self, functions: list[Callable] = (), **message: object) -> dict:
        """Ask, and serve what the run asks back.

        Args:
            functions: of the judge's, which the run may call.
            message: the question.

        Returns:
            The answer.

        Raises:
            Stopped: if there is none.
        """
        started, calls = time.monotonic(), 0
        end = started + self.left
        try:
            self.channel.send(message, max(self.left, 0.01))
            while True:
                answer = self.channel.receive(max(end - time.monotonic(), 0.01))
                if "callback" not in answer:
                    return answer
                calls += 1
                if calls > CALLBACKS:
                    raise Stopped("time")
                back = _called(functions, answer)
                self.channel.send(back, max(end - time.monotonic(), 0.01))
        except TimeoutError:
            raise Stopped(self.why() or "time") from None
        except (EOFError, OSError):
            raise Stopped(self.why() or "kernel") from None
        except Exception:  # whatever else a message can be wrong with
            raise Stopped("channel") from None
        finally:
            self.left -= time.monotonic() - started

    def value(self, name: str) -> object:
        """The value of a student's name.

        Args:
            name: such as ``velocity``.

        Returns:
            A value, or a function that asks the run.

        Raises:
            KeyError: if the run knows no such name.
            Stopped: if the run does not answer.
        """
        answer = self.ask(op="get", name=name)
        if "value" not in answer:
            raise KeyError(name)
        return self.inward(answer["value"])

    def inward(self, value: object) -> object:
        """Something that has come from the run, as the checks take it."""
        if isinstance(value, wire.Function):
            return self.function(value.number)
        if isinstance(value, wire.Opaque):
            made = imitation(value.kind, Unsent)()
            made.text = value.text
            return made
        if isinstance(value, list | tuple):
            return type(value)(self.inward(item) for item in value)
        if isinstance(value, dict):
            return {key: self.inward(item) for key, item in value.items()}
        return value

    def function(self, number: int) -> Callable:
        """A student's function, by its number."""

        def answer(*args: object, **names: object) -> object:
            functions: list[Callable] = []
            given = tuple(outward(arg, functions) for arg in args)
            named = {name: outward(value, functions) for name, value in names.items()}
            got = self.ask(
                functions,
                op="call",
                number=number,
                args=given,
                names=named,
                grad=torch.is_grad_enabled(),
            )
            if "value" not in got:
                raise error_of(got)
            _overwrite(args, got.get("changed"))
            return self.inward(got["value"])

        return answer


def outward(value: object, functions: list[Callable]) -> object:
    """An argument of a student's function, as it is sent.

    Args:
        value: a value, a function or an object of the course.
        functions: receives the functions.

    Returns:
        What the wire takes.
    """
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, list | tuple):
        return tuple(outward(item, functions) for item in value)
    if is_dataclass(value) and type(value).__module__ == "utils.schedulers":
        values = {item.name: getattr(value, item.name) for item in fields(value)}
        return wire.Special(type(value).__name__, values)
    if callable(value):
        functions.append(value)
        return wire.Function(len(functions) - 1)
    return value


def error_of(answer: dict) -> Exception:
    """The error that a student's function raised, by name and text."""
    told = answer.get("error")
    whole = isinstance(told, list) and len(told) == 2 and all(isinstance(x, str) for x in told)
    name, text = told if whole else ("Exception", "")
    if name == "NotImplementedError":
        return NotImplementedError(text[:300])
    return imitation(name, Exception)(text[:300])


def _overwrite(args: tuple, changed: object) -> None:
    """Repeat on the judge's copies what the function did to its arguments."""
    if not isinstance(changed, dict):
        return
    for place, now in changed.items():
        known = isinstance(place, int) and 0 <= place < len(args)
        if known and isinstance(args[place], torch.Tensor) and isinstance(now, torch.Tensor):
            args[place].data = now.to(args[place].dtype)


def _called(functions: list[Callable], message: dict) -> dict:
    """Call a function of the judge's for a student's."""
    try:
        number, args, names = message["callback"], message["args"], message["names"]
        if type(number) is not int or not 0 <= number < len(functions):
            raise TypeError("no such function")
        value = functions[number](*args, **names)
        wire.encode(value, [])
        return {"value": value.detach() if isinstance(value, torch.Tensor) else value}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {str(error)[:300]}"}
