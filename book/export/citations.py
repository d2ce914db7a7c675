"""How a notebook names a paper, and where the paper is: from ``chapters/references.bib``."""

from functools import lru_cache
from pathlib import Path

from pybtex.database import BibliographyData, Entry, parse_file

FILE = Path(__file__).resolve().parents[2] / "chapters/references.bib"


@lru_cache
def references() -> BibliographyData:
    """Every entry."""
    return parse_file(str(FILE), bib_format="bibtex")


def cited(keys: str, *, in_text: bool) -> str:
    """What stands for ``{cite}`key,key``: authors and year, linked to the paper.

    Args:
        keys: names of entries, with commas between them.
        in_text: whether the authors are part of the sentence: Ho et al. (2020).
    """
    entries = [_entry(key.strip()) for key in keys.split(",")]
    if in_text:
        return ", ".join(_linked(f"{_authors(e)} ({e.fields['year']})", e) for e in entries)
    inner = "; ".join(_linked(f"{_authors(e)}, {e.fields['year']}", e) for e in entries)
    return f"[{inner}]"


def _entry(key: str) -> Entry:
    try:
        return references().entries[key]
    except KeyError:
        raise ValueError(f"{FILE.name} has no entry {key!r}: add it there") from None


def _authors(entry: Entry) -> str:
    people = [" ".join(map(str, p.rich_prelast_names + p.rich_last_names)) for p in _people(entry)]
    if len(people) > 2:
        return f"{people[0]} et al."
    return " and ".join(people)


def _people(entry: Entry) -> list:
    return entry.persons.get("author") or entry.persons.get("editor") or []


def _linked(text: str, entry: Entry) -> str:
    fields = entry.fields
    if "url" in fields:
        address = fields["url"]
    elif "doi" in fields:
        address = f"https://doi.org/{fields['doi']}"
    elif "eprint" in fields:
        address = f"https://arxiv.org/abs/{fields['eprint']}"
    else:
        return text
    address = address.replace("(", "%28").replace(")", "%29")  # they would end the link too early
    return f"[{text}]({address})"
