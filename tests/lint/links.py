"""Every relative link of a document leads to a file and, with #, to a heading that exist."""

import os
import re

import tree

TOP = ["README.md", "CHANGELOG.md"]
FOLDERS = ["docs", "examples", "grammar", "src", "tests"]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(path):
    """Of its headings, as web hosts make them: lower case, hyphens for blanks, no other marks."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", tree.read(path)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def complaint(document, target):
    path, _, anchor = target.partition("#")
    path = os.path.normpath(os.path.join(os.path.dirname(document), path)) if path else document
    if not tree.exists(path):
        return f"{document}: {target}: there is no {path}"
    if anchor and anchor not in anchors(path):
        return f"{document}: {target}: {path} has no such heading"
    return None


def check():
    documents = tree.files(FOLDERS, [".md"]) + TOP
    links = [(document, target) for document in documents
             for target in LINK.findall(CODE.sub("", tree.read(document))) if ":" not in target]
    findings = [found for found in (complaint(*link) for link in links) if found]
    return findings, f"{len(links)} links in {len(documents)} documents"
