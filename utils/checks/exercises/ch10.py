"""Exercises of chapter 10: one step."""

from collections.abc import Callable

import torch
from torch import Tensor

from utils.checks.parts import Function, Number

HINTS = {
    "os_gauss_not_centred": (
        "{name}: 출발점의 중심 s m을 빼지 않고 늘렸습니다. 먼저 빼세요.",
        "{name}: it stretches x without taking off the centre s m of the start first.",
    ),
    "os_gauss_no_mean": (
        "{name}: 도착점의 중심 t m을 더하지 않았습니다.",
        "{name}: the centre t m of the end is not added.",
    ),
    "os_gauss_upside_down": (
        "{name}: 폭의 비가 뒤집혔습니다. 도착한 곳의 폭을 출발한 곳의 폭으로 나누세요.",
        "{name}: the ratio of the widths is upside down: it is that of the end over the start.",
    ),
    "os_gauss_variance": (
        "{name}: 분산의 비로 늘렸습니다. 길이는 표준편차의 비로 늘어납니다.",
        "{name}: it stretches by the ratio of the variances. Lengths go with the standard "
        "deviations.",
    ),
    "os_gauss_straight": (
        "{name}: 폭을 (1 - t) + t a로 썼습니다. 노이즈와 데이터가 독립이면 분산을 더합니다.",
        "{name}: it takes (1 - t) + t a for the width. Noise and data are independent, so their "
        "variances add up.",
    ),
    "os_halves_sum": (
        "{name}: 두 평균 속도를 더하기만 했습니다. 절반씩이므로 2로 나누세요.",
        "{name}: it adds the two average velocities. Each lasts half of the time: take the mean.",
    ),
    "os_halves_same_start": (
        "{name}: 뒤의 절반도 x에서 출발했습니다. 앞의 절반이 도착한 곳에서 출발해야 합니다.",
        "{name}: the second half starts at x as well. It starts where the first has led.",
    ),
    "os_halves_whole_jump": (
        "{name}: 앞의 절반을 갈 때 전체 시간을 곱했습니다. 절반의 시간만 가세요.",
        "{name}: the first half is walked for the whole time. Multiply by half of it.",
    ),
    "os_halves_one_call": (
        "{name}: 전체를 한 번에 갔습니다. 걸음을 둘로 나누세요.",
        "{name}: this is the whole in one jump. Make it of two.",
    ),
    "os_halves_displacement": (
        "{name}: 움직인 거리를 돌려주었습니다. 걸린 시간 t - s로 나누세요.",
        "{name}: it returns how far the point moved. Divide by the time t - s.",
    ),
    "os_paper_sign": (
        "{name}: 부호가 이 강의의 것입니다. 논문에서는 늦은 시각이 시작입니다.",
        "{name}: this has the sign of the course. In the paper the later time is the start.",
    ),
    "os_paper_no_time": (
        "{name}: 변화에 걸음의 길이 t - r을 곱하지 않았습니다.",
        "{name}: the change is not multiplied by the length t - r of the jump.",
    ),
    "os_paper_only_t": (
        "{name}: t - r 대신 t를 곱했습니다. 걸음은 r에서 끝납니다.",
        "{name}: it multiplies by t in place of t - r. The jump ends at r.",
    ),
    "os_paper_velocity": (
        "{name}: 속도만 남았습니다. 시작이 움직일 때 u가 변하는 만큼을 더해야 합니다.",
        "{name}: only the velocity is left. The change of u along the way has to go in.",
    ),
    "os_budget_all": (
        "{name}: 256개 모두를 걸음에 쓴 값입니다. 걸음은 64개뿐입니다.",
        "{name}: this spends all 256 points on jumps. Only 64 go there.",
    ),
    "os_budget_one_half": (
        "{name}: 걸음을 1번만 셌습니다. 고정한 절반 둘도 신경망을 호출합니다.",
        "{name}: it counts one call for a jump. The two frozen halves call the network, too.",
    ),
    "os_budget_twice": (
        "{name}: 걸음을 2번으로 셌습니다. 절반 둘과 배우는 걸음, 모두 3번입니다.",
        "{name}: it counts two calls for a jump. There are two halves and the one that learns.",
    ),
    "os_budget_no_rest": (
        "{name}: 걸음에 쓴 것만 셌습니다. 나머지 192개도 신경망을 호출합니다.",
        "{name}: it counts the jumps alone. The other 192 points call the network, too.",
    ),
}


