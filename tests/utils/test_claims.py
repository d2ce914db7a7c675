"""utils.claims: a claim holds, prints its line, or fails loudly."""

import pytest
import torch

from utils.claims import claim


def test_prints_value_and_bounds(capsys):
    claim("fm-steps", 0.5, below=0.6)
    claim("fm-bend", 2, above=1)
    claim("fm-ratio", torch.tensor(2.0), above=1, below=3)
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "claim fm-steps: 0.5 < 0.6",
        "claim fm-bend: 2 > 1",
        "claim fm-ratio: 1 < 2 < 3",
    ]


@pytest.mark.parametrize("bounds", [{"below": 0.5}, {"above": 0.5}, {"above": 1, "below": 2}])
def test_fails_outside_the_bounds(bounds):
    with pytest.raises(AssertionError, match="fm-steps does not hold"):
        claim("fm-steps", 0.5, **bounds)


@pytest.mark.parametrize("name", ["", "Upper", "two words", "a--b", "-a"])
def test_refuses_malformed_names(name):
    with pytest.raises(ValueError, match="name"):
        claim(name, 1.0, below=2)


def test_refuses_missing_bounds_and_bad_values():
    with pytest.raises(ValueError, match="bound"):
        claim("a", 1.0)
    with pytest.raises(ValueError, match="finite"):
        claim("a", float("nan"), below=1)
    with pytest.raises(TypeError, match="one number"):
        claim("a", torch.zeros(2), below=1)
    with pytest.raises(TypeError, match="one number"):
        claim("a", None, below=1)
