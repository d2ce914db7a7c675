"""Exercises of chapter 11: guidance."""

import torch
from torch import Tensor

from utils.checks.parts import Function

HINTS = {
    "gui_other_width": (
        "{name}: 기울인 밀도와 가이던스의 답이 바뀌었습니다.",
        "{name}: the answers for the tilt and for guidance have changed places.",
    ),
    "gui_no_others": (
        "{name}: p(x)의 몫을 빠뜨렸습니다. 지수가 1 - w인 인수도 밀도에 들어 있습니다.",
        "{name}: the part of p(x) is missing: the factor with the exponent 1 - w counts, too.",
    ),
    "gui_others_sign": (
        "{name}: p(x)의 부호가 반대입니다. w가 1보다 크면 지수 1 - w는 음수입니다.",
        "{name}: the part of p(x) has the wrong sign: beyond w = 1, the exponent 1 - w is "
        "negative.",
    ),
    "gui_widths_mixed": (
        "{name}: 너비를 그대로 섞었습니다. 시간에 따라 섞이는 것은 너비의 로그입니다.",
        "{name}: it mixes the widths themselves; what guidance mixes is their logarithms.",
    ),
    "gui_variance": (
        "{name}: 표준편차가 아니라 분산을 돌려주었습니다.",
        "{name}: this is the variance; return the standard deviation.",
    ),
    "gui_rate_once": (
        "{name}: w를 빠뜨렸습니다. 계수는 w(w - 1)입니다.",
        "{name}: the factor w is missing: it is w (w - 1).",
    ),
    "gui_rate_squared": (
        "{name}: 계수가 w의 제곱입니다. w = 1에서는 0이어야 합니다.",
        "{name}: the factor is w squared; at w = 1 there must be no interest.",
    ),
    "gui_rate_no_time": (
        "{name}: 시각에 따른 계수 t/(1 - t)를 빠뜨렸습니다.",
        "{name}: the factor of the time, t / (1 - t), is missing.",
    ),
    "gui_rate_time_flipped": (
        "{name}: (1 - t)/t를 곱했습니다. 점수가 아니라 속도로 쓰면 t/(1 - t)입니다.",
        "{name}: it has (1 - t) / t, which goes with scores; with velocities it is t / (1 - t).",
    ),
    "gui_rate_root": (
        "{name}: 두 속도의 거리를 제곱하지 않았습니다.",
        "{name}: the distance of the two velocities is not squared.",
    ),
    "gui_rate_mean": (
        "{name}: 좌표에 대해 평균했습니다. 제곱을 모두 더하세요.",
        "{name}: this is a mean over the coordinates; add up the squares.",
    ),
    "gui_bad_linear": (
        "{name}: 너비로 내삽했습니다. w가 곱해지는 것은 너비의 로그입니다.",
        "{name}: it extrapolates the widths; w multiplies their logarithms.",
    ),
    "gui_bad_weight": (
        "{name}: 나쁜 모델의 계수 1 - w를 돌려주었습니다. w를 돌려주세요.",
        "{name}: this is 1 - w, the factor of the bad model; return w.",
    ),
    "gui_bad_beyond": (
        "{name}: w - 1을 돌려주었습니다. w = 1이 좋은 모델 그대로입니다.",
        "{name}: this is w - 1; the good model by itself is w = 1.",
    ),
    "gui_linear_width": (
        "{name}: 평균은 표준편차가 아니라 분산에 비례해서 움직입니다.",
        "{name}: a mean moves by the variance, not by the standard deviation.",
    ),
    "gui_linear_beta": (
        "{name}: beta로 나누지 않았습니다.",
        "{name}: it is not divided by beta.",
    ),
    "gui_linear_same": (
        "{name}: 모든 모드를 똑같이 옮겼습니다. 넓은 모드일수록 더 움직입니다.",
        "{name}: it moves all modes alike; a wider mode moves further.",
    ),
    "gui_linear_no_spread": (
        "{name}: 모드의 한가운데 보상만 셌습니다. 넓은 모드는 보상이 큰 쪽에도 점이 있습니다.",
        "{name}: it counts the reward at the centre alone; a wide mode also has points where the "
        "reward is high.",
    ),
    "gui_linear_no_prior": (
        "{name}: 원래의 몫을 곱하지 않았습니다.",
        "{name}: the weights of before are missing.",
    ),
    "gui_linear_no_sum": (
        "{name}: 합이 1이 되도록 나누지 않았습니다.",
        "{name}: they do not sum to 1; divide by their sum.",
    ),
}


def _tilt(s_c: Tensor, s: Tensor, w: float) -> Tensor:
    return (w / s_c**2 + (1 - w) / s**2) ** -0.5


def _guided(s_c: Tensor, s: Tensor, w: float) -> Tensor:
    return s_c**w * s ** (1 - w)


def _widths(generator: torch.Generator) -> list:
    s_c = 0.3 + 0.5 * torch.rand(6, generator=generator)
    s = 1 + torch.rand(6, generator=generator)
    return [(s_c, s, 3.0), (s_c, s, 1.5)]


def _rate(u_class: Tensor, u_all: Tensor, t: Tensor, w: float) -> Tensor:
    return w * (w - 1) * t / (1 - t) * (u_class - u_all).square().sum(1)


