"""Directives of the teachers' page: the map of the course, and which exercise tests which goal.

Both read the chapters, so what they show cannot fall behind them.
"""

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from book.chapters import Chapter, Deeper, all_of, deeper_of, read

WORDS = {
    "ko": {
        "head": ("장", "먼저 볼 것", "시간", "슬라이드"),
        "minutes": "{}분",
        "slides": "열기",
        "goals": ("목표", "재는 문제"),
        "assignment": "과제 {}.{}",
        "node": "{}장",
        "map": "장 사이의 화살표. 화살표가 나오는 장을 먼저 보아야 합니다.",
    },
    "en": {
        "head": ("Chapter", "Needs", "Time", "Slides"),
        "minutes": "{} min",
        "slides": "open",
        "goals": ("Goal", "Tested by"),
        "assignment": "assignment {}.{}",
        "node": "Ch. {}",
        "map": "Arrows between chapters: read where an arrow starts before where it ends.",
    },
}
WIDE, HIGH, BOX_WIDE, BOX_HIGH = 130, 56, 76, 34  # of the map's grid and its boxes


def layers(chapters: list[Chapter]) -> dict[str, int]:
    """How many chapters stand, one after another, before each: its column in the map."""
    depth: dict[str, int] = {}
    for chapter in chapters:
        depth[chapter.name] = 1 + max((depth[name] for name in chapter.needs), default=-1)
    return depth


def direct(chapters: list[Chapter]) -> list[tuple[str, str]]:
    """Pairs (needed, chapter), without those that a longer way through the map already says."""
    before: dict[str, set[str]] = {}
    for chapter in chapters:
        before[chapter.name] = set(chapter.needs).union(*(before[name] for name in chapter.needs))
    return [
        (name, chapter.name)
        for chapter in chapters
        for name in chapter.needs
        if not any(name in before[other] for other in chapter.needs)
    ]


def drawing(chapters: list[Chapter], language: str) -> str:
    """The map as SVG in the colours of the page."""
    column, rows, place = layers(chapters), {}, {}
    for chapter in chapters:
        x = column[chapter.name]
        rows[x] = rows.get(x, 0) + 1
        place[chapter.name] = (x, rows[x] - 1)
    tallest = max(rows.values())

    def corner(name: str) -> tuple[float, float]:
        x, y = place[name]
        return x * WIDE + 4, (y + (tallest - rows[x]) / 2) * HIGH + 10

    parts = []
    for needed, name in direct(chapters):
        (x, y), (right, middle) = corner(needed), corner(name)
        parts.append(
            f'<line x1="{x + BOX_WIDE}" y1="{y + BOX_HIGH / 2}" x2="{right - 7}" y2="'
            f'{middle + BOX_HIGH / 2}" stroke="currentColor" marker-end="url(#course-tip)"/>'
        )
    for chapter in chapters:
        x, y = corner(chapter.name)
        label = WORDS[language]["node"].format(chapter.number)
        parts.append(
            f'<a href="{chapter.name}.html"><rect x="{x}" y="{y}" width="{BOX_WIDE}" '
            f'height="{BOX_HIGH}" rx="6" fill="var(--pst-color-surface)" stroke="currentColor"/>'
            f'<text x="{x + BOX_WIDE / 2}" y="{y + 22}" text-anchor="middle" font-size="15" '
            f'fill="currentColor">{label}</text></a>'
        )
    width, height = (max(column.values()) + 1) * WIDE - 46, tallest * HIGH + 10
    return (
        f'<svg class="course-map" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="group" aria-label="{WORDS[language]["map"]}"><defs><marker id="course-tip" '
        'markerWidth="7" markerHeight="7" refX="5" refY="3" orient="auto"><path d="M0 0L6 3L0 6z" '
        f'fill="currentColor"/></marker></defs>{"".join(parts)}</svg>'
    )


class Course(SphinxDirective):
    """Base: what the chapters of this page's language say."""

    @property
    def language(self) -> str:
        """Language of the page that holds the directive."""
        return Path(self.env.doc2path(self.env.docname)).parent.name

    @property
    def folder(self) -> Path:
        """Folder of that language's chapters."""
        return Path(self.env.doc2path(self.env.docname)).parent

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        """Lines of Markdown as nodes of the page."""
        box = nodes.container()
        self.state.nested_parse(StringList(lines, source=self.env.docname), 0, box)
        return box.children


