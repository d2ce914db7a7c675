"""Every dependency has a licence that somebody has read, and that is allowed."""

import json

import pytest

from supply import licences


def test_every_dependency_has_a_licence_that_is_allowed():
    rows = licences.table()
    assert set(rows) == set(licences.needed()), "run make licences"
    for name, row in rows.items():
        if name in licences.EXCEPTIONS:
            assert row["licence"] == licences.EXCEPTIONS[name][0], name
        else:
            assert row["licence"], f"{name}: fill in its licence"
            required = licences.licences(row["licence"])
            assert required <= licences.ALLOWED, f"{name}: {required - licences.ALLOWED}"
    assert set(licences.EXCEPTIONS) <= set(rows)


def test_packages_say_of_their_licences_what_they_said_when_these_were_read():
    rows = licences.table()
    compared = 0
    for name, versions in licences.needed().items():
        for version in versions:
            if package := licences.installed(name, version):
                told = rows[name][licences.COLUMNS[2]]
                assert licences.said(package) == told, f"{name}: read it, then make licences"
                compared += 1
    assert compared  # another set of packages has few of these versions


def test_the_readmes_name_the_licence_that_excludes_commercial_use():
    for name in ("README.md", "README.ko.md"):
        text = (licences.LOCKED.parent / name).read_text("utf-8")
        assert "`flow-matching`" in text and "CC BY-NC 4.0" in text, name


def test_what_make_audit_runs_is_locked_and_licensed():
    lock = json.loads((licences.LOCKED.parent / "audit/package-lock.json").read_text("utf-8"))
    packages = {name: about for name, about in lock["packages"].items() if name}
    assert packages
    for name, about in packages.items():
        assert about["integrity"].startswith("sha512-"), name
        known = about.get("license") or licences.NPM_UNSAID[name.removeprefix("node_modules/")]
        assert licences.licences(known) <= licences.ALLOWED, f"{name}: {known}"


@pytest.mark.parametrize(
    "expression, required",
    [
        ("MIT", {"MIT"}),
        ("MIT AND (Zlib AND 0BSD)", {"MIT", "Zlib", "0BSD"}),
        ("GPL-3.0-only OR MIT", {"MIT"}),
        ("(GPL-3.0-only OR Proprietary) AND MIT", {"GPL-3.0-only", "MIT"}),
        ("Apache-2.0 WITH LLVM-exception", {"Apache-2.0 WITH LLVM-exception"}),
    ],
)
def test_what_an_expression_requires(expression, required):
    assert licences.licences(expression) == required


def test_a_new_version_under_another_licence_is_noticed():
    class Metadata(dict):
        def get_all(self, name):
            return self.get(name)

    class Package:
        metadata = Metadata({"License-Expression": "AGPL-3.0-only"})

    assert licences.said(Package()) == "AGPL-3.0-only"
    Package.metadata = Metadata(
        {"License": "BSD\nlong text", "Classifier": ["License :: OSI Approved :: BSD License"]}
    )
    assert licences.said(Package()) == "BSD; BSD License"
