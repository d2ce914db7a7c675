"""Names of places: their letters, the recorded networks, the command that made them."""

import sys

import matplotlib.pyplot as plt
import pytest
import torch

from utils import names
from utils.discrete import sample_in_turn
from utils.names import __main__ as command
from utils.names import (
    decode,
    edit_distance,
    encode,
    film,
    held_out,
    letters_of,
    load,
    read_names,
    recorded,
    size,
    well_formed,
)


@pytest.mark.parametrize("language", names.LANGUAGES)
def test_every_name_survives_its_letters(language):
    listed = read_names(language)
    x = encode(listed, language)
    assert len(listed) > 400 and len(set(listed)) == len(listed)
    assert decode(x, language) == listed and well_formed(x, language).all()


@pytest.mark.parametrize("language", names.LANGUAGES)
def test_the_held_out_names_are_a_fifth_and_apart(language):
    kept, unseen = held_out(language)
    assert not set(kept) & set(unseen) and sorted(kept + unseen) == read_names(language)
    assert len(unseen) == -(-len(kept + unseen) // 5)
    assert held_out(language) == (kept, unseen)


def test_hangul_is_taken_apart_and_put_together():
    seoul = encode(["서울"], "ko")
    initial, medial = 9, 19 + 4  # ㅅ, ㅓ
    assert seoul[0, :3].tolist() == [initial, medial, 40] and (seoul[0, 6:] == 68).all()
    seoul[0, 3:6] = 69
    assert decode(seoul, "ko") == ["서_"]
    seoul[0, 2] = 69
    assert decode(seoul, "ko") == ["서__"]


@pytest.mark.parametrize(
    ("language", "row", "text"),
    [
        ("en", [0, 26, 1] + [26] * 7, "a?b"),
        ("en", [26] * 10, ""),
        ("ko", [0, 0, 40] + [68] * 12, "ᄀ?"),
        ("ko", [3, 3, 3] + [68] * 12, "???"),
        ("ko", [68, 68, 68, 0, 19, 40] + [68] * 9, "?가"),
        ("ko", [0, 19, 68] + [68] * 12, "가?"),
    ],
)
def test_what_cannot_be_written_is_found(language, row, text):
    x = torch.tensor([row])
    assert not well_formed(x, language).any() and decode(x, language) == [text]


def test_edit_distance():
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "abc") == 3 and edit_distance("abc", "abc") == 0
    assert len(letters_of("서울", "ko")) == 5  # the first syllable has no final
    assert letters_of("ab", "en") == [0, 1]


@pytest.mark.parametrize("language", names.LANGUAGES)
def test_the_recorded_networks_are_those_of_the_record(language):
    kept, unseen = held_out(language)
    for which in names.RECIPES:
        net, row = load(language, which), recorded()[f"{language}-{which}"][-1]
        assert command.nats(net, encode(unseen, language)) == pytest.approx(row["unseen"], rel=0.01)
        assert command.copies(net, language, kept) == pytest.approx(row["copies"], abs=0.03)


def test_the_careless_network_copies_names_of_the_list_and_the_careful_one_does_not():
    for language in names.LANGUAGES:
        kept = set(held_out(language)[0])
        letters, length = size(language)
        share = {}
        for which in names.RECIPES:
            blank = torch.full((300, length), letters)
            g = torch.Generator().manual_seed(8)
            written = decode(sample_in_turn(load(language, which).posterior, blank, 1, g), language)
            share[which] = sum(name in kept for name in written) / 300
        assert share["careful"] < 0.1 < 0.2 < share["careless"], language


def test_the_command_writes_what_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["names", "--out", str(tmp_path), "--steps", "250"])
    monkeypatch.setattr(command, "DRAWS", 2)
    command.main()
    monkeypatch.setattr(names, "FOLDER", tmp_path / "package")
    (tmp_path / "package/recorded").mkdir(parents=True)
    for file in tmp_path.glob("*.*"):
        file.rename(tmp_path / "package/recorded" / file.name)
    assert load("en").letters == 27 and recorded()["steps"] == 250


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="language"):
        read_names("fr")
    with pytest.raises(ValueError, match="which"):
        load("ko", "best")
    for name, language in (("서울특별시청", "ko"), ("seoul!", "en"), ("seoul", "ko")):
        with pytest.raises(ValueError, match="letters"):
            encode([name], language)


def test_the_film_shows_names_that_can_be_written():
    for language in names.LANGUAGES:
        way = film.ways(language)
        letters, length = size(language)
        assert way.shape == (length + 1, film.NAMES, length)
        assert (way[0] == letters).all() and well_formed(way[-1], language).all()


def test_a_picture_of_the_film_has_all_names_or_says_which_font_is_missing(monkeypatch):
    shown = {language: film.ways(language)[-1] for language in names.LANGUAGES}
    monkeypatch.setattr(film, "font", lambda: "sans-serif")
    figure = film.draw(shown, 15, 15)
    written = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert written == [*decode(shown["ko"], "ko"), *decode(shown["en"], "en")]
    plt.close(figure)
    monkeypatch.undo()
    monkeypatch.setattr(film, "FONTS", ("No Such Font",))
    with pytest.raises(RuntimeError, match="No Such Font"):
        film.font()
