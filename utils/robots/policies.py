"""Robot policies: an observation goes in, a chunk of actions comes out.

Four policies share one network, one encoder of the observation and one way of being trained, so
that a comparison compares what they learn to predict and nothing else.
"""

import math

import torch
from torch import Tensor, nn

from utils.losses import epsilon_loss, flow_matching_loss
from utils.models import TimeEmbedding
from utils.paths import AffinePath
from utils.samplers import sample_ddim, sample_ode
from utils.schedulers import CondOT, DiscreteVP, cosine_betas
from utils.tensors import at_least_float32, check_positive_int, check_samples, randn_like


class Normalizer(nn.Module):
    r"""Maps each coordinate linearly to [-1, 1]: :math:`2 (x - low)/(high - low) - 1`.

    Until ``fit`` it is the identity. The limits are buffers: they travel with the weights.
    """

    def __init__(self, dim: int) -> None:
        """Start as the identity on ``dim`` coordinates."""
        super().__init__()
        self.register_buffer("low", -torch.ones(dim))
        self.register_buffer("high", torch.ones(dim))

    def fit(self, x: Tensor) -> None:
        """Take the limits from data ``(..., dim)``; a constant coordinate is only shifted."""
        if check_samples("x", x).shape[-1:] != self.low.shape:
            raise ValueError(f"x must have shape (..., {len(self.low)}), got {tuple(x.shape)}")
        x = at_least_float32(x).reshape(-1, len(self.low))
        low, high = x.amin(dim=0), x.amax(dim=0)
        # A constant has no range: 1, or as much as float32 can add to it, which is 64 at 1e9.
        least = torch.finfo(torch.float32).eps * low.abs()
        room = torch.where(high > low, 0.0, least.clamp(min=1.0))
        for limit, exact, outward in (
            (self.low, low - room, -torch.inf),
            (self.high, high + room, torch.inf),
        ):
            limit.copy_(exact)
            # What float32 has no number for is rounded outward, so that no point lies beyond.
            inside = limit > exact if outward < 0 else limit < exact
            limit.copy_(limit.nextafter(torch.full_like(limit, outward)).where(inside, limit))

    def forward(self, x: Tensor) -> Tensor:
        """From the data's units to [-1, 1]."""
        return 2 * (x - self.low) / (self.high - self.low) - 1

    def inverse(self, x: Tensor) -> Tensor:
        """From [-1, 1] to the data's units."""
        return (x + 1) / 2 * (self.high - self.low) + self.low


