"""Exercises of chapter 8: straight paths."""

import math
from collections.abc import Callable
from itertools import permutations

import torch
from torch import Tensor

from utils.checks.parts import Function, Number
from utils.couplings import minibatch_ot_coupling

HINTS = {
    "str_sort_no_place": (
        "{name}: 정렬한 데이터를 그대로 돌려주었습니다. x_0의 순서에 맞추어 놓으세요.",
        "{name}: it returns the sorted data as they are. Put them into the order of x_0.",
    ),
    "str_sort_unsorted": (
        "{name}: 데이터를 정렬하지 않고 x_0의 argsort로 줄만 바꾸었습니다.",
        "{name}: it only reorders the data by the argsort of x_0. Sort the data, too.",
    ),
    "str_gauss_swapped": (
        "{name}: 에너지와 분산의 자리가 바뀌었습니다. 비용, 에너지, 분산의 순서로 쓰세요.",
        "{name}: energy and variance have changed places. The order is cost, energy, variance.",
    ),
    "str_gauss_no_half": (
        "{name}: 속도는 v'/(2v) x인데 1/2을 빠뜨렸습니다. 표준편차를 미분하면 나옵니다.",
        "{name}: the velocity is v'/(2v) x; the 1/2, from differentiating the standard "
        "deviation, is missing.",
    ),
    "str_gauss_w2": (
        "{name}: 에너지 자리에 W_2의 제곱을 썼습니다. 무작위 쌍의 에너지는 그보다 큽니다.",
        "{name}: the squared W_2 stands in place of the energy. With random pairs it is larger.",
    ),
    "str_gauss_paired": (
        "{name}: x_1 = s x_0으로 짝지은 값입니다. 이 문제의 짝은 무작위입니다.",
        "{name}: this holds for the pairs x_1 = s x_0. Here the pairs are random.",
    ),
    "str_gauss_std": (
        "{name}: 데이터의 분산은 s가 아니라 s의 제곱입니다.",
        "{name}: the variance of the data is s squared, not s.",
    ),
    "str_gauss_ratio": (
        "{name}: 에너지와 W_2 제곱의 비입니다. 답은 여기에서 1을 뺀 값입니다.",
        "{name}: this is the energy over the squared W_2. The answer is 1 less.",
    ),
    "str_gauss_cost": (
        "{name}: 에너지 대신 쌍의 비용을 썼습니다.",
        "{name}: it takes the cost of the pairs in place of the energy.",
    ),
    "str_gauss_by_energy": (
        "{name}: 에너지로 나누었습니다. W_2의 제곱으로 나누세요.",
        "{name}: it divides by the energy. Divide by the squared W_2.",
    ),
    "str_gauss_dimensions": (
        "{name}: 에너지는 차원 하나의 값인데 W_2의 제곱은 차원을 모두 더한 값입니다.",
        "{name}: the energy is that of one dimension, the squared W_2 that of all.",
    ),
    "str_score_no_one": (
        "{name}: 1을 빠뜨렸습니다. x_t에는 노이즈 (1 - t) x_0도 들어 있습니다.",
        "{name}: the 1 is missing: x_t also holds the noise (1 - t) x_0.",
    ),
    "str_score_time": (
        "{name}: t와 1 - t가 바뀌었습니다. 이 비는 t = 1로 갈수록 커집니다.",
        "{name}: t and 1 - t have changed places. The ratio grows towards t = 1.",
    ),
    "str_score_s_squared": (
        "{name}: s를 제곱했습니다. 차원마다 x_0과 x_1의 곱의 평균은 s입니다.",
        "{name}: s is squared. In each dimension the mean of x_0 times x_1 is s.",
    ),
    "str_score_std": (
        "{name}: 진짜 점수를 x_t의 표준편차로 나누었습니다. 분산으로 나누어야 합니다.",
        "{name}: the true score is divided by the standard deviation of x_t; divide by its "
        "variance.",
    ),
    "str_score_variance": (
        "{name}: 식의 x_0을 1 - t의 제곱으로 나누었습니다. sigma_t = 1 - t로 한 번만 나눕니다.",
        "{name}: the formula divides x_0 by (1 - t) squared; it divides by sigma_t = 1 - t once.",
    ),
    "str_score_independent": (
        "{name}: 1배인 것은 짝이 서로 독립일 때입니다. 여기에서는 x_1 = s x_0입니다.",
        "{name}: a factor of 1 holds for independent pairs. Here x_1 = s x_0.",
    ),
    "str_labels_ignored": (
        "{name}: 레이블을 보지 않고 모든 점을 한꺼번에 짝지었습니다.",
        "{name}: it pairs all points at once without looking at the labels.",
    ),
    "str_labels_place": (
        "{name}: 레이블마다 짝은 맞지만 레이블 순서로 이어 붙였습니다. 원래 줄에 되돌려 놓으세요.",
        "{name}: the pairs within each label are right, but stacked label by label. Put them back "
        "into their rows.",
    ),
    "str_labels_ot": (
        "{name}: 레이블을 보지 않은 최적 수송의 비용입니다. 레이블마다 따로 짝지으세요.",
        "{name}: this is the cost of optimal transport that ignores the labels. Pair within each.",
    ),
    "str_labels_saving": (
        "{name}: 줄어든 만큼의 비율입니다. 남은 비용의 비율로 답하세요.",
        "{name}: this is the share that is saved. Give the share that remains.",
    ),
    "str_turns_no_swirl": (
        "{name}: 평면이 도는 속도, 곧 J x 항을 빠뜨렸습니다.",
        "{name}: the speed at which the plane turns, the term with J x, is missing.",
    ),
    "str_turns_full_swirl": (
        "{name}: J x 항이 한 바퀴의 2π입니다. 4분의 1바퀴의 각속도를 쓰세요.",
        "{name}: the term with J x has the 2π of a full turn. Use the speed of a quarter turn.",
    ),
    "str_turns_full": (
        "{name}: 한 바퀴를 도는 속도장입니다. 각을 모두 4분의 1로 줄이세요.",
        "{name}: this is the field of a full turn. Take a quarter of every angle.",
    ),
    "str_turns_not_back": (
        "{name}: 속도장을 x에서 불렀습니다. 먼저 x를 거꾸로 돌려 놓으세요.",
        "{name}: it asks the field at x. Turn x backwards first.",
    ),
    "str_turns_not_forward": (
        "{name}: 속도를 다시 돌려 놓지 않았습니다. 속도는 돌기 전 좌표의 벡터입니다.",
        "{name}: the velocity is not turned again: it is a vector of the plane before the turn.",
    ),
    "str_turns_clockwise": (
        "{name}: 도는 방향이 반대입니다.",
        "{name}: it turns the other way round.",
    ),
    "str_turns_swirl_sign": (
        "{name}: J x 항의 부호가 반대입니다. J는 반시계 방향의 90도입니다.",
        "{name}: the term with J x has the wrong sign: J turns by 90 degrees counter-clockwise.",
    ),
    "str_turns_same_way": (
        "{name}: 방향이 반대입니다. 길이 돌린 각만큼 거꾸로 돌려 두어야 합니다.",
        "{name}: this is the wrong direction: turn the data against the turn of the path.",
    ),
    "str_turns_symmetric": (
        "{name}: 90도 돌려도 같은 데이터에서만 그렇습니다. 일반적인 데이터로 답하세요.",
        "{name}: that will do only for data that look the same after 90 degrees. Answer for any.",
    ),
    "str_turns_radians": (
        "{name}: 라디안으로 적었습니다. 도로 적으세요.",
        "{name}: this is in radians; give it in degrees.",
    ),
    "str_reflow_swapped": (
        "{name}: 앞뒤가 바뀌었습니다. 리플로 전, 후의 순서로 쓰세요.",
        "{name}: before and after have changed places.",
    ),
    "str_reflow_energy": (
        "{name}: 뒤의 자리에 교사의 에너지를 썼습니다. 출발점과 도착점의 거리만 보세요.",
        "{name}: the energy of the teacher stands in place of the cost after the reflow. Only the "
        "two ends of a pair count.",
    ),
    "str_reflow_unchanged": (
        "{name}: 비용이 그대로라고 했습니다. 궤적의 도착점은 s x_0입니다.",
        "{name}: it leaves the cost as it was. The trajectory from x_0 ends at s x_0.",
    ),
    "str_turns_midpoint": (
        "{name}: 중점 방법이라면 이만큼 작습니다. 오일러 방법 16스텝으로 측정하세요.",
        "{name}: the midpoint method makes it that small. Take 16 Euler steps.",
    ),
}


