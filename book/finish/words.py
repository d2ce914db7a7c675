"""What packages write into the pages, and no catalogue of theirs reaches."""

import re

from book.export.labels import labels

LABELS = {
    "ko": {"Main": "전체 차례", "Page": "이 쪽의 차례"},
    "en": {"Main": "Contents", "Page": "On this page"},
}
# A folded cell says in its own words what it is: a label would take their place for listeners.
SUMMARY = re.compile(r'<summary aria-label="[^"]*">')
# The list of a page's sections shows the file that a heading refers to instead of its title.
FILE = re.compile(r'<span class="xref std std-doc">([\w-]+)</span>')


def translate(page: str, language: str) -> str:
    """The text of a page, in the words of its language."""
    page = SUMMARY.sub("<summary>", page)
    page = FILE.sub(lambda match: labels(language)[match[1]].text, page)
    for english, word in LABELS[language].items():
        page = page.replace(f'aria-label="{english}"', f'aria-label="{word}"')
    return page