def _width(t: float, std: float) -> float:
    return ((1 - t) ** 2 + (t * std) ** 2) ** 0.5


def _gauss(x: Tensor, s: float, t: float, mean: Tensor, std: float) -> Tensor:
    return t * mean + _width(t, std) / _width(s, std) * (x - s * mean)


def _starts(generator: torch.Generator) -> list:
    x, mean = torch.randn(6, 2, generator=generator), torch.tensor([1.5, -2.0])
    return [(x, 0.2, 0.7, mean, 0.5), (x, 0.1, 1.0, mean, 2.0)]


def _curved(x: Tensor, s: Tensor, t: Tensor) -> Tensor:
    """No flow map of any field, so that two halves differ from the whole."""
    return torch.sin(2 * x) + s * x - t**2


def _halves(
    second_start: Callable | None = None, share: float = 0.5, total: float = 0.5
) -> Callable:
    """Two halves; the arguments spoil where the second starts and how they are put together."""

    def average(model: Callable, x: Tensor, s: Tensor, t: Tensor) -> Tensor:
        m = (s + t) / 2
        first = model(x, s, m)
        start = second_start(x) if second_start else x + share * (t - s) * first
        return total * (first + model(start, m, t))

    return average


def _jumps(generator: torch.Generator) -> list:
    x = torch.randn(6, 2, generator=generator)
    return [(_curved, x, torch.tensor(s), torch.tensor(t)) for s, t in ((0.1, 0.9), (0.0, 0.6))]


def _targets(generator: torch.Generator) -> list:
    v, change = torch.randn(2, 6, 2, generator=generator)
    r, t = torch.rand(2, 6, 1, generator=generator).sort(dim=0).values
    return [(v, change, r, t)]


EXERCISES = {
    "ex-os-gauss": (
        Function(
            "gauss_map",
            _gauss,
            {
                "os_gauss_not_centred": lambda x, s, t, mean, std: (
                    t * mean + _width(t, std) / _width(s, std) * x
                ),
                "os_gauss_no_mean": lambda x, s, t, mean, std: (
                    _gauss(x, s, t, mean, std) - t * mean
                ),
                "os_gauss_upside_down": lambda x, s, t, mean, std: (
                    t * mean + _width(s, std) / _width(t, std) * (x - s * mean)
                ),
                "os_gauss_variance": lambda x, s, t, mean, std: (
                    t * mean + (_width(t, std) / _width(s, std)) ** 2 * (x - s * mean)
                ),
                "os_gauss_straight": lambda x, s, t, mean, std: (
                    t * mean + (1 - t + t * std) / (1 - s + s * std) * (x - s * mean)
                ),
            },
            _starts,
        ),
    ),
    "ex-os-halves": (
        Function(
            "two_halves",
            _halves(),
            {
                "os_halves_sum": _halves(total=1.0),
                "os_halves_same_start": _halves(second_start=lambda x: x),
                "os_halves_whole_jump": _halves(share=1.0),
                "os_halves_one_call": lambda model, x, s, t: model(x, s, t),
                "os_halves_displacement": lambda model, x, s, t: (
                    (t - s) * _halves()(model, x, s, t)
                ),
            },
            _jumps,
        ),
    ),
    "ex-os-paper": (
        Function(
            "paper_target",
            lambda v, change, r, t: v - (t - r) * change,
            {
                "os_paper_sign": lambda v, change, r, t: v + (t - r) * change,
                "os_paper_no_time": lambda v, change, r, t: v - change,
                "os_paper_only_t": lambda v, change, r, t: v - t * change,
                "os_paper_velocity": lambda v, change, r, t: v.clone(),
            },
            _targets,
        ),
    ),
    "ex-os-budget": (
        Number(
            "per_step",
            1.5,
            0.001,
            {
                "os_budget_all": 3.0,
                "os_budget_one_half": 1.0,
                "os_budget_twice": 1.25,
                "os_budget_no_rest": 0.75,
            },
            low=0,
        ),
        Number(
            "steps_allowed",
            4000,
            0.5,
            {
                "os_budget_all": 2000,
                "os_budget_one_half": 6000,
                "os_budget_twice": 4800,
                "os_budget_no_rest": 8000,
            },
            low=0,
        ),
    ),
}
