"""What the flags of a check do, beside what is in the files.

The verdicts and exit codes are HAProxy's.
"""

import re

import pytest

from test_conf import HERE, masked, run

GOOD = "listen l\n    bind 127.0.0.1:2121\n    no option ftp-inspect\n" \
       "    timeout connect 1s\n    timeout client 1s\n    timeout server 1s\n" \
       "    server s 127.0.0.1:21\n"


@pytest.fixture(name="good")
def _good(tmp_path):
    (tmp_path / "good.cfg").write_text(GOOD)
    return tmp_path


@pytest.mark.parametrize("condition, code", [
    ("1", 0), ("0", 1), ("", 1), ("streq('a b','a b')", 0), ("defined(NEVER)", 1), ("nope", 2),
    ("(1", 2), ("'1", 2), ("-1", 0)])
def test_conditions_give_exit_codes(condition, code, tmp_path):
    result = run("-cc", condition, cwd=tmp_path)
    assert result.returncode == code
    assert (b"[ALERT]" in result.stderr) == (code == 2)
    assert result.stdout == b""


@pytest.mark.parametrize("name", ["tutorial", "two-sections", "every-keyword", "words"])
def test_what_verbose_check_shows_reads_as_itself(name, tmp_path):
    first = run("-c", "-V", "-f", f"{name}.cfg", cwd=HERE / "good")
    assert first.returncode == 0
    assert b"# Configuration file is valid\n" in first.stdout
    (tmp_path / "again.cfg").write_bytes(first.stdout)
    again = run("-dC", "-f", "again.cfg", cwd=tmp_path)
    assert again.stdout == run("-dC", "-f", f"{name}.cfg", cwd=HERE / "good").stdout


def test_missing_file_is_one_alert(tmp_path):
    result = run("-c", "-f", "nowhere.cfg", cwd=tmp_path)
    assert result.returncode == 1
    assert masked(result.stderr).count("[ALERT]") == 1


def test_empty_directory_alone_is_an_error(good):
    (good / "empty").mkdir()
    assert run("-c", "-f", "empty", cwd=good).returncode == 1
    result = run("-c", "-f", "empty", "-f", "good.cfg", cwd=good)
    assert result.returncode == 0
    assert "directory empty holds no configuration file" in masked(result.stderr)


def test_errors_of_all_files_are_told(tmp_path):
    (tmp_path / "a.cfg").write_text("global\n    nonsense\n")
    (tmp_path / "b.cfg").write_text("global\n    daemon\n    rubbish\n")
    text = masked(run("-c", "-f", "a.cfg", "-f", "b.cfg", cwd=tmp_path).stderr)
    assert "[a.cfg:2:5]" in text and "[b.cfg:3:5]" in text


def test_fifty_errors_are_enough(tmp_path):
    (tmp_path / "a.cfg").write_text("global\n" + "    nonsense\n" * 200)
    text = masked(run("-c", "-f", "a.cfg", cwd=tmp_path).stderr)
    assert len(re.findall(r"\[a\.cfg:\d+:\d+\]", text)) == 50
    assert "Too many errors: what follows was not read." in text


def test_diagnostics_and_warnings_on_demand(good):
    (good / "say.cfg").write_text(".diag \"for the curious\"\n" + GOOD)
    assert "for the curious" not in masked(run("-c", "-f", "say.cfg", cwd=good).stderr)
    assert "for the curious" in masked(run("-c", "-dD", "-f", "say.cfg", cwd=good).stderr)
    (good / "warn.cfg").write_text(".warning \"mind\"\n" + GOOD)
    assert run("-c", "-f", "warn.cfg", cwd=good).returncode == 0
    assert run("-c", "-dW", "-f", "warn.cfg", cwd=good).returncode == 1


def test_quiet_says_nothing(good):
    for name, code in (("good.cfg", 0), ("nowhere.cfg", 1), ("/dev/null", 2)):
        result = run("-q", "-c", "-f", name, cwd=good)
        assert (result.returncode, result.stdout, result.stderr) == (code, b"", b"")