class _Block(nn.Module):
    """A residual layer; scale and shift come from observation and time (FiLM)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, elementwise_affine=False)
        self.net = nn.Sequential(nn.Linear(hidden, hidden), nn.SiLU(), nn.Linear(hidden, hidden))
        nn.init.zeros_(self.net[-1].weight)  # each block starts as the identity
        nn.init.zeros_(self.net[-1].bias)

    def forward(self, h: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
        return h + self.net(torch.addcmul(shift, self.norm(h), scale))


class ActionNetwork(nn.Module):
    r"""A network :math:`f_\theta(a, t, o)` from a chunk of actions to a chunk of the same shape.

    Observation and time steer every layer by a scale and a shift, as in the network of Chi et al.
    2023 (arXiv 2303.04137), section 3.1; the layers are a residual MLP instead of convolutions.
    The observation's share of them is computed once for each plan, not in every evaluation.
    What the output means is decided by the loss.
    """

    def __init__(
        self,
        observation_shape: tuple[int, int],
        action_shape: tuple[int, int],
        hidden: int = 256,
        depth: int = 3,
    ) -> None:
        """Build the encoder and ``depth`` residual blocks.

        Args:
            observation_shape: (observation horizon, numbers in one observation).
            action_shape: (prediction horizon H, numbers in one action A).
            hidden: width.
            depth: number of residual blocks.

        Raises:
            TypeError: if a number is not an integer.
            ValueError: if a number is below 1.
        """
        super().__init__()
        for name, n in (("hidden", hidden), ("depth", depth)):
            check_positive_int(name, n)
        self.action_shape, self.depth = action_shape, depth
        size, steering = math.prod(action_shape), 2 * hidden * depth
        self.encoder = nn.Sequential(
            nn.Linear(math.prod(observation_shape), hidden),
            nn.SiLU(),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Linear(hidden, steering),
        )
        self.time = nn.Sequential(
            TimeEmbedding(32, 8.0), nn.Linear(32, 64), nn.SiLU(), nn.Linear(64, steering)
        )
        self.enter = nn.Linear(size, hidden)
        self.blocks = nn.ModuleList(_Block(hidden) for _ in range(depth))
        self.leave = nn.Sequential(nn.LayerNorm(hidden), nn.SiLU(), nn.Linear(hidden, size))

    def encode(self, observation: Tensor) -> Tensor:
        """Observation ``(B, To, O)`` to its share of all scales and shifts ``(B, S)``."""
        return self.encoder(observation.flatten(1))

    def forward(self, action: Tensor, t: Tensor, features: Tensor) -> Tensor:
        """Evaluate the network.

        Args:
            action: shape ``(B, H, A)``.
            t: time in [0, 1], shape ``()`` or ``(B,)``.
            features: of ``encode``, shape ``(B, S)``.

        Returns:
            Shape ``(B, H, A)``.
        """
        steering = features + self.time(t.to(action).reshape(-1))  # one time serves the batch
        steering = steering.unflatten(1, (2 * self.depth, -1)).unbind(1)
        h = self.enter(action.flatten(1))
        for i, block in enumerate(self.blocks):
            h = block(h, 1 + steering[2 * i], steering[2 * i + 1])
        return self.leave(h).unflatten(1, self.action_shape)


class Policy(nn.Module):
    """What all policies share: shapes, limits of the numbers, network, and checks.

    Attributes:
        observation_shape: (observation horizon To, numbers in one observation O).
        action_shape: (prediction horizon H, numbers in one action A).
        observations: normaliser of the observations.
        actions: normaliser of the actions.
        net: the network.
    """

    def __init__(
        self,
        obs_dim: int,
        action_dim: int,
        horizon: int = 16,
        obs_horizon: int = 1,
        hidden: int = 256,
        depth: int = 3,
    ) -> None:
        """Build an untrained policy.

        Args:
            obs_dim: numbers in one observation, O.
            action_dim: numbers in one action, A.
            horizon: actions in one plan, H.
            obs_horizon: observations the policy sees, To.
            hidden: width of the network.
            depth: number of its residual blocks.

        Raises:
            TypeError: if an argument is not an integer.
            ValueError: if an argument is below 1.
        """
        super().__init__()
        names = ("obs_dim", "action_dim", "horizon", "obs_horizon")
        for name, n in zip(names, (obs_dim, action_dim, horizon, obs_horizon), strict=True):
            check_positive_int(name, n)
        self.observation_shape = (obs_horizon, obs_dim)
        self.action_shape = (horizon, action_dim)
        self.observations, self.actions = Normalizer(obs_dim), Normalizer(action_dim)
        self.net = ActionNetwork(self.observation_shape, self.action_shape, hidden, depth)

    def fit_normalizers(self, observations: Tensor, actions: Tensor) -> None:
        """Take the limits of both normalisers from the training data.

        Args:
            observations: shape ``(N, To, O)``.
            actions: shape ``(N, H, A)``.

        Raises:
            ValueError: if a shape does not fit, or a value is not finite.
        """
        self.observations.fit(self._check("observations", observations, self.observation_shape))
        self.actions.fit(self._check("actions", actions, self.action_shape))

    def loss(
        self, observations: Tensor, actions: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The training loss on a batch, in normalised units.

        Args:
            observations: shape ``(B, To, O)``.
            actions: shape ``(B, H, A)``.
            generator: source of randomness.

        Returns:
            Loss, 0-dim.

        Raises:
            ValueError: if a shape does not fit, or a value is not finite.
        """
        self._check("observations", observations, self.observation_shape)
        self._check("actions", actions, self.action_shape)
        features = self.net.encode(self.observations(observations))
        return self._loss(features, self.actions(actions), generator)

    @torch.no_grad()
    def plan(
        self,
        observations: Tensor,
        steps: int = 8,
        noise: Tensor | None = None,
        generator: torch.Generator | None = None,
        previous: Tensor | None = None,
        t_start: float = 0.0,
    ) -> Tensor:
        """Plan a chunk of actions for each observation.

        Args:
            observations: shape ``(B, To, O)``.
            steps: evaluations of the network; a policy with a fixed number ignores it.
            noise: where sampling starts, shape ``(B, H, A)``; ``None`` draws it. The same
                observation with the same noise gives the same plan if the sampler is deterministic.
            generator: source of randomness.
            previous: warm start: a guess of the actions, ``(B, H, A)`` in the data's units, that
                a flow policy takes up at ``t_start`` on the path between noise and guess.
            t_start: time of the warm start, in (0, 1).

        Returns:
            Actions in the data's units, shape ``(B, H, A)``.

        Raises:
            TypeError: if an argument has the wrong type.
            ValueError: if a shape does not fit, or a value is not finite (a broken sensor).
        """
        self._check("observations", observations, self.observation_shape)
        if noise is None:
            empty = observations.new_empty(len(observations), *self.action_shape)
            noise = randn_like(empty, generator)
        elif len(self._check("noise", noise, self.action_shape)) != len(observations):
            raise ValueError(f"noise must hold {len(observations)} plans, got {len(noise)}")
        features = self.net.encode(self.observations(observations))
        if previous is None:
            return self.actions.inverse(self._sample(features, noise, steps, generator))
        guess = self.actions(self._check("previous", previous, self.action_shape))
        if not 0 < t_start < 1:
            raise ValueError(f"t_start must lie in (0, 1), got {t_start}")
        return self.actions.inverse(self._resume(features, noise, steps, guess, t_start))

    def _check(self, name: str, x: Tensor, shape: tuple[int, int]) -> Tensor:
        check_samples(name, x)
        if tuple(x.shape[1:]) != shape:
            raise ValueError(
                f"{name} must have shape (B, {shape[0]}, {shape[1]}), got {tuple(x.shape)}"
            )
        return x

    def _loss(self, features: Tensor, a_1: Tensor, generator: torch.Generator | None) -> Tensor:
        raise NotImplementedError

    def _sample(
        self, features: Tensor, a_0: Tensor, steps: int, generator: torch.Generator | None
    ) -> Tensor:
        raise NotImplementedError

    def _resume(
        self, features: Tensor, a_0: Tensor, steps: int, guess: Tensor, t_start: float
    ) -> Tensor:
        raise ValueError(f"a warm start needs a flow policy, got {type(self).__name__}")


