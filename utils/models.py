"""Small networks for points in the plane (and for flattened 8x8 digits)."""

import math

import torch
from torch import Tensor, nn

from utils.tensors import check_floating, check_nonnegative, check_positive_int


class TimeEmbedding(nn.Module):
    r"""Fourier features of a time in [0, 1].

    .. math:: \gamma(t) = \big(\sin 2\pi f_i t,\ \cos 2\pi f_i t\big)_{i=1..dim/2}

    The frequencies :math:`f_i` form a geometric series from 1/4 to ``max_frequency`` cycles per
    unit time, so every channel moves over [0, 1]. The sinusoids of a Transformer are made for
    positions up to thousands: fed with t in [0, 1], most of their channels hardly change.
    Source: Tancik et al. 2020 (arXiv 2006.10739), section 5, "positional encoding".
    """

    def __init__(self, dim: int = 16, max_frequency: float = 2.0) -> None:
        """Choose the size and the highest frequency.

        Args:
            dim: number of features, even.
            max_frequency: highest frequency in cycles per unit time, above 1/4.

        Raises:
            ValueError: if ``dim`` is odd or not positive, or ``max_frequency`` too low.
        """
        super().__init__()
        if check_positive_int("dim", dim) % 2:
            raise ValueError(f"dim must be even, got {dim}")
        if check_nonnegative("max_frequency", max_frequency) <= 0.25:
            raise ValueError(f"max_frequency must be above 0.25, got {max_frequency}")
        exponents = torch.linspace(math.log(0.25), math.log(max_frequency), dim // 2)
        # A buffer: it follows the model to its device, and no tensor is built in forward.
        self.register_buffer("frequencies", 2 * math.pi * exponents.exp())

    def forward(self, t: Tensor) -> Tensor:
        """Embed times ``(B,)`` as features ``(B, dim)``."""
        angle = t[:, None] * self.frequencies
        return torch.cat([angle.sin(), angle.cos()], dim=-1)


class MLP(nn.Module):
    r"""A network :math:`f_\theta(x, t)` from a point and a time to a vector like the point.

    What the vector means (velocity, epsilon, ...) is decided by the loss, not by the network.
    """

    def __init__(self, dim: int = 2, hidden: int = 128, depth: int = 3, time_dim: int = 16) -> None:
        """Build ``depth`` hidden SiLU layers of width ``hidden``.

        Args:
            dim: dimension D of a point.
            hidden: width of each hidden layer.
            depth: number of hidden layers.
            time_dim: number of time features, even.

        Raises:
            ValueError: if an argument is below 1, or ``time_dim`` is odd.
        """
        super().__init__()
        for name, n in (("dim", dim), ("hidden", hidden), ("depth", depth)):
            check_positive_int(name, n)
        self.dim = dim
        self.embed = TimeEmbedding(time_dim)
        widths = [dim + time_dim] + [hidden] * depth
        layers: list[nn.Module] = []
        for width_in, width_out in zip(widths[:-1], widths[1:], strict=True):
            layers += [nn.Linear(width_in, width_out), nn.SiLU()]
        self.net = nn.Sequential(*layers, nn.Linear(hidden, dim))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Evaluate the network.

        Args:
            x: points, shape ``(B, D)``.
            t: time in [0, 1], shape ``()`` (solvers pass one time for the batch) or ``(B,)``.

        Returns:
            Shape ``(B, D)``.

        Raises:
            TypeError: if ``x`` is not a floating-point tensor.
            ValueError: if the shapes do not match the network or each other.
        """
        check_floating("x", x)
        if x.ndim != 2 or x.shape[1] != self.dim:
            raise ValueError(f"x must have shape (B, {self.dim}), got {tuple(x.shape)}")
        if t.ndim > 1 or (t.ndim == 1 and t.shape[0] != x.shape[0]):
            raise ValueError(f"t must have shape () or ({x.shape[0]},), got {tuple(t.shape)}")
        t = t.to(x.dtype).expand(x.shape[0])
        return self.net(torch.cat([x, self.embed(t)], dim=-1))
