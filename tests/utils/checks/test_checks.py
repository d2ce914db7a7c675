"""The checks recognise every common mistake, in both languages, and accept what is right."""

import importlib
import math

import pytest
import torch

import utils.checks
from utils.checks.answers import answer, check_function
from utils.checks.hints import HINTS, hint
from utils.checks.number import check_number

# A function that a check tries: its module holds the right one and those with one mistake each.
FUNCTIONS = {
    "bits": "check_bits",
    "clipped_noise": "check_clipped_noise",
    "distance": "check_distance",
    "drift": "check_drift",
    "guided": "check_guided",
    "loss": "check_loss",
    "pairs": "check_pairs",
    "policy": "check_policy_velocity",
    "rescheduled": "check_rescheduled",
    "unmasking": "check_unmasking_step",
    "velocity": "check_velocity",
    "velocity_of_map": "check_velocity_of_map",
    "weighted_loss": "check_weighted_loss",
}
MODULES = {name: importlib.import_module(f"utils.checks.{name}") for name in FUNCTIONS}
MISTAKES = [(name, key) for name, module in MODULES.items() for key in module.MISTAKES]


@pytest.fixture(params=["ko", "en"])
def language(request, monkeypatch):
    monkeypatch.setattr(utils.checks, "language", request.param)
    return request.param


def check(name):
    return getattr(utils.checks, FUNCTIONS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_right_passes(name, capsys):
    for seed in range(5):
        check(name)(MODULES[name].right, seed=seed)
    assert capsys.readouterr().out


@pytest.mark.parametrize(("name", "key"), MISTAKES)
def test_a_mistake_is_named(name, key, language):
    with pytest.raises(AssertionError) as error:
        check(name)(MODULES[name].MISTAKES[key])
    said = str(error.value)
    assert said == hint(key, name=said.split(":")[0])
    assert any("가" <= letter <= "힣" for letter in said) == (language == "ko")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_open_answer_is_named(name, language):
    def open_answer(*args):
        raise NotImplementedError

    with pytest.raises(AssertionError, match=hint("unfinished", name="")[2:8]):
        check(name)(open_answer)


GENERAL = {
    "sign": lambda x: -(x + 2),
    "squared": lambda x: (x + 2) ** 2,
    "rooted": lambda x: (x + 2) ** 0.5,
    "factor": lambda x: 3 * (x + 2),
    "differs": lambda x: x + 2 + x**2,
    "nan": lambda x: (x + 2) / 0 * 0,
    "shape": lambda x: x.sum(),
    "transposed": lambda x: (x + 2).T,
    "mutated": lambda x: x.add_(2),
    "not_tensor": lambda x: None,
    "raised": lambda x: x @ x,
}


@pytest.mark.parametrize("key", GENERAL)
def test_mistakes_of_any_function(key, language):
    cases = [(torch.rand(4, 3, generator=torch.Generator().manual_seed(0)),)]
    with pytest.raises(AssertionError) as error:
        check_function("f", GENERAL[key], lambda x: x + 2, {}, cases)
    start = HINTS[key][language == "en"].format_map(Blank()).split("\0")
    assert all(part in str(error.value) for part in start)


class Blank(dict):
    """Leaves the values of a hint out, so that the words around them remain."""

    def __missing__(self, key):
        return Gap() if key != "name" else "f"


class Gap:
    def __format__(self, spec):
        return "\0"


def test_a_number(language):
    check_number("n", 3.0, want=3.05, tolerance=0.1)
    check_number("n", torch.tensor(3.0), low=0, high=5)
    for value in (None, math.nan, math.inf, "3", True, torch.ones(2)):
        with pytest.raises(AssertionError):
            check_number("n", value)
    with pytest.raises(AssertionError, match=hint("rooted", name="n")[-8:-1]):
        check_number("n", 2.0, want=4.0, tolerance=0.1, mistakes={"rooted": 2.0})
    with pytest.raises(AssertionError, match="0.1"):
        check_number("n", 2.5, want=4.0, tolerance=0.1)
    with pytest.raises(AssertionError, match="10"):
        check_number("n", 11, low=0, high=10)


def test_hints_are_complete():
    for key, texts in HINTS.items():
        assert len(texts) == 2, key
        fields = [sorted(part.split("}")[0] for part in text.split("{")[1:]) for text in texts]
        assert fields[0] == fields[1], key
        assert any("가" <= letter <= "힣" for letter in texts[0]), key
        assert not any("가" <= letter <= "힣" for letter in texts[1]), key


def test_an_unknown_language_is_refused(monkeypatch):
    monkeypatch.setattr(utils.checks, "language", "fr")
    with pytest.raises(ValueError, match="fr"):
        hint("sign", name="f")


def broken():
    """A tensor that holds NaN, as a broken sensor sends it."""
    return torch.tensor([1.0, float("nan"), 2.0])


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.unsqueeze_(-1),  # same numbers in another shape
        lambda x: x.resize_(2),
        lambda x: x.nan_to_num_(),
        lambda x: x.add_(1),
    ],
)
def test_overwriting_is_seen_in_shape_and_in_nan(change):
    def overwrites(x):
        change(x)
        return torch.zeros(3)

    with pytest.raises(AssertionError) as error:
        answer("f", overwrites, [broken()])
    assert str(error.value) == hint("mutated", name="f")


def test_nan_that_is_left_alone_is_not_overwritten():
    assert torch.equal(answer("f", lambda x: x.nan_to_num(), [broken()]), torch.tensor([1.0, 0, 2]))
