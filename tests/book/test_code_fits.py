"""Every line of code fits its column at 1280 pixels, and is wrapped where it cannot fit."""

import re

import pytest
from cells import UNFINISHED, code_cells
from pages import browser, needs_browser, site  # noqa: F401  (fixtures)
from test_site import PAGES, ROOT, SITE, soups  # noqa: F401  (a fixture)
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


# Of every block: is it wider than its box, and how many of its lines are broken?
MEASURE = """
document.querySelectorAll(".bd-article > section > section").forEach((s) => {
  s.style.contentVisibility = "visible";
});
document.querySelectorAll("details").forEach((box) => { box.open = true; });
document.querySelectorAll(".toggle-hidden").forEach((box) => box.classList.remove("toggle-hidden"));
[...document.querySelectorAll("div.highlight pre")].map((pre) => {
  const range = document.createRange();
  range.selectNodeContents(pre);
  const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(pre);
  const rows = (pre.clientHeight - parseFloat(paddingTop) - parseFloat(paddingBottom))
    / parseFloat(lineHeight);
  return {
    text: pre.textContent.slice(0, 60), output: !!pre.closest(".cell_output"),
    over: pre.scrollWidth - pre.clientWidth,
    broken: Math.round(rows) - pre.textContent.trimEnd().split("\\n").length,
    size: parseFloat(getComputedStyle(pre).fontSize),
  };
})
"""


@needs_browser
@pytest.mark.parametrize("name", PAGES)
def test_no_line_is_cut_off(visit, name):  # noqa: F811
    for width in (1280, 390):
        page = visit(f"ko/{name}.html", width=width, height=900)
        blocks = page.evaluate(MEASURE)
        code = [block for block in blocks if not block["output"]]
        assert all(block["size"] >= 12.5 for block in blocks)
        cut = [block for block in code if block["over"] > 0]
        assert not cut, f"{width}: {cut}"
        if width == 1280 and f"{name}.md" not in UNFINISHED:
            # Nothing is broken either, and what cells have printed is all there.
            wrong = [b for b in code if b["broken"]] + [b for b in blocks if b["over"] > 0]
            assert not wrong, wrong


@needs_browser
def test_a_broken_line_goes_on_further_in(visit):  # noqa: F811
    page = visit("ko/03-flow-matching.html", width=390, height=900)
    page.evaluate(MEASURE)
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
