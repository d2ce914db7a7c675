"""A fixture: pages that hold nothing but the names; it needs the fixture ``browser``."""

import pytest
from frames import frames

from utils.lab.names import module, names_state

NAMES = "host.flowLab"


@pytest.fixture
def named(tmp_path, browser):
    yield from frames(tmp_path, browser, module(), names_state, f"{NAMES}?.names().length > 0")