def _sorted(x_0: Tensor, x_1: Tensor) -> Tensor:
    return x_1.sort(0).values[x_0.argsort(0).argsort(0)[:, 0]]


def _nearest(x_0: Tensor, x_1: Tensor) -> Tensor:
    return x_1[torch.cdist(x_0, x_1).argmin(1)]


def _lines(generator: torch.Generator) -> list:
    return [torch.randn(2, n, 1, generator=generator).unbind() for n in (9, 12)]


def _split(s: float, energy: float) -> Tensor:
    cost = 2 * (1 + s**2)
    return torch.tensor([cost, energy, cost - energy])


def _energy(s: float) -> float:
    """In two dimensions: v'^2 / (4v) = 1 + s^2 - s^2 / v has a closed integral."""
    return 2 * (1 + s**2 - math.pi * s / 2)


def _terms(s: float) -> Tensor:
    return _split(s, _energy(s))


def _ratio(t: Tensor, s: float) -> Tensor:
    return 1 + t * s / (1 - t)


def _times(generator: torch.Generator) -> list:
    t = 0.1 + 0.8 * torch.rand(8, generator=generator)
    return [(t, 3.0), (t, 0.5)]


def _within(pair: Callable, x_0: Tensor, x_1: Tensor, label: Tensor) -> Tensor:
    partner = x_1.clone()
    for k in label.unique():
        partner[label == k] = pair(x_0[label == k], x_1[label == k])
    return partner


