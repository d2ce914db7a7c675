"""Pictures of pairs: they show the pairs that they were given, and the mean of those."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils.plotting import mean_arrow, pairings, style, two_questions


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def randn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def arrows(ax):
    """Tail and head of every arrow."""
    return [(note.xyann, note.xy) for note in ax.texts]


def test_pairings_join_partners():
    x_0, x_1 = randn(7, 2), randn(7, 2, seed=1)
    fig, ax = pairings(x_0, x_1, title="pairs", limits=3)
    assert isinstance(fig, Figure) and isinstance(ax, Axes) and fig.get_size_inches()[0] <= 7.5
    ways = torch.tensor([way.vertices.tolist() for way in ax.collections[0].get_paths()])
    torch.testing.assert_close(ways.float(), torch.stack([x_0, x_1], dim=1))
    given_fig, given = plt.subplots()
    assert pairings(x_0, x_1, given) == (given_fig, given)


def test_two_questions_point_to_the_noise_and_to_the_data():
    x_0, x_1 = torch.tensor([-1.0, 1.0]), torch.tensor([1.0, 0.0])
    fig, axes = two_questions(x_0, x_1, 0.25, (randn(9, 2), randn(9, 2, seed=1)))
    star = (0.75 * x_0 + 0.25 * x_1).tolist()
    for ax, goal in zip(axes, (x_0, x_1), strict=True):
        ((tail, head),) = arrows(ax)
        assert tail == pytest.approx(star) and head == pytest.approx(goal.tolist())
    assert fig.get_size_inches()[0] <= style.WIDTH
    again = plt.subplots(ncols=2)
    assert two_questions(x_0, x_1, ax=again[1])[0] is again[0]


def test_mean_arrow_is_the_mean_of_the_pairs_that_pass():
    # Two pairs pass the origin at half time, to the right and up; a third stays far away.
    x_0 = torch.tensor([[-1.0, 0.0], [0.0, -1.0], [5.0, 5.0]])
    _, ax = mean_arrow(x_0, torch.tensor([[1.0, 0.0], [0.0, 1.0], [6.0, 6.0]]), (0, 0), count=2)
    ((tail, head),) = arrows(ax)
    assert tail == pytest.approx((0, 0)) and head == pytest.approx((1, 1))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pairings(randn(3, 2), randn(4, 2)), "one shape"),
        (lambda: pairings(randn(3, 3), randn(3, 3)), r"shape \(B, 2\)"),
        (lambda: two_questions(randn(2), randn(2), 1.5), "t must lie"),
        (lambda: mean_arrow(randn(3, 2), randn(3, 2), (0, 0, 0)), "two numbers"),
        (lambda: mean_arrow(randn(3, 2), randn(3, 2), (0, 0), count=0), "count"),
    ],
)
def test_bad_input(call, match):
    with pytest.raises(ValueError, match=match):
        call()
