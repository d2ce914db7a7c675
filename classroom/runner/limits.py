"""Limits that the operating system keeps on the submission's process and on all that it starts."""

import contextlib
import os


def apply(bounds: dict) -> None:
    """Limit this process, if the system can (Linux and macOS).

    The data segment is limited, not the address space: libraries map far more than they use, a
    CUDA build of PyTorch tens of gigabytes. Linux counts every private writable page as data.

    Args:
        bounds: ``memory`` and ``file`` in bytes, ``cpu`` in seconds, ``processes``.
    """
    try:
        import resource
    except ImportError:  # Windows has none: there the limit on time is the only one
        return
    wanted = {
        resource.RLIMIT_DATA: bounds["memory"],
        resource.RLIMIT_FSIZE: bounds["file"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CPU: bounds["cpu"],
    }
    # Since Linux 5.14 the number is counted in each sandbox; before, over all that a user runs.
    if os.getpid() == 1 and _linux() >= (5, 14):
        wanted[resource.RLIMIT_NPROC] = bounds["processes"]
    for what, amount in wanted.items():
        _, hard = resource.getrlimit(what)
        allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (allowed, allowed))


def memory(amount: int) -> None:
    """Limit the memory of this process alone, if the system can.

    Args:
        amount: bytes.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (amount, amount))


def _linux() -> tuple[int, ...]:
    """Version of the kernel."""
    with contextlib.suppress(ValueError, AttributeError):
        return tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    return (0, 0)
