"""Grade one submission: its code runs in a sandbox, what it answers is compared here.

This process never loads code of a submission. It executes the key's cells, in which the student's
names are values that came out of the sandbox, or functions that ask it.
"""

import contextlib
import io
import json
import time

from classroom import plan as planning
from classroom.key import Exercise, Key, Open
from classroom.limits import Limits
from classroom.proxies import Line, Stopped
from classroom.reading import Cell, Submission
from classroom.reasons import reason
from classroom.runner.wire import Channel
from classroom.sandbox import Sandbox

OUT_OF_MEMORY = ("MemoryError", "can't allocate memory", "not enough memory")


class Judge:
    """Grades one submission."""

    def __init__(self, submission: Submission, key: Key, sandbox: Sandbox, bounds: Limits) -> None:
        """Take what it needs; nothing is run yet.

        Args:
            submission: what was handed in.
            key: of its assignment.
            sandbox: where its code runs.
            bounds: limits.
        """
        self.key, self.sandbox, self.bounds = key, sandbox, bounds
        self.submission = submission
        self.plan = planning.make(submission, key)
        self.results: dict[str, tuple[float, str]] = {}
        self.guilty: dict[int, str] = {}  # reasons by the number of a cell, which is left out
        self.errors: dict[int, str] = {}  # what cells failed with, by their number
        self.recorded: dict[str, str] = {}  # what checks have measured, by exercise
        self.done: list[Cell] = []  # the cells that have run
        self.end = time.monotonic() + bounds.wall
        self.space = self._key_space()

    def _key_space(self) -> dict:
        """The names of the key's setup, in this process."""
        space: dict = {"__name__": "key"}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(self.key.setup, "<setup>", "exec"), space)
        return space

    def rows(self) -> list[tuple]:
        """Grade.

        Returns:
            ``(exercise, points or None, max_points, hint, measured)`` for each graded cell.
        """
        wanted = self.key.exercises
        for _ in range(self.bounds.runs):
            if self._once() and wanted.keys() <= self.results.keys():
                break
            if time.monotonic() > self.end:
                break
        late = time.monotonic() > self.end
        why = self._reason("wall" if late else "too_often")
        for name in wanted.keys() - self.results.keys():
            self.results[name] = (0, why)
        answered = planning.open_answers(self.submission, self.key)
        rows = []
        for item in self.key.graded:
            if isinstance(item, Open):
                open_points, why = (None, "person") if answered[item.name] else (0, "unanswered")
                rows.append((item.name, open_points, item.points, self._reason(why), ""))
            else:
                points, text = self.results[item.name]
                told, measured = self._told(item, points, text), self.recorded.get(item.name, "")
                rows.append((item.name, points, item.points, told, measured))
        general = self.plan.notes.get("", [])
        if rows and general:
            first = next((i for i, row in enumerate(rows) if row[1] is not None), 0)
            name, points, best, text, measured = rows[first]
            text = " ".join(filter(None, [text, *general]))
            rows[first] = (name, points, best, text, measured)
        return rows

    def _told(self, exercise: Exercise, points: float, text: str) -> str:
        """The hint of an exercise, with remarks on its cells."""
        told = [text, *self.plan.notes.get(exercise.name, [])]
        if points < exercise.points:  # a cell of the student's own that failed may be the cause
            answers = {cell.number for cell in self.plan.answers[exercise.name]}
            for cell in self.plan.steps:
                if isinstance(cell, Cell) and not self.plan.exercises_of(cell):
                    why = self.guilty.get(cell.number) or self.errors.get(cell.number)
                    if why and cell.number not in answers:
                        told.append(self._reason("own_cell", cell=cell.title, text=why))
        return " ".join(filter(None, told))[:1500]

    def _reason(self, key: str, **values: object) -> str:
        """The text of a reason, in the notebook's language."""
        values |= {"seconds": self.bounds.seconds, "gigabytes": self.bounds.gigabytes}
        return reason(key, self.key.language, wall=self.bounds.wall, **values)

    def _once(self) -> bool:
        """Run the submission until its end, or until a cell goes wrong.

        Returns:
            Whether the end was reached.
        """
        channel: Channel = self.sandbox.run()
        line = Line(channel, lambda: self.sandbox.reason)
        step: object = None
        self.done = []
        try:
            self._set_up(line)
            for step in self.plan.steps:
                if isinstance(step, Exercise):
                    if step.name not in self.results:
                        self.results[step.name] = self._judge(line, step)
                elif step.number not in self.guilty:
                    error = self._run(line, step.source)
                    self.done.append(step)
                    if error and any(sign in error for sign in OUT_OF_MEMORY):
                        raise Stopped("memory")
                    if error:
                        self.errors[step.number] = error
                if self.key.exercises.keys() <= self.results.keys():
                    break
        except Stopped as stop:
            text = self._reason(stop.why)
            if isinstance(step, Exercise):
                self.results[step.name] = (0, text)
            elif step is not None:
                self.guilty[step.number] = text
                for name in self.plan.exercises_of(step):
                    if self.plan.answers[name][-1] is step:
                        self.results.setdefault(name, (0, text))
            return False
        finally:
            self.sandbox.hang_up()
        return True

    def _set_up(self, line: Line) -> None:
        """Run what stands before the answers."""
        self._run(line, self.key.setup)
        language = repr(self.key.language)
        self._run(line, f"import utils.checks; utils.checks.language = {language}")

    def _afresh(self, line: Line, name: str) -> object:
        """A student's name in a new run that has done nothing but the cells before it.

        What the runs before it have left in memory or on disk is gone.
        """
        self.sandbox.hang_up()
        line.channel = self.sandbox.run()
        left = line.left
        self._set_up(line)
        for cell in self.done:
            self._run(line, cell.source)
        line.left = left
        return line.value(name)

    def _run(self, line: Line, source: str) -> str:
        """Run a cell; what it failed with, or "" ."""
        line.left = min(self.bounds.seconds, self.end - time.monotonic())
        told = line.ask(op="cell", source=source).get("error")
        if not isinstance(told, list) or not all(isinstance(part, str) for part in told):
            return ""
        name, text = [*told, "", ""][:2]
        return f"{name[:60]}: {text[:400]}" if name != "AssertionError" or not text else text[:400]

    def _judge(self, line: Line, exercise: Exercise) -> tuple[float, str]:
        """Points and hint of an exercise, in the state that the run is in."""
        line.left = min(self.bounds.seconds, self.end - time.monotonic())
        answers = self.plan.answers[exercise.name]
        wrong = next((cell for cell in answers[::-1] if cell.number in self.errors), None)
        failed = self.errors[wrong.number] if wrong else ""
        if failed.startswith("NotImplementedError"):  # left open: the check says so
            failed = ""
        if failed:
            failed = self._reason("answer_cell", cell=wrong.title, text=failed)
        # A check may ask for a fresh run, and say what it has measured.
        space = self.space | {"again": lambda name: self._afresh(line, name)}
        missing = []
        for name in exercise.names:
            try:
                space[name] = line.value(name)
            except KeyError:
                missing.append(name)
        if missing and not failed:
            cell = answers[-1].title if answers else ""
            names = ", ".join(missing)
            key = "undefined" if answers else "missing"
            return 0, self._reason(key, names=names, cell=cell)
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(exercise.check, f"<{exercise.name}>", "exec"), space)
        except AssertionError as error:
            return 0, failed or str(error)
        except Exception as error:
            return 0, failed or f"{type(error).__name__}: {str(error)[:300]}"
        finally:
            if isinstance(space.get("recorded"), dict) and space["recorded"]:
                told = json.dumps(space["recorded"], ensure_ascii=False)
                self.recorded[exercise.name] = told[:2000]
        return exercise.points, ""