def test_name_of_the_local_peer(good):
    (good / "peer.cfg").write_text("global\n    node \"$HAPROXY_LOCALPEER\"\n")
    assert b"node me\n" in run("-dC", "-L", "me", "-f", "peer.cfg", cwd=good).stdout


@pytest.mark.parametrize("flags, says, code", [
    ((), "", 1), (("-dV",), "", 0), (("-dV",), "ssl-server-verify required", 1)])
def test_servers_need_not_be_verified(flags, says, code, good):
    """Their certificates are looked at, which needs `ca-file`, unless the command line says no."""
    servers = GOOD + "    server t 127.0.0.2:990 ssl\n"
    (good / "tls.cfg").write_text(f"global\n    {says}\n{servers}")
    assert run("-c", *flags, "-f", "tls.cfg", cwd=good).returncode == code


@pytest.mark.parametrize("flags", [
    ["-dS", "-dG", "-dR", "-de", "-dp", "-dV", "-dr", "-dD", "-dM", "-dMno-merge", "-dM0x50,tag"],
    ["-n", "5", "-N", "5", "-m", "100", "-p", "/nowhere/pid", "-L", "me", "-W"],
    ["-sf"], ["-sf", "1", "2"], ["-st", "3"], ["-x", "/nowhere"], ["-S", "127.0.0.1:1"], ["-Ws"]])
def test_flags_that_do_not_matter_to_a_check(flags, good):
    result = run("-c", *flags, "-f", "good.cfg", cwd=good)
    assert result.returncode == 0, masked(result.stderr)
    assert result.stdout == b"Configuration file is valid\n"
    assert result.stderr == b""


@pytest.mark.parametrize("flags", [
    [], ["-Z"], ["good.cfg"], ["-f"], ["-c"], ["-f", "good.cfg", "-Z"],
    ["-sf", "x", "-f", "good.cfg"], ["-dMnope", "-f", "good.cfg"]])
def test_wrong_command_lines_say_what_is_wrong(flags, good):
    result = run(*flags, cwd=good)
    assert result.returncode == 1
    assert result.stdout == b"" and len(result.stderr.splitlines()) == 2
    assert b"haftp --help" in result.stderr


def test_lists_come_before_the_verdict(good):
    result = run("-c", "-dL", "-dKacl,cnv", "-f", "good.cfg", cwd=good)
    text = result.stdout.decode()
    assert result.returncode == 0
    assert re.search(r"libc\.so.*\nWords of .*\n  ipmask.*\nConfiguration file is valid\n$",
                     text, re.S)
    assert "  path_beg\n" in text and "timeout connect" not in text
    assert run("-dKall", cwd=good).stdout.count(b"\n") > 1000
    assert b"cnv" in run("-dKhelp", cwd=good).stdout
    assert "lists the classes" in masked(run("-dKnope", cwd=good).stderr)


@pytest.mark.parametrize("words, lines", [
    ("act", ["  set-var(VARIABLE[,CONDITION...]) SAMPLE",
             "      In tcp-request content; tcp-response content."]),
    ("smp", ["  req.payload(NUMBER,NUMBER)", "      Gives bytes, from the bytes of the client."]),
    ("cnv", ["  map_ip(FILE[,TEXT])", "      Makes a text from an address."]),
    ("acl", ["  -m METHOD", "  reg", "  LOCALHOST",
             "      The same as '{ src 127.0.0.1/8 ::1 }'."]),
    ("log", ["  %ci", "      Address of the client."]),
    ("dir", ["  .elif CONDITION", "  version_atleast(VERSION)"])])
def test_words_inside_lines_are_listed(good, words, lines):
    listed = run(f"-dK{words}", cwd=good).stdout.decode().splitlines()
    assert [line for line in lines if line not in listed] == []


def test_directory_to_start_in(good):
    result = run("-C", str(good), "-c", "-f", "good.cfg", cwd="/")
    assert result.returncode == 0
    result = run("-C", "/nowhere", "-c", "-f", "good.cfg", cwd=good)
    assert result.returncode == 1 and b"Cannot change to the directory /nowhere" in result.stderr
