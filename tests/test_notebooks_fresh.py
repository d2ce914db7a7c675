from pathlib import Path

from book.markdown import to_plain
from book.notebooks import ROOT, stale

HERE = Path(ROOT) / "chapters" / "ko" / "index.md"


def test_notebooks_are_made_from_the_present_sources():
    problems = stale()
    assert not problems, "run `make notebooks`:\n" + "\n".join(problems)


def plain(text, language="en"):
    return to_plain(text, language, HERE)


def test_roles_and_labels_become_plain_text():
    text = "(sec-a)=\n## Title\nsee {ref}`there <sec-b>`, {eq}`eq-a` and {cite:t}`ho2020ddpm`"
    assert plain(text) == "## Title\nsee there, (eq-a) and [ho2020ddpm]"


def test_directives_become_quotes():
    assert plain(":::{admonition} Goal\n:class: tip\nbe right\n:::") == "> **Goal**\n>\n> be right"
    assert plain("```{exercise} Sum\n:label: ex\nadd\n```", "ko").startswith("> **연습 문제. Sum**")


def test_output_figure_keeps_its_caption():
    assert plain("```{output-figure} fig-a\n:alt: x\nWhat to see.\n```") == "*Figure.* What to see."


def test_literalinclude_shows_the_object():
    shown = plain(
        "```{literalinclude} ../../utils/samplers.py\n:pyobject: euler_step\n```", language="en"
    )
    assert shown.startswith("```python\ndef euler_step(") and "midpoint" not in shown


def test_code_blocks_are_left_alone():
    block = "```python\nx = {ref}`a`\n```"
    assert plain(block) == block
