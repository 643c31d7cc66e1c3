"""Some random ends of data connections; tests/soak/ends.py makes as many as are wanted."""

from soak import ends


def test_ends(lab):
    lab.need_haftp()
    scene = ends.Scene(lab, seed=7)
    try:
        replies, told = ends.play(scene, sessions=60, parallel=16)
    finally:
        scene.close()
    assert not told, told
    assert replies["226"] > 4 and replies["second"] > 20, replies
