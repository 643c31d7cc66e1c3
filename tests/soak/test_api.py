"""A moment of random commands; tests/soak/api.py makes as many as are wanted."""

from soak import api


def test_commands_and_reloads(lab):
    lab.need_haftp()
    scene = api.Scene(lab, seed=7)
    try:
        (sessions, _), (pages, _), (connections, _) = api.play(scene, seconds=2, clients=4,
                                                              operators=3, seed=7)
    finally:
        scene.close()
    assert sessions > 5 and pages > 5 and connections > 5
