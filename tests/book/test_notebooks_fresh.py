import re
from pathlib import Path

import nbformat
import pytest

from book.export.addresses import ROOT, sources
from book.export.export import convert
from book.export.fold import TITLE
from book.export.markdown import to_plain
from book.export.notebooks import stale, target
from book.export.roles import Page
from book.export.setup_cell import TAG
from book.repository import Repository

HERE = Path(ROOT) / "chapters" / "ko" / "index.md"


def test_notebooks_are_made_from_the_present_sources():
    problems = stale()
    assert not problems, "run `make notebooks`:\n" + "\n".join(problems)


SITE = "https://example.org/course/"


def plain(text, language="en", site=""):
    return to_plain(text, language, HERE, Page(language, "index", site))


def test_references_lead_to_the_notebook_beside_when_there_is_no_site():
    text = "(sec-a)=\n## Title\nsee {ref}`there <sec-fm-sampling>` and {doc}`2장 <02-diffusion>`"
    expected = "## Title\nsee [there](03-flow-matching.ipynb) and [2장](02-diffusion.ipynb)"
    assert plain(text) == expected
    assert plain("{doc}`glossary`") == "Glossary"  # not a notebook


def test_references_lead_to_the_site_and_have_its_titles_and_numbers():
    page = f"{SITE}ko/03-flow-matching.html"
    references = {
        "{ref}`sec-fm-sampling`": f"[3.5 샘플링: ODE 풀기]({page}#sec-fm-sampling)",
        "{doc}`2장 <02-diffusion>`": f"[2장]({SITE}ko/02-diffusion.html)",
        "{prf:ref}`thm-cfm`": f"[정리 1]({page}#thm-cfm)",
    }
    for role, expected in references.items():
        assert plain(role, "ko", SITE) == expected
    for role in ("{numref}`fig-fm-strip`", "{numref}`ex-fm-1`", "{eq}`eq-fm-path`"):
        assert re.fullmatch(
            r"\[(그림 |연습 문제 |\()\d+\)?\]\(https.*html#.*\)", plain(role, "ko", SITE)
        )


def test_unknown_references_are_named():
    for text in ("{ref}`sec-nowhere`", "{eq}`eq-nowhere`", "{cite}`nobody1900`"):
        with pytest.raises(ValueError, match="nowhere|nobody1900"):
            plain(text)


def test_citations_name_authors_and_year_and_lead_to_the_paper():
    ho = "https://arxiv.org/abs/2006.11239"
    assert plain("{cite:t}`ho2020ddpm`") == f"[Ho et al. (2020)]({ho})"
    assert plain("{cite}`ho2020ddpm`") == f"[[Ho et al., 2020]({ho})]"
    assert plain("{cite}`salimans2022progressive,ho2020ddpm`").count("](https://") == 2


def test_labelled_equations_are_tagged_with_the_number_that_references_show():
    number = plain("{eq}`eq-fm-path`", site=SITE)[2:].split(")")[0]
    shown = plain("$$\nx = y\n$$ (eq-fm-path)")
    assert shown == f"$$\nx = y\n\\tag{{{number}}}\n$$"


def test_pictures_have_an_address_where_there_is_one():
    text = "```{figure} ../films/flow.webp\n:name: fig-robot-film-flow\n:alt: A film.\nMoves.\n```"
    assert plain(text).startswith("![A film.](../../chapters/films/flow.webp)")
    assert f"({SITE}en/_images/flow.webp)" in plain(text, site=SITE)
    public = Page("en", "index", "", Repository("https://github.com/a/b"))
    address = "https://raw.githubusercontent.com/a/b/main/chapters/films/flow.webp"
    assert f"![A film.]({address})" in to_plain(text, "en", HERE, public)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_myst_is_left(language):
    for source in sources(language):
        for cell in nbformat.read(target(source), as_version=4).cells:
            if cell.cell_type == "markdown":
                text = re.sub(r"^```.*?^```", "", cell.source, flags=re.S | re.M)
                found = re.findall(r"\{[a-z:]+\}`|^\([\w-]+\)=|^:::|\$\$ *\(eq", text, re.M)
                assert not found, f"{source.name}: {found}"


def test_directives_become_quotes():
    assert plain(":::{admonition} Goal\n:class: tip\nbe right\n:::") == "> **Goal**\n>\n> be right"
    shown = plain("```{exercise} Sum\n:label: ex-fm-1\nadd\n```", "ko")
    assert re.match(r"> \*\*연습 문제 \d+\. Sum\*\*\n", shown)


def test_output_figure_keeps_its_caption():
    shown = plain("```{output-figure} fig-fm-strip\n:alt: x\nWhat to see.\n```")
    assert re.fullmatch(r"\*Figure \d+\.\* What to see\.", shown)


def test_literalinclude_shows_the_object():
    shown = plain(
        "```{literalinclude} ../../utils/samplers.py\n:pyobject: euler_step\n```", language="en"
    )
    assert shown.startswith("```python\ndef euler_step(") and "midpoint" not in shown


def test_literalinclude_shows_a_part_of_a_method():
    shown = plain(
        "```{literalinclude} ../../utils/simple_unet.py\n:pyobject: SimpleUNet.forward\n"
        ":start-at: t = t.to\n:end-at: return\n:prepend: def forward(self, x, t, labels):\n```"
    )
    code = shown.splitlines()
    assert code[1] == "def forward(self, x, t, labels):" and code[2].startswith("    t = t.to")
    assert code[-2].startswith("    return self.conv_out(h)") and '"""' not in shown
    assert max(map(len, code)) <= 76 and compile("\n".join(code[1:-1]), "shown", "exec")


def test_comments_are_left_out():
    assert plain("a\n% a note for authors\nb") == "a\nb"


def test_code_blocks_are_left_alone():
    block = "```python\nx = {ref}`a`\n```"
    assert plain(block) == block


@pytest.mark.parametrize(
    ("language", "title"), [("ko", "풀이. 연습 문제"), ("en", "Solution. Exercise")]
)
def test_solutions_are_folded_and_exercises_are_not(language, title):
    for source in sources(language):
        exercises = re.findall(r"^:label: (ex-[\w-]+)$", source.read_text("utf-8"), re.M)
        cells = convert(source).cells
        shown = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert "{solution" not in shown
        assert len(re.findall(rf"<summary>{title} \d+</summary>", shown)) == len(exercises)
        for cell in cells:
            assert cell.source.count("<details>") == cell.source.count("</details>")
            if TAG in cell.metadata.get("tags", []):
                continue  # the setup cell is folded, too, and is no solution
            folded = cell.source.startswith(TITLE)
            assert folded == (cell.metadata.get("jupyter", {}).get("source_hidden", False))
            if "attempt(" in cell.source:
                assert not folded and cell.metadata.tags == ["exercise"]
