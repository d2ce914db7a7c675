"""No sentence says a number that its cells no longer print: see ``tests/support/prose.py``."""

import re

import pytest
from prose import SAID, unprinted
from runs import ensure_all

from book.export.addresses import sources

PAGES = [page for language in ("ko", "en") for page in sources(language)]


@pytest.fixture(scope="module", autouse=True)
def executed():
    ensure_all()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_number_said_was_printed(page):
    assert not unprinted(page), "\n".join(unprinted(page))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_false_number_is_found(tmp_path, language):
    page = next(page for page in sources(language) if page.stem == "02-diffusion")
    text = page.read_text("utf-8")
    line = next(line for line in text.splitlines() if re.search(r"\{claim\}", line))
    copy = tmp_path / page.name
    copy.write_text(text.replace(line, f"{line}\n77.31"), "utf-8")
    assert any("77.31" in found for found in unprinted(copy))


def test_what_counts_as_a_number_said():
    assert SAID.findall("It falls from 0.99 to 12 %, by 3.5%, in 4 steps.") == ["0.99", "12", "3.5"]
    assert SAID.findall("3.5절에서 본 대로 v1.2.3") == []
