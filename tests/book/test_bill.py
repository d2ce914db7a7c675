"""The bill of what the site ships that others wrote."""

import csv
import hashlib
import json
import re

import pytest
from test_site import ROOT, SITE, soups  # noqa: F401  (a fixture)

from book.finish import bill

LOADED = (".js", ".css", ".woff", ".woff2", ".ttf")


def read(site):
    return json.loads((site / bill.NAME).read_text("utf-8"))


def of(found, kind):
    return [part for part in found["components"] if part["type"] == kind]


def complete(site):
    """Whether the bill knows every script, style sheet and font of the site, as it is."""
    files = {part["name"]: part["hashes"][0]["content"] for part in of(read(site), "file")}
    there = {f.relative_to(site).as_posix() for f in site.rglob("*") if f.suffix in LOADED}
    shipped = {name for name in there if name.split("/")[1:2] == ["_static"]}
    # The words of the search are the course's own.
    assert {name.split("/", 1)[-1] for name in there - shipped} <= {"searchindex.js"}
    assert shipped <= set(files)
    for name, content in files.items():
        assert hashlib.sha256((site / name).read_bytes()).hexdigest() == content, name


def well_formed(found):
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    known = {part["name"] for part in of(found, "file")}
    references = [part["bom-ref"] for part in found["components"]]
    assert len(set(references)) == len(references)
    assert set(found["dependencies"][0]["dependsOn"]) < set(references)
    for part in of(found, "library"):
        assert re.fullmatch(r"\d[\w.]*", part["version"]), part["name"]
        files = {item["value"] for item in part["properties"]}
        assert files and files <= known
        (licence,) = part["licenses"]
        assert licence.get("expression") or licence["license"]["id"]


def test_the_bill_names_what_the_site_ships(soups):  # noqa: F811
    complete(SITE)
    found = read(SITE)
    well_formed(found)
    names = {part["name"] for part in of(found, "library")}
    assert {"katex", "@fortawesome/fontawesome-free", "bootstrap", "clipboard", "Sphinx"} <= names


def test_licences_are_those_of_the_packages():
    with (ROOT / "supply/licences.csv").open(encoding="utf-8", newline="") as file:
        table = {row["package"]: row["licence"] for row in csv.DictReader(file)}
    for part in bill.PARTS:
        if part.name != bill.COURSE and not part.said:
            assert table[part.name.lower()] == part.licence, part.name


def test_a_file_that_nobody_knows_stops_the_build(tmp_path):
    raw, finished = tmp_path / "raw", tmp_path / "finished"
    for folder in (raw, finished):
        folder.mkdir()
        (folder / "course.js").write_text("")
    held = bill.shipped(raw, finished, {})
    assert [(part.name, files) for part, files in held.items()] == [(bill.COURSE, {"course.js"})]
    (raw / "tracker.js").write_text("")
    with pytest.raises(ValueError, match="nobody expected: tracker.js"):
        bill.shipped(raw, finished, {})


def test_what_goes_into_one_file_is_named(tmp_path):
    raw, finished = tmp_path / "raw", tmp_path / "finished"
    for folder in (raw, finished):
        folder.mkdir()
    (finished / "book.1.js").write_text("")
    (finished / "book.1.css").write_text("")
    into = {
        "book.1.js": ["clipboard.min.js", "course.js"],
        "book.1.css": ["styles/pydata-sphinx-theme.css"],
    }
    held = {part.name: files for part, files in bill.shipped(raw, finished, into).items()}
    assert held == {
        "clipboard": {"book.1.js"},
        bill.COURSE: {"book.1.js"},
        "pydata-sphinx-theme": {"book.1.css"},
        "bootstrap": {"book.1.css"},
    }


def test_a_version_that_is_not_said_stops_the_build(tmp_path):
    part = next(part for part in bill.PARTS if part.name == "clipboard")
    (tmp_path / "clipboard.min.js").write_text("/* clipboard.js v2.0.8 */")
    assert bill.version_of(part, tmp_path) == "2.0.8"
    (tmp_path / "clipboard.min.js").write_text("/* minified */")
    with pytest.raises(ValueError, match="does not say which version of clipboard"):
        bill.version_of(part, tmp_path)
