"""robots: what is carried out, how rough it is, and policies that answer each plan for itself."""

import math
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import drawn, dtypes, seeds

from utils.robots.control import (
    Rollout,
    check_actions,
    latency,
    mean_squared_jerk,
    rollout,
    shifted,
)
from utils.robots.planar import LIMIT, RADIUS, PlanarObstacle, demonstrations, expert, side_passed
from utils.robots.policies import (
    ActionNetwork,
    Normalizer,
    Policy,
    RegressionPolicy,
    RobotDiffusionPolicy,
    RobotFlowPolicy,
    TwoStepPolicy,
)

few = settings(max_examples=max(3, settings().max_examples // 3))
COUNTS = st.integers(1, 5)


@given(COUNTS, st.integers(1, 4), COUNTS, dtypes, seeds)
def test_normalizers_fill_the_interval_and_turn_back(n, dim, rows, dtype, seed):
    scale, x = Normalizer(dim), 50 * drawn(seed, n, rows, dim, dtype=dtype)
    torch.testing.assert_close(scale(x).double(), x.double(), rtol=1e-6, atol=1e-6)
    x[..., 0] = 7  # a constant
    scale.fit(x)
    found = scale(x)
    assert found.abs().max() <= 1 + 1e-5 and (found[..., 0] == 0).all()
    flat, points = found.reshape(-1, dim).double(), x.reshape(-1, dim).double()
    low, high = points.amin(0), points.amax(0)
    # A coordinate that varies fills the interval; bfloat16 may make any of them a constant. The
    # limits are float32: where all points are close together, its digits show.
    wanted, room = (high > low).double(), (high - low).where(high > low, torch.ones(()))
    slack = 1e-5 + 4 * torch.finfo(torch.float32).eps * points.abs().amax(0) / room
    assert ((flat.amax(0) - wanted).abs() < slack).all()
    assert ((flat.amin(0) + wanted).abs() < slack).all()
    back = scale.inverse(found.float()).double()
    assert (back - x.double()).abs().max() < 1e-3
    for wrong in (x[..., :0], x * torch.nan, torch.ones(3, dim + 1)):
        with pytest.raises(ValueError, match="x must"):
            scale.fit(wrong)
    with pytest.raises(TypeError, match="x must"):
        scale.fit(x.long())


@given(COUNTS, COUNTS, seeds, st.integers(-2, 7))
def test_what_is_left_of_a_plan(batch, horizon, seed, by):
    plan = drawn(seed, batch, horizon, 2)
    if 0 <= by <= horizon:
        found = shifted(plan, by)
        wanted = [plan[:, min(i + by, horizon - 1)] for i in range(horizon)]
        assert torch.equal(found, torch.stack(wanted, 1))
    else:
        with pytest.raises(ValueError, match="by must lie in"):
            shifted(plan, by)


class Line:
    """Sums up its actions; an episode ends once its sum reaches its seed."""

    low, high = torch.tensor([-1.0]), torch.tensor([1.0])

    def reset(self, seeds):
        self.ends, self.place = torch.tensor(seeds).float(), torch.zeros(len(seeds))
        return self.place[:, None].clone()

    def step(self, actions):
        moving = self.place < self.ends
        self.place = torch.where(moving, self.place + actions[:, 0], self.place)
        return self.place[:, None].clone(), self.place.clone(), self.place >= self.ends


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 8), COUNTS, COUNTS,
       st.integers(0, 2))  # fmt: skip
