# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of the module share."""

import json
import os
import unittest

import rbmap

DATA = os.environ["DATA"]


def path(name):
    """A file of the tests; the test is skipped if it could not be recorded."""
    found = os.path.join(DATA, name)
    if not os.path.exists(found):
        raise unittest.SkipTest(f"{name} could not be recorded here")
    return found


def is_whole(name):
    """Whether rbmap-report printed something of the file."""
    return os.path.getsize(os.path.join(DATA, name + ".json")) > 0


def names():
    """The files of other machines that have events."""
    found = sorted(name[:-5] for name in os.listdir(DATA) if name.endswith(".json"))
    return [name for name in found if not name.endswith(".dat") and is_whole(name)]


def report_json(name):
    """The objects that rbmap-report prints."""
    with open(path(name) + ".json", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def report_text(name):
    """The lines that rbmap-report prints, without the first."""
    with open(path(name + ".text"), encoding="utf-8", errors="replace") as file:
        return file.read().split("\n")[1:-1]


def plain(value):
    """A value as JSON has it."""
    return list(value) if isinstance(value, bytes) else value


def descriptors():
    """How many files of the tests are open in this process."""
    links = []
    for number in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{number}"))
        except FileNotFoundError:
            pass
    return sum(link.startswith(os.path.realpath(DATA)) for link in links)


def open_damaged(name):
    return rbmap.open(path(name), allow_damage=True)
