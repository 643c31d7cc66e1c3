"""Input that nobody would call a configuration: an answer comes soon, and memory stays bounded.

All files together may have 64 MB, a word 16 MB, the values of all variables in all places 256 MB,
what is made of it 2 GB; a pipe may be silent for 10 seconds.
"""

import os
import random
import re
import resource
import subprocess
import threading

import pytest

from test_conf import masked, program

SANITIZED = "asan" in os.environ.get("HAFTP", "")
MOST_MEMORY = 3 << 30  # of the process, where no sanitizer takes its own
MEGABYTE = 1 << 20


def check(*arguments, cwd, seconds=30, wrap=()):
    """`haftp -c`, with as much memory as is promised: the code and the messages."""
    def limit():
        if not SANITIZED:
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    result = subprocess.run([*wrap, program(), "-c", *arguments], cwd=cwd, timeout=seconds,
                            capture_output=True, check=False, preexec_fn=limit)
    assert result.returncode in (0, 1, 2), masked(result.stderr)[-2000:]
    return result.returncode, masked(result.stderr)


def alerts(text):
    return text.count("[ALERT]")


def test_one_long_word(tmp_path):
    (tmp_path / "f").write_bytes(b"global\n    node " + b"x" * (15 * MEGABYTE) + b"\n")
    assert check("-f", "f", cwd=tmp_path)[0] == 2
    (tmp_path / "f").write_bytes(b"global\n    node " + b"x" * (20 * MEGABYTE) + b"\n")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and "[f:2:10] : this word has more than 16 MB." in text
    assert len(text) < 5000


def test_line_of_a_hundred_megabytes(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * (100 * MEGABYTE) + b"\n")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and alerts(text) == 1 and "all files together may have 64 MB" in text


def test_long_comment(tmp_path):
    (tmp_path / "f").write_bytes(b"#" + b"x" * (20 * MEGABYTE) + b"\n")
    assert check("-f", "f", cwd=tmp_path)[0] == 2


def test_a_file_of_words(tmp_path):
    (tmp_path / "f").write_bytes(b"word " * (2 * MEGABYTE) + b"\n")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and "more than 64 words" in text and len(text) < 5000
    (tmp_path / "f").write_bytes(b"word\n" * (2 * MEGABYTE))
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and alerts(text) <= 3


