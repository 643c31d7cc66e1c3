"""Ten seconds of noise; tests/soak/noise.py makes as much as is wanted."""

from soak import noise


def test_noise(lab):
    lab.need_haftp()
    scene = noise.Scene(lab, seed=5)
    try:
        sessions, good, _ = noise.make_noise(scene, seconds=8, clients=6, seed=5)
    finally:
        scene.close()
    assert sessions > 20 and good >= 2
