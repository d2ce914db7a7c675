"""axe-core on every page, where Chromium and the packages of audit/ are installed."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import chromium
import pytest
from audited import marks
from pages import site  # noqa: F401  (a fixture)

from audit.__main__ import HERE, ROOT, SITE, everything, faults, measure, table

CHROMIUM = os.environ.get("CHROME_PATH") or chromium.PROGRAM
COMPLETE = CHROMIUM and shutil.which("node") and (HERE / "node_modules").is_dir()
SOURCES = sorted(page.stem for page in (ROOT / "chapters/ko").glob("*.md"))
SLIDES = [f"slides-{name}" for name in SOURCES if name[:2].isdigit()]
PAGES = ["index.html?choose", "404.html"] + [
    f"{language}/{name}.html"
    for language in ("en", "ko")
    for name in (*SOURCES, *SLIDES, "genindex", "search")
]


@pytest.fixture(scope="module")
def noted(site):  # noqa: F811
    return marks(everything(), CHROMIUM)


@pytest.fixture(scope="module")
def rows(noted, request):
    """What was measured of each page that has not been found sound before."""
    fresh = request.config.getoption("--fresh")
    new = [page for page, mark in noted.items() if fresh or not mark.is_file()]
    return {row["page"]: row for row in measure(new, 0, CHROMIUM)} if new else {}


needs = pytest.mark.skipif(
    not (COMPLETE or os.environ.get("COURSE_NEEDS_BROWSER")),
    reason="needs Chromium, node and `npm ci` in audit/",
)


# One test for each page, though they are measured together: the longest job of the tests should
# start early, and files with many tests do.
@needs
@pytest.mark.parametrize("page", PAGES)
def test_page_is_accessible_whole_and_asks_no_other_host(noted, rows, page):
    assert sorted(noted) == sorted(PAGES)
    if page not in rows:
        return  # found sound before, and nothing of it has changed
    assert not faults([rows[page]])
    if page.partition("/")[2][:1].isdigit():  # a chapter: there was something to measure
        wide, phone = rows[page]["light"]["measured"], rows[page]["dark"]["measured"]
        assert wide["code"] == phone["code"] > 3 and phone["panels"] > 0
    noted[page].parent.mkdir(parents=True, exist_ok=True)
    noted[page].touch()


FORMULA = """<p>Here is <span class="math"><span class="katex"><span class="katex-mathml"><math>
<mi>x + y</mi></math></span><span class="katex-html" aria-hidden="true"{style}>
<span>x + y</span></span></span></span>, and so on.</p>"""
CODE = '<div class="highlight"><pre{style}>{code}</pre></div>'
PANEL = """<figure class="output-figure" style="overflow-x: auto" tabindex="0"><a class="enlarge"
href="a.svg"><img src="a.svg" alt="a" width="{natural}" style="width: {shown}px"></a></figure>"""
BAD = {
    "image": '<img src="a.svg">',
    "a.svg": '<img src="nowhere.png" alt="nothing">',
    "elsewhere": '<img src="http://127.0.0.2:9/a.png" alt="of another host">',
    "no such thing": "<script>console.error('no such thing')</script>",
    "pixels too wide": '<div style="width: 1400px">wide</div>',
    "color-contrast": 5 * FORMULA.format(style="") + FORMULA.format(style=' style="color: #bbb"'),
    "color-contrast in code": CODE.format(style="", code='<span style="color: #ccc">if</span>'),
    "code is cut off": CODE.format(style=' style="overflow: hidden"', code="x" * 300),
    "lines are broken": CODE.format(style=' style="white-space: pre-wrap"', code="if x: " * 60),
    "code of 9px": CODE.format(style=' style="font-size: 9px"', code="if x"),
    "code that was not laid out": '<div hidden>' + CODE.format(style="", code="if x") + "</div>",
    "code is cut off on a phone": CODE.format(style=' style="overflow: hidden"', code="x" * 60),
    "less than half": PANEL.format(natural=600, shown=200),
    "of them to scroll": PANEL.format(natural=600, shown=500),
    "scrollable-region-focusable": '<div style="overflow: auto; width: 99px" class="katex-display">'
    '<span class="katex"><span class="katex-html" style="display: block; white-space: nowrap">'
    "<span>x = 1 and then a long formula, longer</span></span></span></div>",
}  # fmt: skip
SOUND = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<style>body { background: #fff; color: #222; margin: 0; } .katex-mathml { position: absolute;
clip: rect(1px, 1px, 1px, 1px); overflow: hidden; } pre { font: 14px/20px monospace; margin: 0; }
</style></head><body><main class="bd-article"><h1>A page</h1>%s</main></body></html>"""


@needs
@pytest.mark.parametrize("fault", ["", *BAD])
def test_what_is_wrong_is_found(found, fault):
    said = found[fault or "sound"]
    words = {"image": "image-alt", "a.svg": "missing", "elsewhere": "foreign"}
    expected = words.get(fault, re.sub(" in code$| on a phone$", "", fault))
    assert any(expected in line for line in said) if fault else said == [], said
    if fault.endswith("on a phone"):
        assert not any("(light)" in line for line in said)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the audit says of a page for each fault, and of a sound one."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "a.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    names = {name: f"{i}.html" for i, name in enumerate(["sound", *BAD])}
    for name, file in names.items():
        (folder / file).write_text(SOUND % BAD.get(name, FORMULA.format(style="") * 9))
    command = [
        "node",
        "audit.mjs",
        str(folder / "out.json"),
        "0",
        f"{folder}:{','.join(names.values())}",
    ]
    environment = os.environ | {"CHROME_PATH": CHROMIUM}
    subprocess.run(command, cwd=HERE, check=True, env=environment, capture_output=True)
    rows = json.loads((folder / "out.json").read_text("utf-8"))
    assert len(rows) == len(names)
    return {
        name: faults([row | {"folder": str(SITE)}]) for name, row in zip(names, rows, strict=True)
    }


def test_a_fault_is_named_and_the_table_has_every_page():
    good = {"violations": [], "foreign": [], "errors": [], "missing": [], "layout": [], "wider": 0}
    image = {"rule": "image-alt", "places": ["<img>"]}
    bad = {**good, "violations": [image], "missing": ["/a.png"], "layout": ["cut"], "wider": 7}
    found = {
        "performance": 99, "accessibility": 100, "best-practices": 100, "seo": 100,
        "lcp": 1.234, "cls": 0.0, "bytes": 345678, "index": 1500.0,
    }  # fmt: skip
    here = str(ROOT / "_build" / "html")
    ours = {"folder": here, "page": "ko/a.html", "light": good, "dark": bad, "lighthouse": found}
    other = {**ours, "folder": str(Path("/elsewhere")), "page": "intro.html"}
    assert faults([ours, other]) == [
        "ko/a.html (dark): image-alt: <img>",
        "ko/a.html (dark): 7 pixels too wide",
        "ko/a.html (dark): missing: /a.png",
        "ko/a.html (dark): layout: cut",
    ]
    lines = table([ours, other], 5).splitlines()
    assert lines[-2] == "| ko/a.html | 99 | 100 | 100 | 100 | 1.23 | 0.000 | 346 | 1 |"
    assert "jupyter-book create" in lines[-1]
