"""Which pages Sphinx writes anew: those that it has read, and all when what they share changes.

Left alone, Sphinx writes a page whose own source changed and leaves the others, though a title, a
number or a caption of another page may stand in them. Here everything that one page can show of
another is summed up; where the sum differs from the last build's, every page is written.
"""

import hashlib
from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment

from book.extension.claims import store


def plain(value: object) -> object:
    """A value as text that is the same for equal values, whatever the order they arrived in."""
    if isinstance(value, nodes.Node):
        return value.astext()
    if isinstance(value, dict):
        return sorted((str(key), plain(item)) for key, item in value.items())
    if isinstance(value, set | frozenset):
        return sorted(str(plain(item)) for item in value)
    if isinstance(value, str | bytes | int | float | bool | None):
        return value
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    if type(value).__str__ is object.__str__:  # an address in memory, another in every build
        raise TypeError(f"{type(value).__name__} has no plain form: give it one in rewrite.py")
    return str(value)


def shared(env: BuildEnvironment) -> dict[str, object]:
    """What a page can show of another one."""
    std, math, cite = (env.domaindata.get(name, {}) for name in ("std", "math", "cite"))
    exercises = getattr(env, "sphinx_exercise_registry", {})
    return {
        "pages": sorted(env.found_docs),
        "titles": env.titles,  # sidebar, neighbours, references
        "numbers": [env.toc_secnumbers, env.toc_fignumbers],
        "contents": [env.toctree_includes, env.numbered_toctrees],
        "names": [std.get(key) for key in ("labels", "anonlabels", "objects", "terms")],
        "formulas": math.get("objects"),
        "theorems": getattr(env, "proof_list", {}),
        "exercises": {
            name: [item["docname"], item["type"], item["node"].get("title")]
            for name, item in exercises.items()
        },
        "references": sorted(
            (item.citation_id, item.key, str(item.formatted_entry.text))
            for item in cite.get("citations", ())
        ),
        "measured": {
            page: [claims["measured"], claims["rivals"]] for page, claims in store(env).items()
        },
    }


def outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """All pages, if what they share has changed; otherwise none beyond those that were read."""
    now = hashlib.sha256(repr(plain(shared(env))).encode()).hexdigest()
    before, env.course_shared = getattr(env, "course_shared", now), now
    return sorted(env.found_docs) if now != before else []


def alone(app: Sphinx, builder: Builder) -> None:
    """Leave out pages that contain others: titles, for which Sphinx writes them, are looked at."""
    builder.env.files_to_rebuild = {}  # after the environment has been saved


def setup(app: Sphinx) -> None:
    """Listen after everybody who gives numbers (Sphinx does, at the same event)."""
    app.connect("env-get-updated", outdated, priority=900)
    app.connect("write-started", alone)
