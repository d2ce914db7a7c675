"""Pages that the audit has found sound are not measured again while nothing of them changes.

As with notebooks (``passed``): a page takes five seconds, and what the audit says of it is a
function of the page, of the files that it shows, of what measures it and of the browser. A hash of
all these names an empty file in ``_build/passed``. A fresh clone has none, and ``pytest --fresh``
looks at none.
"""

import functools
import hashlib
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

import passed

from audit.__main__ import ROOT, SITE
from book.run.cache import digest

JUDGES = ("audit.mjs", "server.mjs", "package-lock.json", "__main__.py")
# What a page is made of beside itself, its pictures and what all pages share: nothing of these.
OTHERS = ("_images", "_sources", "_downloads", "_notebooks", "objects.inv", "searchindex.js")
PICTURE = re.compile(r"_images/([^\"'\s?#,)&]+)")


@functools.cache
def judges(browser: str) -> str:
    """Hash of what measures pages, and the browser's version."""
    version = subprocess.run([browser, "--version"], capture_output=True, text=True).stdout
    return version + digest(
        [*(ROOT / "audit" / name for name in JUDGES), ROOT / "tests/audit/test_audit.py"]
    )


def shared(site: Path) -> str:
    """Hash of what every page of a site may load: scripts, styles, fonts, data."""
    files = [file for file in site.rglob("*") if file.is_file() and file.suffix != ".html"]
    return digest(file for file in files if not {*OTHERS} & {*file.relative_to(site).parts})


def marks(pages: Iterable[str], browser: str, site: Path = SITE) -> dict[str, Path]:
    """For each page the file that says that it has been found sound as it is.

    Args:
        pages: their paths in the site, with a query or without.
        browser: the program that opens them.
        site: the folder.

    Returns:
        The files, which need not exist, by page.
    """
    world = judges(browser), shared(site)
    found = {}
    for page in pages:
        file = site / page.partition("?")[0]
        names = set(PICTURE.findall(file.read_text("utf-8")))
        pictures = [file.parent / "_images" / name for name in names]
        parts = [file, *(picture for picture in pictures if picture.is_file())]
        if file.name == "search.html":
            parts.append(file.with_name("searchindex.js"))
        sha = hashlib.sha256("\0".join([page, *world, digest(parts)]).encode())
        found[page] = passed.FOLDER / f"page-{sha.hexdigest()[:16]}"
    return found
