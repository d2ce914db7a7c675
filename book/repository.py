"""Where the course's repository and its site are, and the addresses of the files there.

Each address stands in one place in ``_config.yml``: ``repository`` and ``html.baseurl``.
``REPOSITORY_URL``, ``REPOSITORY_BRANCH`` and ``SITE_URL`` in the environment override them, for a
fork. Where there is none, nothing that needs one is written.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Repository:
    """A public repository; without an address, every address of a file in it is empty."""

    url: str = ""
    branch: str = "main"

    @property
    def github(self) -> str:
        """``OWNER/NAME``, if it is on github.com."""
        match = re.fullmatch(r"https?://github\.com/([\w.-]+/[\w.-]+)", self.url)
        return match[1] if match else ""

    def colab(self, path: str) -> str:
        """Where Colab opens a notebook; it fetches them from github.com only."""
        base = "https://colab.research.google.com/github"
        return f"{base}/{self.github}/blob/{self.branch}/{path}" if self.github else ""

    def page(self, path: str) -> str:
        """Where a reader sees a file. GitLab takes the same form and leads on to its own."""
        return f"{self.url}/blob/{self.branch}/{path}" if self.url else ""

    def raw(self, path: str) -> str:
        """Where a browser gets a file itself, such as a picture."""
        base = "https://raw.githubusercontent.com"
        return f"{base}/{self.github}/{self.branch}/{path}" if self.github else ""


def repository(environment: Mapping[str, str] = os.environ) -> Repository:
    """The repository that the configuration and the environment name.

    Raises:
        SystemExit: if the address is not one that a reader could open.
    """
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8")).get("repository") or {}
    url = (environment.get("REPOSITORY_URL") or config.get("url") or "").strip()
    url = url.rstrip("/").removesuffix(".git")
    if url and not re.fullmatch(r"https?://[^\s/\"']+/[^\s\"']+", url):
        raise SystemExit(
            f"book: the repository's address must look like https://github.com/OWNER/NAME, "
            f"got {url!r}: mend repository.url in _config.yml, or REPOSITORY_URL"
        )
    branch = environment.get("REPOSITORY_BRANCH") or config.get("branch") or "main"
    return Repository(url, branch)


def address(environment: Mapping[str, str] = os.environ) -> str:
    """The site's address with a slash at its end, or nothing."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    found = environment.get("SITE_URL") or config.get("html", {}).get("baseurl") or ""
    if found and not re.match(r"https?://", found):
        raise SystemExit(f"book: the site's address must begin with https://, got {found!r}")
    return found.rstrip("/") + "/" if found else ""
