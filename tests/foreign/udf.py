#!/usr/bin/python3
"""Every revision of UDF, alone and beside ISO 9660, on the nasty tree: do the foreign readers, or with --guest the
kernel, see what is in the source?

    udf.py [--guest] [--revision REV]...

7-Zip, libudfread and pycdlib know only files and directories: they are asked about the tree without the rest, which
udfinfo, udfdump and the kernel are asked about. Exit: 0 all agree, 1 not, 77 what it takes is not here.
"""
import argparse
import copy
import os
import shutil
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("bench", "tests/guest", "tests/scenario")]

import guest  # noqa: E402
import trees  # noqa: E402
import udf_readers  # noqa: E402
from readers import ReaderFailed  # noqa: E402
from scenario import CI, MKIMAGE, VERIFY, good  # noqa: E402
from verdict import Verdict, compare, rename_by_contents  # noqa: E402
from view import load, walk_source  # noqa: E402

REVISIONS = ["1.02", "1.50", "2.00", "2.01", "2.50", "2.60"]
LIMIT = 900
# What only files and directories are left without.
NO_FILES = ["symlinks", "long symlinks", "special", "hardlinks/a link", "hardlinks/the same link"]


def make_image(tree, image, revision, alone, exclude=()):
    options = ["--fs", "udf" if alone else "iso9660,rockridge,joliet,udf", f"--udf={revision}", "-V", "NASTY"]
    for name in exclude:
        options += ["--exclude", name]
    good(MKIMAGE, "-q", *options, "-o", image, tree)
    good(VERIFY, image)


def without(view, names):
    return {path: entry for path, entry in view.items()
            if not any(path == name.encode() or path.startswith(name.encode() + b"/") for name in names)}


def with_names_back(name, expected, actual, names):
    notes = Verdict(name)
    return rename_by_contents(expected, actual, notes, names), notes


def judge(name, expected, actual, forced, names):
    want = copy.deepcopy(expected)
    actual, notes = with_names_back(name, want, actual, names)
    verdict = compare(name, want, actual, forced)
    verdict.forced += notes.forced
    verdict.failures += notes.failures
    verdict.show()
    return not verdict.failures


def said(name, failures):
    verdict = Verdict(name)
    verdict.failures = failures
    verdict.show()
    return not failures


def ask_readers(scratch, tree, expected, revision, alone):
    """How many agreed, failed and were skipped."""
    results = []
    image, mild = os.path.join(scratch, "image.iso"), os.path.join(scratch, "mild.iso")
    make_image(tree, image, revision, alone)
    make_image(tree, mild, revision, alone, NO_FILES)
    for tool, ask in (("udfinfo", lambda: udf_readers.udfinfo(image, expected, revision, LIMIT)),
                      ("udfdump", lambda: udf_readers.udfdump(image, expected, LIMIT))):
        if not shutil.which(tool):
            print(f"{tool}: SKIPPED: it is not here")
            results.append("skipped")
            continue
        try:
            results.append("passed" if said(tool, ask()) else "failed")
        except ReaderFailed as error:
            results.append("passed" if said(tool, [str(error)]) else "failed")
    plain = without(expected, NO_FILES)
    for reader in udf_readers.READERS:
        if isinstance(reader, udf_readers.PycdlibUdf) and (alone or revision >= "2.00"):
            print(f"{reader.name}: cannot read this image: it knows file entries beside ISO 9660 only")
            continue
        if not reader.available():
            print(f"{reader.name}: SKIPPED: {reader.tool} is not here")
            results.append("skipped")
            continue
        with tempfile.TemporaryDirectory(dir=scratch) as work:
            try:
                actual = reader.view(mild, work, LIMIT)
                results.append("passed" if judge(reader.name, plain, actual, reader.forced, udf_readers.UdfNames) else "failed")
            except ReaderFailed as error:
                results.append("passed" if said(reader.name, [str(error)]) else "failed")
    return results


def ask_kernel(scratch, tree, expected, wanted):
    images, names = [], []
    for revision, alone in wanted:
        images.append(os.path.join(scratch, f"{revision}-{alone}.iso"))
        names.append(f"Linux, UDF {revision} {'alone' if alone else 'beside ISO 9660'}")
        make_image(tree, images[-1], revision, alone)
    walker = os.path.join(ROOT, "tests", "foreign", "view.py")
    script = ""
    for i in range(len(images)):
        script += (f"mkdir /mnt/{i}\nmount -t udf -o ro,iocharset=utf8 /dev/vd{chr(ord('a') + i)} /mnt/{i} || (dmesg | tail -5; false)\n"
                   f"/usr/bin/python3 {walker} /mnt/{i} > $OUT/{i}\numount /mnt/{i}\n")
    results = []
    try:
        with guest.run(script, images, 3000) as out:
            for i, name in enumerate(names):
                with open(os.path.join(out, str(i)), encoding="utf-8") as rows:
                    actual = load(rows)
                results.append("passed" if judge(name, expected, actual, udf_readers.LINUX, udf_readers.LinuxUdfNames) else "failed")
    except guest.GuestMissing as error:
        print(f"guest: SKIPPED: {error}")
        return ["skipped"]
    except guest.GuestFailed as error:
        print(f"guest: FAILED: {error}")
        return ["failed"]
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--guest", action="store_true")
    parser.add_argument("--revision", action="append", choices=REVISIONS)
    args = parser.parse_args()
    wanted = [(revision, alone) for revision in args.revision or REVISIONS for alone in (True, False)]
    results = []
    with tempfile.TemporaryDirectory(prefix="discpress-udf-") as scratch:
        tree = os.path.join(scratch, "tree")
        trees.make("nasty", tree, without=("sparse", "leafdirs", "longpaths"))
        expected = walk_source(tree)
        if args.guest:
            results = ask_kernel(scratch, tree, expected, wanted)
        else:
            for revision, alone in wanted:
                print(f"\nUDF {revision} {'alone' if alone else 'beside ISO 9660'}", flush=True)
                results += ask_readers(scratch, tree, expected, revision, alone)
    print(", ".join(f"{results.count(word)} {word}" for word in ("passed", "failed", "skipped")))
    if "failed" in results or ("skipped" in results and CI):
        return 1
    return 0 if "passed" in results else 77


if __name__ == "__main__":
    sys.exit(main())
