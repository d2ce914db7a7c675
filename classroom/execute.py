"""Run a submission's cells, and stop at the first that loops, exhausts memory or kills the kernel.

What such a cell leaves behind, a busy kernel or a full memory, would make later cells fail that are
right. So the run is abandoned; ``classroom.worker`` repeats it without the guilty cell.
"""

from nbgrader.preprocessors import Execute

from classroom.notebook import exercise_of

OUT_OF_MEMORY = ("MemoryError", "can't allocate memory", "not enough memory")


class Abandoned(Exception):
    """The run was stopped; the message is the key of a reason."""


class GuardedExecute(Execute):
    """nbgrader's Execute, which remembers the running cell and stops at a disaster."""

    running = None  # (position, exercise or None) of the cell, for whoever repeats the run
    why = None

    @classmethod
    def forget(cls) -> None:
        """Start a new run."""
        cls.running = cls.why = None

    def on_cell_start(self, cell, cell_index):
        """Remember the cell: if the kernel dies, it was this one."""
        type(self).running = (cell_index, exercise_of(cell), cell.metadata.get("nbgrader"))

    def on_cell_executed(self, **kwargs):
        """Record the error as nbgrader does, and stop if it was a disaster."""
        super().on_cell_executed(**kwargs)
        for output in kwargs["cell"].get("outputs", []):
            if output.output_type != "error":
                continue
            text = f"{output.ename}: {output.evalue}"
            if output.ename == "CellTimeoutError":
                type(self).why = "time"
            elif any(sign in text for sign in OUT_OF_MEMORY):
                type(self).why = "memory"
        if type(self).why:
            raise Abandoned(type(self).why)
