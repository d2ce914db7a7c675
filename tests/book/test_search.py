"""The search of the built site, run in Node: the site's own scripts, without a browser."""

import json
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest
from pages import site  # noqa: F401  (a fixture: it builds the site)

from book.extension.formula_server import node_binary
from book.extension.search import SearchKorean

SITE = Path(__file__).parents[2] / "_build" / "html"
pytestmark = pytest.mark.usefixtures("site")
DRIVER = """
const vm = require("vm"), fs = require("fs"), path = require("path");
const [site, ...queries] = process.argv.slice(1);
const none = () => ({ dataset: {}, children: [], appendChild: (x) => x, classList: { add() {} } });
const world = {
  document: { ...none(), documentElement: none(), createElement: none, getElementById: () => null,
              readyState: "complete", addEventListener() {}, body: none() },
  localStorage: { setItem() {} }, URLSearchParams, console,
  _: (text) => text, _ready: () => {}, _removeChildren: () => {},
  DOCUMENTATION_OPTIONS: {}, SPHINX_HIGHLIGHT_ENABLED: false,
};
world.window = world;
vm.createContext(world);
for (const file of ["_static/language_data.js", "_static/searchtools.js", "searchindex.js"]) {
  let text = fs.readFileSync(path.join(site, file), "utf8");
  if (file === "_static/searchtools.js") text += "\\nglobalThis.Search = Search;";
  vm.runInContext(text, world);
}
const found = {};
for (const query of queries) {
  const results = world.Search._performSearch(...world.Search._parseQuery(query));
  found[query] = [...new Set(results.map((result) => result[0]))];
}
process.stdout.write(JSON.stringify(found));
"""


def search(language, *queries):
    command = [node_binary(), "-e", DRIVER, str(SITE / language), *queries]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_korean_words_are_found_with_their_particles():
    words = ("경로", "학습", "속도", "노이즈", "모드", "정책")
    found = search("ko", *words)
    for word in words:
        pages = (SITE.parents[1] / "chapters/ko").glob("*.md")
        with_word = {
            page.stem
            for page in pages
            if f" {word}를 " in page.read_text("utf-8") or f" {word}을 " in page.read_text("utf-8")
        }
        assert with_word and with_word <= set(found[word]), word


def test_a_query_may_carry_its_own_particle():
    found = search(
        "ko", "경로", "경로를", "학습한다", "학습", "속도장을", "속도장", "노이즈의", "노이즈"
    )
    for inflected, word in (
        ("경로를", "경로"),
        ("학습한다", "학습"),
        ("속도장을", "속도장"),
        ("노이즈의", "노이즈"),
    ):
        assert found[inflected] and set(found[inflected]) == set(found[word]), inflected


PARTICLES = (
    "은 는 이 가 을 를 의 로 와 과 도 만 에서 으로 에서는 에서도 이라는 이므로 입니다".split()
)


def test_endings_behind_latin_words_and_digits():
    """A name is found wherever it stands, and with an ending it is the same question."""
    names = ["DDIM", "x_0", "CondOT", "W2", "NFE", "ODE", "CIFAR-10", "η", "t=1", "기댓값"]
    names += ["노이즈", "2장", "0.5"]
    queries = {name: [name + particle for particle in PARTICLES] for name in names}
    found = search("ko", *names, *(query for row in queries.values() for query in row))
    for name, row in queries.items():
        for query in row:
            assert found[query] == found[name], query
    folder = SITE.parents[1] / "chapters/ko"
    for name in ("DDIM", "CondOT", "ODE"):
        pages = {
            p.stem
            for p in folder.glob("*.md")
            if re.search(rf"\b{name}[가-힣]", p.read_text("utf-8"))
        }
        assert len(pages) > 1 and pages <= set(found[name]), (name, pages - set(found[name]))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_letters_apart_and_together_are_one_word(language):
    words = {"ko": ["경로를", "속도장", "DDIM은", "플로 매칭"], "en": ["Schrödinger", "Fréchet"]}[
        language
    ]
    apart = [unicodedata.normalize("NFD", word) for word in words]
    assert all(one != other for one, other in zip(words, apart, strict=True))
    found = search(language, *words, *apart)
    for one, other in zip(words, apart, strict=True):
        assert found[one] == found[other]
        assert found[one] or language == "en", one


def test_sources_are_written_in_syllables():
    for page in (SITE.parents[1] / "chapters").rglob("*.md"):
        text = page.read_text("utf-8")
        assert unicodedata.is_normalized("NFC", text), page.name


def test_english_words_in_both_languages():
    assert "09-robotics" in search("ko", "flow", "Push-T")["Push-T"]
    found = search("en", "paths", "training", "path-length", "zzzznothing")
    assert "08-straight-paths" in found["paths"] and "06-from-scratch" in found["training"]
    assert "08-straight-paths" in found["path-length"]
    assert found["zzzznothing"] == []


def test_nothing_is_found_for_nothing():
    assert search("ko", "없는낱말입니다")["없는낱말입니다"] == []


def test_splitting():
    words = SearchKorean({}).split("경로를 flow 학습합니다")
    assert {"경로를", "경로", "flow", "학습", "학습합", "학습합니다"} <= set(words)
    assert "f" not in words and "fl" not in words
    assert SearchKorean({}).split("x_0는") == ["x_0는", "x_0"]
    assert SearchKorean({}).split("DDIM에서") == ["DDIM에서", "DDIM", "DDIM에"]
    assert SearchKorean({}).split(unicodedata.normalize("NFD", "장점")) == ["장점"]
