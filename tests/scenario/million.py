#!/usr/bin/python3
"""One million tiny files: builds, verifies, and takes less memory than genisoimage on the same tree."""
import os
import shutil
import sys

from scenario import MKIMAGE, VERIFY, Skipped, good, in_scratch, main, trees


def peak_kib(scratch, *args):
    """Runs a program under time(1), which is small itself: a child of this process would count its pages."""
    note = os.path.join(scratch, "peak")
    good("/usr/bin/time", "-f", "%M", "-o", note, *args, timeout=1800)
    with open(note, encoding="utf-8") as text:
        return int(text.read().split()[-1])


@in_scratch
def a_million_files(scratch):
    for tool in ("genisoimage", "/usr/bin/time"):
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not here")
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    trees.make("million", tree)
    ours = peak_kib(scratch, MKIMAGE, "-q", "-o", image, tree)
    report = good(VERIFY, image, timeout=1800)
    assert b"1000000 files" in report.stdout, report.stdout[:500]
    checking = peak_kib(scratch, VERIFY, image)
    os.unlink(image)
    theirs = peak_kib(scratch, "genisoimage", "-quiet", "-R", "-J", "-o", image, tree)
    print(f"    peak memory: mkimage {ours // 1024} MiB, genisoimage {theirs // 1024} MiB ({ours / theirs:.2f}); verify {checking // 1024} MiB")
    assert ours < theirs, f"mkimage took {ours} KiB, genisoimage {theirs} KiB"


if __name__ == "__main__":
    sys.exit(main([a_million_files]))
