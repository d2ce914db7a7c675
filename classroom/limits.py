"""Limits on the process that grades a submission, and on the kernel that it starts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Attributes:
        seconds: time for one cell.
        gigabytes: memory that a process may write.
    """

    seconds: int = 20
    gigabytes: float = 3.0

    @property
    def wall(self) -> int:
        """Seconds for a whole submission, repetitions without the guilty cells included."""
        return 10 * self.seconds + 60


def apply(limits: Limits) -> None:
    """Limit this process and all that it starts, if the system can (Linux and macOS).

    The data segment is limited, not the address space: libraries map far more than they use, a
    CUDA build of PyTorch tens of gigabytes. Linux counts every private writable page as data.

    Args:
        limits: what to allow.
    """
    try:
        import resource
    except ImportError:  # Windows has none: there the limit on time is the only one
        return
    wanted = {
        resource.RLIMIT_DATA: int(limits.gigabytes * 2**30),
        resource.RLIMIT_FSIZE: 2**30,
        resource.RLIMIT_CORE: 0,
        # Ends a kernel that outlived its grader; it never strikes before the limit on a cell.
        resource.RLIMIT_CPU: limits.wall,
    }
    for what, amount in wanted.items():
        _, hard = resource.getrlimit(what)
        allowed = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (allowed, hard))
