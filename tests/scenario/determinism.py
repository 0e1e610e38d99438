#!/usr/bin/python3
"""Same input, same bytes: for any number of threads, to a file and to a pipe, on two runs, in any order of the directory."""
import os
import shutil
import subprocess
import sys

from scenario import MKIMAGE, good, in_scratch, main, sha256, trees

EPOCH = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")


def image_hash(scratch, tree, *options, pipe=False, env=EPOCH):
    path = os.path.join(scratch, "image")
    if pipe:
        with open(os.path.join(scratch, "said"), "w+b") as said, open(path, "wb") as out, \
                subprocess.Popen([MKIMAGE, "-q", *options, tree], stdout=subprocess.PIPE, stderr=said, env=env) as maker:
            shutil.copyfileobj(maker.stdout, out)
            maker.wait()
            said.seek(0)
            assert maker.returncode == 0, f"mkimage into a pipe: exit {maker.returncode}: {said.read().decode()}"
    else:
        good(MKIMAGE, "-q", *options, "-o", path, tree, env=env)
    digest = sha256(path)
    os.unlink(path)
    return digest


def one_hash(scratch, tree, *options):
    ways = {"-j1": ("-j1",), "-j2": ("-j2",), "-j7": ("-j7",), "all threads": (), "again": ()}
    hashes = {name: image_hash(scratch, tree, *options, *more) for name, more in ways.items()}
    hashes["pipe"] = image_hash(scratch, tree, *options, pipe=True)
    hashes["pipe -j1"] = image_hash(scratch, tree, *options, "-j1", pipe=True)
    hashes["other time zone and locale"] = image_hash(scratch, tree, *options, env=dict(EPOCH, TZ="Asia/Kathmandu", LC_ALL="tr_TR.UTF-8"))
    assert len(set(hashes.values())) == 1, f"not one SHA-256: {hashes}"
    return hashes["again"]


@in_scratch
def many_small_files(scratch):
    tree = os.path.join(scratch, "tree")
    trees.make("small", tree, scale=0.05)
    one_hash(scratch, tree)


@in_scratch
def few_large_files(scratch):
    tree = os.path.join(scratch, "tree")
    trees.make("big", tree, scale=0.05)
    one_hash(scratch, tree)


@in_scratch
def nasty_tree(scratch):
    tree = os.path.join(scratch, "tree")
    trees.make("nasty", tree, without=("sparse", "leafdirs"))
    one_hash(scratch, tree)
    one_hash(scratch, tree, "--dedupe")
    one_hash(scratch, tree, "--digest", "sha256")


@in_scratch
def every_revision_of_udf(scratch):
    """Alone and beside ISO 9660, with named streams and real-time files where the revision has them."""
    tree = os.path.join(scratch, "tree")
    trees.make("nasty", tree, without=("sparse", "leafdirs", "longpaths"))
    more = ["--no-xattrs"]
    try:
        for path in ("", "empty", "empty/file0", "hardlinks/full"):
            for name in "bca":
                os.setxattr(os.path.join(tree, path), f"user.{name}", name.encode() * 700)
    except OSError as error:
        print(f"    without named streams: {error.strerror}")
    else:
        more = ["--xattrs"]
    hashes = set()
    for revision in ("1.02", "1.50", "2.00", "2.01", "2.50", "2.60"):
        options = [f"--udf={revision}"] + (more if revision >= "2.00" else []) + (["--real-time", "0*"] if revision >= "2.01" else [])
        for systems in ("udf", "iso9660,rockridge,joliet,udf"):
            hashes.add(one_hash(scratch, tree, "--fs", systems, *options))
    hashes.add(one_hash(scratch, tree, "--fs", "udf", "--udf=2.50", "--no-duplicate-metadata"))
    assert len(hashes) == 13, "two revisions give the same image"


@in_scratch
def order_of_creation(scratch):
    """Two trees with the same entries, made in opposite orders: a directory of the host lists them differently."""
    names = [f"name {i * 7919 % 1000:03d}" for i in range(1000)]
    hashes = set()
    for turn, order in enumerate((names, names[::-1])):
        tree = os.path.join(scratch, f"tree{turn}")
        os.mkdir(tree)
        for name in order:
            with open(os.path.join(tree, name), "w") as out:
                out.write(name)
            os.utime(os.path.join(tree, name), (1, 1))
        os.link(os.path.join(tree, "name 500"), os.path.join(tree, "a link"))
        os.utime(tree, (1, 1))
        hashes.add(image_hash(scratch, tree))
    assert len(hashes) == 1, "the order in which a directory was filled shows in the image"


@in_scratch
def without_epoch_two_runs_differ_in_time_only(scratch):
    """The hash is no accident of an image that never changes: another epoch is another image."""
    tree = os.path.join(scratch, "tree")
    trees.make("small", tree, scale=0.001)
    a = image_hash(scratch, tree)
    b = image_hash(scratch, tree, env=dict(EPOCH, SOURCE_DATE_EPOCH="1600000001"))
    assert a != b, "SOURCE_DATE_EPOCH has no effect"


if __name__ == "__main__":
    sys.exit(main([many_small_files, few_large_files, nasty_tree, every_revision_of_udf, order_of_creation, without_epoch_two_runs_differ_in_time_only]))
