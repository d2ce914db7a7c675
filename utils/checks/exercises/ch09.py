"""Exercises of chapter 9: robots."""

import torch
from torch import Tensor

from utils.checks.parts import Choice, Function, Number

HINTS = {
    "robot_one_velocity": (
        "{name}: 이것은 t = 0의 속도입니다. 한 스텝을 가려면 a_0을 더하세요.",
        "{name}: this is the velocity at t = 0. Add a_0 to take the step.",
    ),
    "robot_one_added": (
        "{name}: 속도의 목표는 a_1 - a_0인데 - a_0을 빠뜨렸습니다.",
        "{name}: the target of the velocity is a_1 - a_0; the - a_0 is missing.",
    ),
    "robot_one_nearest": (
        "{name}: a_0에 가장 가까운 계획을 골랐습니다. t = 0의 노이즈는 a_1과 무관합니다.",
        "{name}: it picks the plan nearest to a_0. At t = 0 the noise says nothing about a_1.",
    ),
    "robot_one_still": (
        "{name}: 노이즈를 그대로 돌려주었습니다. t = 0의 속도는 0이 아닙니다.",
        "{name}: it returns the noise as it was. The velocity at t = 0 is not 0.",
    ),
    "robot_one_sum": (
        "{name}: 계획을 평균하지 않고 더했습니다.",
        "{name}: it adds up the plans; take their mean.",
    ),
    "robot_one_flow": (
        "{name}: 8스텝의 계획은 위아래로 갈라집니다. 가장 좋은 한 스텝은 노이즈와 무관합니다.",
        "{name}: the plans of 8 steps split upwards and downwards. The best single step does not "
        "depend on the noise.",
    ),
    "robot_chunk_lowest": (
        "{name}: 이것은 회귀 정책의 가장 낮은 성공률입니다. 플로 정책을 측정하세요.",
        "{name}: this is the lowest success of a regression. Measure the flow policy.",
    ),
    "robot_chunk_flow": (
        "{name}: 플로는 1개에서 10개까지 0.15쯤 떨어집니다. 회귀도 1개와 10개에서 측정해 보세요.",
        "{name}: from 1 to 10 actions, flow loses about 0.15. Measure the regression, too, with "
        "1 and with 10.",
    ),
    "robot_nan_compare": (
        "{name}: NaN이 지나갑니다. NaN과의 비교는 늘 거짓이므로 한계를 넘지 않은 것으로 보입니다.",
        "{name}: NaN gets through: comparing with NaN is always false, so it never exceeds a "
        "limit.",
    ),
    "robot_nan_infinity": (
        "{name}: 무한대가 지나갑니다. NaN만 보거나 먼저 자르지 말고 유한한지 검사하세요.",
        "{name}: infinity gets through. Test whether the plan as it came is finite, not only for "
        "NaN and not after a clamp.",
    ),
    "robot_nan_any": (
        "{name}: 유한한 수가 하나라도 있으면 보냅니다. 모두 유한해야 합니다.",
        "{name}: it sends as soon as one number is finite. All of them must be.",
    ),
    "robot_nan_first": (
        "{name}: 첫 행동만 검사했습니다. 나머지 행동도 로봇에 갑니다.",
        "{name}: it looks at the first action only. The others reach the robot, too.",
    ),
    "robot_nan_inverted": (
        "{name}: 참과 거짓이 바뀌었습니다. 보내도 되는 계획이 참입니다.",
        "{name}: true and false are swapped: a plan that may be sent is true.",
    ),
    "robot_nan_batch": (
        "{name}: 답이 하나뿐입니다. 에피소드마다 하나씩 돌려주세요.",
        "{name}: it gives one answer for all; return one for each episode.",
    ),
    "robot_nan_clamp": (
        "{name}: NaN은 잘라도 NaN입니다. 그대로 모터에 갑니다.",
        "{name}: NaN stays NaN when clamped, and goes to the motor.",
    ),
    "robot_nan_repeat": (
        "{name}: 센서가 고장 났으므로 마지막 행동이 아직 안전한지 알 수 없습니다.",
        "{name}: with a broken sensor nobody knows whether the last action is still safe.",
    ),
}


def _mean(a_0: Tensor, plans: Tensor) -> Tensor:
    return plans.mean(0).expand_as(a_0)


def _nearest(a_0: Tensor, plans: Tensor) -> Tensor:
    return plans[torch.cdist(a_0.flatten(1), plans.flatten(1)).argmin(1)]


def _noise_and_plans(generator: torch.Generator) -> list:
    # Two ways round the obstacle; another number of plans than of noise.
    plans = torch.randn(4, 10, 2, generator=generator) + 0.5
    return [(torch.randn(7, 10, 2, generator=generator), plans)]


# A plan is a function, as in rollout; a tensor with NaN would not even equal its own copy.
def _finite(plan, seen: Tensor) -> Tensor:
    return torch.isfinite(plan(seen)).flatten(1).all(1)


def _not_beyond(plan, seen: Tensor) -> Tensor:
    return ~(plan(seen).abs() > 0.12).flatten(1).any(1)


def _no_nan(plan, seen: Tensor) -> Tensor:
    return ~plan(seen).isnan().flatten(1).any(1)


def _some_finite(plan, seen: Tensor) -> Tensor:
    return torch.isfinite(plan(seen)).flatten(1).any(1)


def _first_finite(plan, seen: Tensor) -> Tensor:
    return torch.isfinite(plan(seen)[:, 0]).all(1)


def _all_finite(plan, seen: Tensor) -> Tensor:
    return torch.isfinite(plan(seen)).all()


def _broken_plans(generator: torch.Generator) -> list:
    actions = 0.1 * torch.rand(6, 10, 2, generator=generator)  # within the robot's limits
    actions[1, 7, 0] = torch.nan
    actions[2, 3, 1] = torch.inf
    actions[3] = torch.nan
    actions[4, 0, 0] = -torch.inf
    return [(lambda seen: actions.clone(), torch.zeros(6, 1, 4))]


EXERCISES = {
    "ex-robot-one-step": (
        Function(
            "one_step",
            _mean,
            {
                "robot_one_velocity": lambda a_0, plans: plans.mean(0) - a_0,
                "robot_one_added": lambda a_0, plans: plans.mean(0) + a_0,
                "robot_one_nearest": _nearest,
                "robot_one_still": lambda a_0, plans: a_0.clone(),
                "robot_one_sum": lambda a_0, plans: plans.sum(0).expand_as(a_0),
            },
            _noise_and_plans,
        ),
        Choice("same_as", "regression", {"robot_one_flow": "flow"}),
    ),
    "ex-robot-chunk": (
        # The solution's cell after training with three seeds: flow at worst 0.68 (the chapter's
        # seed), 0.75 and 0.72, the regression at worst 0.54 to 0.56.
        Number(
            "flow_lowest",
            0.70,
            0.06,
            {"percent": 70.0, "robot_chunk_lowest": 0.54},
            low=0,
            high=1,
        ),
        Choice("changes_more", "regression", {"robot_chunk_flow": "flow"}),
    ),
    "ex-robot-nan": (
        Function(
            "may_send",
            _finite,
            {
                "robot_nan_compare": _not_beyond,
                "robot_nan_infinity": _no_nan,
                "robot_nan_any": _some_finite,
                "robot_nan_first": _first_finite,
                "robot_nan_inverted": lambda plan, seen: ~_finite(plan, seen),
                "robot_nan_batch": _all_finite,
            },
            _broken_plans,
        ),
        Choice("loop_must", "stop", {"robot_nan_clamp": "clamp", "robot_nan_repeat": "repeat"}),
    ),
}
