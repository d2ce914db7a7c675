"""Whether and how ``torch.compile`` makes kernels for a network, and what is said if it cannot."""

import random

import torch
from torch import nn

ASKED = ("auto", "on", "off", "default", "graphs")
MODES = ("off", "default", "graphs")
ADVICE = "install a C compiler (such as gcc) and what else it names, or add --no-compile"


def choose_mode(asked: str, device: torch.device, world_size: int = 1) -> str:
    """How to compile, from what the user asked for.

    ``graphs`` records all kernels of a pass in CUDA graphs, which are launched at once: in a
    profile of the mode ``default`` on a large GPU, more than half of each step was waiting for
    Python to launch one kernel after the other.

    Args:
        asked: ``"auto"`` compiles on CUDA only, and takes ``"graphs"`` where it can be; ``"on"``
            takes ``"default"`` everywhere. The others are modes.
        device: where the network computes.
        world_size: number of processes. Several exchange gradients within the backward pass, which
            does not go together with CUDA graphs.

    Returns:
        ``"off"``, ``"default"`` or ``"graphs"``.

    Raises:
        ValueError: if ``asked`` is unknown, or ``"graphs"`` cannot be.
    """
    if asked not in ASKED:
        raise ValueError(f"compile must be one of {ASKED}, got {asked!r}")
    graphs = device.type == "cuda" and world_size == 1
    if asked == "graphs" and not graphs:
        why = f"{world_size} processes" if device.type == "cuda" else f"device {device.type}"
        raise ValueError(
            f"compile 'graphs' needs CUDA and a single process, got {why}: take --compile default"
        )
    if asked == "auto" and device.type == "cuda":
        return "graphs" if graphs else "default"
    return {"auto": "off", "on": "default"}.get(asked, asked)


def compiled(network: nn.Module, mode: str) -> nn.Module:
    """The network as ``torch.compile`` runs it; nothing is compiled before its first call.

    With ``"graphs"`` the answer lies in memory that the next call writes to: copy what you keep,
    and let go of gradients before the next forward pass.

    Args:
        network: the network; its weights stay where they are.
        mode: as ``choose_mode`` returns it.

    Returns:
        A network with the same weights; ``network`` itself if ``mode`` is ``"off"``.

    Raises:
        ValueError: if ``mode`` is unknown.
    """
    if mode not in MODES:
        raise ValueError(f"compile must be one of {MODES}, got {mode!r}")
    if mode == "off":
        return network
    if mode == "default":
        return torch.compile(network)
    # A graph belongs to one shape, so a kernel that serves several would win nothing.
    return torch.compile(network, mode="reduce-overhead", dynamic=False)


def begin_pass(mode: str) -> None:
    """Say that the answers of earlier calls are not needed any more, before a forward pass."""
    if mode == "graphs":
        torch.compiler.cudagraph_mark_step_begin()


def is_compile_error(error: BaseException) -> bool:
    """Whether the error comes from ``torch.compile``, as without a C compiler."""
    return type(error).__module__.split(".")[:2] in (["torch", "_dynamo"], ["torch", "_inductor"])


def compile_error(error: BaseException) -> str:
    """What the user reads in place of a compiler's traceback."""
    cause = getattr(error, "inner_exception", error)  # a compiler's own words, not the wrapping
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    said = lines[0] if lines else type(cause).__name__
    return f"torch.compile does not work here ({said}): {ADVICE}"


def why_not(device: torch.device) -> str | None:
    """Compile a small function, to learn in seconds what would else show only after the images.

    Args:
        device: where it computes.

    Returns:
        ``None`` if it works, else what is wrong, in one line that says what to do.
    """
    number = random.SystemRandom().random()  # another function each time: none lies in a cache

    def probe(x: torch.Tensor) -> torch.Tensor:
        return torch.sin(x) * number

    try:
        torch.compile(probe, dynamic=False)(torch.ones(8, device=device))
    except Exception as error:  # which ones there are differs from version to version
        return compile_error(error)
    return None
