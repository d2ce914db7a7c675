"""The search of the built site, run in Node: the site's own scripts, without a browser."""

import json
import subprocess
from pathlib import Path

import pytest

from book.extension.course import _node_binary
from book.extension.search import SearchKorean

SITE = Path(__file__).parents[2] / "_build" / "html"
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
    if not (SITE / language / "searchindex.js").exists():
        pytest.fail("build the site first: make book")
    command = [_node_binary(), "-e", DRIVER, str(SITE / language), *queries]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_korean_words_are_found_with_their_particles():
    words = ("경로", "학습", "속도", "노이즈", "결합", "정책")
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


def test_english_words_in_both_languages():
    assert "09-robotics" in search("ko", "flow", "Push-T")["Push-T"]
    found = search("en", "paths", "training", "straightness", "zzzznothing")
    assert "08-straight-paths" in found["paths"] and "06-from-scratch" in found["training"]
    assert "08-straight-paths" in found["straightness"]
    assert found["zzzznothing"] == []


def test_nothing_is_found_for_nothing():
    assert search("ko", "없는낱말입니다")["없는낱말입니다"] == []


def test_splitting():
    words = SearchKorean({}).split("경로를 flow 학습합니다")
    assert {"경로를", "경로", "flow", "학습", "학습합", "학습합니다"} <= set(words)
    assert "f" not in words and "fl" not in words