def test_rollouts_carry_out_the_beginning_of_each_plan(ends, most, chunk, seen, first):
    asked = []

    def plan(observations):
        asked.append(observations)
        actions = torch.full((len(ends), first + chunk, 1), 9.0)  # beyond the limits
        actions[:, :first] = -9.0  # never to be carried out
        return actions

    run = rollout(plan, Line(), ends, most, chunk, seen, first)
    took = min(most, max(ends))
    assert run.actions.shape == (took, len(ends), 1) and (run.actions == 1).all()
    assert run.observations.shape == (took + 1, len(ends), 1) and run.clipped == 1
    assert run.lengths.tolist() == [min(end, most) for end in ends]
    assert run.best.tolist() == [min(end, most) for end in ends]
    assert len(asked) == math.ceil(took / chunk) and asked[0].shape == (len(ends), seen, 1)
    for i, observations in enumerate(asked):
        now = [max(0, i * chunk - back) for back in reversed(range(seen))]
        assert observations[ends.index(max(ends)), :, 0].tolist() == now
    for wrong in (lambda o: plan(o)[:, :-1], lambda o: plan(o)[0], lambda o: plan(o)[:, :, :0]):
        with pytest.raises(ValueError, match="plan"):
            rollout(wrong, Line(), ends, most, chunk, seen, first)
    with pytest.raises(FloatingPointError, match="NaN or infinity"):
        rollout(lambda o: plan(o) * torch.nan, Line(), ends, most, chunk, seen, first)
    for wrong in ({"max_steps": 0}, {"chunk": 0}, {"obs_horizon": 0}, {"first": -1}, {"seeds": []}):
        with pytest.raises(ValueError):
            rollout(**{"plan": plan, "environment": Line(), "seeds": [1], "max_steps": 1} | wrong)


