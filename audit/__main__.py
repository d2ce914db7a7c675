"""Audit the built site in Chromium: ``python -m audit [--runs 5] [--pages ...] [--write]``."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

from book.chapters import place
from book.timings import machine
from utils.console import print_anything

HERE = Path(__file__).parent
ROOT = HERE.parent
SITE = ROOT / "_build" / "html"
START, END = "<!-- audit:start -->", "<!-- audit:end -->"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = {"en": "CONTRIBUTING.md", "ko": "CONTRIBUTING.ko.md"}
WORDS = {
    "en": (
        "Lighthouse, mobile profile, median of {runs}, and axe-core (WCAG 2.2 A and AA, light and "
        "dark), {date}: {machine}. Lighthouse's own measure of this machine (benchmark index) was "
        "between {slowest} and {fastest}.",
        "Page",
        "a new `jupyter-book create` book",
    ),
    "ko": (
        "Lighthouse 휴대 전화 설정으로 {runs}번 잰 중앙값과 axe-core(WCAG 2.2 A와 AA, 밝은 화면과 "
        "어두운 화면)로 찾은 위반, {date}: {machine}. Lighthouse가 잰 이 기계의 속도(benchmark "
        "index)는 {slowest}에서 {fastest} 사이였습니다.",
        "페이지",
        "`jupyter-book create`가 만든 새 책",
    ),
}
COLUMNS = ("performance", "accessibility", "best practices", "SEO", "LCP (s)", "CLS", "KB", "axe")
LIMITS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}


def need(name: str, *others: str) -> str:
    """Find a program or stop with what to do."""
    for candidate in (name, *others):
        if found := shutil.which(candidate):
            return found
    raise SystemExit(f"audit: no {name} found; install it and give the command again")


def prepare() -> None:
    """Install axe-core and Lighthouse as the lock file says, once."""
    if not (HERE / "node_modules").is_dir():
        command = [need("npm"), "ci", "--no-audit", "--no-fund"]
        if subprocess.run(command, cwd=HERE).returncode:
            raise SystemExit("audit: npm could not install what audit/package-lock.json lists")


def default_book(folder: Path) -> str:
    """The book that ``jupyter-book create`` makes, built once; returns its site for comparison."""
    site = folder / "new/_build/html"
    if not (site / "intro.html").exists():
        shutil.rmtree(folder / "new", ignore_errors=True)
        command = Path(sys.executable).with_name("jupyter-book")
        for words in (["create", "new"], ["build", "new"]):
            subprocess.run([command, *words], cwd=folder, check=True, capture_output=True)
    return f"{site}:intro.html"


def chapters() -> list[str]:
    """The chapters of both languages."""
    return [
        f"{code}/{page.name}"
        for code in ("ko", "en")
        for page in sorted((SITE / code).glob("[0-9]*.html"), key=lambda page: place(page.stem))
    ]


def everything() -> list[str]:
    """Every page of the site; the landing page stays where it is if asked to."""
    pages = sorted(str(page.relative_to(SITE)) for page in SITE.glob("*/*.html"))
    return ["index.html?choose", "404.html", *pages]


def table(rows: list[dict], runs: int, language: str = "en") -> str:
    """The figures as Markdown, in the language of the page."""
    intro, page, new = WORDS[language]
    speeds = [row["lighthouse"]["index"] for row in rows]
    values = {"runs": runs, "date": date.today().isoformat(), "machine": machine()}
    lines = [
        intro.format(slowest=f"{min(speeds):.0f}", fastest=f"{max(speeds):.0f}", **values),
        "",
        f"| {page} | {' | '.join(COLUMNS)} |",
        "|---|" + "---:|" * len(COLUMNS),
    ]
    for row in rows:
        found = row["lighthouse"]
        name = row["page"] if row["folder"] == str(SITE) else new
        violations = len(row["light"]["violations"]) + len(row["dark"]["violations"])
        scores = " | ".join(str(found[key]) for key in LIMITS)
        lines.append(
            f"| {name} | {scores} | {found['lcp']:.2f} | {found['cls']:.3f} | "
            f"{found['bytes'] / 1000:.0f} | {violations} |"
        )
    return "\n".join(lines)


def faults(rows: list[dict]) -> list[str]:
    """What is wrong with our own pages, whatever the speed of this machine."""
    found = []
    for row in rows:
        if row["folder"] != str(SITE):
            continue
        for scheme in ("light", "dark"):
            for violation in row[scheme]["violations"]:
                place = violation["places"][0]
                found.append(f"{row['page']} ({scheme}): {violation['rule']}: {place}")
            if row[scheme]["wider"] > 0:
                found.append(f"{row['page']} ({scheme}): {row[scheme]['wider']} pixels too wide")
            for kind in ("foreign", "errors", "missing", "layout"):
                found += [f"{row['page']} ({scheme}): {kind}: {x}" for x in row[scheme][kind]]
    return found


def measure(pages: list[str], runs: int, chromium: str) -> list[dict]:
    """Measure pages; what a stopped run has measured of the same site is kept and used."""
    kept = ROOT / "_build/audit"
    kept.mkdir(exist_ok=True)
    site = (ROOT / "_build/site.stamp").read_text()[:16]
    out = kept / f"{site}-{runs}.json"
    for old in kept.glob("*.json"):
        if not old.name.startswith(site):
            old.unlink()
    sites = [f"{SITE}:{','.join(pages)}"] + ([default_book(kept)] if runs else [])
    command = [need("node"), "audit.mjs", str(out), str(runs), *sites]
    subprocess.run(command, cwd=HERE, check=True, env=os.environ | {"CHROME_PATH": chromium})
    rows = json.loads(out.read_text("utf-8"))
    out.unlink()  # complete: the next run measures anew
    return [row for row in rows if row["folder"] != str(SITE) or row["page"] in pages]


def main() -> None:
    """Measure, print, and write the table into CONTRIBUTING if asked."""
    print_anything()
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of Lighthouse; 0 runs axe-core alone")
    parser.add_argument("--pages", nargs="*", help="such as ko/03-flow-matching.html")
    parser.add_argument("--write", action="store_true", help="write the table into CONTRIBUTING")
    options = parser.parse_args()
    if not (SITE / "index.html").exists():
        raise SystemExit("audit: no site; build it with make book")
    prepare()
    pages = options.pages or (chapters() if options.runs else everything())
    chromium = os.environ.get("CHROME_PATH") or need(*NAMES)
    rows = measure(pages, options.runs, chromium)
    if options.runs:
        print(table(rows, options.runs))
        for language, place in PLACES.items() if options.write else ():
            file, text = ROOT / place, table(rows, options.runs, language)
            before, rest = file.read_text("utf-8").split(START)
            file.write_text(f"{before}{START}\n{text}\n{END}{rest.split(END)[1]}", "utf-8")
    if found := faults(rows):
        raise SystemExit("\n".join(["audit:", *found]))
    print(f"audit: {len(pages)} pages without a violation, foreign request or console error")


if __name__ == "__main__":
    main()
