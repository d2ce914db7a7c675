"""What ``python -m book.translation`` lists, in a small repository of its own."""

import subprocess
import sys

import pytest

from book.translation import ROOT, changes, landmarks, main, paragraphs

KO = """\
---
kernelspec: {name: python3}
---
# 1. 흐름

첫 문장입니다.
둘째 문장입니다.

```{code-cell} ipython3
# 코드의 주석입니다.

run()
```

(fig-one)=
끝 문장입니다.
"""
EN = (
    KO.replace("흐름", "Flow")
    .replace("첫 문장입니다.", "First sentence.")
    .replace("둘째 문장입니다.", "Second sentence.")
    .replace("끝 문장입니다.", "Last sentence.")
)


@pytest.fixture(params=["plain", "강의 [2026] 1"])
def course(request, tmp_path):
    """A repository of one chapter in both languages, committed together."""
    root = tmp_path / request.param
    for language, text in (("ko", KO), ("en", EN)):
        page = root / "chapters" / language / "01-flow.md"
        page.parent.mkdir(parents=True)
        page.write_text(text, "utf-8")
    run(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def run(root, *words):
    who = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)


def commit(root):
    run(root, "add", "-A")
    run(root, "commit", "-qm", "a step")


def edit(root, language, old, new):
    page = root / "chapters" / language / "01-flow.md"
    text = page.read_text("utf-8")
    assert old in text
    page.write_text(text.replace(old, new), "utf-8")


def listed(root, capsys, *words):
    main(list(words), root)
    return capsys.readouterr().out


def test_nothing_is_listed_when_both_were_committed_together(course, capsys):
    edit(course, "ko", "첫 문장", "처음 문장")
    edit(course, "en", "First", "Opening")
    commit(course)
    assert listed(course, capsys) == "translation: the two languages have been told the same\n"


@pytest.mark.parametrize("committed", [True, False])
def test_a_changed_sentence_is_listed_with_its_lines_and_where_to_look(course, capsys, committed):
    edit(course, "ko", "둘째 문장입니다.", "둘째 문장을 고쳤습니다.")
    if committed:
        commit(course)
    out = listed(course, capsys)
    assert "changed chapters/ko/01-flow.md:6-7; see chapters/en/01-flow.md:4" in out
    assert "- 둘째 문장입니다." in out and "+ 둘째 문장을 고쳤습니다." in out
    assert "첫 문장" not in out  # the sentence beside it is as it was
    assert "chapters/en/01-flow.md: what" not in out  # English has nothing to tell Korean
    assert "told the same" in listed(course, capsys, "--lang", "en")
    assert "told the same" in listed(course, capsys, "02")


def test_changes_add_up_until_the_other_language_is_touched(course, capsys):
    edit(course, "ko", "첫 문장", "처음 문장")
    commit(course)
    edit(course, "ko", "끝 문장입니다.", "끝 문장입니다.\n\n새 문단입니다.")
    commit(course)
    out = listed(course, capsys)
    assert "+ 처음 문장입니다." in out
    assert "new chapters/ko/01-flow.md:18; see chapters/en/01-flow.md:15" in out
    edit(course, "en", "First", "Opening")
    commit(course)
    out = listed(course, capsys)
    # English has been touched; it now counts as told, and what it says is news to Korean.
    assert "chapters/ko/01-flow.md: what" not in out and "+ Opening sentence." in out
    # Unless that commit mended something else: an earlier one can be named.
    assert "+ 새 문단입니다." in listed(course, capsys, "--since", "HEAD~3", "--lang", "ko")


def test_a_removed_paragraph_is_listed(course, capsys):
    edit(course, "ko", "첫 문장입니다.\n둘째 문장입니다.\n\n", "")
    out = listed(course, capsys)
    assert "removed, was chapters/ko/01-flow.md:6-7; see chapters/en/01-flow.md:4" in out
    assert "- 첫 문장입니다." in out


def test_code_and_header_are_left_out(course, capsys):
    edit(course, "ko", "run()", "walk()")
    edit(course, "ko", "name: python3", "name: other")
    edit(course, "ko", "# 코드의 주석", "# 다른 주석")
    commit(course)
    assert "told the same" in listed(course, capsys)


def test_a_page_that_lacks_its_counterpart_is_named(course, capsys):
    (course / "chapters/en/01-flow.md").unlink()
    commit(course)
    out = listed(course, capsys)
    assert out == "chapters/ko/01-flow.md: all of it; there is no chapters/en/01-flow.md\n"


def test_new_pages_that_are_not_committed_are_not_compared(course, capsys):
    for language in ("ko", "en"):
        (course / "chapters" / language / "02-new.md").write_text("# 새 장\n", "utf-8")
    assert "told the same" in listed(course, capsys)


def test_where_there_is_no_repository_it_says_so(tmp_path, capsys):
    with pytest.raises(SystemExit, match="translation: .*not a git repository"):
        main([], tmp_path)


def test_a_shallow_clone_is_named(course, tmp_path, capsys):
    edit(course, "ko", "첫 문장", "처음 문장")
    commit(course)
    run(tmp_path, "clone", "-q", "--depth=1", course.as_uri(), "shallow")
    assert "git fetch --unshallow" in listed(tmp_path / "shallow", capsys)


def test_paragraphs_have_their_lines_and_landmarks_are_no_comments():
    assert [(p.where, p.lines[0]) for p in paragraphs(KO)] == [
        ("4", "# 1. 흐름"),
        ("6-7", "첫 문장입니다."),
        ("15-16", "(fig-one)="),
    ]
    commands = "# Title\n\n```bash\n# a comment\nmake\n```\n\n## Next\n"
    assert landmarks(commands) == [1, 8]
    assert not changes(KO, KO.replace("첫 문장", "  첫 문장"))  # indentation is no change


def test_the_pages_of_this_course_have_the_same_landmarks():
    for page in sorted((ROOT / "chapters/ko").glob("*.md")):
        twin = ROOT / "chapters/en" / page.name
        assert len(landmarks(page.read_text("utf-8"))) == len(landmarks(twin.read_text("utf-8")))


def test_the_command_runs_and_its_list_may_be_left_early():
    command = f"{sys.executable!r} -m book.translation --help | head -1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("usage: python -m book.translation") and not done.stderr
