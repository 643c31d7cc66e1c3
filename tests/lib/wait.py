"""Waiting for a condition instead of sleeping; every wait has an end."""

import time


def until(condition, seconds, what):
    """Returns the first true value of condition(), or fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still waiting for {what}")
        time.sleep(0.02)