@pytest.mark.parametrize("line", [b"#\n", b"\n", b"global\n", b"\"\"\n"])
def test_many_lines_that_say_nothing(line, tmp_path):
    (tmp_path / "f").write_bytes(line * (MEGABYTE // len(line)))
    assert check("-f", "f", cwd=tmp_path)[0] == 2


def test_many_warnings(tmp_path):
    (tmp_path / "f").write_bytes(b".warning x\n" * 100_000)
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 2 and text.count("[WARNING]") == 1001
    assert "and 99000 more like these." in text


def test_files_together_are_bounded(tmp_path):
    (tmp_path / "f").write_bytes(b"#" * (10 * MEGABYTE) + b"\n")
    code, text = check(*["-f", "f"] * 6, cwd=tmp_path)
    assert code == 2
    code, text = check(*["-f", "f"] * 7, cwd=tmp_path)
    assert code == 1 and "all files together" in text


def test_a_directory_64_times(tmp_path):
    (tmp_path / "d").mkdir()
    for i in range(20):
        (tmp_path / "d" / f"{i}.cfg").write_text(f"listen l{i}\n    bind 127.0.0.1:{3000 + i}\n")
    code, text = check(*["-f", "d"] * 64, cwd=tmp_path)
    assert code == 1 and alerts(text) < 110


@pytest.mark.parametrize("seed", range(5))
def test_binary_files_give_few_messages(seed, tmp_path):
    (tmp_path / "f").write_bytes(random.Random(seed).randbytes(200_000))
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and alerts(text) <= 12
    assert "this file is binary: what follows was not read." in text


def test_program_as_configuration(tmp_path):
    code, text = check("-f", "/bin/ls", cwd=tmp_path)
    assert code == 1 and alerts(text) <= 8


def test_text_of_another_kind_gives_few_messages(tmp_path):
    (tmp_path / "f").write_text("".join(f"root{i}:x:0:0\n" for i in range(1000)))
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and alerts(text) == 3
    (tmp_path / "f").write_text("listen ftp\n    bind :21\n", encoding="utf-16")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and alerts(text) <= 5


def test_endless_input(tmp_path):
    code, text = check("-f", "/dev/zero", cwd=tmp_path)
    assert code == 1 and "Cannot open configuration file/directory /dev/zero" in text
    assert check("-f", "/dev/null", cwd=tmp_path)[0] == 2


def test_pipes(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    def write():
        with open(tmp_path / "pipe", "w", encoding="utf-8") as pipe:
            for word in ("listen l\n", "    bind 127.0.0.1:2121\n"):
                pipe.write(word)
                pipe.flush()
    writer = threading.Thread(target=write)
    writer.start()
    assert check("-f", "pipe", cwd=tmp_path)[0] == 0
    writer.join()


@pytest.mark.slow  # it waits for ten seconds
def test_silent_pipe_is_given_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    code, text = check("-f", "pipe", cwd=tmp_path, seconds=30)
    assert code == 1 and "nothing came through it for 10 seconds" in text


def test_files_that_are_none(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "d.cfg").mkdir()
    (tmp_path / "d.cfg" / "inner.cfg").mkdir()
    for name in ("loop", "d.cfg/inner.cfg", "missing", ""):
        code, text = check("-f", name, cwd=tmp_path)
        assert code == 1, name
    code, text = check("-f", "d.cfg", cwd=tmp_path)
    assert code == 1 and "Is a directory" in text


NAMES_A_FILE = {
    "patterns": ("tcp-request connection reject if { src -f FILE }", "pattern file 'FILE'"),
    "map": ("use_backend %[src,map(FILE)]", "pattern file 'FILE'"),
    "page": ("errorfile 503 FILE", "FILE"),
    "agents": ("filter spoe engine e config FILE\n    tcp-request content send-spoe-group e g",
               "the engine 'e' has no 'spoe-group g' in 'FILE'"),
}


@pytest.mark.parametrize("where", NAMES_A_FILE)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_files_that_never_end(kind, where, tmp_path):
    """Not a pipe without a writer, nor /dev/zero: each is refused at its place, and at once."""
    if kind == "pipe":
        os.mkfifo(tmp_path / "file")
    else:
        (tmp_path / "file").symlink_to("/dev/zero")
    words, told = NAMES_A_FILE[where]
    path = str(tmp_path / "file")
    (tmp_path / "f").write_text("listen l\n    bind 127.0.0.1:2121\n    " +
                                words.replace("FILE", path) + "\n")
    code, text = check("-f", "f", cwd=tmp_path, seconds=10)
    assert code == 1 and told.replace("FILE", path) in text, text
    assert re.search(r"\[f:[34]:\d+\]", text)


def test_unreadable_file(tmp_path):
    # Root reads everything unless these two rights are taken from it.
    rights = "-dac_override,-dac_read_search"
    wrap = ("setpriv", "--bounding-set", rights) if os.geteuid() == 0 else ()
    (tmp_path / "f").write_text("global\n")
    (tmp_path / "f").chmod(0)
    code, text = check("-f", "f", cwd=tmp_path, wrap=wrap)
    assert code == 1 and "Permission denied" in text


def test_variables_that_double(tmp_path):
    lines = ["setenv A 0123456789"] + ["setenv A \"$A$A\""] * 40
    (tmp_path / "f").write_text("global\n    " + "\n    ".join(lines) + "\n")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and "this word has more than 16 MB." in text
    lines = ["setenv A 0123456789"] + ["setenv A \"$A$A\""] * 18 + ["node \"$A\""] * 400
    (tmp_path / "f").write_text("global\n    " + "\n    ".join(lines) + "\n")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and "the variables have more than 256 MB in all." in text


@pytest.mark.parametrize("name", ["parentheses", "negations", "terms", "argument", "closed"])
def test_deep_conditions(name, tmp_path):
    condition = {"parentheses": "(" * 100_000, "negations": "!" * 100_000 + "1",
                 "terms": "1&&" * 100_000 + "1", "argument": f"streq({'a' * 100_000},b)",
                 "closed": "(" * 1000 + "1" + ")" * 1000}[name]
    (tmp_path / "f").write_text(f".if {condition}\n.endif\n")
    code, _ = check("-f", "f", cwd=tmp_path)
    assert code == (1 if name in ("parentheses", "negations") else 2)


def test_deep_blocks(tmp_path):
    (tmp_path / "f").write_text(".if 1\n" * 100_000)
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 1 and alerts(text) == 3


def test_many_sections_and_servers(tmp_path):
    with open(tmp_path / "f", "w", encoding="utf-8") as file:
        for i in range(1000):
            file.write(f"listen l{i}\n    bind 127.0.0.1:{10000 + i}\n")
        file.write("listen last\n    bind 127.0.0.1:9999\n")
        for i in range(4000):
            file.write(f"    server s{i} 127.0.0.1:{i + 1}\n")
    code, text = check("-f", "f", cwd=tmp_path)
    assert code == 0
    assert re.search("and [0-9]+ more like these", text)
