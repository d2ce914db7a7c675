"""Names in the page: its networks, its sampler and its counts are those of Python."""

import gzip
import json
import math
import re
import subprocess

import pytest
import torch
from laboratory import node

from utils.lab.names import NamesLab, module, names_state
from utils.lab.source import joined
from utils.names import (
    LANGUAGES,
    RECIPES,
    decode,
    edit_distance,
    encode,
    held_out,
    letters_of,
    load,
    read_names,
    size,
    well_formed,
)
from utils.names.shares import Neighbours, shares_of_names

LOGITS = """
const out = given.x.map((x) => {
  const wanted = net.read(x);
  return x.map((_, place) => Array.from(net.logits(wanted, place)));
});
"""
TEXTS = """
const judge = createJudge(given.language, given.list);
const out = given.x.map((x) => {
  const plain = !x.includes(maskOf(given.language));
  const misfit = misfits(x, given.language);
  return { text: decodeName(x, given.language), misfit, judged: plain ? judge(x) : null };
});
"""
LETTERS = """
const out = { encoded: given.names.map((name) => encode(name, given.language)),
  letters: given.names.map((name) => lettersOf(name, given.language)),
  distances: given.names.map((name, i) => editDistance(lettersOf(name, given.language),
    lettersOf(given.names[(7 * i + 1) % given.names.length], given.language))) };
"""
BEGINNINGS = "const out = given.typed.map((text) => beginning(text, given.language));"
DRAWS = """
const judge = createJudge(given.language, given.list);
const all = [];
const start = given.start ?? hidden(given.language);
for (let seed = 0; seed < given.count; seed += 1) {
  const name = createName(net, start, seed);
  let nfe = 0;
  for (; !isDone(net, name); nfe += 1) openLetters(net, name, given.settings);
  all.push({ ...judge(name.x), nfe, x: name.x });
}
const out = { ...tally(all), nfe: all[0].nfe, x: all.map(({ x }) => x) };
"""


