#!/usr/bin/python3
"""kill -9 of `mkimage -o` at random moments never leaves an incomplete file under the target's name, and never harms the
file that was there."""
import os
import random
import select
import subprocess
import sys
import time

from scenario import MKIMAGE, VERIFY, good, in_scratch, main, run, sha256, trees

OLD = b"the old image " * 5000
TIMES = 40
MOST = 400  # however the machine speeds up and slows down meanwhile, a quarter of TIMES comes before the end long before


def ends_within(process, seconds):
    """Seconds until it ended, or None when it still runs."""
    began = time.monotonic()
    pidfd = os.pidfd_open(process.pid)
    try:
        over = select.select([pidfd], [], [], seconds)[0]
    finally:
        os.close(pidfd)
    return time.monotonic() - began if over else None


def kill_many(scratch, options, old):
    tree, out = os.path.join(scratch, "tree"), os.path.join(scratch, "out")
    os.mkdir(out)
    target = os.path.join(out, "image.iso")
    if not os.path.isdir(tree):
        trees.make("small", tree, scale=0.1)
        trees.make("big", os.path.join(tree, "big"), scale=0.1)
    env = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
    began = time.monotonic()
    good(MKIMAGE, "-q", *options, "-o", target, tree, env=env)
    whole_time, whole = time.monotonic() - began, sha256(target)
    os.unlink(target)
    rng = random.Random(7)
    ended = {"absent": 0, "old": 0, "complete": 0, "had ended": 0}
    near_end = whole_time  # every other kill hunts for the last moment: a little later after a kill, a little earlier than an end
    turn = 0
    while turn < TIMES or (ended["absent"] + ended["old"] < TIMES // 4 and turn < MOST):
        if old:
            with open(target, "wb") as file:
                file.write(OLD)
        maker = subprocess.Popen([MKIMAGE, "-q", *options, "-o", target, tree], env=env, stderr=subprocess.DEVNULL)
        took = ends_within(maker, near_end if turn % 2 else rng.uniform(0, near_end))
        ended["had ended"] += took is not None
        if took is not None:
            near_end = took * rng.uniform(0.9, 0.99)
        elif turn % 2:
            near_end *= rng.uniform(1.01, 1.15)
        turn += 1
        maker.kill()
        maker.wait()
        if not os.path.exists(target):
            assert not old, "the file that was there is gone"
            ended["absent"] += 1
        elif os.path.getsize(target) == len(OLD):
            with open(target, "rb") as file:
                assert old and file.read() == OLD, "the file that was there is harmed"
            ended["old"] += 1
        else:
            assert sha256(target) == whole, "an incomplete file lies under the target's name"
            assert run(VERIFY, target).returncode == 0, "the complete file does not verify"
            ended["complete"] += 1
            os.unlink(target)
    others = [name for name in os.listdir(out) if name != "image.iso"]
    print(f"    {turn} kills within {whole_time:.2f} s: {ended}; left beside the target: {len(others)} files {others[:2]}")
    assert not any(name.endswith(".iso") for name in others), f"a leftover looks like an image: {others}"
    assert ended["absent"] + ended["old"] >= TIMES // 4, "too few kills came before the end: the test shows nothing"
    good(MKIMAGE, "-q", *options, "-o", target, tree, env=env)
    assert sha256(target) == whole, "after the kills a new run gives another image"


@in_scratch
def no_file_before(scratch):
    kill_many(scratch, (), old=False)


@in_scratch
def a_file_was_there(scratch):
    kill_many(scratch, (), old=True)


if __name__ == "__main__":
    sys.exit(main([no_file_before, a_file_was_there]))