def _cheapest(x_0: Tensor, x_1: Tensor) -> Tensor:
    return minibatch_ot_coupling(x_0, x_1)[1]


def _unsquared(x_0: Tensor, x_1: Tensor) -> Tensor:
    orders = torch.tensor(list(permutations(range(len(x_0)))))
    cost = (x_0 - x_1[orders]).norm(dim=-1).sum(1)
    return x_1[orders[cost.argmin()]]


def _stacked(x_0: Tensor, x_1: Tensor, label: Tensor) -> Tensor:
    return torch.cat([_cheapest(x_0[label == k], x_1[label == k]) for k in label.unique()])


def _labelled(generator: torch.Generator) -> list:
    # All eight labels, as in the chapter; so few points to each that every pairing can be tried.
    label = torch.arange(8).repeat(4)
    return [(*torch.randn(2, 32, 2, generator=generator).unbind(), label) for _ in range(2)]


def _rotate(x: Tensor, angle: float) -> Tensor:
    c, s = math.cos(angle), math.sin(angle)
    return x @ torch.tensor([[c, s], [-s, c]])


def _turned(
    turns: float, swirl: float | None = None, back: float = 1.0, forth: float = 1.0
) -> Callable:
    """Field that turns while it flows; the other arguments spoil one part of it."""

    def field(velocity: Callable, x: Tensor, t: Tensor) -> Tensor:
        angle = 2 * math.pi * turns * float(t)
        moved = _rotate(velocity(_rotate(x, -angle * back), t), angle * forth)
        speed = 2 * math.pi * (turns if swirl is None else swirl)
        return moved + speed * _rotate(x, math.pi / 2)

    return field


def _lopsided(x: Tensor, t: Tensor) -> Tensor:
    """A field that no turn leaves alone."""
    return x * torch.tensor([1.0, -2.0]) + torch.tensor([0.5, 1.5]) * t


def _places(generator: torch.Generator) -> list:
    x = torch.randn(6, 2, generator=generator)
    return [(_lopsided, x, torch.tensor(0.3)), (_lopsided, x, torch.tensor(0.8))]


