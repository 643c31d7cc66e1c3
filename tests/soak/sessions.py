#!/usr/bin/python3
"""Runs many sessions through haftp and counts what it does not give back.

    tests/soak/sessions.py --sessions 10000 [--parallel 16] [--relay copy] [--threads 4]

Needs the servers that ./tests/run unpacks. HAFTP names the binary.
"""

import argparse
import concurrent.futures
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib.lab import House, Lab  # noqa: E402
from lib.session import Session  # noqa: E402

WARM_UP = 200


def one_session(place, number):
    """A login and, by turns, a download, an upload, a broken transfer, an unused lease."""
    session = Session(place.control, place.login, epsv=number % 2)
    if number % 4 == 0:
        session.server_name()
    elif number % 4 == 1:
        session.write(f"incoming/{number % 100}", b"x" * 10000)
    elif number % 4 == 2:
        session.transfercmd("RETR pub/named.bin").close()
        session.close()
        return
    else:
        session.makepasv()
    session.quit()


def resident_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def run(place, pool, count):
    errors = 0
    for future in [pool.submit(one_session, place, number) for number in range(count)]:
        try:
            future.result()
        except Exception as error:
            errors += 1
            print(f"session failed: {error!r}", file=sys.stderr)
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, default=10000)
    parser.add_argument("--parallel", type=int, default=16)
    parser.add_argument("--relay", choices=("copy", "splice"), default="splice")
    parser.add_argument("--threads", type=int, default=4)
    options = parser.parse_args()

    house = House(direct=False)
    lab = Lab(house)
    try:
        place = lab.place(relay=options.relay, threads=options.threads)
        with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
            errors = run(place, pool, WARM_UP)
            before = place.haftp.settled_descriptors()
            memory = resident_kib(place.haftp.process.pid)
            start = time.monotonic()
            errors += run(place, pool, options.sessions)
            seconds = time.monotonic() - start
        after = place.haftp.settled_descriptors()
        grown = resident_kib(place.haftp.process.pid) - memory
    finally:
        lab.close()
        house.close()
        house.remove_folder()
    print(f"{options.sessions} sessions in {seconds:.1f} s, {errors} failed; resident memory grew "
          f"by {grown} KiB")
    print(f"descriptors before: {dict(before)}\ndescriptors after:  {dict(after)}")
    # Pipes are kept for later transfers, a few for every worker.
    pipes = after.pop("pipe", 0) - before.pop("pipe", 0)
    return 1 if errors or after != before or pipes > 16 * options.threads else 0


if __name__ == "__main__":
    sys.exit(main())
