"""Waiting for what will come to be, however busy the machine is."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60


def wait_until(condition: Callable[[], object], what: str = "it never came to be") -> None:
    """Waits until something is true, and fails with `what` if it does not become so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
