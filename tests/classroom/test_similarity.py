"""Submissions that resemble each other are shown to the teacher; honest short ones are not."""

import json
import re

import classrooms
import pytest

from classroom import reading, reports, similarity, table

ONE = """
def sample(velocity, x_0, seed):
    # Adams-Bashforth on uneven times
    times = [0.0, 0.3, 0.6, 0.8, 1.0]
    x, old, last = x_0, None, 0.0
    total = torch.zeros(len(x_0))
    widest = 0.0
    for t, t_next in zip(times[:-1], times[1:]):
        h = t_next - t
        v = velocity(x, torch.tensor(t))
        widest = max(widest, v.norm(dim=1).max().item())
        total = total + h * v.norm(dim=1)
        if old is not None:
            slope = v + 0.5 * h * (v - old) / (t - last)
        else:
            slope = v
        x = x + h * slope
        old, last = v, t
    far = x.norm(dim=1) > 3 * widest
    x = torch.where(far[:, None], x_0 + total[:, None] * 0.1, x)
    return x
"""
NAMES = {
    **{"times": "knots", "t_next": "upper", "slope": "direction", "widest": "peak", "h": "dt"},
    **{"total": "way", "last": "was", "old": "memory", "far": "astray", "v": "u"},
}
RENAMED = re.sub(r"\w+", lambda word: NAMES.get(word[0], word[0]), ONE)
RENAMED = RENAMED.replace("0.3, 0.6", "0.25, 0.65")
RENAMED = RENAMED.replace("# Adams-Bashforth on uneven times", "# my own idea, 2nd order")
REORDERED = RENAMED.replace(
    "    way = torch.zeros(len(x_0))\n    peak = 0.0\n",
    "    peak = 0.0  # the fastest\n    way = torch.zeros(len(x_0))\n",
).replace(
    "        dt = upper - t\n        u = velocity(x, torch.tensor(t))\n",
    "        u = velocity(x, torch.tensor(t))\n        dt = upper - t\n",
)
# Other people's samplers, of about the same length.
HONEST = [
    """
def sample(velocity, x_0, seed):
    g = torch.Generator().manual_seed(seed)

    def predicted(x, t):
        return x + (1 - t) * velocity(x, torch.full((len(x),), t))

    x, grid = x_0, torch.linspace(0, 1, 5).square().sqrt().tolist()
    for step in range(4):
        end = predicted(x, grid[step])
        if step == 3:
            break
        fresh = torch.randn(x.shape, generator=g)
        noise = (x - grid[step] * end) / (1 - grid[step])
        mixed = 0.9 * noise + (1 - 0.9**2) ** 0.5 * fresh
        x = grid[step + 1] * end + (1 - grid[step + 1]) * mixed
    centre = end.mean(0, keepdim=True)
    return centre + 0.98 * (end - centre)
""",
    '''
def sample(velocity, x_0, seed):
    """The classical method of Runge and Kutta, once."""
    ones = torch.ones(len(x_0))
    k1 = velocity(x_0, 0 * ones)
    k2 = velocity(x_0 + 0.5 * k1, 0.5 * ones)
    k3 = velocity(x_0 + 0.5 * k2, 0.5 * ones)
    k4 = velocity(x_0 + k3, 0.98 * ones)
    raw = x_0 + (k1 + 2 * k2 + 2 * k3 + k4) / 6
    bad = (raw - x_0).square().sum(1) > 100
    euler = x_0 + 0.25 * (k1 + k2 + k3 + k4)
    raw[bad] = euler[bad]
    spread = raw.std(0)
    if spread.min() < 1e-3:
        raw = raw + 1e-3 * torch.randn(raw.shape, generator=torch.Generator().manual_seed(seed))
    return raw.clamp(-10, 10)
''',
]


