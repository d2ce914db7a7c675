"""In which order tests start.

Two workers take files from one list. What takes longest starts first, so that nothing long is left
over at the end; what needs the site comes after the notebooks, because building it takes from them
what they gave instead of running them again. One file builds the site, and the others that need it
come when it stands: else the second worker would do nothing but wait. No test depends on the order:
it is only time.
"""

import pytest

# Files by the seconds that they take; of notebooks the size is a good enough guess. The third
# builds the site: by then the last notebooks have given it what they gave, and the next two outlast
# the building.
LONG = (
    "test_cifar10.py",
    "test_assignments.py",
    "test_audit.py",
    "test_incremental.py",
    "test_pusht.py",
)
SITE = {"soups", "site"}  # fixtures that build the site if need be


def uses(items: list[pytest.Item], *fixtures: str) -> bool:
    """Whether some test asks for one of these fixtures."""
    return any(set(fixtures) & set(getattr(item, "fixturenames", ())) for item in items)


def groups_of(items: list[pytest.Item]) -> dict[str, list[pytest.Item]]:
    """Tests by group: a file is one, and so are all files that read every page of the site."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    groups: dict[str, list[pytest.Item]] = {}
    for name, members in files.items():
        groups.setdefault("pages" if uses(members, "soups") else name, []).extend(members)
    return groups


def rank(items: list[pytest.Item]) -> tuple[int, float]:
    """Where a group stands: notebooks, long tests, tests of the site, all others."""
    path = items[0].path
    if path.suffix == ".ipynb":
        return 0, -path.stat().st_size
    if path.name in LONG:
        return 1, LONG.index(path.name)
    return (2 if uses(items, *SITE) else 3), -len(items)


def arrange(items: list[pytest.Item]) -> None:
    """Order tests in place, file by file: pytest-xdist hands out files in this order."""
    groups = groups_of(items)
    items[:] = [item for members in sorted(groups.values(), key=rank) for item in members]
