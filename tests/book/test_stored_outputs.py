"""What decides whether a stored output is true; ``notebooks/conftest.py`` asks it of every cell."""

import re

import nbformat
import pytest
from outputs import CLOCK, CLOCK_CLAIMS, difference, text

from book.export.addresses import ROOT, sources
from book.export.notebooks import target

PRINTED = "step 10: loss 0.99\n2 modes of 8"


@pytest.mark.parametrize(
    "now",
    [
        PRINTED.replace("0.99", "0.09"),
        PRINTED.replace("0.99", "1.05"),
        PRINTED.replace("0.99", "nan"),
        PRINTED.replace("2 modes", "3 modes"),  # whole numbers are counts: they are exact
        PRINTED.replace("loss", "error"),
        PRINTED + "\none line more",
    ],
)
def test_another_number_or_text_is_seen(now):
    assert difference(PRINTED, now, "02-diffusion")


@pytest.mark.parametrize(
    "now", [PRINTED, PRINTED.replace("0.99", "1.01"), "step  10: loss 0.97\n2 modes of 8"]
)
def test_the_last_digits_may_differ(now):
    assert not difference(PRINTED, now, "02-diffusion")


def test_the_rounding_of_an_identity_may_change_but_not_its_bound():
    stored = "identity gm-rewind: 5.5e-08 < 1.0e-05"
    assert not difference(stored, stored.replace("5.5e-08", "1.2e-07"), "01-generative-models")
    assert difference(stored, stored.replace("1.0e-05", "1.0e-04"), "01-generative-models")


def test_only_what_a_clock_measured_may_change():
    stored = "181,281 weights, 13 s, last losses 0.42"
    assert not difference(stored, stored.replace("13 s", "73 s"), "07-flow-matching-library")
    assert difference(stored, stored.replace("13 s", "73 s"), "02-diffusion")
    for other in (stored.replace("0.42", "0.24"), stored.replace("181,281", "181,280")):
        assert difference(stored, other, "07-flow-matching-library")


@pytest.mark.parametrize(("chapter", "pattern"), [(k, p) for k, row in CLOCK.items() for p in row])
def test_no_exception_outlives_what_it_excuses(chapter, pattern):
    page = next(page for page in sources("ko") if page.stem == chapter)
    cells = nbformat.read(target(page), as_version=4).cells
    stored = "\n".join(text(cell.outputs) for cell in cells if cell.cell_type == "code")
    assert re.search(pattern, stored, re.M), f"take {pattern!r} out of tests/support/outputs.py"


def test_of_a_claim_about_time_only_the_bound_is_compared():
    stored = "claim str-pairing-time: 11.2 > 4; rival 2.5; seeds 11.2 13"
    now = stored.replace("11.2", "12.75").replace("2.5", "3.1")
    assert not difference(stored, now, "08-deeper")
    assert difference(stored, now.replace("> 4", "> 5"), "08-deeper")
    assert difference(stored, now, "02-diffusion")
    both = stored.replace("11.2 > 4", "4 < 11.2 < 20")
    assert not difference(both, both.replace("4 < 11.2", "4 < 7.3"), "08-deeper")
    assert difference(both, both.replace("4 < 11.2", "5 < 11.2"), "08-deeper")


def test_where_a_claim_is_broken_into_lines_does_not_matter():
    stored = "claim a: 0.1235 < 0.6; rival 1.5; seeds 0.1235 0.25\nmore"
    broken = stored.replace("; ", ";\n    ")
    assert not difference(stored, broken, "02-diffusion")
    for was, wrong in (("1.5", "1.9"), ("0.25", "0.35"), ("more", "less")):
        assert difference(stored, broken.replace(was, wrong), "02-diffusion")


@pytest.mark.parametrize(
    ("chapter", "name"), [(k, n) for k, row in CLOCK_CLAIMS.items() for n in row]
)
def test_no_claim_about_time_outlives_its_exception(chapter, name):
    page = next(page for page in sources("ko") if page.stem == chapter)
    assert f"claim {name}: " in target(page).read_text("utf-8")


@pytest.mark.parametrize("page", sources("en"), ids=lambda page: page.stem)
def test_english_notebooks_store_what_the_korean_ones_do(page):
    """nbval runs the Korean ones; with the same outputs, the English ones are true as well."""
    ko, en = (
        [
            cell.outputs
            for cell in nbformat.read(file, as_version=4).cells
            if cell.cell_type == "code"
        ]
        for file in (target(ROOT / "chapters/ko" / page.name), target(page))
    )
    assert ko == en


LABORATORIES = re.compile(r"\w*Lab\(.*\)")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_cell_prints_what_it_says_or_ends_with_a_semicolon(language):
    """A cell that ends in ``ax.set(...)`` would show ``[(-2.4, 2.6), None]`` above its figure."""
    for page in sources(language):
        cells = nbformat.read(target(page), as_version=4).cells
        for cell in (cell for cell in cells if cell.cell_type == "code"):
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    shown = output.data["text/plain"]
                    place = f"{language}/{page.stem}: {shown} below\n{cell.source}"
                    assert LABORATORIES.fullmatch(shown), place
