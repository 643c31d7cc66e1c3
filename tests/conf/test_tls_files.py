"""Files of authorities that are accepted, and of which something is said all the same."""

import os
import shutil

import pytest

from test_conf import HERE, masked, run

PARTS = HERE / "diff" / "tls" / "parts"

CONFIG = """listen ftp
    bind 127.0.0.1:2990 ssl crt {parts}/ftp.pem verify required {words}
    ftp-data ports 30000-30010
    server s1 127.0.0.11:21 {server}
"""


def told(folder, words, server=""):
    (folder / "f.cfg").write_text(CONFIG.format(parts=PARTS, words=words, server=server))
    result = run("-c", "-f", "f.cfg", cwd=folder)
    assert result.returncode == 0, masked(result.stderr)
    return masked(result.stderr)


@pytest.fixture
def folder(tmp_path):
    """With one authority that is good."""
    os.mkdir(tmp_path / "cas")
    shutil.copy(PARTS / "ca.pem", tmp_path / "cas" / "good.pem")
    return tmp_path


def test_a_folder_of_good_files_is_not_worth_a_word(folder):
    (folder / "cas" / "README").write_text("not ours to judge")
    assert "cas" not in told(folder, "ca-file cas")


def test_a_useless_file_of_a_folder_is_named(folder):
    (folder / "cas" / "gone.pem").symlink_to("nowhere")
    text = told(folder, "ca-file cas")
    assert "[WARNING]" in text and "[f.cfg:2:" in text
    assert "cannot read 'cas/gone.pem': No such file or directory: it is passed over.\n" in text


def test_several_are_counted(folder):
    for name in ("a.crt", "b.cer", "c.pem"):
        (folder / "cas" / name).write_text("junk")
    os.mkfifo(folder / "cas" / "d.pem")
    text = told(folder, "ca-file cas", "ssl verify required ca-file cas")
    assert text.count("it is passed over, and so are 3 more files of the folder") == 2
    assert "[f.cfg:2:" in text and "[f.cfg:4:" in text


def test_a_file_without_a_crl(folder):
    text = told(folder, f"ca-file {PARTS}/ca.pem crl-file cas/good.pem")
    assert "[f.cfg:2:" in text and "'cas/good.pem' holds no CRL: " in text
