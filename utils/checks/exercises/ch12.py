"""Exercises of chapter 12: strings with masks."""

import math

import torch
from torch import Tensor

from utils.checks.parts import Function, Number

HINTS = {
    "disc_post_unconditional": (
        "{name}: 보이는 글자를 보지 않았습니다. 보이는 글자가 맞는 문자열만 남기세요.",
        "{name}: it does not look at the letters that show. Keep the strings that fit them.",
    ),
    "disc_post_any": (
        "{name}: 보이는 글자 가운데 하나만 맞아도 남겼습니다. 모두 맞아야 합니다.",
        "{name}: it keeps strings that fit one of the letters that show. They must fit all.",
    ),
    "disc_post_counts": (
        "{name}: 문자열의 수를 셌습니다. 문자열마다 확률 p가 다릅니다.",
        "{name}: it counts strings. Each has a probability of its own, in p.",
    ),
    "disc_post_joint": (
        "{name}: 합이 1이 되도록 나누지 않았습니다. 맞는 문자열의 확률의 합으로 나누세요.",
        "{name}: it is not scaled to a sum of 1. Divide by the total of the strings that fit.",
    ),
    "disc_post_masks": (
        "{name}: 마스크도 맞아야 하는 글자로 보았습니다. 마스크는 무엇과도 맞습니다.",
        "{name}: it takes the mask for a letter to be matched, so no string is left. A mask "
        "matches any letter.",
    ),
    "disc_pair_one": (
        "{name}: 없는 이름 하나만 셌습니다. 없는 이름은 둘입니다.",
        "{name}: it counts one of the two names that do not exist.",
    ),
    "disc_pair_whole": (
        "{name}: 차이를 모두 더하고 반으로 나누지 않았습니다.",
        "{name}: it adds up all differences and leaves out the half.",
    ),
    "disc_pair_same": (
        "{name}: 있는 이름이 나올 확률입니다. 총변동 거리는 1에서 이것을 뺀 값입니다.",
        "{name}: this is how probable it is that a name exists. The total variation is 1 less it.",
    ),
    "disc_pair_even": (
        "{name}: 늘 절반은 아닙니다. p가 0.5가 아니면 더 작습니다.",
        "{name}: it is not always one half. For other p it is smaller.",
    ),
    "disc_apart_together": (
        "{name}: 모두 같은 스텝에서 열릴 확률로 구했습니다. 어느 두 글자도 같으면 안 됩니다.",
        "{name}: this comes from all letters sharing one step. No two of them may share one.",
    ),
    "disc_apart_some": (
        "{name}: 두 글자가 같은 스텝에서 열릴 확률입니다. 1에서 빼세요.",
        "{name}: this is how probable it is that two letters share a step. Take it from 1.",
    ),
    "disc_apart_order": (
        "{name}: 글자마다 스텝이 정해진 것으로 셌습니다. 어느 순서로 열려도 됩니다.",
        "{name}: it fixes which letter is opened when. Any order will do.",
    ),
    "disc_apart_pairs": (
        "{name}: 쌍마다 따로 일어나는 것으로 곱한 어림값입니다. 한 글자씩 차례로 자리를 주세요.",
        "{name}: this multiplies over pairs as if they were independent, which is nearly right. "
        "Give a step to one letter after the other.",
    ),
    "disc_apart_letters": (
        "{name}: 차례로 열 때의 스텝 수입니다. 여기서는 고른 수준에 들릅니다.",
        "{name}: so many steps are enough in turn. Here the stops are at even levels.",
    ),
    "disc_apart_fewer": (
        "{name}: 하나 모자랍니다. 이 스텝 수에서는 아직 절반을 넘지 않습니다.",
        "{name}: this is one too few: it is not yet more probable than not.",
    ),
    "disc_apart_birthday": (
        "{name}: 한 쌍이 어긋날 확률만 보았습니다. 쌍은 105개입니다.",
        "{name}: it looks at one pair only. There are 105 pairs.",
    ),
    "disc_weight_all": (
        "{name}: 가린 자리가 m개인 모양을 모두 합한 가중치입니다. 모양 하나의 가중치를 쓰세요.",
        "{name}: this is the weight of all patterns with m masks together. Give that of one.",
    ),
    "disc_weight_probability": (
        "{name}: 그 모양이 뽑힐 확률입니다. D/m을 곱하세요.",
        "{name}: this is how probable the pattern is. Multiply by D/m.",
    ),
    "disc_weight_patterns": (
        "{name}: 1/m을 빠뜨렸습니다.",
        "{name}: the 1/m is missing.",
    ),
    "disc_weight_known": (
        "{name}: 가린 글자와 보이는 글자의 수가 바뀌었습니다.",
        "{name}: the numbers of masked and of open letters have changed places.",
    ),
    "disc_weight_uniform": (
        "{name}: 마스크를 씌운 모양이 모두 같은 가중치를 갖는 것으로 보았습니다.",
        "{name}: it gives every pattern of masks the same weight.",
    ),
}


