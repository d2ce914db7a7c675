"""The contest, a broken claim and a figure: what is marked and recorded, and who has which rank."""

import csv
import io
import json

import classrooms
import nbformat
import pytest
import torch

import utils.checks
from classroom import contest, leaderboard, notebook, sources, table
from utils.checks import broken, sampler

EULER = """
def sample(velocity, x_0, seed):
    x = x_0
    for step in range({steps}):
        x = x + velocity(x, torch.tensor(step / {steps})) / {steps}
    return x
"""
MIDPOINT = """
def sample(velocity, x_0, seed):
    return sample_ode(velocity, x_0, steps=2, method="midpoint")
"""
STUBBORN = """
def sample(velocity, x_0, seed):
    x = x_0
    for step in range(8):
        try:
            x = x + velocity(x, torch.tensor(step / 8)) / 8
        except Exception:
            pass
    return x
"""
LARGER = """
def sample(velocity, x_0, seed):
    both = torch.cat([x_0, x_0])
    return x_0 + velocity(both, torch.tensor(0.0))[: len(x_0)]
"""
# Solves the same noise again with four more calls whenever it comes back.
MEMORY = """
known = {}
def sample(velocity, x_0, seed):
    place = known.setdefault(x_0.sum().item(), [x_0, 0.0])
    for _ in range(4):
        x, t = place
        place[:] = [x + velocity(x, torch.tensor(t)) / 8, t + 1 / 8]
    return place[0] if place[1] < 1.1 else x_0
"""
UNSEEDED = "import time\n" + MIDPOINT.replace("return ", "return time.time_ns() % 1e9 * 1e-12 + ")
OUTSIDE = """
given = velocity
def sample(velocity, x_0, seed):
    return sample_ode(given, x_0, steps=50)
"""


def answers(name):
    """The model answers of the code."""
    cells = [c for c in notebook.read(sources.find(name, "en")).cells if c.cell_type == "code"]
    return {
        notebook.exercise_of(cell): cell.source
        for cell in cells
        if cell.metadata.nbgrader.grade_id.endswith("-exercise")
    }


def grade(room, name, changed, language="en"):
    """Rows of a submission with the model answers, but for those named."""
    base = classrooms.released(name, language)
    made = classrooms.answered(answers(name) | changed, base=base)
    return {row[0]: row for row in room.judge(made, seconds=20).rows()}


def test_the_model_answer_gets_all_points_and_is_recorded(room):
    rows = grade(room, "contest", {})
    assert [row[1] for row in rows.values()] == [6, 6, 0], rows  # the report was not written
    told = json.loads(rows["1-sampler"][4])
    assert len(told["scores"]) == sampler.SEEDS and max(told["scores"]) < 20
    again = grade(room, "contest", {})
    assert again == rows  # to the byte


BREAKERS = {
    "five calls": (EULER.format(steps=5), "fifth_call"),
    "a refusal caught": (STUBBORN, "fifth_call"),
    "more points in a call": (LARGER, "call_shape"),
    "what it remembers": (MEMORY, "not_repeatable"),
    "its own randomness": (UNSEEDED, "not_repeatable"),
}


@pytest.mark.parametrize("name", BREAKERS)
def test_who_breaks_a_rule_gets_nothing_and_no_score(room, name):
    text, key = BREAKERS[name]
    rows = grade(room, "contest", {"1-sampler": text, "2-midpoint": "gain = 1.0"})
    _, points, _, hint, measured = rows["1-sampler"]
    words = sampler.hint(key, name="x", allowed=4, want=(1000, 2)).split(":")[1][5:40]
    assert (points, measured) == (0, "") and words in hint, hint


def test_the_given_network_is_at_hand_and_is_not_the_one_that_counts(room):
    """Fifty uncounted calls of the wrong network."""
    rows = grade(room, "contest", {"1-sampler": OUTSIDE})
    assert rows["1-sampler"][1] == 0 and "not better" in rows["1-sampler"][3]
    assert min(json.loads(rows["1-sampler"][4])["scores"]) > 100


def test_euler_gets_no_points_but_a_place(room):
    rows = grade(room, "contest", {"1-sampler": EULER.format(steps=4)})
    assert rows["1-sampler"][1] == 0 and "not better" in rows["1-sampler"][3]
    got = json.loads(rows["1-sampler"][4])["scores"]
    want = sampler.scores(sampler.euler, contest.hidden(), contest.seeds())
    assert got == pytest.approx(want, rel=1e-3)


