"""utils.claims: a claim holds, prints its line, or fails loudly."""

import pytest
import torch

from utils.claims import claim, identity


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
        claim("a", torch.zeros(2, 2), below=1)
    with pytest.raises(TypeError, match="one number"):
        claim("a", None, below=1)


def test_every_seed_must_hold_and_the_worst_is_shown(capsys):
    claim("fm-seeds", [0.2, 0.5, 0.3], below=0.6)
    claim("fm-both", torch.tensor([1.5, 2.75]), above=1, below=3)
    assert capsys.readouterr().out.splitlines() == [
        "claim fm-seeds: 0.5 < 0.6; seeds 0.2 0.5 0.3",
        "claim fm-both: 1 < 2.75 < 3; seeds 1.5 2.75",
    ]
    with pytest.raises(AssertionError, match="fm-seeds does not hold: 0.7"):
        claim("fm-seeds", [0.2, 0.7, 0.3], below=0.6)
    with pytest.raises(ValueError, match="at least one"):
        claim("fm-seeds", [], below=0.6)


def test_what_is_too_long_for_a_page_stands_in_several_lines(capsys):
    claim("fm-" + "long-" * 8 + "name", [0.123456, 0.2, 0.3], below=0.6, rival=[1.2345, 2.3456])
    assert capsys.readouterr().out.splitlines() == [
        "claim fm-long-long-long-long-long-long-long-long-name: 0.3 < 0.6;",
        "    rival 1.234 2.346;",
        "    seeds 0.1235 0.2 0.3",
    ]


def test_a_rival_that_keeps_the_bound_stops_everything(capsys):
    claim("fm-width", 1.02, below=1.1, rival=[1.3, 2])
    assert capsys.readouterr().out == "claim fm-width: 1.02 < 1.1; rival 1.3 2\n"
    with pytest.raises(AssertionError, match="proves nothing: its rival, 1.05"):
        claim("fm-width", 1.02, below=1.1, rival=[1.3, 1.05])
    claim("fm-edge", 1.02, below=1.1, rival=1.1)  # the bound itself is missed
    with pytest.raises(ValueError, match="rival must be finite"):
        claim("fm-width", 1.02, below=1.1, rival=float("inf"))


def test_an_identity_has_a_scale_and_a_tolerance(capsys):
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0)).double()
    identity("fm-same", x * 100, x * 100 * (1 + 1e-6), within=1e-5)
    assert capsys.readouterr().out.startswith("identity fm-same: 1.0e-06 < 1.0e-05")
    with pytest.raises(AssertionError, match="fm-same does not hold"):
        identity("fm-same", x, x * (1 + 1e-4), within=1e-5)
    for bad, match in (((x * 0, x * 0), "zeros"), ((x, x[:2]), "shape"), ((x / 0, x), "finite")):
        with pytest.raises(ValueError, match=match):
            identity("fm-same", *bad, within=1e-5)
    with pytest.raises(ValueError, match="within"):
        identity("fm-same", x, x, within=0.1)
