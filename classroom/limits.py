"""What one submission may use."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits on a submission.

    Attributes:
        seconds: time for one cell, and for the calls of one check.
        gigabytes: memory, of a process and of all processes together.
        processes: processes and threads together.
        disk: bytes of its scratch folder, which lies in memory.
        runs: how often it is started again without a cell that went wrong.
    """

    seconds: int = 20
    gigabytes: float = 3.0
    processes: int = 200
    disk: int = 512 * MIB
    runs: int = 12

    @property
    def wall(self) -> int:
        """Seconds for a whole submission, repetitions without the guilty cells included."""
        return 10 * self.seconds + 60

    @property
    def memory(self) -> int:
        """Bytes of memory."""
        return int(self.gigabytes * 2**30)

    def inside(self) -> dict:
        """What ``classroom.runner.limits`` sets from within."""
        return {
            "memory": self.memory,
            "file": self.disk // 2,
            "cpu": self.wall,
            "processes": self.processes,
        }
