"""A fixture: pages that hold nothing but Push-T; it needs the fixture ``browser``."""

import pytest
from frames import frames

from utils.lab.pusht import module, push_state

PUSH = "host.flowLab"


@pytest.fixture
def pushed(tmp_path, browser):
    yield from frames(tmp_path, browser, module(), push_state, f"!!{PUSH}.episode?.seen")
