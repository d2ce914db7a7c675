"""The directive ``{quiz}``: a multiple-choice question that answers at once, without a script.

::

    ::::{quiz} Which of them is even?
    - [ ] 3
      : No. It leaves 1 when it is halved.
    - [x] 4
      : Yes. It is twice 2.
    ::::

The question stands in the title. Each option is one line, and what is said when it is picked
stands below it, indented, the first line after a colon. Exactly one option has the ``x``. On the
page these are radio buttons, and a style sheet shows what is said of the one that is picked; any
other builder writes a list.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from book.questions import WORDS, options


class quiz(nodes.container):  # noqa: N801  (docutils names nodes so)
    """A question with its options."""


class quiz_question(nodes.paragraph):  # noqa: N801
    """What is asked."""


class quiz_options(nodes.bullet_list):  # noqa: N801
    """All that may be picked."""


class quiz_option(nodes.list_item):  # noqa: N801
    """One of them: its text and its reason."""


class quiz_text(nodes.paragraph):  # noqa: N801
    """What the option says."""


class quiz_reason(nodes.paragraph):  # noqa: N801
    """What is said when it is picked."""


class QuizDirective(SphinxDirective):
    """``{quiz} question``, and its options."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build the list that every builder can write."""
        if "{claim}" in "\n".join([self.arguments[0], *self.content]):
            raise self.error("a quiz cannot hold a claim: what is measured stands in the text")
        try:
            found = options(list(self.content))
        except ValueError as problem:
            raise self.error(str(problem)) from None
        number = self.env.new_serialno("course-quiz") + 1  # of this page
        words = WORDS.get(self.config.language, WORDS["en"])
        box = quiz(number=number, label=words["quiz"], classes=["quiz"])
        box += self._inline(quiz_question(), self.arguments[0])
        listed = quiz_options(bullet="-")
        for position, option in enumerate(found, start=1):
            kind = "right" if option.right else "wrong"
            name = f"quiz-{number}-{position}"
            text = self._inline(quiz_text(name=name, group=f"quiz-{number}"), option.text)
            if all(isinstance(part, nodes.math) for part in text.children):
                text["said"] = text.astext()  # for those who listen, a formula alone is no name
            verdict = nodes.strong("", words[kind], classes=["quiz-verdict"])
            reason = quiz_reason("", "", verdict, nodes.Text(" "), kind=kind)
            listed += quiz_option("", text, self._inline(reason, option.reason), kind=kind)
        box += listed
        self.set_source_info(box)
        return [box]

    def _inline(self, node: nodes.Element, text: str) -> nodes.Element:
        """Add MyST to a node; what is wrong in it is reported where the directive stands."""
        parts, messages = self.state.inline_text(text, self.lineno)
        self.set_source_info(node)
        node += [*parts, *messages]
        return node


def _open_quiz(writer: HTML5Translator, node: quiz) -> None:
    number = node["number"]
    writer.body.append(f'<fieldset class="quiz" id="quiz-{number}">\n<legend>')
    label = writer.encode(node["label"])
    writer.body.append(f'<span class="quiz-label">{label}</span> ')


def _close_quiz(writer: HTML5Translator, node: quiz) -> None:
    writer.body.append("</fieldset>\n")


def _nothing(writer: HTML5Translator, node: nodes.Element) -> None:
    pass


def _close_question(writer: HTML5Translator, node: quiz_question) -> None:
    writer.body.append("</legend>\n")


def _open_option(writer: HTML5Translator, node: quiz_option) -> None:
    writer.body.append(f'<div class="quiz-option {node["kind"]}">\n')


def _close_option(writer: HTML5Translator, node: quiz_option) -> None:
    writer.body.append("</div>\n")


def _open_text(writer: HTML5Translator, node: quiz_text) -> None:
    name, group = node["name"], node["group"]
    # A browser that goes back would show an answer that nobody has picked on this visit.
    said = f' aria-label="{writer.attval(node["said"])}"' if "said" in node else ""
    writer.body.append(f'<input type="radio" name="{group}" id="{name}" autocomplete="off"{said}>')
    writer.body.append(f'<label for="{name}">')


def _close_text(writer: HTML5Translator, node: quiz_text) -> None:
    writer.body.append("</label>\n")


def _open_reason(writer: HTML5Translator, node: quiz_reason) -> None:
    # The box is always there, and what appears in it is read out.
    writer.body.append('<div class="quiz-said" role="status"><p>')


def _close_reason(writer: HTML5Translator, node: quiz_reason) -> None:
    writer.body.append("</p></div>\n")


def setup(app: Sphinx) -> None:
    """Register the directive and its nodes."""
    app.add_node(quiz, html=(_open_quiz, _close_quiz))
    app.add_node(quiz_question, html=(_nothing, _close_question))
    app.add_node(quiz_options, html=(_nothing, _nothing))
    app.add_node(quiz_option, html=(_open_option, _close_option))
    app.add_node(quiz_text, html=(_open_text, _close_text))
    app.add_node(quiz_reason, html=(_open_reason, _close_reason))
    app.add_directive("quiz", QuizDirective)