class RobotFlowPolicy(Policy):
    r"""Flow matching over chunks of actions, on the straight path :math:`a_t = t a_1 + (1-t) a_0`.

    .. math:: E\,\lVert f_\theta(a_t, t, o) - (a_1 - a_0)\rVert^2, \qquad
        a \leftarrow a + \tfrac1n f_\theta(a, t, o)

    Source: Lipman et al. 2023 (arXiv 2210.02747), eq. 9, with the observation o as condition;
    Black et al. 2024 (arXiv 2410.24164), section IV, for robots.
    """

    path = AffinePath(CondOT())

    def _loss(self, features, a_1, generator):
        def velocity(a: Tensor, t: Tensor) -> Tensor:
            return self.net(a, t, features)

        return flow_matching_loss(velocity, a_1, self.path, generator)

    def _sample(self, features, a_0, steps, generator):
        return sample_ode(lambda a, t: self.net(a, t, features), a_0, steps)

    def _resume(self, features, a_0, steps, guess, t_start):
        a = self.path.point(a_0, guess, guess.new_tensor(t_start))
        grid = torch.linspace(t_start, 1, check_positive_int("steps", steps) + 1)
        return sample_ode(lambda a, t: self.net(a, t, features), a, time_grid=grid)


class RobotDiffusionPolicy(Policy):
    r"""Diffusion over chunks of actions: it predicts the noise, as DDPM does.

    :math:`E\,\lVert\epsilon_\theta(a_k, k, o) - \epsilon\rVert^2` with 100 squared-cosine noise
    levels; the sampler limits its guess of the clean actions to [-1, 1].
    Source: Chi et al. 2023 (arXiv 2303.04137), eqs. 4-5 and appendix A.
    """

    def __init__(self, *args: int, eta: float = 0.0, levels: int = 100, **kwargs: int) -> None:
        """Build an untrained policy.

        Args:
            *args: as ``Policy``.
            eta: share of fresh noise in each step: 0 is DDIM, 1 is DDPM's ancestral sampling
                (exactly with all levels as steps, on a coarser grid with fewer).
            levels: number of noise levels, T.
            **kwargs: as ``Policy``.
        """
        super().__init__(*args, **kwargs)
        self.eta, self.schedule = eta, DiscreteVP(cosine_betas(levels))

    def _loss(self, features, a_1, generator):
        def epsilon(a: Tensor, t: Tensor) -> Tensor:
            return self.net(a, t, features)

        return epsilon_loss(epsilon, a_1, self.schedule, generator)

    def _sample(self, features, a_0, steps, generator):
        T = self.schedule.T

        def epsilon(a: Tensor, t: Tensor) -> Tensor:
            # eps -> a_1, limited to what actions can be -> eps: an outlier cannot run away.
            k = round((1 - t.item()) * T) - 1
            alpha, sigma = self.schedule.alpha(k).item(), self.schedule.sigma(k).item()
            a_1 = ((a - sigma * self.net(a, t, features)) / alpha).clamp(-1, 1)
            return (a - alpha * a_1) / sigma

        return sample_ddim(epsilon, a_0, self.schedule, steps, self.eta, generator)


