"""The language, file by file: what good files are read as, and what is said of bad ones.

    HAFTP=build/asan/haftp /usr/bin/python3 -m pytest tests/conf

HAFTP_BLESS=1 rewrites the goldens.  good/NAME.cfg is accepted and reads as good/NAME.dump, which in
turn reads as itself.  bad/NAME.cfg is refused with the messages of bad/NAME.err, byte for byte but
for process ids and the program's own name.
"""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
BLESS = os.environ.get("HAFTP_BLESS") == "1"


def program():
    path = os.environ.get("HAFTP")
    if not path:
        pytest.skip("HAFTP does not name the program to test")
    return os.path.abspath(path)


def run(*arguments, cwd):
    """Run beside the file, so that messages name it without a directory."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return subprocess.run([program(), *arguments], cwd=cwd, env=environment, timeout=60,
                          capture_output=True, check=False)


def masked(stderr):
    text = stderr.decode("utf-8", "backslashreplace")
    text = re.sub(r"^(\[\w+\] +)\(\d+\)", r"\1(PID)", text, flags=re.M)
    text = re.sub(r"(haftp version is ).*", r"\1VERSION", text)
    return re.sub(r"(path to executable is ).*", r"\1PROGRAM", text)


def compare(golden, text):
    if BLESS:
        golden.write_text(text, encoding="utf-8")
    assert golden.exists(), f"{golden.name} is missing: HAFTP_BLESS=1 writes it, then read it"
    assert text == golden.read_text(encoding="utf-8")


def files(folder):
    return sorted((HERE / folder).glob("*.cfg"), key=lambda path: path.name)


def dump(path, cwd):
    result = run("-dC", "-f", str(path), cwd=cwd)
    assert result.returncode == 0, masked(result.stderr)
    return result.stdout.decode()


@pytest.mark.parametrize("path", files("good"), ids=lambda path: path.stem)
def test_good_file_is_read_as_its_canonical_text(path, tmp_path):
    text = dump(path.name, path.parent)
    compare(path.with_suffix(".dump"), text)
    again = tmp_path / "again.cfg"
    again.write_text(text, encoding="utf-8")
    assert dump(again, path.parent) == text, "the canonical text does not read as itself"


@pytest.mark.parametrize("path", files("good"), ids=lambda path: path.stem)
def test_good_file_is_valid(path):
    result = run("-c", "-f", path.name, cwd=path.parent)
    assert result.returncode == 0, masked(result.stderr)
    assert b"Configuration file is valid" in result.stdout
    assert b"[ALERT]" not in result.stderr


@pytest.mark.parametrize("path", files("bad"), ids=lambda path: path.stem)
def test_bad_file_is_refused_with_its_messages(path):
    result = run("-c", "-f", path.name, cwd=path.parent)
    compare(path.with_suffix(".err"), masked(result.stderr))
    assert result.returncode == 1


@pytest.mark.parametrize("name", ["seed-basic", "seed-passive", "ftp"])
def test_example_is_valid(name):
    result = run("-c", "-f", f"{name}.cfg", cwd=ROOT / "examples")
    assert result.returncode == 0, masked(result.stderr)


def test_ten_mistakes_give_ten_messages():
    """One run tells them all, each with its place."""
    result = run("-c", "-f", "ten-mistakes.cfg", cwd=HERE / "bad")
    places = re.findall(r"\[ALERT\].*parsing \[ten-mistakes\.cfg:(\d+):\d+\]",
                        masked(result.stderr))
    assert len(set(places)) >= 10


def test_files_are_read_in_order_and_directories_by_name(tmp_path):
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "20-b.cfg").write_text("listen b\n    bind 127.0.0.1:2122\n")
    (tmp_path / "conf.d" / "10-a.cfg").write_text("listen a\n    bind 127.0.0.1:2121\n")
    (tmp_path / "conf.d" / ".hidden.cfg").write_text("nonsense\n")
    (tmp_path / "conf.d" / "notes.txt").write_text("nonsense\n")
    (tmp_path / "last.cfg").write_text("listen c\n    bind 127.0.0.1:2123\n")
    result = run("-dC", "-f", "conf.d", "-f", "last.cfg", cwd=tmp_path)
    assert re.findall(r"^listen (\w)", result.stdout.decode(), flags=re.M) == ["a", "b", "c"]


def test_each_file_begins_outside_of_sections(tmp_path):
    (tmp_path / "a.cfg").write_text("global\n    daemon\n")
    (tmp_path / "b.cfg").write_text("    maxconn 5\n")
    result = run("-c", "-f", "a.cfg", "-f", "b.cfg", cwd=tmp_path)
    assert result.returncode == 1
    assert "[b.cfg:1:5] : 'maxconn' stands outside of any section." in masked(result.stderr)


@pytest.mark.parametrize("path, reason", [("missing.cfg", "No such file or directory"),
                                          ("/proc/self/mem", "")])
def test_file_that_cannot_be_read(path, reason, tmp_path):
    result = run("-c", "-f", path, cwd=tmp_path)
    assert result.returncode == 1
    assert f"Cannot open configuration file/directory {path} : {reason}" in masked(result.stderr)
