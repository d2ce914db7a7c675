"""The bench's own arithmetic and words; what it measures is not looked at here."""

import random
import string

import pytest

from bench import __main__ as command
from bench import peers, table, words
from bench.turns import OURS, Case, Ratio, Row, exponent, measure, ratio


def test_a_ratio_is_the_median_of_pairs_not_a_ratio_of_medians():
    found = ratio([1.0, 2.0, 10.0, 4.0, 5.0], [3.0, 2.0, 10.0, 8.0, 20.0])  # 3, 1, 1, 2, 4
    assert found == Ratio(median=2.0, low=1.0, high=3.0)


def test_one_round_has_no_spread():
    assert ratio([2.0], [3.0]) == (1.5, 1.5, 1.5)


def test_a_slower_machine_changes_no_ratio():
    ours = [random.random() + 1 for _ in range(20)]
    theirs = [random.random() + 1 for _ in range(20)]
    slow = [random.random() + 1 for _ in range(20)]
    slowed = ([a * s for a, s in zip(x, slow, strict=True)] for x in (ours, theirs))
    assert ratio(*slowed) == pytest.approx(ratio(ours, theirs))


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
def test_an_exponent_is_found_again(power):
    sizes = [64, 128, 512, 2048]
    assert exponent(sizes, [3e-6 * n**power for n in sizes]) == pytest.approx(power)


def test_a_fixed_cost_flattens_an_exponent():
    assert 0 < exponent([1, 10, 100], [50 + n for n in (1, 10, 100)]) < 0.5


def test_every_way_runs_in_every_round_in_changing_order():
    order = []
    ways = {name: lambda name=name: order.append(name) for name in (OURS, "a", "b")}
    row = measure(Case("euler", {}, ways), budget=0.0, shortest=0.0)
    order = order[len(ways) + 1 :]  # the first calls warm up, one more counts
    rounds = [order[i : i + 3] for i in range(0, len(order), 3)]
    assert row.rounds == len(rounds) >= 5 and set(row.ratios) == {"a", "b"}
    assert all(sorted(each) == ["a", "b", OURS] for each in rounds)
    assert len({tuple(each) for each in rounds}) > 1


def test_another_result_is_no_rival():
    ways = {OURS: lambda: 1, "other": lambda: 2}
    with pytest.raises(SystemExit, match="other gives another result"):
        measure(Case("euler", {"batch": 1}, ways, same=int.__eq__), budget=0.0)


def rows():
    def row(steps, ours, bare, rival):
        seconds = {OURS: ours, "bare": ours * bare, "POT": ours * rival}
        ratios = {"bare": Ratio(bare, 0.9, 1.1), "POT": Ratio(rival, 1.2, 1.8)}
        return Row("euler", {"batch": 4096, "steps": steps}, seconds, ratios, 9)

    return [row(8, 0.0012, 0.97, 1.5), row(80, 0.012, 0.996, 1.5)]


ABOUT = {"date": "2026-11-27", "machine": "2 cores", "versions": "torch 2"}
PAGE = {
    "en": """\
| What | ours (ms) | times as fast as |
|---|---:|---:|
| Euler, batch 4,096, 8 evaluations | 1.20 | bare loop 0.97 (0.90–1.10), POT 1.50 (1.20–1.80) |
| Euler, batch 4,096, 80 evaluations | 12.0 | bare loop 1.00 (0.90–1.10), POT 1.50 (1.20–1.80) |

| What | grows with | from | to | exponent of the time |
|---|---:|---:|---:|---:|
| Euler | evaluations | 8 | 80 | ours 1.00, bare loop 1.01, POT 1.00 |

Where ours is the slower one:

- a bare loop checks neither the points nor the shape of what the network returns: \
Euler, batch 4,096, 8 evaluations, bare loop 0.97""",
    "ko": """\
| 무엇 | 이 강의 (ms) | 상대보다 몇 배 빠른가 |
|---|---:|---:|
| 오일러 방법, 배치 4,096, 평가 8회 | 1.20 | 맨 반복문 0.97 (0.90–1.10), POT 1.50 (1.20–1.80) |
| 오일러 방법, 배치 4,096, 평가 80회 | 12.0 | 맨 반복문 1.00 (0.90–1.10), POT 1.50 (1.20–1.80) |

| 무엇 | 무엇에 따라 | 처음 | 끝 | 시간의 지수 |
|---|---:|---:|---:|---:|
| 오일러 방법 | 평가 횟수 | 8 | 80 | 이 강의 1.00, 맨 반복문 1.01, POT 1.00 |

이 강의의 코드가 더 느린 곳:

- 맨 반복문은 시작점도, 신경망이 돌려준 모양도 확인하지 않습니다: \
오일러 방법, 배치 4,096, 평가 8회, 맨 반복문 0.97""",
}


@pytest.mark.parametrize("language", PAGE)
def test_the_page_in_each_language(language):
    found = table.page(rows(), [table.Growth("steps", rows())], language, **ABOUT)
    caption, _, rest = found.partition("\n\n")
    assert all(word in caption for word in ABOUT.values())
    assert rest.startswith(PAGE[language])
    assert found.count("\n- ") == 1  # 0.996 is printed as 1.00, and so it is not lost


def test_a_reason_is_said_once():
    assert len(table.lost([rows()[0], rows()[0]], "en")) == 3


def test_nothing_lost():
    assert table.lost(rows()[1:], "en") == [words.NOTHING_LOST["en"]]


def test_what_the_network_takes_is_no_loss():
    row = rows()[1]
    row.ratios["network"] = Ratio(0.8, 0.8, 0.8)
    assert table.lost([row], "ko") == [words.NOTHING_LOST["ko"]]


@pytest.mark.parametrize(
    "value, said", [(0.1234, "0.12"), (9.87, "9.87"), (43.21, "43.2"), (1234.5, "1,234")]
)
def test_figures(value, said):
    assert table.figures(value) == said


def test_both_languages_say_the_same_with_the_same_numbers():
    def holes(text):
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    entries = [
        *(words.GROUPS, words.VALUES, words.RIVALS, words.GROWTH, words.WORK, words.REASONS),
        {"": words.CAPTION},
    ]
    for said in (said for entry in entries for said in entry.values()):
        assert set(said) == {"en", "ko"}
        assert holes(said["en"]) == holes(said["ko"])


def test_the_table_goes_between_the_markers(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{command.START}\nold\n{command.END}\nafter\n", "utf-8")
    command.write(page, "| 새 |")
    new = f"before\n{command.START}\n| 새 |\n{command.END}\nafter\n"
    assert page.read_text("utf-8") == new
    command.write(page, "| 새 |")
    assert page.read_text("utf-8") == new


def test_a_missing_peer_is_named(monkeypatch):
    monkeypatch.setattr(peers, "PEERS", {"torch": "torch", "no_such_module": "its-package"})
    with pytest.raises(SystemExit, match="not installed: its-package.*pip install its-package"):
        peers.need()


@pytest.mark.parametrize("other", ["--quick", "--only=euler"])
def test_only_a_whole_run_is_written(other, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["bench", "--write", other])
    with pytest.raises(SystemExit):
        command.main()
    assert "whole run" in capsys.readouterr().err
