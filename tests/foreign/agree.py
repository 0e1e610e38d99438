#!/usr/bin/python3
"""Do other people's readers see in an image what is in the source?

    agree.py TREE IMAGE [--reader NAME]... [--limit SECONDS] [--no-joliet]

Each reader lists and extracts the image; its view is compared with a walk of TREE. Differences that a format or a
reader forces are counted under their reasons (readers.py); any other fails. Exit: 0 all agree, 1 not, 77 no reader.
A missing reader is a visible skip, and a failure where CI=true.
"""
import argparse
import copy
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from verdict import Verdict, compare, joliet_must_stay, rename_by_contents
from readers import READERS, IsoinfoNames, ReaderFailed
from view import walk_source

PLAIN = re.compile(rb"[A-Za-z0-9 ._+-]*(/[A-Za-z0-9 ._+-]+)*")


def joliet_part(expected, verdict):
    """What a Joliet tree can hold of the source, and the count of what it cannot."""
    out = {}
    for path, entry in expected.items():
        if entry.kind in ("file", "folder"):
            out[path] = entry
        else:
            verdict.forced[f"Joliet: holds no {entry.kind} entries"] += 1
    return out


def judge(reader, expected, image, work, limit):
    """The verdict of one reader. Raises ReaderFailed."""
    notes = Verdict(reader.name)
    actual = reader.view(image, work, limit)
    want = copy.deepcopy(expected)
    if isinstance(reader, IsoinfoNames):
        plain = {path for path, entry in want.items() if PLAIN.fullmatch(path) and (reader.tree == "rockridge" or (
            entry.kind in ("file", "folder") and all(joliet_must_stay(part) for part in path.split(b"/") if part)))}
        notes.forced["isoinfo: names beyond plain ASCII are printed ambiguously, not compared"] = len(want) - len(plain)
        missing = sorted(plain - actual.keys())
        notes.failures += [f"{path!r}: missing" for path in missing]
        notes.entries = len(actual)
        return notes
    if reader.tree == "joliet":
        want = joliet_part(want, notes)
        if b"" not in actual:
            raise ReaderFailed("no root")
        actual = rename_by_contents(want, actual, notes)
    for field, reason in reader.untold.items():
        notes.forced[f"{reader.name} does not tell {field}: {reason}"] = len(actual)
    verdict = compare(reader.name, want, actual, reader.forced)
    verdict.forced += notes.forced
    verdict.failures += notes.failures
    return verdict


def agree(tree, image, wanted=(), limit=900, joliet=True, scratch=None):
    """Shows the verdict of every reader; returns how many agreed, failed and were skipped, and the names of those that give
    up on such a tree."""
    expected = walk_source(tree)
    passed, failed, skipped, gave_up = 0, 0, 0, []
    for reader in READERS:
        if wanted and reader.name not in wanted or (reader.tree == "joliet" and not joliet):
            continue
        if not reader.available():
            print(f"{reader.name}: SKIPPED: {reader.tool} is not here", flush=True)
            skipped += 1
            continue
        if reason := reader.cannot(expected):
            print(f"{reader.name}: cannot read this tree: {reason}", flush=True)
            gave_up.append(reader.name)
            continue
        work = tempfile.mkdtemp(prefix="discpress-agree-", dir=scratch)
        began = time.monotonic()
        try:
            verdict = judge(reader, expected, os.path.abspath(image), work, limit)
        except ReaderFailed as error:
            verdict = Verdict(reader.name)
            verdict.failures.append(str(error))
        finally:
            subprocess.run(["chmod", "-R", "u+rwx", work], check=False)
            shutil.rmtree(work, ignore_errors=True)
        verdict.show()
        print(f"    {time.monotonic() - began:.1f} s", flush=True)
        passed, failed = passed + (not verdict.failures), failed + bool(verdict.failures)
    return passed, failed, skipped, gave_up


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree")
    parser.add_argument("image")
    parser.add_argument("--reader", action="append", default=[], help="only this one: " + "; ".join(r.name for r in READERS))
    parser.add_argument("--limit", type=float, default=900, help="seconds for each call of a reader")
    parser.add_argument("--no-joliet", action="store_true", help="the image has no Joliet tree")
    args = parser.parse_args()
    passed, failed, skipped, _ = agree(args.tree, args.image, args.reader, args.limit, not args.no_joliet)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed or (skipped and os.environ.get("CI") == "true"):
        return 1
    return 0 if passed else 77


if __name__ == "__main__":
    sys.exit(main())
