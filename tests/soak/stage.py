"""Where a program of this folder plays by itself, without pytest: a house, a lab, a scene."""

import contextlib
import signal
import sys

from lib.lab import House, Lab
from lib.process import kill_all_when_stopped


@contextlib.contextmanager
def on_stage(make_scene):
    """make_scene(lab) has `haftp`, whose log is printed when something fails, and close()."""
    kill_all_when_stopped(signal.SIGTERM)
    house = House(direct=False)
    lab = Lab(house)
    scene = make_scene(lab)
    try:
        yield scene
    except BaseException:
        lab.has_failed = True
        print(scene.haftp.log()[-6000:], file=sys.stderr)
        raise
    finally:
        scene.close()
        lab.close()
        house.close()
        house.remove_folder()
