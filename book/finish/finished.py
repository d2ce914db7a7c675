"""From one language's pages, as Sphinx wrote them, to those of the site; what is done stays done.

The files that pages share depend on all of them: a style sheet keeps the rules that some page can
use, a font the characters that some formula shows. While what all pages together need stays the
same, only the pages that changed are worked on. What comes out is what a first build would give.
"""

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from book.finish import findable, light, scripts, slides
from book.repository import address

# Sphinx names a version where a file lay there before it wrote the page, and none in a cold build.
VERSION = re.compile(r'((?:href|src)="[^"?]*)\?v=[0-9a-f]+"')
SLIDES = re.compile(r"\d.*\.html")  # pages that get slides: numbered chapters


@dataclass(frozen=True)
class Job:
    """One language's pages, where they come from and where they go.

    Attributes:
        language: ``"ko"`` or ``"en"``.
        raw: folder of the pages as Sphinx wrote them.
        notebooks: folder of the notebooks that they offer.
        out: folder of the finished pages; what was done for them stands beside it.
        pictures: folder that keeps converted pictures.
        names: files of the finished pages of every language.
        key: what the pages were made from, for ``is_done``.
    """

    language: str
    raw: Path
    notebooks: Path
    out: Path
    pictures: Path
    names: dict[str, set[str]]
    key: str


def names(raw: Path) -> set[str]:
    """Files of the finished pages of a language."""
    pages = {page.name for page in raw.glob("*.html")}
    return pages | {f"slides-{name}" for name in pages if SLIDES.fullmatch(name)}


def digest(*parts: bytes) -> str:
    """A hash of bytes."""
    sha = hashlib.sha256()
    for part in parts:
        sha.update(hashlib.sha256(part).digest())
    return sha.hexdigest()


def there(job: Job) -> list:
    """Names of the pages that a page may lead to, and the site's address."""
    return [[[code, *sorted(pages)] for code, pages in sorted(job.names.items())], address()]


def known_of(job: Job) -> dict:
    """What was noted when the finished pages were made; nothing if that was not completed."""
    record = job.out.with_suffix(".json")
    return json.loads(record.read_text("utf-8")) if record.is_file() and job.out.is_dir() else {}


def is_done(job: Job) -> bool:
    """Whether the finished pages are those of the present ones."""
    known = known_of(job)
    return bool(known) and [known["key"], known["there"]] == [job.key, there(job)]


def finish(job: Job) -> list[str]:
    """Bring the finished pages up to date; the names of those that were written."""
    known, record = known_of(job), job.out.with_suffix(".json")
    record.unlink(missing_ok=True)  # until all is done: a build that was stopped begins anew
    texts = {
        page.name: light.prepared(
            VERSION.sub(r'\1"', page.read_text("utf-8")), job.raw, job.language
        )
        for page in sorted(job.raw.glob("*.html"))
    }
    pages = {name: look(text, known.get("pages", {}).get(name)) for name, text in texts.items()}
    need = light.together(light.Facts(**page["facts"]) for page in pages.values())
    shared = sharing(job, need)
    if known.get("shared") == shared:
        plan = light.Plan(scripts.Bundle(**known["script"]), known["sheet"])
        changed = [n for n, page in pages.items() if page["hash"] != known["pages"][n]["hash"]]
    else:
        shutil.rmtree(job.out, ignore_errors=True)
        shutil.copytree(job.raw / "_static", job.out / "_static")
        findable.card(job.out, job.language)
        plan, changed = light.share(job.out, need), list(texts)
    files(job)
    for name in changed:
        text = light.page(texts[name], job.out, plan)
        if SLIDES.fullmatch(name):
            put(job, f"slides-{name}", slides.deck(text, name, job.language))
        put(job, name, text)
    tidy(job)
    done = {
        "key": job.key,
        "there": there(job),
        "shared": shared,
        "script": asdict(plan.script),
        "sheet": plan.sheet,
        "sheets": need.sheets,  # that went into it: see book.finish.bill
        "pages": pages,
    }
    record.write_text(json.dumps(done), "utf-8")
    return changed


def look(text: str, before: dict | None) -> dict:
    """Hash of a page and what it needs, which is taken over where the page has not changed."""
    now = digest(text.encode())
    if before and before["hash"] == now:
        return before
    return {"hash": now, "facts": asdict(light.facts(text))}


def sharing(job: Job, need: light.Facts) -> str:
    """What every page depends on beside itself."""
    static = sorted(file for file in (job.raw / "_static").rglob("*") if file.is_file())
    files = [part for f in static for part in (f.name.encode(), f.read_bytes())]
    return digest(json.dumps([asdict(need), there(job)]).encode(), *files)


def files(job: Job) -> None:
    """Bring what is neither page nor shared up to date: pictures, notebooks, index, sources."""
    wanted = {}
    for file in job.raw.rglob("*"):
        name = file.relative_to(job.raw)
        page = len(name.parts) == 1 and file.suffix == ".html"
        if file.is_file() and not page and name.parts[0] != "_static" and name.name[0] != ".":
            wanted[name] = file
    wanted |= {Path("_notebooks", file.name): file for file in job.notebooks.glob("*.ipynb")}
    kept = set()
    for name, file in wanted.items():
        target = job.out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.parts[0] == "_images" and file.suffix == ".png":
            target = target.with_name(light.picture_name(target.stem))
            if not target.exists():  # its name is a hash of what it shows
                light.convert(file, target, job.pictures)
        elif not target.exists() or target.read_bytes() != file.read_bytes():
            shutil.copyfile(file, target)
        kept.add(target)
    for file in job.out.rglob("*"):
        top = file.relative_to(job.out).parts[0]
        if file.is_file() and top != "_static" and file.suffix != ".html" and file not in kept:
            file.unlink()


def put(job: Job, name: str, text: str) -> None:
    """Write one finished page."""
    text = findable.headed(text, job.language, name, job.names)
    (job.out / name).write_text(text, "utf-8")


def tidy(job: Job) -> None:
    """Remove the weights of laboratories that no page shows any longer."""
    texts = [page.read_text("utf-8") for page in job.out.glob("*.html")]
    for file in (job.out / "_static").glob("lab-*.json"):
        if not any(file.name in text for text in texts):
            file.unlink()
