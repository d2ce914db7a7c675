"""Configuration and contents of each language's book, from those of the Korean one."""

import yaml

from book.run.cache import ROOT, cache_path


def merge(base: dict, change: dict) -> dict:
    """``base`` with the values of ``change``, nested."""
    merged = dict(base)
    for key, value in change.items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = merge(merged[key], value) if nested else value
    return merged


def derive(language: str) -> tuple[dict, dict]:
    """Configuration and contents of one language's book."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    toc_text = (ROOT / "_toc.yml").read_text("utf-8").replace("chapters/ko/", "")
    if language == "en":
        english = yaml.safe_load((ROOT / "book/english.yml").read_text("utf-8"))
        captions = english.pop("captions")
        config = merge(config, english)
        for korean, translated in captions.items():
            toc_text = toc_text.replace(f"caption: {korean}", f"caption: {translated}")
    config["bibtex_bibfiles"] = [str(ROOT / file) for file in config["bibtex_bibfiles"]]
    config["execute"]["cache"] = str(cache_path())
    config["sphinx"]["local_extensions"] = {"book.extension.course": str(ROOT)}
    config["sphinx"]["config"]["html_favicon"] = str(ROOT / "book/static/favicon.svg")
    config["sphinx"]["config"]["locale_dirs"] = [str(ROOT / "book/locale")]
    return config, yaml.safe_load(toc_text)
