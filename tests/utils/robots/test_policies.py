import pytest
import torch

from utils.robots.control import latency, mean_squared_jerk, rollout
from utils.robots.policies import (
    Normalizer,
    RegressionPolicy,
    RobotDiffusionPolicy,
    RobotFlowPolicy,
    TwoStepPolicy,
)
from utils.schedulers import DiscreteVP, cosine_betas
from utils.training import fit

KINDS = (RobotFlowPolicy, RobotDiffusionPolicy, RegressionPolicy, TwoStepPolicy)


class Line:
    """An integrator on a line: the observation is the position, the action the velocity."""

    def __init__(self, goal=100.0):
        self.low, self.high, self.goal, self.sent = -torch.ones(1), torch.ones(1), goal, []

    def reset(self, seeds):
        self.x = torch.tensor([[float(s)] for s in seeds])
        return self.x

    def step(self, actions):
        self.sent.append(actions)
        self.x = self.x + actions
        return self.x, self.x[:, 0], self.x[:, 0] >= self.goal


def data(seed=0):
    """Actions +o or -o with equal probability: two modes, mean 0."""
    generator = torch.Generator().manual_seed(seed)
    o = torch.rand(2000, 1, 1, generator=generator) + 1
    sign = torch.randint(2, (2000, 1, 1), generator=generator) * 2.0 - 1
    return o, (sign * o).expand(-1, 4, 1) * 100  # in units that need the normaliser


@pytest.fixture(scope="module")
def trained():
    o, a = data()
    policies = {}
    for kind in KINDS:
        torch.manual_seed(0)
        policy = kind(1, 1, horizon=4, hidden=48, depth=2)
        policy.fit_normalizers(o, a)
        generator = torch.Generator().manual_seed(0)

        def loss(model, step, generator=generator):
            i = torch.randint(len(o), (256,), generator=generator)
            return model.loss(o[i], a[i], generator)  # noqa: B023

        fit(policy, loss, 1000, lr=3e-3)
        policies[kind] = policy
    return policies


@pytest.mark.parametrize("kind", [RobotFlowPolicy, RobotDiffusionPolicy])
def test_generative_policies_find_both_modes_and_nothing_between(trained, kind):
    o = torch.full((400, 1, 1), 1.5)
    a = trained[kind].plan(o, 20, generator=torch.Generator().manual_seed(1))[:, 0, 0]
    assert 0.4 < (a > 0).float().mean() < 0.6
    assert ((a.abs() - 150).abs() < 40).float().mean() > 0.95


def test_regression_returns_the_mean_of_the_modes(trained):
    a = trained[RegressionPolicy].plan(torch.full((1, 1, 1), 1.5))
    assert a.abs().max() < 40


def test_the_ancestral_sampler_finds_both_modes(trained):
    policy = trained[RobotDiffusionPolicy]
    policy.eta = 1.0
    generator = torch.Generator().manual_seed(1)
    a = policy.plan(torch.full((400, 1, 1), 1.5), 100, generator=generator)[:, 0, 0]
    policy.eta = 0.0
    assert 0.4 < (a > 0).float().mean() < 0.6
    assert ((a.abs() - 150).abs() < 40).float().mean() > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_same_observation_and_noise_same_plan(trained, kind):
    policy, o = trained[kind], torch.full((2, 1, 1), 1.2)
    noise = torch.randn(2, 4, 1, generator=torch.Generator().manual_seed(2))
    assert torch.equal(policy.plan(o, 5, noise), policy.plan(o, 5, noise))
    fresh = policy.plan(o, 5, noise + 1)
    draws = kind in (RobotFlowPolicy, RobotDiffusionPolicy)
    assert torch.equal(policy.plan(o, 5, noise), fresh) != draws


def test_a_warm_start_stays_with_its_mode(trained):
    policy, o = trained[RobotFlowPolicy], torch.full((200, 1, 1), 1.5)
    guess = torch.full((200, 4, 1), 150.0)
    generator = torch.Generator().manual_seed(0)
    warm = policy.plan(o, 4, generator=generator, previous=guess, t_start=0.7)
    assert (warm[:, 0, 0] > 0).float().mean() > 0.95
    with pytest.raises(ValueError, match="t_start"):
        policy.plan(o, 4, previous=guess, t_start=1.0)
    with pytest.raises(ValueError, match="warm start needs a flow"):
        trained[RegressionPolicy].plan(o, previous=guess, t_start=0.5)


def test_guide_shapes():
    policy = RobotFlowPolicy(obs_dim=64, action_dim=7, horizon=16)
    assert policy.plan(torch.zeros(3, 1, 64)).shape == (3, 16, 7)


@pytest.mark.parametrize("kind", KINDS)
def test_bad_input(kind):
    policy = kind(3, 2, horizon=4, obs_horizon=2, hidden=8, depth=1)
    good = torch.zeros(5, 2, 3)
    with pytest.raises(ValueError, match="observations must have shape"):
        policy.plan(torch.zeros(5, 2, 4))
    with pytest.raises(ValueError, match="observations"):
        policy.plan(torch.full_like(good, torch.nan))
    with pytest.raises(ValueError, match="actions must have shape"):
        policy.loss(good, torch.zeros(5, 4, 3))
    with pytest.raises(ValueError, match="actions"):
        policy.loss(good, torch.full((5, 4, 2), torch.inf))
    with pytest.raises(ValueError, match="noise must hold 5"):
        policy.plan(good, noise=torch.zeros(4, 4, 2))
    with pytest.raises(ValueError, match="horizon"):
        kind(3, 2, horizon=0)
    with pytest.raises(ValueError, match="observations"):
        policy.fit_normalizers(torch.zeros(0, 2, 3), torch.zeros(0, 4, 2))


