"""Every line of code fits its column at 1280 pixels, and is wrapped where it cannot fit."""

import re

import pytest
from cells import UNFINISHED, code_cells
from pages import browser, needs_browser, site  # noqa: F401  (fixtures)
from test_site import ROOT, SITE, soups  # noqa: F401  (a fixture)
from visiting import visit  # noqa: F401  (a fixture)

from book.finish import code_lines

SHEET = (ROOT / "book/static/course.css").read_text("utf-8")
COLUMNS = int(re.search(r"--code-columns: (\d+);", SHEET)[1])  # what the style sheet makes room for
SOURCES = [*ROOT.glob("chapters/*/*.md"), *ROOT.glob("assignments/*/*.md")]


@pytest.mark.parametrize("page", SOURCES, ids=lambda page: "/".join(page.parts[-3:]))
def test_lines_of_cells_are_no_longer_than_the_column(page):
    long = [line for code, _ in code_cells(page) for line in code.splitlines()]
    long = [line for line in long if len(line) > COLUMNS]
    assert not long, f"longer than {COLUMNS} characters:\n" + "\n".join(long)


def test_other_code_on_the_pages_is_no_longer_either(soups):  # noqa: F811
    """What is included from utils, and commands."""
    found = []
    for file, soup in soups.items():
        if f"{file.stem}.md" in UNFINISHED or file.stem.removeprefix("slides-") != file.stem:
            continue
        for block in soup.select("div.highlight pre"):
            if not block.find_parent(class_="cell_output"):
                lines = block.get_text().splitlines()
                found += [f"{file.name}: {line}" for line in lines if len(line) > COLUMNS]
    assert not found, "\n".join(found)


# The audit (tests/audit) measures on every page that no line is cut off, or broken without need.
@needs_browser
def test_a_broken_line_goes_on_further_in(visit):  # noqa: F811
    page = visit("ko/03-flow-matching.html", width=390, height=900)
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    lefts = page.evaluate("""
    [...document.querySelectorAll(".code-line")].map((line) => {
      const range = document.createRange();
      range.selectNodeContents(line);
      const rows = [...range.getClientRects()].filter((r) => r.width > 0);
      const start = Math.min(...rows.filter((r) => r.top < rows[0].bottom - 4).map((r) => r.left));
      const rest = rows.filter((r) => r.top >= rows[0].bottom - 4).map((r) => r.left);
      return [start, rest.length ? Math.min(...rest) : null];
    })
    """)
    broken = [(start, rest) for start, rest in lefts if rest is not None]
    assert len(broken) > 20
    assert all(rest > start + 8 for start, rest in broken)


def test_marking_lines_leaves_the_code_as_it_is():
    head = '<div class="highlight-python notranslate"><div class="highlight"><pre><span></span>'
    code = '<span class="k">def</span> <span class="nf">f</span>(a):\n    '
    code += '<span class="k">return</span> '
    code += "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa &lt; b\n\n"
    marked = code_lines.mark(f"{head}{code}</pre></div></div>")
    plain = re.sub(r"<[^>]*>", "", marked)
    assert plain == re.sub(r"<[^>]*>", "", code)
    assert marked.count('class="code-line" style="--indent:4"') == 1
    inside = code_lines.mark(f'{head}<span class="sd">    text</span></pre>')
    assert inside.endswith(
        '<span class="sd"><span class="code-indent">    </span>text</span></pre>'
    )
    printed = head.replace("python", "myst-ansi") + code
    assert code_lines.mark(f"{printed}</pre>") == f"{printed}</pre>"
    with pytest.raises(ValueError, match="not closed"):
        code_lines.mark(f'{head}<span class="s">"""\n"""</span></pre>')
