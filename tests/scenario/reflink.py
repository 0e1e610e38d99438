#!/usr/bin/python3
"""On a file system that shares blocks (XFS, Btrfs) an image file shares its large files' blocks with the source: the bytes
are the same as anywhere else, the space is not used twice, and files that are written to meanwhile do no harm."""
import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

from scenario import MKIMAGE, VERIFY, Skipped, good, main, run

MIB = 1 << 20


@contextlib.contextmanager
def mounted(kind):
    """A file system of that kind in a file, mounted; needs root and a loop device."""
    make = shutil.which(f"mkfs.{kind}")
    if not make:
        raise Skipped(f"mkfs.{kind} is not here")
    if os.geteuid() != 0:
        raise Skipped("only root may mount")
    with tempfile.TemporaryDirectory(prefix="discpress-") as scratch:
        disk, at = os.path.join(scratch, "disk"), os.path.join(scratch, "at")
        os.mkdir(at)
        with open(disk, "wb") as file:
            file.truncate(1024 * MIB)
        good(make, "-q", disk)
        done = run("mount", "-o", "loop", disk, at)
        if done.returncode != 0:
            raise Skipped(f"{kind} cannot be mounted: {done.stderr.strip()}")
        try:
            yield at
        finally:
            good("umount", at)


def source_on(at):
    tree = os.path.join(at, "tree")
    os.mkdir(tree)
    rng = random.Random(3)
    for name, size in (("large", 96 * MIB), ("odd", 3 * MIB + 777), ("edge", 65536), ("below", 65535), ("small", 10)):
        with open(os.path.join(tree, name), "wb") as file:
            file.write(rng.randbytes(size))
    os.sync()
    time.sleep(0.2)  # what was changed just now is not shared
    return tree


def used(at):
    os.sync()
    space = os.statvfs(at)
    return (space.f_blocks - space.f_bfree) * space.f_frsize


def shares(kind):
    with mounted(kind) as at, tempfile.TemporaryDirectory(prefix="discpress-") as elsewhere:
        tree, image, copy = source_on(at), os.path.join(at, "image.iso"), os.path.join(elsewhere, "image.iso")
        env = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
        for options in ((), ("--digest", "none"), ("--udf",), ("--fs", "udf")):
            before = used(at)
            good(MKIMAGE, "-q", *options, "-o", image, tree, env=env)
            more = used(at) - before
            assert more < 8 * MIB, f"{options}: the image of {os.path.getsize(image) // MIB} MiB takes {more // MIB} MiB"
            good(MKIMAGE, "-q", *options, "-o", copy, tree, env=env)
            subprocess.run(["cmp", image, copy], check=True)
            if options != ("--digest", "none"):
                good(VERIFY, image)
            os.unlink(image)


def xfs():
    shares("xfs")


def btrfs():
    shares("btrfs")


def changed_meanwhile():
    """A file that is written to while the image is made: the image holds what its manifest says, every time."""
    with mounted("xfs") as at:
        tree, image = source_on(at), os.path.join(at, "image.iso")
        stop = threading.Event()

        def scribble():
            rng = random.Random(5)
            with open(os.path.join(tree, "large"), "r+b", buffering=0) as file:
                while not stop.wait(rng.uniform(0, 0.02)):
                    file.seek(rng.randrange(96 * MIB))
                    file.write(b"changed")

        writer = threading.Thread(target=scribble)
        for _ in range(10):
            stop.clear()
            writer = threading.Thread(target=scribble)
            timer = threading.Timer(random.uniform(0, 0.05), writer.start)
            timer.start()
            try:
                good(MKIMAGE, "-q", "-o", image, tree)
            finally:
                timer.join()
                stop.set()
                writer.join()
            good(VERIFY, image)
            time.sleep(0.15)


if __name__ == "__main__":
    sys.exit(main([xfs, btrfs, changed_meanwhile]))
