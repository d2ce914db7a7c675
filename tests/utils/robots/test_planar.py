import pytest
import torch

from utils.plotting import new_figure
from utils.robots.control import rollout
from utils.robots.planar import (
    LIMIT,
    MAX_STEPS,
    RADIUS,
    PlanarObstacle,
    demonstrations,
    expert,
    side_passed,
)
from utils.robots.planar_plot import draw_paths, draw_plane
from utils.robots.policies import RobotFlowPolicy


def test_the_expert_succeeds_on_both_sides():
    plane = PlanarObstacle()
    generator = torch.Generator().manual_seed(0)
    for sign in (-1.0, 1.0):

        def plan(seen, sign=sign):
            side = torch.full((len(seen),), sign)
            return expert(seen[:, 0], side, 0.006, generator)[:, None]

        run = rollout(plan, plane, range(100), MAX_STEPS, chunk=1)
        assert plane.reached.all() and not plane.collided.any()
        assert (side_passed(run.observations) == sign).all()
        assert (run.best == 1).all() and (run.lengths < MAX_STEPS).all()


def test_straight_ahead_collides_even_in_one_long_step():
    plane = PlanarObstacle()
    run = rollout(
        lambda seen: torch.tensor([LIMIT, 0.0]).expand(len(seen), 1, 2), plane, range(20), 60, 1
    )
    assert plane.collided.all() and not plane.reached.any()
    assert (run.best == 0).all() and (side_passed(run.observations) == 0).all()
    plane.place(torch.zeros(1, 2))
    # A step from one side of the disc's edge to the other passes through it.
    plane._position = torch.tensor([[-0.05, RADIUS - 0.005]])
    _, _, done = plane.step(torch.tensor([[0.1, 0.0]]))
    assert done.all() and plane.collided.all()


def test_a_finished_robot_stands_still():
    plane = PlanarObstacle()
    plane.place(torch.zeros(1, 2))
    plane._position = torch.tensor([[0.85, 0.0]])
    first = plane.step(torch.tensor([[0.1, 0.0]]))
    second = plane.step(torch.tensor([[0.1, 0.0]]))
    assert first[2].all() and torch.equal(first[0], second[0]) and second[1].item() == 1


def test_seeds_decide_the_start_alone():
    plane = PlanarObstacle()
    together, alone = plane.reset([3, 4]), plane.reset([4])
    assert torch.equal(together[1], alone[0])
    assert plane.reset(range(200))[:, [1, 3]].abs().max() <= 0.2


def test_demonstrations_are_windows_of_successful_episodes():
    generator = torch.Generator().manual_seed(0)
    observations, actions = demonstrations(50, horizon=10, generator=generator)
    assert observations.shape[1:] == (1, 4) and actions.shape[1:] == (10, 2)
    assert len(observations) == len(actions)
    # The next window begins one action later, unless it belongs to the next demonstration.
    follows = observations[1:, 0, 0] > observations[:-1, 0, 0] - 1
    assert torch.equal(actions[1:][follows][:, :-1], actions[:-1][follows][:, 1:])
    step = observations[1:, 0, :2] - observations[:-1, 0, :2]
    torch.testing.assert_close(step[follows], actions[:-1][follows][:, 0], rtol=0, atol=1e-5)
    assert (~follows).sum() + 1 == 50
    inside = observations[:, 0, :2].norm(dim=1) < RADIUS
    assert not inside.any()
    at_fork = (observations[:, 0, 0] + 0.6).abs() < 0.05
    heights = actions[at_fork].sum(1)[:, 1]
    assert (heights > 0).sum() == (heights < 0).sum() > 0  # both ways from the same place
    half = len(actions) // 2
    upside_down = torch.tensor([1.0, -1.0])
    assert torch.equal(actions[half:], actions[:half] * upside_down)
    assert torch.equal(observations[half:], observations[:half] * upside_down.repeat(2))


def test_bad_input():
    plane = PlanarObstacle()
    plane.reset([0])
    with pytest.raises(ValueError, match="actions must lie within"):
        plane.step(torch.tensor([[torch.nan, 0.0]]))
    with pytest.raises(ValueError, match="actions must lie within"):
        plane.step(torch.tensor([[0.5, 0.0]]))
    with pytest.raises(ValueError, match="actions must have shape"):
        plane.step(torch.zeros(2, 2))
    with pytest.raises(ValueError, match="n must"):
        demonstrations(0)
    with pytest.raises(ValueError, match="horizon"):
        demonstrations(2, horizon=0)
    with pytest.raises(ValueError, match="even"):
        demonstrations(3)
    policy = RobotFlowPolicy(4, 2, horizon=8)
    with pytest.raises(ValueError, match="observations"):  # no demonstrations at all
        policy.fit_normalizers(torch.zeros(0, 1, 4), torch.zeros(0, 8, 2))


def test_a_nan_never_moves_the_robot():
    plane = PlanarObstacle()
    before = plane.reset([0]).clone()
    with pytest.raises(FloatingPointError, match="nothing was sent"):
        rollout(lambda seen: torch.full((1, 6, 2), torch.nan), plane, [0], 12, 6)
    assert torch.equal(plane._observe(), before)


def test_actions_beyond_the_limits_are_cut():
    plane = PlanarObstacle()
    run = rollout(lambda seen: torch.full((1, 6, 2), 9.0), plane, [0], 6, 6)
    assert run.actions.max() <= LIMIT + 1e-6 and run.clipped == 1


def test_pictures():
    fig, ax = new_figure()
    draw_plane(ax)
    draw_paths(ax, torch.zeros(3, 2, 4), torch.tensor([True, False]))
    assert len(ax.patches) == 1 and len(ax.lines) == 2 + 2 + 1
