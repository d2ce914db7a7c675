"""Which chapters are notebooks, and the public addresses that notebooks name."""

from dataclasses import dataclass
from pathlib import Path

from book.chapters import place
from book.repository import Repository, address, repository

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class World:
    """The public addresses that a notebook names: of the site and of the repository."""

    site: str
    repository: Repository


def configured() -> World:
    """What ``_config.yml`` says, whatever the environment: for the notebooks in the repository."""
    return World(address({}), repository({}))


def in_force() -> World:
    """With the environment: for the notebooks that a site offers."""
    return World(address(), repository())


def sources(language: str) -> list[Path]:
    """The chapters of one language that have code cells."""
    pages = sorted((ROOT / "chapters" / language).glob("*.md"), key=lambda page: place(page.stem))
    return [page for page in pages if "\nkernelspec:" in page.read_text("utf-8")[:600]]
