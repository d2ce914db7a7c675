"""Exercises of chapter 1: what a generative model is, and how to measure one."""

import torch
from torch import Tensor

from utils.checks.parts import Function, Number

HINTS = {
    "gm_gauss_mean_only": (
        "{name}: 평균의 차이만 쟀습니다. 흩어진 정도의 차이도 거리에 들어갑니다.",
        "{name}: this compares the means only; a difference in spread is a distance, too.",
    ),
    "gm_gauss_one": (
        "{name}: m과 s 가운데 하나만 썼습니다. 둘째 구름은 1 + 2z입니다.",
        "{name}: only one of m and s was used: the second cloud is 1 + 2z.",
    ),
    "gm_gauss_spread": (
        "{name}: z에 분산 4를 곱했습니다. 표준편차 2를 곱하세요.",
        "{name}: z was multiplied by the variance 4; multiply it by the standard deviation 2.",
    ),
    "gm_root_squared": (
        "{name}: W2의 제곱이 커지는 배수입니다. W2는 길이입니다.",
        "{name}: this is how W2 squared grows; W2 itself is a length.",
    ),
    "gm_root_length": (
        "{name}: W2가 커지는 배수입니다. 제곱하면 배수도 제곱이 됩니다.",
        "{name}: this is how W2 grows; squaring it squares the factor, too.",
    ),
    "gm_root_shrunk": (
        "{name}: 나눗셈이 거꾸로입니다. 늘인 뒤의 값을 늘이기 전의 값으로 나누세요.",
        "{name}: divided the wrong way round: take the value after stretching over that before.",
    ),
    "gm_root_same": (
        "{name}: 두 구름을 모두 늘이면 점 사이의 거리도 늘어납니다.",
        "{name}: stretching both clouds stretches the distances between their points as well.",
    ),
    "gm_rate_squared": (
        "{name}: W2를 제곱하면 이렇게 빨리 줄어듭니다. W2 자체는 n의 제곱근에 반비례합니다.",
        "{name}: W2 squared falls as fast as this; W2 itself goes like 1 over the root of n.",
    ),
    "gm_rate_noise": (
        "{name}: 줄어들지 않았습니다. 노이즈와 데이터가 아니라 데이터와 데이터의 거리를 재세요.",
        "{name}: it does not fall at all: measure data against data, not noise against data.",
    ),
    "gm_mean_variance": (
        "{name}: z에 분산을 곱했습니다. 표준편차를 곱해야 분산이 맞습니다.",
        "{name}: z is multiplied by the variance; only the standard deviation gives that variance.",
    ),
    "gm_mean_no_mean": (
        "{name}: 데이터의 평균을 더하지 않았습니다.",
        "{name}: the mean of the data is not added.",
    ),
    "gm_mean_no_spread": (
        "{name}: z를 데이터의 표준편차로 늘이지 않았습니다.",
        "{name}: z is not scaled to the standard deviation of the data.",
    ),
    "gm_mean_pooled": (
        "{name}: 두 좌표를 섞어 평균과 표준편차를 하나씩만 구했습니다. 좌표마다 따로 구하세요.",
        "{name}: mean and standard deviation are pooled over the coordinates; keep them apart.",
    ),
    "gm_mean_baseline": (
        "{name}: 고리와 고리의 거리, 곧 기준선입니다. 가우시안과 고리의 거리를 재세요.",
        "{name}: this is the baseline, ring against ring; measure the Gaussian against the ring.",
    ),
    "gm_mean_white": (
        "{name}: 표준 가우시안의 거리입니다. 분산을 고리에 맞추세요.",
        "{name}: this is the distance of a standard Gaussian; match the variance of the ring.",
    ),
}


def _line(x: Tensor, y: Tensor) -> Tensor:
    return (x.sort().values - y.sort().values).square().mean().sqrt()


def _dearest(x: Tensor, y: Tensor) -> Tensor:
    return (x.sort().values - y.sort(descending=True).values).square().mean().sqrt()


def _clouds(generator: torch.Generator) -> list:
    x, y, z = torch.randn(3, 50, generator=generator)
    return [(x, 1 + 2 * y), (3 * z - 1, x)]


def _imitate(data: Tensor, z: Tensor) -> Tensor:
    return data.mean(0) + data.std(0) * z


def _data(generator: torch.Generator) -> list:
    # So many points that dividing by n instead of n - 1 in the variance makes no difference.
    data = torch.randn(2000, 2, generator=generator) * torch.tensor([0.5, 2.0])
    return [(data + torch.tensor([1.0, -3.0]), torch.randn(6, 2, generator=generator))]


EXERCISES = {
    "ex-gm-gauss": (
        Function(
            "w2_on_the_line",
            _line,
            {
                "identity_pairs": lambda x, y: (x - y).square().mean().sqrt(),
                "dearest_pairs": _dearest,
                "squared": lambda x, y: _line(x, y).square(),
                "unsquared": lambda x, y: (x.sort().values - y.sort().values).abs().mean(),
                "sum": lambda x, y: _line(x, y) * len(x) ** 0.5,
                "gm_gauss_mean_only": lambda x, y: (x.mean() - y.mean()).abs(),
            },
            _clouds,
        ),
        # The root of 1 + 1. With 20,000 samples it has a spread of 0.014 over 40 seeds.
        Number(
            "measured",
            2**0.5,
            0.06,
            {
                "squared": 2.0,
                "gm_gauss_one": 1.0,
                "gm_gauss_spread": 10**0.5,
                "identity_pairs": 6**0.5,
            },
            low=0,
        ),
    ),
    "ex-gm-root": (
        Number(
            "growth",
            2.0,
            0.01,
            {"gm_root_squared": 4.0, "gm_root_shrunk": 0.5, "gm_root_same": 1.0},
        ),
        Number(
            "growth_squared",
            4.0,
            0.01,
            {"gm_root_length": 2.0, "gm_root_shrunk": 0.25, "gm_root_same": 1.0},
        ),
    ),
    "ex-gm-rate": (
        # From 128 to 512 points, 8 repeats, 20 seeds: mean 0.50, spread 0.05, from 0.38 to 0.58.
        # From 64 to 256 it is 0.44 to 0.61, from 256 to 1024 it is 0.50 to 0.63.
        Number(
            "fall",
            0.5,
            0.13,
            {"gm_rate_squared": 0.25, "gm_rate_noise": 1.0, "swapped_ratio": 2.0},
            low=0,
            high=1,
        ),
    ),
    "ex-gm-mean": (
        Function(
            "imitate",
            _imitate,
            {
                "gm_mean_variance": lambda data, z: data.mean(0) + data.var(0) * z,
                "gm_mean_no_mean": lambda data, z: data.std(0) * z,
                "gm_mean_no_spread": lambda data, z: data.mean(0) + z,
                "gm_mean_pooled": lambda data, z: data.mean() + data.std() * z,
            },
            _data,
        ),
        # 1,000 points, 12 seeds: mean 0.398, from 0.380 to 0.413. In the same runs z times the
        # variance gave 0.448, z alone 0.618, and ring against ring 0.089.
        Number(
            "apart",
            0.398,
            0.03,
            {
                "gm_mean_baseline": 0.089,
                "squared": 0.158,
                "gm_mean_variance": 0.448,
                "gm_mean_white": 0.618,
            },
            low=0,
            high=1,
        ),
    ),
}
