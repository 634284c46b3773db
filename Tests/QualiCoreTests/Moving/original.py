"""Runs the original worker, a program for Python 2, on Python 3: the file that is named, with its pauses cut short.

Where Python 2 fails on a text that isn't ASCII, and on digits that only Python 3 reads, this fails, too. Regular
expressions and JSON are Python 3's.
"""
import builtins
import os
import sys
import threading
import time
import urllib.request

import urllib3


def as_bytes(error):
    """What str makes of an exception: bytes, in Python 2."""
    if len(error.args) == 1 and isinstance(error.args[0], str):
        error.args[0].encode("ascii")
    return str(error)


def whole_number(text):
    if "_" in text:
        raise ValueError("invalid literal for int() with base 10: " + repr(text))
    return int(text)


def died(arguments):
    """Tells the lab's stand-in that a job's thread has died; its answer is an error."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(os.environ["CLOUDSHELL_URL"] + "/died")
    except OSError:
        pass


with open(sys.argv[1]) as file:
    program = file.read()
for old, new in [
    ("StringIO import StringIO", "io import BytesIO as StringIO"),
    ("print s\n", "pass\n"),
    (".iteritems(", ".items("),
    ("raw_input(", "input("),
    ("from time import sleep", ""),
    (" open(", " open_in_ascii("),
    ("str(e)", "as_bytes(e)"),
    (" int(", " whole_number("),
]:
    if old not in program:
        sys.exit(f"This isn't the original worker: it has no '{old}'")
    program = program.replace(old, new)

urllib3.disable_warnings()
threading.excepthook = died
os.chdir(sys.argv[2])
names = {
    "__name__": "__main__",
    "as_bytes": as_bytes,
    "open_in_ascii": lambda name, mode: builtins.open(name, mode, encoding="ascii"),
    "sleep": lambda seconds: time.sleep(seconds / 1000),
    "whole_number": whole_number,
}
exec(compile(program, sys.argv[1], "exec"), names)