@pytest.mark.parametrize("language", sources.LANGUAGES)
def test_a_hint_says_which_network_and_which_method(monkeypatch, language):
    monkeypatch.setattr(utils.checks, "language", language)
    said = {"ko": ("받은 신경망에서", "오일러 방법"), "en": ("that you were given", "Euler's")}
    counts = {"ko": "신경망 1개에서", "en": "1 networks that count"}
    with pytest.raises(AssertionError) as given:
        sampler.check_sampler(sampler.euler, "euler", seeds=[1, 2])
    assert all(words in str(given.value) for words in said[language])
    with pytest.raises(AssertionError) as hidden:
        sampler.check_sampler(sampler.euler, "euler", contest.hidden()[:1], [1, 2])
    assert counts[language] in str(hidden.value)
    assert said[language][0] not in str(hidden.value)


def test_a_gain_that_was_not_measured(room):
    rows = grade(room, "contest", {"2-midpoint": "gain = 40.0"})
    assert [rows["1-sampler"][1], rows["2-midpoint"][1]] == [6, 0]
    assert "gain" in rows["2-midpoint"][3]


def test_hidden_networks_are_others_and_are_read_back(tmp_path):
    tasks = [sampler.contest_network(), *contest.hidden()]
    assert len({sampler.fingerprint([task], [0]) for task in tasks}) == 1 + contest.NETWORKS
    sampler.save(tmp_path / "one.npz", tasks[1])
    assert sampler.fingerprint([sampler.load(tmp_path / "one.npz")], [0]) == sampler.fingerprint(
        [tasks[1]], [0]
    )
    assert all(task.data.weights.min() > 0.03 for task in tasks)  # shares of 1,000 points


def test_training_a_hidden_network_is_the_same_twice():
    one, two = contest.train(3, steps=20), contest.train(3, steps=20)
    assert sampler.fingerprint([one], [0]) == sampler.fingerprint([two], [0])
    assert sampler.fingerprint([contest.train(4, steps=20)], [0]) != sampler.fingerprint([one], [0])


def row(student, scores, handed_in="2026-11-27 10:00", hint="", on="x"):
    told = {"on": on, "scores": scores, "shares": 0.05, "width": 1.2} if scores else {}
    return dict.fromkeys(table.COLUMNS, "") | {
        "student": student,
        "assignment": "contest",
        "exercise": "1-sampler",
        "hint": hint,
        "measured": json.dumps(told) if told else "",
        "handed_in": handed_in,
    }


NEAR = [10.0, 12.0, 11.0, 10.5, 11.5, 11.0]
ROWS = [
    row("best", [8.0, 9.0, 8.5, 8.2, 8.8, 8.4]),
    row("one", NEAR),
    row("two", [v + d for v, d in zip(NEAR, [1, -1, 1, -1, 1, -0.5], strict=True)]),
    row("last", [v + 5 for v in NEAR]),
    row("=late|*", NEAR, "2026-11-29 10:00"),
    row("LATE", NEAR, "2026-11-27 10:00 LATE"),
    row("failed", [], hint="sample: the network may be called 4 times"),
    row("<b>old", NEAR, on="other networks"),
]


def ranks(entries):
    return {item.who: item.rank for item in entries}


def test_ranks_and_ties():
    entries = leaderboard.order(
        [leaderboard.entry(each, "x", "2026-11-28", "en") for each in ROWS]
        + [leaderboard.Entry("Euler", [v + 3 for v in NEAR], ours=True)]
    )
    assert ranks(entries) == {
        **{"best": "1", "one": "2=", "two": "2=", "Euler": "", "last": "4"},
        **{"=late|*": "", "LATE": "", "failed": "", "<b>old": ""},
    }
    assert [item.who for item in entries][:5] == ["best", "one", "two", "Euler", "last"]
    remarks = {item.who: item.remark for item in entries}
    assert "late" in remarks["LATE"] and "late" in remarks["=late|*"]
    assert "4 times" in remarks["failed"] and "networks" in remarks["<b>old"]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_leaderboard_is_written_the_same_each_time(tmp_path, language, monkeypatch):
    monkeypatch.setattr(leaderboard, "compared", lambda language: [])
    on = sampler.fingerprint(contest.hidden(), contest.seeds())
    rows = [each | {"measured": each["measured"].replace('"x"', f'"{on}"')} for each in ROWS]
    paths = leaderboard.write(rows, tmp_path, language, "2026-11-28")
    first = [path.read_bytes() for path in paths]
    assert first == [
        path.read_bytes()
        for path in leaderboard.write(rows[::-1], tmp_path, language, "2026-11-28")
    ]
    text, markdown, page = (data.decode("utf-8-sig") for data in first)
    lines = list(csv.reader(io.StringIO(text)))
    assert len(lines) == 9 and lines[1][:3] == ["1", "best", "8.48"]
    assert not any(cell[:1] == "=" for line in lines for cell in line)
    assert "<b>" not in markdown and "<b>" not in page and "=late\\|\\*" in markdown
    assert leaderboard.write([], tmp_path / "none", language) == []