def _chances(
    strings: Tensor, p: Tensor, x: Tensor, place: int, letters: int, mask: int, keep: str = "all"
) -> Tensor:
    """Probabilities of the letters at a place, of the strings that are kept."""
    known = x != mask
    same = strings[:, known] == x[known]
    kept = {"all": same.all(1), "any": same.any(1), "every": torch.ones(len(p), dtype=torch.bool)}
    at = strings[:, place, None] == torch.arange(letters)
    return (p * kept[keep]) @ at.to(p.dtype)


def _posterior(*args, **kwargs) -> Tensor:
    mass = _chances(*args, **kwargs)
    return mass / mass.sum()


def _gaps(generator: torch.Generator) -> list:
    strings = torch.cartesian_prod(*[torch.arange(3)] * 3)
    p = torch.rand(len(strings), generator=generator, dtype=torch.float64)
    p = p / p.sum()
    return [
        (strings, p, torch.tensor([0, 3, 2]), 1, 3, 3),
        (strings, p, torch.tensor([1, 2, 3]), 2, 3, 3),
    ]


def _apart(length: int, steps: int) -> float:
    return math.prod((steps - i) / steps for i in range(length))


def _weight(masked: int, length: int) -> float:
    return 1 / (masked * math.comb(length, masked))


EXERCISES = {
    "ex-disc-posterior": (
        Function(
            "letter_chances",
            _posterior,
            {
                "disc_post_unconditional": lambda *args: _posterior(*args, keep="every"),
                "disc_post_any": lambda *args: _posterior(*args, keep="any"),
                "disc_post_counts": lambda s, p, *rest: _posterior(s, torch.ones_like(p), *rest),
                "disc_post_joint": _chances,
                "disc_post_masks": lambda s, p, x, i, n, m: torch.zeros(n, dtype=p.dtype),
            },
            _gaps,
        ),
    ),
    "ex-disc-pair": (
        Function(
            "total_variation_of_pair",
            lambda p: torch.tensor(2 * p * (1 - p)),
            {
                "disc_pair_one": lambda p: torch.tensor(p * (1 - p)),
                "disc_pair_whole": lambda p: torch.tensor(4 * p * (1 - p)),
                "disc_pair_same": lambda p: torch.tensor(p**2 + (1 - p) ** 2),
                "disc_pair_even": lambda p: torch.tensor(0.5),
            },
            lambda generator: [(0.5,), (0.7,), (0.9,)],
        ),
    ),
    "ex-disc-apart": (
        Function(
            "all_apart",
            lambda length, steps: torch.tensor(_apart(length, steps)),
            {
                "disc_apart_together": lambda n, s: torch.tensor(1 - s ** (1.0 - n)),
                "disc_apart_some": lambda n, s: torch.tensor(1 - _apart(n, s)),
                "disc_apart_order": lambda n, s: torch.tensor(math.comb(s, n) / s**n),
                "disc_apart_pairs": lambda n, s: torch.tensor((1 - 1 / s) ** math.comb(n, 2)),
            },
            lambda generator: [(4, 8), (3, 5), (5, 20)],
        ),
        Number(
            "steps_needed",
            157,
            0.5,
            {
                "disc_apart_letters": 15,
                "disc_apart_fewer": 156,
                "disc_apart_pairs": 152,
                "disc_apart_birthday": 2,
            },
            low=1,
        ),
    ),
    "ex-disc-weight": (
        Function(
            "pattern_weight",
            lambda masked, length: torch.tensor(_weight(masked, length)),
            {
                "disc_weight_all": lambda m, n: torch.tensor(1 / m),
                "disc_weight_probability": lambda m, n: torch.tensor(1 / (n * math.comb(n, m))),
                "disc_weight_patterns": lambda m, n: torch.tensor(1 / math.comb(n, m)),
                "disc_weight_known": lambda m, n: torch.tensor(1 / ((n - m) * math.comb(n, m))),
                "disc_weight_uniform": lambda m, n: torch.tensor(1 / (2**n - 1)),
            },
            lambda generator: [(1, 4), (2, 5), (3, 4)],
        ),
    ),
}
