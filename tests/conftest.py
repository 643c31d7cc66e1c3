"""Fixtures for all tests: see lib/lab.py for what `lab` gives."""

import signal

import pytest

from lib.haftp import Haftp
from lib.lab import House, Lab
from lib.process import kill_all_when_stopped


def pytest_addoption(parser):
    parser.addoption("--direct", action="store_true",
                     help="point the clients at the servers themselves: a check of the harness")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: left out by ./tests/run --quick")
    config.addinivalue_line("markers", "long: only by ./tests/run --long")
    if hasattr(config, "workerinput"):  # one of several processes, which nobody asks to tidy up
        kill_all_when_stopped(signal.SIGTERM, signal.SIGINT)
    else:
        kill_all_when_stopped(signal.SIGTERM)


@pytest.fixture(scope="session")
def house(request):
    house = request.config.house = House(request.config.getoption("--direct"))
    yield house
    house.close()


def pytest_sessionfinish(session):
    """Later than the fixture's end: the last report still reads the logs."""
    if hasattr(session.config, "house"):
        session.config.house.remove_folder()


@pytest.fixture
def lab(house, request):
    lab = Lab(house)
    request.node.lab = lab
    yield lab
    lab.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows what haftp and the servers of the test had to say."""
    report = (yield).get_result()
    lab = getattr(item, "lab", None)
    if not report.failed or not lab:
        return
    lab.has_failed = True
    for thing in lab.shown:
        if isinstance(thing, Haftp):
            with open(thing.config_path) as config:
                report.sections.append(("haftp's configuration", config.read()))
            report.sections.append(("haftp's output", thing.log()[-8000:]))
        elif thing.process:
            report.sections.append((f"output of {thing.name}", thing.process.output()[-2000:]))