def run(script, given, tmp_path, which="careful"):
    """What a script finds as ``out``; it has ``given`` and, of its language, ``net``."""
    language = given["language"]
    given = given | {"list": held_out(language)[0]}
    given["net"] = names_state()["nets"][f"{language}-{which}"]
    text = joined("names.js").replace("export default { render };", "")
    setup = (
        'import { readFileSync } from "node:fs";\n'
        "const given = JSON.parse(readFileSync(0));\n"
        "const net = createStringNet({ ...ALPHABETS[given.language], ...given.net });\n"
    )
    file = tmp_path / "script.mjs"
    file.write_text(f"{text}\n{setup}{script}\nconsole.log(JSON.stringify(out));", "utf-8")
    done = subprocess.run(
        [node(), str(file)], input=json.dumps(given), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def any_strings(language, count, masks=True):
    """Random strings; among them many that are nearly names."""
    letters, length = size(language)
    g = torch.Generator().manual_seed(3)
    x = torch.randint(0, letters, (count, length), generator=g)
    names = encode(held_out(language)[0], language)
    close = names[torch.randint(0, len(names), (count,), generator=g)]
    noise = torch.rand(count, 1, generator=g) ** 3  # share of letters that are drawn anew
    x = torch.where(torch.rand(x.shape, generator=g) < noise, x, close)
    if masks:
        share = torch.rand(count, 1, generator=g)
        x = torch.where(torch.rand(x.shape, generator=g) < share, letters, x)
    return x


# ---- the network -------------------------------------------------------------------------------


@pytest.mark.parametrize("which", RECIPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_network_computes_what_torch_computes(language, which, tmp_path):
    x = any_strings(language, 50)
    found = torch.tensor(run(LOGITS, {"language": language, "x": x.tolist()}, tmp_path, which))
    with torch.no_grad():
        right = load(language, which)(x)
        other = load(language, RECIPES[1 - RECIPES.index(which)])(x)
    assert found.shape == right.shape and (found - right).abs().max() < 1e-4
    assert (found - other).abs().max() > 1  # another network would be noticed


# ---- letters, text and counts ------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_have_the_letters_and_distances_of_python(language, tmp_path):
    names = read_names(language)
    found = run(LETTERS, {"language": language, "names": names}, tmp_path)
    assert found["encoded"] == encode(names, language).tolist()
    letters = [letters_of(name, language) for name in names]
    assert found["letters"] == letters
    others = [letters[(7 * i + 1) % len(names)] for i in range(len(names))]
    assert found["distances"] == [edit_distance(a, b) for a, b in zip(letters, others, strict=True)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_and_judgements_are_those_of_python(language, tmp_path):
    names = encode(read_names(language), language)
    masked, plain = any_strings(language, 1000), any_strings(language, 1000, masks=False)
    x = torch.cat([names, masked, plain])
    found = run(TEXTS, {"language": language, "x": x.tolist()}, tmp_path)
    assert [one["text"] for one in found] == decode(x, language)
    complete = [i for i, one in enumerate(found) if one["judged"]]
    assert complete == (x < size(language)[0]).all(1).nonzero().flatten().tolist()
    assert len(complete) >= 1000 + len(names)
    good, seen = well_formed(x[complete], language).tolist(), set(held_out(language)[0])
    near = Neighbours(held_out(language)[0], language)
    kinds = {"written": 0, "listed": 0, "neighbour": 0}
    for i, written in zip(complete, good, strict=True):
        judged, text = found[i]["judged"], found[i]["text"]
        assert judged["written"] == written and judged["listed"] == (text in seen)
        assert (judged["neighbour"] is not None) == (written and text in near)
        if judged["neighbour"]:
            both = [letters_of(name, language) for name in (text, judged["neighbour"])]
            assert edit_distance(*both) == 1 and judged["neighbour"] in seen
        # What is marked in the picture is what makes a name impossible.
        blank = x[i, 0].item() == size(language)[0] - 1
        assert written == (not found[i]["misfit"] and not blank)
        for kind in kinds:
            kinds[kind] += bool(judged[kind])
    assert 0 < kinds["neighbour"] < kinds["listed"] < kinds["written"] < len(complete), kinds


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_letter_away_is_the_edit_distance(language):
    seen, unseen = held_out(language)
    near = Neighbours(seen, language)
    x = any_strings(language, 60, masks=False)
    texts = [t for t, ok in zip(decode(x, language), well_formed(x, language), strict=True) if ok]
    found = [text in near for text in texts + seen[:5] + unseen[:40]]
    letters = [letters_of(name, language) for name in seen]
    nearest = [min(edit_distance(letters_of(text, language), other) for other in letters)
               for text in texts + seen[:5] + unseen[:40]]  # fmt: skip
    assert found == [distance == 1 for distance in nearest]
    assert any(found) and not all(found) and 0 in nearest


@pytest.mark.parametrize(
    ("language", "typed", "letters"),
    [
        ("en", "San", [18, 0, 13]),
        ("en", "", []),
        ("en", " a ", [0]),
        ("en", "abcdefghij", list(range(10))),
        ("en", "abcdefghijk", None),
        ("en", "서", None),
        ("en", "a-b", None),
        ("ko", "서", [9, 19 + 4, 40]),
        ("ko", "서ㅇ", [9, 19 + 4, 40, 11]),
        ("ko", "울", [11, 19 + 13, 40 + 8]),
        ("ko", "가나다라마", encode(["가나다라마"], "ko")[0].tolist()),
        ("ko", "가나다라마ㅂ", None),
        ("ko", "ㅏ", None),
        ("ko", "san", None),
    ],
)
def test_what_a_name_begins_with(language, typed, letters, tmp_path):
    (found,) = run(BEGINNINGS, {"language": language, "typed": [typed]}, tmp_path)
    mask, length = size(language)
    want = None if letters is None else letters + [mask] * (length - len(letters))
    assert found == want


# ---- the sampler -------------------------------------------------------------------------------


def spread(p, q, n):
    """Standard error of the difference of two shares of n names each."""
    return math.sqrt((p * (1 - p) + q * (1 - q)) / n)


@pytest.mark.parametrize("order", ["random", "certain"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sampler_follows_the_law_of_python(language, order, tmp_path):
    """4 standard errors; three letters at once would be noticed where one was asked for."""
    count, found, right = 3000, {}, {}
    for at_once in (1, 3):
        given = {"language": language, "count": count}
        given["settings"] = {"atOnce": at_once, "order": order}
        drawn = run(DRAWS, given, tmp_path)
        assert drawn["nfe"] == -(-size(language)[1] // at_once)
        found[at_once] = drawn["written"] / count
        right[at_once] = shares_of_names(load(language), language, at_once, order, count)[0]
        # Of the blanks, too: how long the names are.
        letters, length = size(language)
        blanks = sum(row.count(letters - 1) for row in drawn["x"]) / (count * length)
        assert 0.05 < blanks < 0.9

    def apart(p, q):
        return abs(p - q) / spread(p, q, count)

    assert apart(found[1], right[1]) < 4 and apart(found[3], right[3]) < 4, (found, right)
    assert apart(found[1], right[3]) > 4 and apart(found[3], right[1]) > 4, (found, right)


@pytest.mark.parametrize("language", LANGUAGES)
def test_copies_are_counted_as_python_counts_them(language, tmp_path):
    given = {"language": language, "count": 1000, "settings": {"atOnce": 1, "order": "random"}}
    found = run(DRAWS, given, tmp_path, "careless")
    right = shares_of_names(load(language, "careless"), language)
    for kind, share in zip(("written", "listed", "near"), right, strict=True):
        mine = found[kind] / 1000
        assert abs(mine - share) < 4 * spread(mine, share, 1000) + 1e-9, kind
    assert right[1] > 0.2 and shares_of_names(load(language), language)[1] < 0.05


def test_what_was_typed_stays_and_the_same_seed_writes_the_same(tmp_path):
    start = encode(["서"], "ko")[0, :3].tolist() + [69] * 12
    given = {"language": "ko", "count": 40, "start": start}
    given["settings"] = {"atOnce": 2, "order": "random"}
    found = run(DRAWS, given, tmp_path)
    assert found["nfe"] == 6 and all(row[:3] == start[:3] for row in found["x"])
    assert len({tuple(row) for row in found["x"]}) > 30
    assert run(DRAWS, given, tmp_path) == found


# ---- what the page gets ------------------------------------------------------------------------


def test_the_module_is_one_small_file_that_asks_nobody(tmp_path):
    text = module()
    assert not re.search(r"^\s*import\b|\bimport\(|fetch\(|https?://|XMLHttp", text, re.M)
    assert text.count("export ") == 1 and len(text) < 60_000
    sent = json.dumps(names_state(), separators=(",", ":")).encode()
    assert len(gzip.compress(sent)) < 580_000  # with all other files a page is below 1 MB
    file = tmp_path / "one.mjs"
    file.write_text(text, "utf-8")
    assert subprocess.run([node(), "--check", str(file)], capture_output=True).returncode == 0


def test_the_site_writes_what_the_element_asks_for():
    from book.extension import laboratory
    from book.finish import bill
    from book.finish.light import LABORATORY

    assert laboratory.scripts()[NamesLab.FILE] == module()
    measured = {("careful", "ko", "random", "all"): (0.1, 0.0, 0.0)}
    html = NamesLab(measured).html()
    assert f'data-module="{NamesLab.FILE}"' in html
    assert bill.part_of(NamesLab.FILE).name == bill.COURSE
    host, state = LABORATORY.search(html).groups()
    found = json.loads(state)
    assert "data-module" in host and found["start"]["atOnce"] == 1
    assert found["measured"] == [{"which": "careful", "alphabet": "ko", "order": "random",
                                  "atOnce": "all", "shares": [0.1, 0.0, 0.0]}]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"at_once": 4}, {"seed": 21}, {"which": "best"}, {"order": "x"}, {"language": "fr"}]
)
def test_settings_that_the_page_does_not_have_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        NamesLab(**wrong)


def test_an_unknown_order_is_refused():
    with pytest.raises(ValueError, match="order must be"):
        shares_of_names(load("en"), "en", order="first")
