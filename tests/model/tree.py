"""The small tree that every session begins with, and what became of it."""

import hashlib
import os
import stat

from lib.servers import ACCOUNT, IS_ROOT

LONG_AGO = 981_173_106  # 2001-02-03 04:05:06 UTC, told apart from "now" at sight
NOW_AFTER = 1_500_000_000

FOLDERS = ("d", "d/e", "locked")
CONTENT = {
    "a": b"first line\nsecond line\n",
    "one": b"1",
    "empty": b"",
    "d/x": bytes(range(256)) * 20,
    "with space": b"blank\r\n",
    "\u00fcmlaut": b"utf-8",
    "locked/y": b"nobody may touch this\n",
}


def plant(root):
    os.makedirs(root)
    for folder in FOLDERS:
        os.mkdir(os.path.join(root, folder))
    for name, content in CONTENT.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)
    for name in (*CONTENT, *reversed(FOLDERS), ""):
        path = os.path.join(root, name)
        if IS_ROOT and not name.startswith("locked"):
            os.chown(path, ACCOUNT.pw_uid, ACCOUNT.pw_gid)
        os.utime(path, (LONG_AGO, LONG_AGO))
    os.chmod(os.path.join(root, "locked/y"), 0o400)
    os.chmod(os.path.join(root, "locked"), 0o555)


def _time(seconds):
    return "now" if seconds > NOW_AFTER else int(seconds)


def survey(root):
    """{path: (kind, rights, time, size, checksum)}; folders have only the first two."""
    found = {}
    for where, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(where, name)
            info = os.lstat(path)
            if stat.S_ISDIR(info.st_mode):
                fact = ("folder", oct(info.st_mode & 0o777))
            else:
                with open(path, "rb") as file:
                    digest = hashlib.sha256(file.read()).hexdigest()[:16]
                fact = ("file", oct(info.st_mode & 0o777), _time(info.st_mtime), info.st_size,
                        digest)
            found[os.path.relpath(path, root)] = fact
    return found
