"""In which order tests start, and which of them share a worker.

Two workers take groups from one list. What takes longest starts first, so that nothing long is left
over at the end; what needs the site comes after the notebooks, because building it takes from them
what they gave instead of running them again. No test depends on the order: it is only time.
"""

import pytest

# Groups by the seconds that they take; of notebooks the size is a good enough guess.
LONG = ("test_cifar10.py", "test_assignments.py", "test_pusht.py", "test_policies.py")
SITE = {"soups", "site"}  # fixtures that build the site if need be
PAGES = ("test_site.py", "test_light.py", "test_teaching.py")  # read all pages: once for all three


def group(item: pytest.Item) -> str:
    """The name of the group that a test belongs to."""
    if item.path.name in PAGES:
        return "pages"
    return item.nodeid.partition("::")[0]


def rank(items: list[pytest.Item]) -> tuple[int, float]:
    """Where a group stands: notebooks, long tests, tests of the site, all others."""
    path = items[0].path
    if path.suffix == ".ipynb":
        return 0, -path.stat().st_size
    if path.name in LONG:
        return 1, LONG.index(path.name)
    site = any(SITE & set(getattr(item, "fixturenames", ())) for item in items)
    return (2, -len(items)) if site else (3, -len(items))


def arrange(items: list[pytest.Item]) -> None:
    """Order tests in place and tell pytest-xdist their groups."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        name = group(item)
        item.add_marker(pytest.mark.xdist_group(name.replace("@", "-")))
        groups.setdefault(name, []).append(item)
    items[:] = [item for members in sorted(groups.values(), key=rank) for item in members]
