"""What the network sees of a state, and the one symmetry that the task has."""

import math

import torch
from torch import Tensor

from utils.pusht.data import SIZE

GOAL_ANGLE = math.pi / 4
TURNS, WAVES = (1, 2, 4), (1, 2, 4)  # multiples of the angle; of half a wave over half the table
FEATURES = 2 * 3 + 2 * len(TURNS) + 2 * 6 * len(WAVES)


def features(state: Tensor) -> Tensor:
    r"""Describe a state without the jump of the angle at :math:`2\pi`, finely near the target.

    Three points: agent, block, and the agent seen from the block. With each coordinate p, in
    units of half the table from its middle, go :math:`\sin m\pi p` and :math:`\cos m\pi p`,
    m = 1, 2, 4: a few pixels then make a difference that the network can see. The angle enters as
    :math:`\sin m\phi` and :math:`\cos m\phi`, with :math:`\phi` measured from the target's.
    Source: Tancik et al. 2020 (arXiv 2006.10739), for what such features do. Chi et al. 2023 give
    their network the corners of the block instead.

    Args:
        state: ``(..., 5)``, [agent x, agent y, block x, block y, angle].

    Returns:
        ``(..., 48)``.
    """
    agent, block, angle = state[..., :2], state[..., 2:4], state[..., 4]
    c, s = angle.cos(), angle.sin()
    dx, dy = ((agent - block) / (SIZE / 2)).unbind(-1)
    middle = (state[..., :4] - SIZE / 2) / (SIZE / 2)
    seen = torch.stack([c * dx + s * dy, c * dy - s * dx], dim=-1)
    points = torch.cat([middle, seen], dim=-1)
    waves = torch.cat([m * math.pi * points for m in WAVES], dim=-1)
    turns = torch.stack([m * (angle - GOAL_ANGLE) for m in TURNS], dim=-1)
    return torch.cat([points, waves.sin(), waves.cos(), turns.sin(), turns.cos()], dim=-1)


def reflect(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
    r"""Mirror a demonstration at the axis of the target: :math:`(x, y) \to (512 - y, 512 - x)`.

    The target lies at (256, 256) with angle :math:`\pi/4`, and a T equals its mirror image, so the
    mirrored demonstration is as good a demonstration: the angle becomes :math:`\pi/2 - \theta`.
    It doubles the data. Chi et al. 2023 do not do this.

    Args:
        state: ``(..., 5)``.
        action: ``(..., 2)``.

    Returns:
        Mirrored state and action.
    """
    agent, block, angle = state[..., :2], state[..., 2:4], state[..., 4:]
    angle = (math.pi / 2 - angle).remainder(2 * math.pi)
    return torch.cat([_mirror(agent), _mirror(block), angle], dim=-1), _mirror(action)


def _mirror(point: Tensor) -> Tensor:
    return SIZE - point.flip(-1)