class RegressionPolicy(Policy):
    r"""Plain behaviour cloning: :math:`E\,\lVert f_\theta(0, 0, o) - a_1\rVert^2`, one evaluation.

    Its minimiser is the mean of the demonstrated actions, :math:`E[a_1 \mid o]`.
    """

    def _loss(self, features, a_1, generator):
        return (self._first(features, a_1) - a_1).square().mean()

    def _sample(self, features, a_0, steps, generator):
        return self._first(features, a_0)

    def _first(self, features: Tensor, like: Tensor) -> Tensor:
        return self.net(torch.zeros_like(like), like.new_zeros(()), features)


class TwoStepPolicy(RegressionPolicy):
    r"""Regression in two supervised steps; it draws no noise when it acts.

    The first evaluation sees nothing but the observation, the second a noisy answer:

    .. math:: E\,\lVert f_\theta(0, 0, o) - a_1\rVert^2
        + E\,\lVert f_\theta(t^* a_1 + (1 - t^*) z, t^*, o) - a_1\rVert^2

    Acting chains them, without noise. Here :math:`t^* = 0.9`. Source: Pan et al. 2025 (arXiv
    2512.01809), "minimal iterative policy".
    """

    t_star = 0.9

    def _loss(self, features, a_1, generator):
        z = randn_like(a_1, generator)
        a = self.t_star * a_1 + (1 - self.t_star) * z
        second = (self._second(features, a) - a_1).square().mean()
        return super()._loss(features, a_1, generator) + second

    def _sample(self, features, a_0, steps, generator):
        return self._second(features, self.t_star * self._first(features, a_0))

    def _second(self, features: Tensor, a: Tensor) -> Tensor:
        return self.net(a, a.new_tensor(self.t_star), features)