def handed_in(tmp_path, answers, name="contest"):
    """A submission as it is read; the other answers stay open."""
    base = classrooms.released(name)
    path = tmp_path / "submission.ipynb"
    path.write_text(json.dumps(classrooms.answered(answers, base=base)), "utf-8")
    return reading.read(path)


def found(tmp_path, *samplers):
    made = {
        f"student {number}": handed_in(tmp_path, {"1-sampler": text})
        for number, text in enumerate(samplers)
    }
    return similarity.pairs(made)


@pytest.mark.parametrize("changed", [RENAMED, REORDERED], ids=["renamed", "reordered"])
def test_renamed_reordered_and_commented_is_found(tmp_path, changed):
    assert changed != ONE and "velocity(x, torch.tensor(t))" in changed
    pairs, short = found(tmp_path, ONE, HONEST[0], changed, HONEST[1])
    assert [(pair.one, pair.other) for pair in pairs] == [("student 0", "student 2")]
    assert pairs[0].share > 0.6 and not short
    (piece, lines, its, there), *_ = pairs[0].pieces
    assert "sample" in piece.source and len(lines) > 8 and len(there) > 8


def test_a_part_that_was_taken_is_found(tmp_path):
    half = HONEST[1] + ONE.replace("def sample", "def other")
    assert found(tmp_path, ONE, HONEST[0], half)[0]


def test_honest_long_answers_are_not_named(tmp_path):
    assert found(tmp_path, ONE, *HONEST) == ([], [])


def test_two_honest_solutions_of_a_short_exercise_are_not_named(tmp_path):
    """They are the same up to names; the report says that they were not compared."""
    other = {
        name: text.replace("x_1", "end").replace("time", "when")
        for name, text in classrooms.RIGHT.items()
    }
    made = {
        "a": handed_in(tmp_path, classrooms.RIGHT, "03-flow-matching"),
        "b": handed_in(tmp_path, other, "03-flow-matching"),
    }
    assert similarity.pairs(made) == ([], ["a", "b"])


def test_what_many_share_counts_for_nobody(tmp_path):
    """A sampler that the whole class was shown."""
    assert found(tmp_path, *[ONE] * 3)[0]
    assert not found(tmp_path, *[ONE] * 4, *HONEST)[0]


def test_what_is_handed_out_counts_for_nobody(tmp_path):
    """A student who pastes the visible cells of the assignment into cells of their own."""
    base = classrooms.released("01-generative-models")
    path = tmp_path / "submission.ipynb"
    made = classrooms.answered({}, base=base)
    text = "\n".join(cell.source for cell in base.cells if cell.cell_type == "markdown")
    made.cells.append(dict(cell_type="markdown", source=text + " ", metadata={}))
    path.write_text(json.dumps(made), "utf-8")
    assert similarity.pairs(dict.fromkeys("ab", reading.read(path)))[0] == []


def test_code_that_python_cannot_read_is_compared_as_well(tmp_path):
    broken = ONE.replace("return x\n", "return (x\n")
    assert found(tmp_path, ONE, broken.replace("times", "knots"), HONEST[0])[0]


def test_the_teacher_sees_both_side_by_side_and_students_nothing(tmp_path):
    pairs = found(tmp_path, ONE, HONEST[0], RENAMED + "# <script>")
    rows = [
        dict.fromkeys(table.COLUMNS, "")
        | {"student": f"student {number}", "assignment": "contest", "exercise": "1-sampler"}
        | {"points": "6", "max_points": "6"}
        for number in range(3)
    ]
    for language in ("ko", "en"):
        folder = reports.write(rows, tmp_path / language, language, {"contest": pairs})
        page = (folder / "class.html").read_text("utf-8")
        title = reports.WORDS["alike"][language == "en"]
        assert title in page and page.count("<mark>") > 16 and "<script>" not in page
        assert {"ko": "증거가 아닙니다", "en": "proof"}[language] in page
        for number in range(3):
            own = (folder / f"student {number}.html").read_text("utf-8")
            assert title not in own and "<mark>" not in own and "widest" not in own
