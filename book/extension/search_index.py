"""Keep what the search index is made from between builds.

Sphinx reads the old index back from ``searchindex.js``, in which not everything is, and keeps words
that no page holds any longer. An index that is mended page by page must be the one that a build
of all pages gives.
"""

import pickle
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.search import IndexBuilder

PARTS = ("_titles", "_filenames", "_all_titles", "_mapping", "_title_mapping", "_index_entries")
WORDS = ("_mapping", "_title_mapping")  # word to pages; the other parts go from page to something


def _file(app: Sphinx) -> Path:
    return Path(app.doctreedir) / "search.pickle"


def _restore(index: IndexBuilder, parts: dict, kept: set[str]) -> None:
    """Fill an index with what is known of the pages that are not written this time."""
    for name in PARTS:
        if name in WORDS:
            found = ((word, pages & kept) for word, pages in parts.get(name, {}).items())
            value = {word: pages for word, pages in found if pages}
        else:
            value = {page: item for page, item in parts.get(name, {}).items() if page in kept}
        setattr(index, name, value)


def install(app: Sphinx) -> None:
    """Replace two steps of the HTML builder."""
    builder = app.builder
    if builder.name != "html":
        return
    dump = builder.dump_search_index

    def load_indexer(docnames: list[str]) -> None:
        file = _file(app)
        parts = pickle.loads(file.read_bytes()) if file.is_file() else {}
        _restore(builder.indexer, parts, set(app.env.all_docs) - set(docnames))

    def dump_search_index() -> None:
        index = builder.indexer
        index._index_entries = dict(sorted(index._index_entries.items()))
        dump()
        _file(app).write_bytes(pickle.dumps({name: getattr(index, name) for name in PARTS}))

    builder.load_indexer, builder.dump_search_index = load_indexer, dump_search_index


def setup(app: Sphinx) -> None:
    """Register it."""
    app.connect("builder-inited", install)
