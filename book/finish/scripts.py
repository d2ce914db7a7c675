"""One deferred script for the book instead of a dozen that the page waits for."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TAG = re.compile(r'[ \t]*<script\b([^>]*)\bsrc="([^"?]*)[^"]*"([^>]*)></script>\n?')
INLINE = re.compile(r"[ \t]*<script>DOCUMENTATION_OPTIONS\.[^<]*</script>\n?")
PRELOAD = re.compile(r'[ \t]*<link\b[^>]*\brel="preload"[^>]*\bas="script"[^>]*>\n?')
# The icons come as a font; tooltips, for which Bootstrap is there, the browser draws by itself, and
# course.js leads back to the top; tabs are not used in this book.
UNUSED = ("fontawesome.js", "bootstrap.js", "design-tabs.js")
SEARCH_ONLY = ("translations.js", "searchtools.js", "language_data.js", "searchindex.js")
KOREAN_COPY = """const messages = {
  'ko': {
    'copy': '복사',
    'copy_to_clipboard': '복사',
    'copy_success': '복사했습니다',
    'copy_failure': '복사하지 못했습니다',
  },"""
SCROLLABLE = (
    'document.querySelectorAll(["pre",".nboutput > .output_area",".cell_output > .output",'
    '".jp-RenderedHTMLCommon",".pst-scrollable-table-container"].join(", "))'
)
# What is replaced in the scripts of others: in which file, what, by what.
CHANGES = (
    ("copybutton.js", "const messages = {", KOREAN_COPY),  # it has no Korean of its own
    # What a button that folds says to those who listen: the words that the others see.
    ("togglebutton.js", 'aria-label="Toggle hidden content"', 'aria-label="${toggleHintShow}"'),
    # A number is no word to look for, with a Korean particle behind it neither.
    (
        "searchtools.js",
        "queryTerm.match(/^\\d+$/)",
        "stemmer.stemWord(queryTermLower).match(/^\\d+$/)",
    ),
    # Some keyboards and file systems write a syllable as its letters; the index has syllables.
    (
        "searchtools.js",
        "_parseQuery: (query) => {",
        '_parseQuery: (query) => {\n    query = query.normalize("NFC");',
    ),
    # Titles are asked for without the particle, too, where the language has some.
    (
        "searchtools.js",
        "const queryLower = query.toLowerCase().trim();",
        'const bare = typeof bareQuery === "function" ? bareQuery(query) : query;\n'
        "    const queryLower = bare.toLowerCase().trim();",
    ),
    # Measures every box at once and so lays out the whole page; course.js does it on the way.
    ("pydata-sphinx-theme.js", SCROLLABLE, "[]"),
    # What a hit shows of its page: formulas once, though they stand there for the eye and for the
    # ear, neither the contents that head the printed page, nor what opens at the marks of claims.
    (
        "searchtools.js",
        '[".headerlink", "script"',
        '[".headerlink", ".katex-mathml", ".claim-note", "#jb-print-docs-body", "script"',
    ),
)


@dataclass(frozen=True)
class Bundle:
    """The one script: its address, and those of the scripts that went into it."""

    name: str
    own: tuple[str, ...]


def asked(text: str) -> tuple[list[str], list[str]]:
    """What a page asks for: addresses of scripts, and settings that stand in the page."""
    settings = [line for line in INLINE.findall(text) if "pagename" not in line]
    return [address for _, address, _ in TAG.findall(text)], settings


def bundle(html: Path, order: Iterable[str], settings: Iterable[str]) -> Bundle:
    """Write the one script; those that went into it or are not used are removed.

    Args:
        html: folder of one language's pages.
        order: addresses of all scripts, each once, in the order in which they run.
        settings: what ``asked`` found in the pages, each once.
    """
    order = list(order)
    own = [name for name in order if not name.endswith((*UNUSED, *SEARCH_ONLY))]
    # What follows a first statement is no directive: no file makes the others strict.
    parts = ["void 0", *(_text(html / name) for name in own)]
    parts[2:2] = [re.sub(r"</?script>", "", line).strip() for line in settings]
    script = "\n;\n".join(parts)
    name = f"_static/book.{hashlib.sha256(script.encode()).hexdigest()[:8]}.js"
    (html / name).write_text(script, "utf-8")
    for file in html.glob("_static/searchtools.js"):
        file.write_text(_text(file), "utf-8")
    for old in [*own, *(name for name in order if name.endswith(UNUSED))]:
        (html / old).unlink()
    return Bundle(name, tuple(own))


def _text(file: Path) -> str:
    text = file.read_text("utf-8")
    for name, old, new in CHANGES:
        if file.name == name:
            if old not in text:
                raise ValueError(
                    f"{name} has changed: it holds no {old!r}; see book/finish/scripts.py"
                )
            text = text.replace(old, new, 1)
    return re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.M)


def applied(text: str, bundle: Bundle) -> str:
    """One page: the bundle stands where the first of its scripts stood; the search keeps its own.

    Raises:
        ValueError: if the page asks for a script that went into no bundle.
    """
    labs = re.search(r'data-labs="[^"]*"', text)
    tag = f'<script defer {labs[0] if labs else ""} src="{bundle.name}"></script>\n'
    placed = False

    def replace(match: re.Match) -> str:
        nonlocal placed
        address = match[2]
        if address in bundle.own:
            first, placed = not placed, True
            return tag if first else ""
        if address.endswith(UNUSED):
            return ""
        if address.endswith(SEARCH_ONLY):
            search = 'id="search-results"' in text
            return f'<script defer src="{address}"></script>\n' if search else ""
        raise ValueError(f"a script that nobody expected: {address}")

    text = PRELOAD.sub("", INLINE.sub("", text))
    # Without Bootstrap the title is the tooltip.
    return TAG.sub(replace, text.replace(" data-bs-title=", " title="))
