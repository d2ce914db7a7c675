"""The pages of the repository's front: links, both languages alike, tables that commands fill."""

import json
import re
import tomllib

import pytest
import yaml

import book.timings
from audit.__main__ import PLACES
from book.run.cache import ROOT

PAIRS = {"README.md": "README.ko.md", "CONTRIBUTING.md": "CONTRIBUTING.ko.md"}
PAGES = [*PAIRS, *PAIRS.values(), "CHANGELOG.md"]


def text(page):
    return (ROOT / page).read_text("utf-8")


def prose(page):
    """A page without its fenced blocks, in which a # begins a comment."""
    return re.sub(r"^(`{3,}).*?^\1$", "", text(page), flags=re.M | re.S)


def anchors(page):
    """Where a link may lead: marks set by hand, and headings as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    named = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return named | set(re.findall(r'<a id="([\w-]+)">', text(page)))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        assert (ROOT / (file or page)).exists(), link
        assert not anchor or anchor in anchors(file or page), link


@pytest.mark.parametrize("english, korean", PAIRS.items())
def test_both_languages_have_the_same_sections_and_commands(english, korean):
    levels, blocks = [], []
    for page in (english, korean):
        levels.append(re.findall(r"^(#+) ", prose(page), re.M))
        found = re.findall(r"^```(?:bash|python|yaml)\n(.*?)^```$", text(page), re.M | re.S)
        # Comments, and the language that a command names, differ.
        blocks.append([re.sub(r" *#.*|\bko\b|\ben\b", "", block) for block in found])
    assert levels[0] == levels[1] and blocks[0] == blocks[1]


@pytest.mark.parametrize("page", ["README.md", "README.ko.md"])
def test_a_newcomer_reads_it_in_a_quarter_of_an_hour(page):
    assert len(text(page).splitlines()) <= 130


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "CONTRIBUTING.ko.md"])
def test_every_door_is_explained(page):
    doors = re.findall(r"^([a-z-]+):.*##", text("Makefile"), re.M)
    explained = re.findall(r"^\| `make ([a-z-]+)", text(page), re.M)
    assert sorted(explained) == sorted(doors)


def test_the_measured_tables_have_a_place():
    assert list(PLACES.values()) == ["CONTRIBUTING.md", "CONTRIBUTING.ko.md"]
    for page in PLACES.values():
        for name in ("timings", "audit", "bench"):
            start, end = (f"<!-- {name}:{word} -->" for word in ("start", "end"))
            assert text(page).count(start) == text(page).count(end) == 1
    english, korean = book.timings.kept_builds()
    assert len(english) == len(korean) > 2


def test_one_list_of_python_versions():
    project = tomllib.loads(text("pyproject.toml"))["project"]
    prefix = "Programming Language :: Python :: "
    said = [c.removeprefix(prefix) for c in project["classifiers"] if c.startswith(prefix)]
    job = yaml.safe_load(text(".github/workflows/test.yml"))["jobs"]["test"]
    assert said == job["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={said[0]}"


def test_every_room_of_utils_is_packed():
    packed = tomllib.loads(text("pyproject.toml"))["tool"]["setuptools"]["packages"]
    rooms = [file.parent.relative_to(ROOT) for file in (ROOT / "utils").rglob("__init__.py")]
    assert sorted(packed) == sorted(".".join(room.parts) for room in rooms)


def test_forms_hooks_and_container_can_be_read():
    for form in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")):
        found = yaml.safe_load(form.read_text("utf-8"))
        assert {"name", "description", "body"} <= found.keys()
        for field in found["body"]:
            label = field["attributes"]["label"]
            assert re.search("[가-힣]", label) and " · " in label  # in both languages
    hooks = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]  # nothing is downloaded
    lines = text(".devcontainer/devcontainer.json").splitlines()
    container = json.loads("\n".join(x for x in lines if not x.strip().startswith("//")))
    assert container["forwardPorts"] == [8000] and "download.pytorch.org/whl/cpu" in str(container)
