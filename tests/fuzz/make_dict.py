#!/usr/bin/env python3
"""Writes config.dict from the words that `haftp -dKall` lists.

    tests/fuzz/make_dict.py [PROGRAM]      default: $HAFTP, else the newest build under build/
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "docs"))
import gen_reference  # noqa: E402

# What is no word of a row: values, quotes, variables, directives.
OTHERS = [
    "127.0.0.1:21", "[::1]:21", "*:21", ":50000-50100", "unix@/s", "fd@3", "5s", "250ms", "1d",
    "2147483647", "64k", "\\\"$HOME\\\"", "\\\"${X-y}\\\"", "\\\"${X[*]}\\\"", "\\\\x41",
    "\\\"", "'", "\\\\", "#", "\\x0a", "\\x0d\\x0a", "no ", "default ", "if ", "unless ", "{ ",
    " }", "or", "!", "%[", "]", ".if ", ".elif ", ".else", ".endif", ".notice ", ".alert ",
    "defined(", "streq(", "version_atleast(", "feature(", "&&", "||", "[x]"]


def words(listing):
    for usage in re.findall(r"^  (\S.*)$", listing, flags=re.M):
        yield gen_reference.name_of(usage)


def main(arguments):
    program = arguments[0] if arguments else gen_reference.find_program()
    names = sorted(set(words(gen_reference.listing(program))))
    with open(os.path.join(HERE, "config.dict"), "w", encoding="utf-8") as file:
        file.write("# Written by make_dict.py from the rows of the language.\n")
        file.writelines(f'"{word}"\n' for word in names + OTHERS)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
