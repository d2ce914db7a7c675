import pytest
import torch
from matplotlib import pyplot as plt
from PIL import Image

from utils.crowds import draw_crowds, main, two_crowds
from utils.mixtures import GaussianMixture
from utils.plotting.film import moments, save_film

LINE = GaussianMixture(torch.tensor([[-1.5], [1.5]]), 0.3, torch.tensor([0.7, 0.3]))


def test_both_crowds_start_alike_and_have_the_same_shares():
    pairs, followers = two_crowds(LINE, 5000, 20, torch.Generator().manual_seed(0))
    assert pairs.shape == followers.shape == (21, 5000)
    assert torch.equal(pairs[0], followers[0]) and not torch.allclose(pairs[-1], followers[-1])
    for one, other in zip(pairs[::5], followers[::5], strict=True):
        assert abs((one < 0).float().mean() - (other < 0).float().mean()) < 0.03
    # Those who follow one field on a line keep their order; those who follow their pairs do not.
    order = followers[0].argsort()
    assert (followers[-1][order].diff() > -1e-4).all() and (pairs[-1][order].diff() < 0).any()


def test_only_data_on_a_line_are_taken():
    with pytest.raises(ValueError, match="mixture must lie on a line"):
        two_crowds(GaussianMixture.eight_gaussians())


def test_a_moment_has_two_panels_above_and_one_below():
    crowds = two_crowds(LINE, 100, 4, torch.Generator().manual_seed(0))
    figure = draw_crowds(*crowds, step=2)
    assert len(figure.axes) == 3 and "0.50" in figure.axes[-1].get_xlabel()
    plt.close(figure)
    assert (
        sum(1 for picture in moments(draw_crowds, *crowds, every=2) if plt.close(picture) is None)
        == 3
    )


def test_a_film_moves_and_rests_at_its_end(tmp_path):
    def pictures():
        for height in (1, 2, 3):
            figure, ax = plt.subplots(figsize=(1, 1))
            ax.bar(0, height)
            yield figure

    file, before = tmp_path / "film.webp", plt.get_fignums()
    assert save_film(file, pictures(), milliseconds=50, rest=900, dpi=50) == 3
    with Image.open(file) as film:
        assert film.n_frames == 3 and film.size == (50, 50)
        film.seek(2)
        film.load()
        assert film.info["duration"] == 900
    assert plt.get_fignums() == before  # other tests may have left some open
    with pytest.raises(ValueError, match="pictures must hold at least one"):
        save_film(file, [])
    with pytest.raises(ValueError, match="rest"):
        save_film(file, pictures(), rest=0)


def test_the_film_of_the_chapter_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "utils.crowds.two_crowds", lambda data, generator: two_crowds(data, 100, 3, generator)
    )
    main(str(tmp_path / "crowds.webp"))
    with Image.open(tmp_path / "crowds.webp") as film:
        assert film.n_frames == 4 and film.width < 640  # a phone shows it whole
