"""What a recorded run is judged by: copies, the film of learning, the weights that are shipped."""

import pytest
import torch
from PIL import Image

from utils.cifar10.classifier import Classifier
from utils.cifar10.draw import save_grid
from utils.cifar10.film import film, grids
from utils.cifar10.nearest import nearest_in_features, nearest_in_pixels, nearest_report
from utils.cifar10.pretrained import RECORDED, load_pretrained, recorded_runs


def pictures(n, seed):
    """Smooth random pictures: neighbouring pixels are alike, as in photographs."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(n, 3, 8, 8, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, 32, mode="bilinear")
    return (255 * smooth).to(torch.uint8)


def classifier():
    torch.manual_seed(0)
    return Classifier(4).eval()


@pytest.fixture(scope="module")
def train_images():
    return pictures(7000, 0)  # more than one block


def test_a_copy_is_found_by_both_rulers(train_images):
    chosen = torch.tensor([3, 5001, 6999])
    copies = train_images[chosen].clone()
    copies[1] = copies[1].flip(-1)  # mirrored in training, so a mirrored copy is a copy
    found = nearest_in_pixels(copies, train_images)
    assert found.index.tolist() == chosen.tolist() and found.distance.max() < 1e-3
    found = nearest_in_features(copies[::2], train_images, classifier())
    assert found.index.tolist() == [3, 6999] and found.distance.max() < 1e-5


def test_nearest_is_what_the_direct_way_gives(train_images):
    strangers = pictures(5, 1)
    found = nearest_in_pixels(strangers, train_images)
    a = strangers.double() / 127.5 - 1
    b = train_images.double() / 127.5 - 1
    for number, picture in enumerate(a):
        direct = [(side - b).flatten(1).norm(dim=1).min() for side in (picture, picture.flip(-1))]
        assert abs(found.distance[number] - min(direct)) < 1e-4


def test_report_tells_a_generator_that_copies_from_one_that_does_not(train_images):
    test_images, judge = pictures(40, 2), classifier()
    honest = nearest_report(pictures(40, 3), test_images, train_images, judge)
    copying = pictures(40, 3)
    copying[:3] = train_images[:3]  # 3 of 40 are copies
    caught = nearest_report(copying, test_images, train_images, judge)
    for ruler in ("pixels", "features"):
        real = caught[ruler]["test"]["smallest"]
        assert honest[ruler]["generated"]["smallest"] > 0.5 * real
        assert caught[ruler]["generated"]["5%"] < 0.1 * real


def test_film_shows_the_grids_in_order(tmp_path):
    for step, shade in ((391, 40), (1955, 120), (19550, 220)):
        images = torch.full((80, 3, 32, 32), shade, dtype=torch.uint8)
        save_grid(tmp_path / f"samples-{step:07d}.png", images, 10)
    assert list(grids(tmp_path)) == [391, 1955, 19550]
    out = tmp_path / "film.webp"
    assert film(tmp_path, out) == 3
    with Image.open(out) as opened:
        assert opened.n_frames == 3 and opened.size == (684, 312)
        shades = []
        for number in range(3):
            opened.seek(number)
            shades.append(opened.convert("RGB").getpixel((20, 60))[0])
    assert all(abs(a - b) < 6 for a, b in zip(shades, (40, 120, 220), strict=True))


def test_film_of_nothing_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no samples"):
        film(tmp_path, tmp_path / "film.webp")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        film(tmp_path / "gone", tmp_path / "film.webp")


def test_unknown_record():
    with pytest.raises(ValueError, match=r"run must be one of .*got 'best'"):
        load_pretrained("best")
    assert "base48" in RECORDED


def test_a_record_says_what_the_model_card_promises():
    runs = recorded_runs()
    assert set(runs) == set(RECORDED) == {"guide", "base48"}
    for run, record in runs.items():
        weights = sum(parameter.numel() for parameter in load_pretrained(run).parameters())
        assert record.about["weights"] == weights
        assert record.log[-1]["step"] == record.evaluation["trained_steps"]
        for key in ("network", "precision", "batch_size", "command", "machine", "date", "commit",
                    "sittings", "data"):  # fmt: skip
            assert record.about[key], key
        near = record.evaluation["nearest"]
        assert "pixels" in near and near["samples"] > 0
        for ruler in near.keys() - {"samples"}:
            for who in ("generated", "test"):
                assert {"smallest", "median"} <= near[ruler][who].keys()