EXERCISES = {
    "ex-str-sort": (
        Function(
            "pair_sorted",
            _sorted,
            {
                "identity_pairs": lambda x_0, x_1: x_1.clone(),
                "str_sort_no_place": lambda x_0, x_1: x_1.sort(0).values,
                "str_sort_unsorted": lambda x_0, x_1: x_1[x_0.argsort(0)[:, 0]],
                "inverse_order": lambda x_0, x_1: x_1.sort(0).values[x_0.argsort(0)[:, 0]],
                "dearest_pairs": lambda x_0, x_1: _sorted(-x_0, x_1),
                "nearest": _nearest,
            },
            _lines,
        ),
    ),
    "ex-str-gauss": (
        Function(
            "three_terms",
            _terms,
            {
                "per_dimension": lambda s: _terms(s) / 2,
                "str_gauss_swapped": lambda s: _terms(s)[[0, 2, 1]],
                "str_gauss_no_half": lambda s: _split(s, 4 * _energy(s)),
                "str_gauss_w2": lambda s: _split(s, 2 * (s - 1) ** 2),
                "str_gauss_paired": lambda s: 2 * (s - 1) ** 2 * torch.tensor([1.0, 1.0, 0.0]),
                "str_gauss_std": lambda s: _terms(math.sqrt(s)),
            },
            lambda generator: [(2.0,), (0.5,)],
        ),
        Number(
            "npe_at_2",
            _energy(2) / 2 - 1,
            0.02,
            {
                "str_gauss_ratio": _energy(2) / 2,
                "str_gauss_cost": 10 / 2 - 1,
                "str_gauss_by_energy": 1 - 2 / _energy(2),
                "str_gauss_dimensions": 1 - _energy(2) / 4,
            },
            low=0,
        ),
    ),
    "ex-str-score": (
        Function(
            "score_factor",
            _ratio,
            {
                "swapped_ratio": lambda t, s: 1 / _ratio(t, s),
                "str_score_no_one": lambda t, s: t * s / (1 - t),
                "str_score_time": lambda t, s: 1 + (1 - t) * s / t,
                "str_score_s_squared": lambda t, s: _ratio(t, s**2),
                "str_score_std": lambda t, s: 1 / (1 - t),
                "str_score_variance": lambda t, s: _ratio(t, s) / (1 - t),
                "str_score_independent": lambda t, s: torch.ones_like(t),
            },
            _times,
        ),
    ),
    "ex-str-labels": (
        Function(
            "pair_within",
            lambda x_0, x_1, label: _within(_cheapest, x_0, x_1, label),
            {
                "identity_pairs": lambda x_0, x_1, label: x_1.clone(),
                "str_labels_ignored": lambda x_0, x_1, label: _cheapest(x_0, x_1),
                "str_labels_place": _stacked,
                "unsquared": lambda x_0, x_1, label: _within(_unsquared, x_0, x_1, label),
                "nearest": lambda x_0, x_1, label: _within(_nearest, x_0, x_1, label),
            },
            _labelled,
        ),
        # The solution's cell with six seeds gave 0.909 to 0.918, and 0.563 to 0.583 where the
        # labels are ignored.
        Number(
            "cost_ratio",
            0.914,
            0.015,
            {
                "str_labels_ot": 0.574,
                "swapped_ratio": 1 / 0.914,
                "str_labels_saving": 0.086,
            },
            low=0,
            high=1,
        ),
    ),
    "ex-str-reflow": (
        Function(
            "pair_costs",
            lambda s: torch.tensor([2 * (1 + s**2), 2 * (s - 1) ** 2]),
            {
                "per_dimension": lambda s: torch.tensor([1 + s**2, (s - 1) ** 2]),
                "str_reflow_swapped": lambda s: torch.tensor([2 * (s - 1) ** 2, 2 * (1 + s**2)]),
                "str_reflow_energy": lambda s: torch.tensor([2 * (1 + s**2), _energy(s)]),
                "str_reflow_unchanged": lambda s: 2 * (1 + s**2) * torch.ones(2),
            },
            lambda generator: [(2.0,), (0.5,)],
        ),
    ),
    "ex-str-turns": (
        Function(
            "quarter_turn",
            _turned(0.25),
            {
                "str_turns_no_swirl": _turned(0.25, swirl=0.0),
                "str_turns_full_swirl": _turned(0.25, swirl=1.0),
                "str_turns_full": _turned(1.0),
                "str_turns_not_back": _turned(0.25, back=0.0),
                "str_turns_not_forward": _turned(0.25, forth=0.0),
                "str_turns_clockwise": _turned(-0.25),
                "str_turns_swirl_sign": _turned(0.25, swirl=-0.25),
            },
            _places,
        ),
        Number(
            "turn_before",
            -90.0,
            0.5,
            {
                "str_turns_same_way": 90.0,
                "str_turns_symmetric": 0.0,
                "str_turns_radians": -math.pi / 2,
            },
            low=-180,
            high=180,
        ),
        # The solution's field from ten seeds of noise and data: 1.87 to 2.02 (the chapter's
        # 1.95), with the midpoint method 0.03 to 0.06.
        Number(
            "distance_gap",
            1.94,
            0.12,
            {"sign": -1.94, "str_turns_midpoint": 0.05},
            low=-10,
            high=10,
        ),
    ),
}
