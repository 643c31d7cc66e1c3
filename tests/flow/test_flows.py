"""Every .flow file against the real haftp, in every variant of the matrix.

HAFTP names the program; otherwise build/asan/haftp, then build/dev/haftp is taken.  FLOW_JOBS
conversations run side by side (they mostly wait).
"""

import concurrent.futures
import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from flowlib import proxy, run, script  # noqa: E402
from flowlib.peers import FlowFailure  # noqa: E402

FLOWS = [script.load(path) for path in sorted(HERE.glob("*/*.flow"))]
CASES = [pytest.param(flow, variant, id=f"{flow.name}-{variant}")
         for flow in FLOWS for variant in proxy.VARIANTS]


def outcome(flow, variant, program):
    """None, or the report of the failure."""
    try:
        run.run_flow(flow, variant, program)
    except FlowFailure as failure:
        return str(failure)
    return None


@pytest.fixture(scope="module")
def running(request):
    """Starts all selected conversations in the background; gives a function that waits for one."""
    program = proxy.binary()
    if not program:
        pytest.skip("no haftp is built: cmake --preset asan && cmake --build --preset asan")
    if "PYTEST_XDIST_WORKER" in os.environ:  # then the workers run side by side already
        yield lambda flow, variant: outcome(flow, variant, program)
        return
    chosen = [item.callspec.params for item in request.session.items
              if item.module is request.module]
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("FLOW_JOBS", "6"))) as pool:
        futures = {(one["flow"].name, one["variant"]):
                   pool.submit(outcome, one["flow"], one["variant"], program) for one in chosen}
        yield lambda flow, variant: futures[flow.name, variant].result()
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("flow,variant", CASES)
def test_flow(flow, variant, running):
    """The conversation goes as its script says and haftp keeps nothing of it."""
    report = running(flow, variant)
    if report:
        pytest.fail(report, pytrace=False)