@given(st.integers(1, 12), st.integers(1, 3), COUNTS, seeds, st.floats(0.1, 2), st.data())
def test_jerk_step_by_step(steps, batch, chunk, seed, dt, data):
    actions = drawn(seed, steps, batch, 2)
    ends = data.draw(st.lists(st.integers(1, steps), min_size=batch, max_size=batch))
    lengths = torch.tensor(ends)
    run = Rollout(actions, actions, actions[..., 0], lengths, chunk, 0.0)
    sums = {True: [], False: []}
    for b in range(batch):
        for s in range(int(lengths[b]) - 3):
            a = actions[s : s + 4, b]
            third = (a[3] - 3 * a[2] + 3 * a[1] - a[0]) / dt**3
            sums[s // chunk == (s + 3) // chunk].append((third @ third).item())
    for found, values in zip(mean_squared_jerk(run, dt), (sums[True], sums[False]), strict=True):
        if values:
            assert abs(found / (sum(values) / len(values)) - 1) < 1e-6
        else:
            assert math.isnan(found)
    with pytest.raises(ValueError, match="dt must"):
        mean_squared_jerk(run, 0.0)


@given(COUNTS, seeds, st.sampled_from([1.0, -1.0]))
def test_the_plane_is_symmetric_and_its_expert_arrives(batch, seed, side):
    plane, mirror = PlanarObstacle(), PlanarObstacle()
    seen = [plane.reset(range(seed, seed + batch))]
    upside = torch.tensor([1.0, -1.0])
    other = mirror.place(seen[0][:, [1, 3]] * -1)
    sides = torch.full((batch,), side)
    done = torch.zeros(batch, dtype=torch.bool)
    for _ in range(60):
        action = expert(seen[-1], sides)
        assert action.abs().max() <= LIMIT
        torch.testing.assert_close(expert(other, -sides), action * upside)
        observation, score, done = plane.step(action)
        other, _, _ = mirror.step(action * upside)
        torch.testing.assert_close(other, observation * upside.repeat(2))
        seen.append(observation)
        if done.all():
            break
    assert plane.reached.all() and not plane.collided.any() and (score == 1).all()
    assert (side_passed(torch.stack(seen)) == side).all()
    assert (side_passed(torch.stack(seen[:2])) == 0).all()
    for wrong in (action[:, :1], action * 0 + 1, action * torch.nan):
        with pytest.raises(ValueError, match="actions must"):
            plane.step(wrong)


@given(COUNTS, seeds)
def test_the_obstacle_is_a_disc_that_no_step_crosses(batch, seed):
    """Episodes that walk straight ahead: dense points on each step say whether it touches."""
    plane = PlanarObstacle()
    place = plane.place(drawn(seed, batch, 2, dtype=torch.float32))[:, :2]
    touched = torch.zeros(batch, dtype=torch.bool)
    for _ in range(20):
        action = torch.tensor([LIMIT, 0.0]).expand(batch, 2)
        shares = torch.linspace(0, 1, 401)[:, None, None]
        nearest = (place + shares * action).norm(dim=2).amin(0)
        touched |= nearest < RADIUS
        _, score, done = plane.step(action)
        assert ((nearest - RADIUS).abs() < 1e-4).any() or torch.equal(plane.collided, touched)
        assert (done >= plane.collided).all() and not (score[plane.collided] > 0).any()
        place = place + action


@few
@given(st.integers(1, 3), st.integers(1, 4), seeds)
def test_demonstrations_come_in_mirrored_pairs(half, horizon, seed):
    generator = torch.Generator().manual_seed(seed)
    observations, actions = demonstrations(2 * half, horizon, 0.006, generator)
    n, upside = len(observations) // 2, torch.tensor([1.0, -1.0])
    assert observations.shape == (2 * n, 1, 4) and actions.shape == (2 * n, horizon, 2)
    assert torch.equal(observations[n:], observations[:n] * upside.repeat(2))
    assert torch.equal(actions[n:], actions[:n] * upside) and actions.abs().max() <= LIMIT
    moved = observations[:-1, 0, :2] + actions[:-1, 0] - observations[1:, 0, :2]
    same = (observations[:-1, 0, 3] == observations[1:, 0, 3])[:, None]
    assert (moved * same).abs().max() < 1e-6
    for wrong in ((2 * half - 1, horizon), (0, horizon), (2 * half, 0)):
        with pytest.raises(ValueError, match="must be"):
            demonstrations(*wrong)


@few
@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), seeds)
def test_policies_answer_each_observation_for_itself(batch, horizon, seen, seed):
    for kind in (RobotFlowPolicy, RobotDiffusionPolicy, RegressionPolicy, TwoStepPolicy):
        policy = kind(3, 2, horizon, seen, hidden=8, depth=1).eval()
        for i, p in enumerate(policy.parameters()):
            p.data = 0.3 * drawn(seed + i, *p.shape, dtype=torch.float32)
        o, a = (drawn(seed, batch, k, d, dtype=torch.float32) for k, d in ((seen, 3), (horizon, 2)))
        policy.fit_normalizers(5 * o, 5 * a)
        noise = drawn(seed + 2, batch, horizon, 2, dtype=torch.float32)
        plan = policy.plan(o, 3, noise)
        assert plan.shape == a.shape and not plan.requires_grad
        one = torch.cat([policy.plan(o[i : i + 1], 3, noise[i : i + 1]) for i in range(batch)])
        torch.testing.assert_close(plan, one, rtol=1e-3, atol=1e-4)
        losses = [policy.loss(o, a, torch.Generator().manual_seed(seed)) for _ in range(2)]
        assert losses[0] == losses[1] and losses[0].ndim == 0 and losses[0] > 0
        for wrong in (o[:, :, :2], o[:0], o * torch.nan, o[0]):
            with pytest.raises(ValueError, match="observations must"):
                policy.plan(wrong)
            with pytest.raises(ValueError, match="observations must"):
                policy.loss(wrong, a)
        with pytest.raises(ValueError, match="noise must"):
            policy.plan(o, noise=noise.repeat(2, 1, 1))
        if kind is RobotFlowPolicy:
            warm = policy.plan(o, 2, noise, previous=a, t_start=0.999999)
            torch.testing.assert_close(warm, a, rtol=1e-2, atol=1e-2)
        else:
            with pytest.raises(ValueError, match="a warm start needs a flow policy"):
                policy.plan(o, 2, noise, previous=a, t_start=0.5)
    for wrong in ((0, 2), (3, 0), (3, 2, 0), (3, 2, 4, 0)):
        with pytest.raises(ValueError, match="must be at least 1"):
            Policy(*wrong)
    net = ActionNetwork((seen, 3), (horizon, 2), 8, 1)
    features = net.encode(o)
    times = torch.full((batch,), 0.3)
    torch.testing.assert_close(net(a, times[0], features), net(a, times, features))


@given(st.integers(1, 5), st.integers(0, 3))
def test_every_call_is_timed(repeats, warm_up):
    calls = SimpleNamespace(n=0)

    def call():
        calls.n += 1

    median, slowest = latency(call, repeats, warm_up)
    assert calls.n == repeats + warm_up and 0 <= median <= slowest
    with pytest.raises(ValueError, match="repeats must"):
        latency(call, 0)
    actions = torch.ones(2, 3, 1)
    assert check_actions(actions, 2, torch.ones(1)) is actions
