"""The two losses of the course: each is a regression on a conditional target."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from utils.paths import AffinePath
from utils.schedulers import DiscreteVP
from utils.tensors import at_least_float32, check_output, check_samples, check_type, randn_like

Coupling = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def _mean_square(model: nn.Module, x: Tensor, t: Tensor, target: Tensor) -> Tensor:
    """Mean squared error of the model, whose output must not broadcast unnoticed."""
    predicted = check_output("model", model(x, t), x)
    return (at_least_float32(predicted) - at_least_float32(target)).square().mean()


def flow_matching_loss(
    model: nn.Module,
    x_1: Tensor,
    path: AffinePath,
    generator: torch.Generator | None = None,
    coupling: Coupling | None = None,
) -> Tensor:
    r"""Flow matching: :math:`E\,\lVert f_\theta(x_t, t) - \dot x_t\rVert^2 / D`.

    Mean over the batch and over the D coordinates.
    Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 9; Lipman et al. 2024, eq. 4.32.

    Args:
        model: network ``(x_t, t) -> (B, ...)``, the velocity.
        x_1: data, shape ``(B, ...)``.
        path: the affine path.
        generator: source of randomness for noise and time.
        coupling: re-pairs ``(x_0, x_1)``; ``None`` keeps them independent.

    Returns:
        Loss, 0-dim.

    Raises:
        ValueError: if ``x_1`` is empty or not finite, or the model returns another shape.
    """
    check_samples("x_1", x_1)
    check_type("path", path, AffinePath)
    x_0 = randn_like(x_1, generator)
    if coupling is not None:
        x_0, x_1 = coupling(x_0, x_1)
    dtype = at_least_float32(x_1).dtype
    t = torch.rand(len(x_1), dtype=dtype, device=x_1.device, generator=generator)
    sample = path.sample(x_0, x_1, t)
    return _mean_square(model, sample.x_t, sample.t, sample.dx_t)


def epsilon_loss(
    model: nn.Module,
    x_1: Tensor,
    schedule: DiscreteVP,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""DDPM's simple loss: :math:`E\,\lVert \epsilon_\theta(x_k, t_k) - \epsilon\rVert^2 / D`.

    Mean over the batch and over the D coordinates; k is uniform on 0..T-1.
    Source: Ho et al. 2020 (arXiv 2006.11239), eq. 14 and algorithm 1.

    Args:
        model: network ``(x_k, t_k) -> (B, ...)``, the noise.
        x_1: data, shape ``(B, ...)``.
        schedule: the discrete schedule.
        generator: source of randomness for noise and step index.

    Returns:
        Loss, 0-dim.

    Raises:
        ValueError: if ``x_1`` is empty or not finite, or the model returns another shape.
    """
    check_samples("x_1", x_1)
    check_type("schedule", schedule, DiscreteVP)
    epsilon = randn_like(x_1, generator)
    k = torch.randint(schedule.T, (len(x_1),), device=x_1.device, generator=generator)
    x_k = schedule.sample(epsilon, x_1, k)
    return _mean_square(model, x_k, schedule.time(k).to(at_least_float32(x_1)), epsilon)