def test_normalizer_round_trip_and_constants():
    normalizer = Normalizer(2)
    x = torch.tensor([[[1.0, 5.0]], [[3.0, 5.0]]])
    normalizer.fit(x)
    y = normalizer(x)
    assert torch.equal(y[:, 0], torch.tensor([[-1.0, 0.0], [1.0, 0.0]]))
    torch.testing.assert_close(normalizer.inverse(y), x)


def test_cosine_betas_follow_their_formula():
    schedule = DiscreteVP(cosine_betas(100))
    k = torch.arange(1, 101, dtype=torch.float64)
    f = torch.cos((k / 100 + 0.008) / 1.008 * torch.pi / 2) ** 2
    f_0 = torch.cos(torch.tensor(0.008 / 1.008 * torch.pi / 2, dtype=torch.float64)) ** 2
    torch.testing.assert_close(schedule.alpha_bar[:-1], (f / f_0)[:-1])  # the last one is capped
    assert schedule.betas.max() == 0.999
    with pytest.raises(ValueError, match="beta_max"):
        cosine_betas(10, beta_max=1.0)


def test_rollout_carries_out_the_right_part_of_each_plan():
    seen = []

    def plan(observations):
        seen.append(observations)
        return torch.tensor([0.0, 0.1, 0.2, 0.3]).reshape(1, 4, 1).expand(len(observations), 4, 1)

    run = rollout(plan, Line(), [0, 5], 5, chunk=2, obs_horizon=2, first=1)
    expected = torch.tensor([0.1, 0.2, 0.1, 0.2, 0.1])
    torch.testing.assert_close(run.actions[:, 0, 0], expected)
    assert [o.shape for o in seen] == [(2, 2, 1)] * 3
    torch.testing.assert_close(seen[0][1, :, 0], torch.tensor([5.0, 5.0]))  # the first one twice
    torch.testing.assert_close(seen[1][1, :, 0], torch.tensor([5.1, 5.3]))
    assert run.clipped == 0


def test_rollout_stops_and_limits():
    run = rollout(lambda o: torch.full((2, 4, 1), 9.0), Line(goal=3), [0, 1], 50, chunk=4)
    assert run.actions.max() == 1 and run.clipped == 1
    assert run.lengths.tolist() == [3, 2] and len(run.actions) == 3
    assert run.best.tolist() == [3, 3]


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        (lambda o: torch.full((1, 4, 1), torch.nan), FloatingPointError, "nothing was sent"),
        (lambda o: torch.full((1, 4, 1), -torch.inf), FloatingPointError, "nothing was sent"),
        (lambda o: torch.zeros(1, 4, 2), ValueError, "plan must return shape"),
        (lambda o: torch.zeros(1, 3, 1), ValueError, "needs 4 actions"),
    ],
)
def test_a_bad_plan_never_reaches_the_robot(plan, error, words):
    line = Line()
    with pytest.raises(error, match=words):
        rollout(plan, line, [0], 8, chunk=4)
    assert line.sent == []


def test_a_broken_sensor_stops_the_loop():
    line = Line()
    line.reset = lambda seeds: torch.tensor([[torch.nan]])
    with pytest.raises(ValueError, match="not finite"):
        rollout(lambda o: torch.zeros(1, 4, 1), line, [0], 8, chunk=4)
    with pytest.raises(ValueError, match="seeds"):
        rollout(lambda o: torch.zeros(0, 4, 1), line, [], 8)
    assert line.sent == []


def test_jerk_by_hand():
    steps = iter(range(100))

    def plan(observations):
        k = 4 * next(steps) + torch.arange(4.0)
        return (k**3 / 1000 + (k >= 8)).reshape(1, 4, 1).clamp(-1, 1)  # a jump between plans

    run = rollout(plan, Line(), [0], 8, chunk=4)
    within, across = mean_squared_jerk(run, 0.1)
    cubic = (6 / 1000 / 0.1**3) ** 2  # the third difference of a cubic is constant
    assert within == pytest.approx(cubic, rel=1e-3)
    assert across == pytest.approx(cubic, rel=1e-3)
    with pytest.raises(ValueError, match="dt"):
        mean_squared_jerk(run, 0.0)


def test_latency_is_ordered():
    median, slow = latency(lambda: sum(range(1000)), repeats=50)
    assert 0 < median <= slow


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_a_constant_lies_in_the_middle_in_every_type(dtype):
    # Beside 258 bfloat16 knows 256 and 260: limits of 257 and 259 are not among its numbers.
    scale, x = Normalizer(1), torch.full((3, 1), 258.0, dtype=dtype)
    scale.fit(x)
    assert (scale(x) == 0).all() and (scale.inverse(scale(x)) == 258).all()
