#!/usr/bin/python3
"""Every revision of UDF, alone and beside ISO 9660, on the nasty tree: do the foreign readers, or with --guest the
kernel, see what is in the source?

    udf.py [--guest] [--revision REV]...

What a reader cannot read, and who is asked instead:

  7-Zip             links, devices, real-time files (it refuses the whole image): udfdump, libudfread's count, the kernel
  libudfread        shows links and devices as files: the same
  pycdlib           UDF alone, and whole images with extended file entries (2.00 and up), even their ISO 9660: the others
  udfdump           changes names, so that they are counted
  Linux             symbolic links of more than one block; refuses 2.60 before 6.2, so that all say they can be read as 2.50
  all of these      named streams: udf_structures.py, a reader of this project that knows nothing of libfsi

The nasty tree has extended attributes from revision 2.00 on, so that every reader meets named streams. Beside ISO 9660 its
readers are asked as well. Exit: 0 all agree, 1 not, 77 what it takes is not here.
"""
import argparse
import copy
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, folder) for folder in ("bench", "tests/guest", "tests/scenario")]

import agree  # noqa: E402
import guest  # noqa: E402
import trees  # noqa: E402
import udf_readers  # noqa: E402
import udf_structures  # noqa: E402
from readers import READERS, ReaderFailed  # noqa: E402
from scenario import CI, MKIMAGE, VERIFY, good  # noqa: E402
from verdict import Forced, Verdict, compare, rename_by_contents  # noqa: E402
from view import load, walk_source  # noqa: E402

REVISIONS = ["1.02", "1.50", "2.00", "2.01", "2.50", "2.60"]
LIMIT = 900
# What only files and directories are left without.
NO_FILES = ["symlinks", "long symlinks", "special", "hardlinks/a link", "hardlinks/the same link"]
ISO_READERS = ["xorriso -osirrox", "xorriso -find -exec lsdl", "7z -tiso", "pycdlib", "pycdlib, Joliet", "bsdtar -x"]

# Extended attributes of the tree: what the streams must be.
STREAMS = {
    "": {"of the root": b"root"},
    "empty": {"of a folder": b"folder"},
    "empty/file0": {"only": b"x" * 3000},
    "empty/002048 bytes": {"comment": b"a comment", "nothing": b"", "\u6f22\u5b57": b"kanji", "\u00e9": b"latin"},
    "hardlinks/full": {"linked": b"linked"},
    "modes": {f"attribute {i:02d} " + "n" * 60: b"%d" % i for i in range(20)},
}


def add_attributes(tree):
    """False where the file system has none."""
    try:
        for path, attributes in STREAMS.items():
            for name, value in attributes.items():
                os.setxattr(os.path.join(tree, path), "user." + name, value)
    except OSError as error:
        print(f"named streams: SKIPPED: {tree}: {error.strerror}")
        return False
    for path in STREAMS:  # the change shows in no time but that of the attributes
        os.utime(os.path.join(tree, path), (trees.EPOCH, trees.EPOCH))
    return True


def make_image(tree, image, revision, alone, exclude=(), more=()):
    options = [*more] + (["--xattrs"] if revision >= "2.00" else [])
    options += ["--fs", "udf" if alone else "iso9660,rockridge,joliet,udf", f"--udf={revision}", "-V", "NASTY"]
    for name in exclude:
        options += ["--exclude", name]
    good(MKIMAGE, "-q", *options, "-o", image, tree)
    good(VERIFY, image)


def without(view, names):
    return {path: entry for path, entry in view.items()
            if not any(path == name.encode() or path.startswith(name.encode() + b"/") for name in names)}


def with_names_back(name, expected, actual, names):
    notes = Verdict(name)
    renamed = rename_by_contents(expected, actual, notes, names)
    groups = {}  # of hard links, which are called by the first of their names
    for path, entry in renamed.items():
        if entry.link is not None:
            groups.setdefault(entry.link, []).append((path, entry))
    for group in groups.values():
        first = min(path for path, _ in group)
        for _, entry in group:
            entry.link = first
    return renamed, notes


def counted_streams(expected):
    """A stream directory's parent identifier names its file, and so is one of its links (ECMA-167 4/14.9.6)."""
    paths = {path.encode() for path in STREAMS}
    linked = {entry.link for path, entry in expected.items() if path in paths and entry.link is not None}
    return Forced("ECMA-167 4/14.9.6: the parent identifier of a stream directory counts as a link",
                  lambda d: d.field == "nlink" and d.actual == d.expected + 1 and d.entry.link in linked)


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


def check_streams(image, revision):
    """What our own second reader says of the streams, as failures."""
    wanted = {"/" + path if path else "": streams for path, streams in STREAMS.items()} if revision >= "2.00" else {}
    failures = []
    try:
        volume = udf_structures.of_file(image)
        found = {path: streams for path, icb in volume.walk() if (streams := volume.streams(icb))}
    except AssertionError as fault:
        return [str(fault)]
    for path in wanted.keys() | found.keys():
        others = path.startswith("/hardlinks/") and found.get(path) == wanted.get("/hardlinks/full")
        if found.get(path) != wanted.get(path) and not others:
            failures.append(f"{path!r}: streams {sorted(found.get(path, {}))}, wanted {sorted(wanted.get(path, {}))}")
    return failures