class CourseMap(Course):
    """Draw which chapter needs which, and list their minutes and slides."""

    def run(self) -> list[nodes.Node]:
        """Build the drawing and the table."""
        chapters, words = all_of(self.folder), WORDS[self.language]
        note(self.env, self.folder)
        lines = [f"| {' | '.join(words['head'])} |", "|---|---|---:|---|"]
        for chapter in chapters:
            needs = ", ".join(
                f"{{doc}}`{words['node'].format(int(name[:2]))} <{name}>`" for name in chapter.needs
            )
            slides = f'<a href="slides-{chapter.name}.html">{words["slides"]}</a>'
            lines.append(
                f"| {{doc}}`{chapter.number}. {chapter.title} <{chapter.name}>` | {needs} | "
                f"{words['minutes'].format(chapter.minutes)} | {slides} |"
            )
            for page in deeper_of(self.folder):
                if page.name[:2] == chapter.name[:2]:
                    lines.append(deeper_row(page, chapter, words))
        picture = nodes.raw("", drawing(chapters, self.language), format="html")
        return [picture, *self.parsed(lines)]


def deeper_row(page: Deeper, chapter: Chapter, words: dict) -> str:
    """The line of the table for a page behind a chapter."""
    home = f"{{doc}}`{words['node'].format(chapter.number)} <{chapter.name}>`"
    minutes = words["minutes"].format(page.minutes) if page.minutes else "–"
    slides = f'<a href="slides-{page.name}.html">{words["slides"]}</a>'
    return f"| {{doc}}`{page.title} <{page.name}>` | {home} | {minutes} | {slides} |"


class GoalsTested(Course):
    """List a chapter's goals, each with the exercises that the lines of the directive name.

    A line holds labels of exercises in the chapter, numbers of exercises in its assignment, or
    a single ``-`` for a goal that no exercise tests.
    """

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Build the table; a goal without an exercise is an error."""
        page = self.folder / f"{self.arguments[0]}.md"
        chapter, words = read(page), WORDS[self.language]
        note(self.env, self.folder)
        tests = [line.split() for line in self.content if line.strip()]
        if len(tests) != len(chapter.goals):
            raise self.error(f"{chapter.name} has {len(chapter.goals)} goals, not {len(tests)}")
        lines = [f"| {' | '.join(words['goals'])} |", "|---|---|"]
        for goal, labels in zip(chapter.goals, tests, strict=True):
            shown = [
                f"{{ref}}`{label}`"
                if label.startswith("ex-")
                else words["assignment"].format(chapter.number, int(label))
                for label in labels
                if label != "-"
            ] or ["–"]
            lines.append(f"| {goal} | {', '.join(shown)} |")
        return self.parsed(lines)


def note(env: BuildEnvironment, folder: Path) -> None:
    """Remember what the chapters' first boxes said when the present page was read."""
    if not hasattr(env, "course_boxes"):
        env.course_boxes = {}
    if env.docname not in env.course_boxes:
        env.course_boxes[env.docname] = boxes(folder)


def boxes(folder: Path) -> tuple[list[Chapter], list[Deeper]]:
    """What all pages with a number say of themselves."""
    return all_of(folder), deeper_of(folder)


def outdated(app: Sphinx, env: BuildEnvironment, *_: set[str]) -> list[str]:
    """Pages that show of a chapter what it no longer says; other edits do not concern them."""
    shown = getattr(env, "course_boxes", {})
    try:
        now = boxes(Path(env.srcdir)) if shown else ([], [])
    except ValueError:  # reading the page will say what is wrong with which chapter
        now = ([], [])
    return [page for page, said in shown.items() if said != now]


def purge(app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page that is read anew."""
    getattr(env, "course_boxes", {}).pop(page, None)


def merge(app: Sphinx, env: BuildEnvironment, pages: set[str], other: BuildEnvironment) -> None:
    """Take over what a parallel reader found."""
    found = {page: box for page, box in getattr(other, "course_boxes", {}).items() if page in pages}
    env.course_boxes = getattr(env, "course_boxes", {}) | found


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.connect("env-get-outdated", outdated)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.add_directive("course-map", CourseMap)
    app.add_directive("goals-tested", GoalsTested)