def _velocities(generator: torch.Generator) -> list:
    u_class, u_all = torch.randn(2, 7, 3, generator=generator).unbind()
    t = 0.1 + 0.8 * torch.rand(7, generator=generator)
    return [(u_class, u_all, t, 3.0), (u_class, u_all, t, 1.5)]


def _weight(s: Tensor, s_good: Tensor, s_bad: Tensor) -> Tensor:
    return (s / s_bad).log() / (s_good / s_bad).log()


def _models(generator: torch.Generator) -> list:
    s = 0.5 + torch.rand(6, generator=generator)
    s_good = s * (1.1 + 0.3 * torch.rand(6, generator=generator))
    s_bad = s_good * (1.2 + 0.5 * torch.rand(6, generator=generator))
    return [(s, s_good, s_bad)]


def _means(means: Tensor, stds: Tensor, a: Tensor, beta: float) -> Tensor:
    return means + stds[:, None] ** 2 * a / beta


def _log_weights(means: Tensor, stds: Tensor, weights: Tensor, a: Tensor, beta: float) -> Tensor:
    return weights.log() + means @ a / beta + (stds * a.norm() / beta) ** 2 / 2


def _weights(means: Tensor, stds: Tensor, weights: Tensor, a: Tensor, beta: float) -> Tensor:
    return _log_weights(means, stds, weights, a, beta).softmax(0)


def _modes(generator: torch.Generator) -> list:
    means, a = torch.randn(4, 2, generator=generator), torch.randn(2, generator=generator)
    stds = 0.3 + torch.rand(4, generator=generator)
    return [(means, stds, a, 0.5), (means, stds, a, 2.0)]


def _weighted_modes(generator: torch.Generator) -> list:
    weights = torch.tensor([0.4, 0.3, 0.2, 0.1])
    return [(m, s, weights, a, beta) for m, s, a, beta in _modes(generator)]


EXERCISES = {
    "ex-gui-gauss": (
        Function(
            "tilt_std",
            _tilt,
            {
                "gui_other_width": _guided,
                "gui_no_others": lambda s_c, s, w: s_c / w**0.5,
                "gui_others_sign": lambda s_c, s, w: (w / s_c**2 + (w - 1) / s**2) ** -0.5,
                "gui_variance": lambda s_c, s, w: _tilt(s_c, s, w) ** 2,
            },
            _widths,
        ),
        Function(
            "guided_std",
            _guided,
            {
                "gui_other_width": _tilt,
                "gui_no_others": lambda s_c, s, w: s_c**w,
                "gui_others_sign": lambda s_c, s, w: s_c**w * s ** (w - 1),
                "gui_widths_mixed": lambda s_c, s, w: w * s_c + (1 - w) * s,
                "gui_variance": lambda s_c, s, w: _guided(s_c, s, w) ** 2,
            },
            _widths,
        ),
    ),
    "ex-gui-rate": (
        Function(
            "interest_rate",
            _rate,
            {
                "gui_rate_once": lambda c, u, t, w: _rate(c, u, t, w) / w,
                "gui_rate_squared": lambda c, u, t, w: _rate(c, u, t, w) * w / (w - 1),
                "gui_rate_no_time": lambda c, u, t, w: _rate(c, u, t, w) * (1 - t) / t,
                "gui_rate_time_flipped": lambda c, u, t, w: _rate(c, u, 1 - t, w),
                "gui_rate_root": lambda c, u, t, w: w * (w - 1) * t / (1 - t) * (c - u).norm(dim=1),
                "gui_rate_mean": lambda c, u, t, w: _rate(c, u, t, w) / c.shape[1],
            },
            _velocities,
        ),
    ),
    "ex-gui-bad": (
        Function(
            "right_weight",
            _weight,
            {
                "gui_bad_linear": lambda s, good, bad: (s - bad) / (good - bad),
                "gui_bad_weight": lambda s, good, bad: 1 - _weight(s, good, bad),
                "gui_bad_beyond": lambda s, good, bad: _weight(s, good, bad) - 1,
                "swapped_ratio": lambda s, good, bad: 1 / _weight(s, good, bad),
            },
            _models,
        ),
    ),
    "ex-gui-linear": (
        Function(
            "new_means",
            _means,
            {
                "gui_linear_width": lambda m, s, a, beta: m + s[:, None] * a / beta,
                "gui_linear_beta": lambda m, s, a, beta: _means(m, s, a, 1.0),
                "gui_linear_same": lambda m, s, a, beta: m + a / beta,
            },
            _modes,
        ),
        Function(
            "new_weights",
            _weights,
            {
                "gui_linear_no_spread": lambda m, s, p, a, beta: _weights(m, 0 * s, p, a, beta),
                "gui_linear_no_prior": lambda m, s, p, a, beta: _weights(
                    m, s, torch.ones_like(p), a, beta
                ),
                "gui_linear_beta": lambda m, s, p, a, beta: _weights(m, s, p, a, 1.0),
                "gui_linear_no_sum": lambda m, s, p, a, beta: _log_weights(m, s, p, a, beta).exp(),
            },
            _weighted_modes,
        ),
    ),
}