def ask_iso_readers(scratch, plain, image, revision):
    results = []
    for reader in READERS:
        if reader.name not in ISO_READERS:
            continue
        if reader.name.startswith("pycdlib") and revision >= "2.00":
            print(f"{reader.name}: cannot read this image: it opens UDF as well, and knows file entries only")
            continue
        if not reader.available():
            print(f"{reader.name}: SKIPPED: {reader.tool} is not here")
            results.append("skipped")
            continue
        with tempfile.TemporaryDirectory(dir=scratch) as work:
            try:
                verdict = agree.judge(reader, plain, image, work, LIMIT)
            except ReaderFailed as error:
                verdict = Verdict(reader.name)
                verdict.failures.append(str(error))
            subprocess.run(["chmod", "-R", "u+rwx", work], check=False)
        verdict.show()
        results.append("failed" if verdict.failures else "passed")
    return results


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
    if STREAMS:
        results.append("passed" if said("named streams", check_streams(image, revision)) else "failed")
    if not alone:
        results += ask_iso_readers(scratch, plain, mild, revision)
    return results


def check_real_time(scratch, tree, revision, alone):
    """Files of type 249 on clusters of their own; the readers that know files find them (7-Zip refuses them)."""
    image = os.path.join(scratch, "real time.iso")
    make_image(tree, image, revision, alone, NO_FILES, ("--real-time", "0* bytes"))
    failures = []
    try:
        volume = udf_structures.of_file(image)
        for path, icb in volume.walk():
            wanted = path.startswith("/empty/0")
            if (icb.type == udf_structures.REAL_TIME) != wanted:
                failures.append(f"{path!r}: file type {icb.type}")
            if wanted and (len(icb.extents) != 1 or (icb.extents[0][0] - volume.start) % 32):
                failures.append(f"{path!r}: extents {icb.extents}")
    except AssertionError as fault:
        failures.append(str(fault))
    return ["passed" if said("real-time files", failures) else "failed"]


def ask_kernel(scratch, tree, expected, wanted):
    images, names = [], []
    for revision, alone in wanted:
        images.append(os.path.join(scratch, f"{revision}-{alone}.iso"))
        names.append(f"Linux, UDF {revision} {'alone' if alone else 'beside ISO 9660'}")
        make_image(tree, images[-1], revision, alone)
    walker = os.path.join(ROOT, "tests", "foreign", "view.py")
    script = ""
    for i, (revision, alone) in enumerate(wanted):
        script += (f"mkdir /mnt/{i}\nmount -t udf -o ro,iocharset=utf8 /dev/vd{chr(ord('a') + i)} /mnt/{i} || (dmesg | tail -5; false)\n"
                   f"/usr/bin/python3 {walker} /mnt/{i} > $OUT/{i}\numount /mnt/{i}\n")
        if not alone:
            script += (f"mount -t iso9660 -o ro /dev/vd{chr(ord('a') + i)} /mnt/{i} || (dmesg | tail -5; false)\n"
                       f"/usr/bin/python3 {walker} /mnt/{i} > $OUT/{i}.iso\numount /mnt/{i}\n")
    results = []
    try:
        with guest.run(script, images, 3000) as out:
            for i, name in enumerate(names):
                with open(os.path.join(out, str(i)), encoding="utf-8") as rows:
                    actual = load(rows)
                forced = udf_readers.LINUX + ([counted_streams(expected)] if wanted[i][0] >= "2.00" else [])
                results.append("passed" if judge(name, expected, actual, forced, udf_readers.LinuxUdfNames) else "failed")
                if wanted[i][1]:
                    continue
                with open(os.path.join(out, f"{i}.iso"), encoding="utf-8") as rows:
                    verdict = guest.judge_rock_ridge(expected, load(rows), f"Linux, ISO 9660 beside UDF {wanted[i][0]}")
                verdict.show()
                results.append("failed" if verdict.failures else "passed")
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
        if not add_attributes(tree):
            STREAMS.clear()
            results.append("skipped")
        expected = walk_source(tree)
        if args.guest:
            results += ask_kernel(scratch, tree, expected, wanted)
        else:
            for revision, alone in wanted:
                print(f"\nUDF {revision} {'alone' if alone else 'beside ISO 9660'}", flush=True)
                results += ask_readers(scratch, tree, expected, revision, alone)
                if revision >= "2.01":
                    results += check_real_time(scratch, tree, revision, alone)
    print(", ".join(f"{results.count(word)} {word}" for word in ("passed", "failed", "skipped")))
    if "failed" in results or ("skipped" in results and CI):
        return 1
    return 0 if "passed" in results else 77


if __name__ == "__main__":
    sys.exit(main())
