"""The copy of the project in which another set of packages is tried."""

from supply import sets


def test_a_copy_keeps_its_environment_and_nothing_that_was_built(tmp_path, monkeypatch):
    project, copy = tmp_path / "project", tmp_path / "project/build/lowest"
    for folder in ("_build/passed", ".venv/bin", "utils", "audit/node_modules/axe"):
        (project / folder).mkdir(parents=True)
    (project / "utils/new.py").write_text("")
    for folder in ("_build/passed", ".venv/bin", "utils"):
        (copy / folder).mkdir(parents=True)
    (copy / "utils/old.py").write_text("")
    (copy / "set.txt").write_text("")
    monkeypatch.setattr(sets, "ROOT", project)
    for _ in range(2):
        sets.copy(copy)
        assert sorted(f.name for f in copy.iterdir()) == [".venv", "audit", "utils"]
        assert [f.name for f in (copy / "utils").iterdir()] == ["new.py"]
        assert (copy / ".venv/bin").is_dir() and not (copy / "build").exists()
        assert (copy / "audit/node_modules/axe").is_dir()  # a link to those of the project
    assert (project / "audit/node_modules/axe").is_dir()
