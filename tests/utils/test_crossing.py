import torch
from matplotlib import pyplot as plt
from PIL import Image

from utils.crossing import GOALS, STARTS, draw_crossing, main, mean_velocity, two_ways
from utils.plotting.film import moments


def test_both_stand_in_one_place_and_the_mean_leads_straight_on():
    pairs, _ = two_ways(20)
    assert torch.allclose(pairs[10, 0], pairs[10, 1]) and torch.equal(pairs[0], STARTS)
    middle = mean_velocity(torch.zeros(1, 2), torch.tensor(0.5))
    assert torch.allclose(middle, (GOALS - STARTS).mean(0, keepdim=True))


def test_who_follows_the_mean_turns_away_and_arrives_where_the_other_wanted_to_go():
    pairs, followers = two_ways(100)
    assert torch.allclose(pairs[-1], GOALS)
    assert torch.allclose(followers[-1], GOALS.flip(0), atol=0.05)
    gap = followers[:, 0, 1] - followers[:, 1, 1]
    assert gap.min() > 0.1  # they never meet


def test_a_moment_has_two_panels():
    figure = draw_crossing(*two_ways(4), step=2)
    assert len(figure.axes) == 2 and "0.50" in figure.axes[0].get_xlabel()
    plt.close(figure)
    assert (
        sum(
            1
            for picture in moments(draw_crossing, *two_ways(4), every=2)
            if plt.close(picture) is None
        )
        == 3
    )


def test_the_film_of_the_chapter_is_written(tmp_path):
    main(str(tmp_path / "crossing.webp"), steps=3)
    with Image.open(tmp_path / "crossing.webp") as film:
        assert film.n_frames == 4 and film.width < 640  # a phone shows it whole