def test_what_is_there_for_comparison_is_measured():
    euler, midpoint, example = leaderboard.compared("en")
    assert sampler.better(midpoint.scores, euler.scores)
    assert sampler.better(example.scores, midpoint.scores)


def test_a_broken_claim_is_measured_again(room):
    rows = grade(room, "claim", {})
    assert rows["1-break"][1] == 8, rows["1-break"][3]
    told = json.loads(rows["1-break"][4])
    assert told["claim"] == "fm-radius" and told["change"] == "steps"
    assert max(told["original"]) < 1.2 < min(told["changed"])


CLAIM = answers("claim")["1-break"]
FALSE = {
    "it still holds": (CLAIM.replace('"steps": 3}', '"steps": 30}'), "changed setting, too"),
    "no such claim": (CLAIM.replace("fm-radius", "fm-moon"), "no claim of the page"),
    "two changes": (CLAIM.replace('4.0, "steps": 3}', '3.0, "steps": 3}'), "in 2"),
    "it never held": (CLAIM.replace('"steps": 32}', '"steps": 2}'), "even with the original"),
    "made up": (CLAIM.replace('return path', 'return 9.0 #'), "even with the original"),
    "unseeded": (
        CLAIM.replace(", generator=torch.Generator().manual_seed(seed)", ""), "with one seed"
    ),
    "no number": (CLAIM.replace('return path_length_ratio(flow', "return (flow"), "finite"),
    "left open": ("def measure(seed):\n    raise NotImplementedError", "claim_name"),
}  # fmt: skip


@pytest.mark.parametrize("name", FALSE)
def test_a_claim_that_was_not_broken(room, name):
    text, words = FALSE[name]
    assert text != CLAIM
    got = grade(room, "claim", {"1-break": text})["1-break"]
    assert got[1] == 0 and words in got[3], got


def test_the_bounds_of_all_claims_are_found():
    known = broken.bounds()
    assert known["fm-radius"] == (-float("inf"), 1.2)
    assert known["cmp-narrow-vp"] == (1.5, float("inf"))
    printed = set()
    for path in (sources.ROOT / "notebooks").glob("*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                lines = output.get("text", "").splitlines()
                printed |= {line.split()[1][:-1] for line in lines if line.startswith("claim ")}
    assert printed and known.keys() == printed
    assert all(low < high for low, high in known.values())


FIGURE = answers("figure")["2-measure"]


def test_a_figure_that_was_measured(room):
    rows = grade(room, "figure", {})
    assert rows["2-measure"][1] == 6, rows["2-measure"][3]
    assert json.loads(rows["2-measure"][4])["published"] == [0.847, 0.494, 0.144]
    made_up = FIGURE.replace("measured = measure(0)", "measured = [0.847, 0.494, 0.144]")
    assert grade(room, "figure", {"2-measure": made_up})["2-measure"][1] == 0
    few = FIGURE.replace("0.847, ", "").replace("(250, 500, 750)", "(500, 750)")
    assert "at least 3" in grade(room, "figure", {"2-measure": few})["2-measure"][3]


def test_four_calls_are_counted_for_the_batch():
    x_0 = torch.zeros(5, 2)
    counted = sampler.FourCalls(lambda x, t: x, x_0)
    for t in (0.0, torch.tensor(0.5), torch.rand(5), 1.0):
        assert counted(x_0, t).shape == x_0.shape
    with pytest.raises(RuntimeError, match="4"):
        counted(x_0, 0.0)
    for x, t in ((torch.zeros(4, 2), 0.0), (x_0, torch.rand(4)), (x_0 * float("nan"), 0.0)):
        with pytest.raises(ValueError):
            sampler.FourCalls(lambda x, t: x, x_0)(x, t)
