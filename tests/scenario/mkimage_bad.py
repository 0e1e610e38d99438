#!/usr/bin/python3
"""Bad input to mkimage: each is one clear line on standard error that names the thing and says what to do, with the right
exit code, nothing on standard output, and nothing left behind."""
import os
import pty
import re
import shutil
import subprocess
import sys

from scenario import MKIMAGE, Skipped, good, in_scratch, main, run, write

FAILED, USAGE = 1, 2


def refuses(scratch, code, patterns, *args, lines=1, command=(MKIMAGE,), **more):
    """Runs mkimage with -o into an empty directory and holds it to the rule."""
    out = os.path.join(scratch, "out")
    os.makedirs(out, exist_ok=True)
    before = {name: os.stat(os.path.join(out, name)).st_size for name in os.listdir(out)}
    done = run(*command, "-q", "-o", os.path.join(out, "image.iso"), *args, **more)
    said = done.stderr
    assert done.returncode == code, f"exit {done.returncode} instead of {code}: {said}"
    assert not done.stdout, f"standard output is not empty: {done.stdout[:100]}"
    faults = [line for line in said.splitlines() if line.startswith("mkimage: ") and "warning:" not in line]
    assert len(said.splitlines()) == len(faults) == lines, f"{lines} lines wanted: {said}"
    for pattern in patterns:
        assert re.search(pattern, said, re.I), f"says nothing like /{pattern}/: {said}"
    after = {name: os.stat(os.path.join(out, name)).st_size for name in os.listdir(out)}
    assert after == before, f"left behind: {after}"
    return said


def tree_of(scratch, *names):
    for name in names:
        write(os.path.join(scratch, "tree", name), name.encode())
    return os.path.join(scratch, "tree")


def as_nobody(scratch):
    """How to run as someone who is not root, in a scratch that he may enter."""
    if os.geteuid() != 0:
        return (MKIMAGE,), {}
    tool = shutil.copy(MKIMAGE, scratch)
    os.chmod(scratch, 0o755)
    os.makedirs(os.path.join(scratch, "out"), exist_ok=True)
    os.chmod(os.path.join(scratch, "out"), 0o777)
    return (tool,), {"user": 65534, "group": 65534, "extra_groups": []}


@in_scratch
def unreadable(scratch):
    tree = tree_of(scratch, "fine", "secret one", "secret two", "locked/inside")
    os.chmod(os.path.join(tree, "secret one"), 0)
    os.chmod(os.path.join(tree, "secret two"), 0)
    os.chmod(os.path.join(tree, "locked"), 0)
    command, more = as_nobody(scratch)
    try:
        said = run(*command, "-q", "-o", os.path.join(scratch, "out", "image.iso"), tree, **more)
        assert said.returncode == FAILED, f"exit {said.returncode}: {said.stderr}"
        for name in ("secret one", "secret two", "locked"):
            assert name in said.stderr, f"{name} is not named: {said.stderr}"
        assert "--skip-unreadable" in said.stderr, said.stderr
        assert not os.listdir(os.path.join(scratch, "out")), "left behind"
        good(*command, "-q", "--skip-unreadable", "-o", os.path.join(scratch, "out", "image.iso"), tree, **more)
    finally:
        os.chmod(os.path.join(tree, "locked"), 0o755)


@in_scratch
def vanished(scratch):
    tree = tree_of(scratch, "fine")
    os.mkdir(os.path.join(scratch, "out"))
    done = run(MKIMAGE, "-q", "-o", os.path.join(scratch, "out", "image.iso"), tree, os.path.join(scratch, "gone one"), os.path.join(scratch, "gone two"))
    assert done.returncode == FAILED, done
    assert "gone one" in done.stderr and "gone two" in done.stderr, f"both are to be named: {done.stderr}"
    assert not os.listdir(os.path.join(scratch, "out"))


@in_scratch
def no_space(scratch):
    """On a file system of 2 MiB; the old file there must live."""
    tree = tree_of(scratch, "small")
    write(os.path.join(tree, "large"), os.urandom(8 << 20))
    out = os.path.join(scratch, "out")
    os.mkdir(out)
    script = f"""mount -t tmpfs -o size=2m tmpfs '{out}' && echo old > '{out}/image.iso' || exit 99
'{MKIMAGE}' -q -o '{out}/image.iso' '{tree}'
code=$?
[ "$(cat '{out}/image.iso')" = old ] || echo HARMED >&2
[ "$(ls -A '{out}')" = image.iso ] || echo LEFT BEHIND >&2
exit $code"""
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    done = run(*unshare, "sh", "-c", script)
    if done.returncode == 99 or (done.returncode == 1 and done.stderr.startswith("unshare")):
        raise Skipped("no mount namespace here")
    assert done.returncode == FAILED, done
    assert "HARMED" not in done.stderr and "LEFT BEHIND" not in done.stderr, done.stderr
    assert re.search(r"space|room", done.stderr) and len(re.findall(r"\d[\d.]* ?[KMG]?i?B", done.stderr)) >= 2, f"need against free is not told: {done.stderr}"
    assert out in done.stderr, f"the file system is not named: {done.stderr}"


@in_scratch
def strict_names(scratch):
    tree = tree_of(scratch, "a" * 120 + ".txt")
    refuses(scratch, FAILED, ["a{100}", "--names|--no-strict|rename"], "--strict", tree)
    refuses(scratch, FAILED, ["joliet"], "--strict", tree)
    good(MKIMAGE, "-q", "-o", os.path.join(scratch, "image.iso"), tree)


@in_scratch
def volume_id(scratch):
    tree = tree_of(scratch, "file")
    refuses(scratch, USAGE, ["volume.id|volid", "32"], "--volume-id", "x" * 33, tree)
    refuses(scratch, USAGE, ["volume.id|volid"], "--volume-id", "new\nline", tree)
    refuses(scratch, USAGE, ["volume.id|volid"], "--volume-id", "Müsli", tree)
    refuses(scratch, USAGE, ["publisher", "128"], "--publisher", "x" * 129, tree)
    # Each tree has its own limit: what readers show must be whole, or it is an error; what only the 16 characters of Joliet and
    # the 30 of the UDF primary volume descriptor cut is said.
    refuses(scratch, USAGE, ["volume.id", "32"], "--udf", "--volume-id", "x" * 33, tree)
    refuses(scratch, USAGE, ["volume.id", "126"], "--fs", "udf", "--volume-id", "x" * 127, tree)
    refuses(scratch, USAGE, ["volume.id", "63"], "--fs", "udf", "--volume-id", "é" * 64, tree)
    image = os.path.join(scratch, "image.iso")
    for name, options, said in (("x" * 16, ["--udf"], []), ("x" * 30, ["--udf"], ["joliet"]), ("x" * 32, ["--udf"], ["joliet", "primary volume descriptor"]),
                                ("x" * 126, ["--fs", "udf"], ["primary volume descriptor"]), ("é" * 63, ["--fs", "udf"], ["primary volume descriptor"])):
        warnings = good(MKIMAGE, "-q", *options, "--volume-id", name, "-o", image, tree).stderr.splitlines()
        assert len(warnings) == len(said) and all(word in line.lower() for word, line in zip(said, warnings)), (name, warnings)


@in_scratch
def udf_wishes(scratch):
    """What a revision of UDF, or an image without UDF, does not have."""
    tree = tree_of(scratch, "a")
    for revision in ("1.0", "2.02", "3.00", "2.5", "latest", "0x201"):
        refuses(scratch, USAGE, ["--udf", "2.60"], f"--udf={revision}", tree)
    for options in (["--udf"], ["--udf=1.02"], ["--fs", "udf", "--udf=1.50"], [], ["--no-udf"]):
        refuses(scratch, USAGE, ["--xattrs", "--udf=2.00"], "--xattrs", *options, tree)
    refuses(scratch, USAGE, ["--real-time", "2.00", "--udf=2.01"], "--real-time", "*", "--udf=2.00", tree)
    refuses(scratch, USAGE, ["--duplicate-metadata", "2.50"], "--duplicate-metadata", "--fs", "udf", tree)
    refuses(scratch, USAGE, ["--xattrs", "some"], "--xattrs=some", "--udf=2.01", tree)
    refuses(scratch, FAILED, ["UDF", "strict"], "--strict", "--fs", "udf", tree_of(scratch, "a", "a" * 200 + "漢"))


@in_scratch
def udf_losses(scratch):
    """What is left out is counted and said; the image is made."""
    tree, image = tree_of(scratch, "a", "a" * 200 + "漢"), os.path.join(scratch, "image.iso")

    def said(*options):
        return good(MKIMAGE, "-q", *options, "-o", image, tree).stderr
    assert "1 name is not recorded" in said("--fs", "udf")
    try:
        os.setxattr(os.path.join(tree, "a"), "user.one", b"1")
        os.setxattr(tree, "user.two", b"2")
    except OSError as error:
        raise Skipped(f"extended attributes: {error.strerror}")
    assert "2 extended attributes are not recorded; --xattrs" in said("--fs", "udf")
    assert "2 extended attributes are not recorded" in said("--udf=1.02", "--xattrs=count")
    assert "attribute" not in said("--fs", "udf", "--no-xattrs")
    assert "attribute" not in said("--fs", "udf", "--xattrs")


@in_scratch
def too_many_parents(scratch):
    tree = os.path.join(scratch, "tree")
    os.mkdir(tree)
    for i in range(65_600):
        os.mkdir(f"{tree}/d{i:05d}")
    good(MKIMAGE, "-q", "--digest", "none", "-o", os.path.join(scratch, "fine.iso"), tree)  # leaves may pass the limit
    os.mkdir(f"{tree}/d65590/child")
    refuses(scratch, FAILED, ["65,?535", "d65590"], tree)


@in_scratch
def archives(scratch):
    tree = tree_of(scratch, "one", "two")
    write(os.path.join(tree, "random"), os.urandom(300_000))
    tar, bad = os.path.join(scratch, "good.tar.gz"), os.path.join(scratch, "bad.tar.gz")
    good("tar", "-czf", tar, "-C", tree, ".")
    good(MKIMAGE, "-q", "-o", os.path.join(scratch, "fine.iso"), tar)
    shutil.copy(tar, bad)
    os.truncate(bad, os.path.getsize(tar) // 2)
    refuses(scratch, FAILED, ["bad.tar.gz", "truncated|incomplete|ends|damaged|corrupt"], bad)
    shutil.copy(tar, bad)
    with open(bad, "r+b") as file:
        file.seek(os.path.getsize(bad) // 2)
        file.write(b"damage" * 40)
    refuses(scratch, FAILED, ["bad.tar.gz"], bad)
    if not shutil.which("7z"):
        raise Skipped("7z is not here")
    secret = os.path.join(scratch, "secret.zip")
    good("7z", "a", "-tzip", "-psecret", secret, os.path.join(tree, "random"))
    refuses(scratch, FAILED, ["secret.zip", "encrypt|password"], secret)


@in_scratch
def archive_paths(scratch):
    tree = tree_of(scratch, "one")
    for name, pattern in (("../../escape", r"\.\."), ("/absolute", "absolute"), ("a/../../b", r"\.\.")):
        tar = os.path.join(scratch, "paths.tar")
        good("tar", "-cPf", tar, "--transform", f"s,.*one,{name},", os.path.join(tree, "one"))
        refuses(scratch, FAILED, ["paths.tar", pattern], tar)


@in_scratch
def graft_onto_a_file(scratch):
    tree = tree_of(scratch, "a", "b")
    refuses(scratch, USAGE, ["/f", "not a directory", "another path"], f"f={tree}/a", f"f/x={tree}/b")


@in_scratch
def duplicate_targets(scratch):
    tree = tree_of(scratch, "a", "b")
    refuses(scratch, USAGE, ["x", "twice|already|duplicate|two|both"], f"x={tree}/a", f"x={tree}/b")


@in_scratch
def output_inside_the_source(scratch):
    tree = tree_of(scratch, "a")
    out = os.path.join(tree, "image.iso")
    done = run(MKIMAGE, "-q", "-o", out, tree)
    assert done.returncode in (FAILED, USAGE), f"exit {done.returncode}"
    assert "image.iso" in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert os.listdir(tree) == ["a"], "left behind"


@in_scratch
def output_is_a_terminal(scratch):
    tree = tree_of(scratch, "a")
    control, terminal = pty.openpty()
    try:
        done = run(MKIMAGE, tree, stdout=terminal)
    finally:
        os.close(terminal)
    assert done.returncode == USAGE and "terminal" in done.stderr and "-o" in done.stderr, done
    os.close(control)


@in_scratch
def output_cannot_be_made(scratch):
    tree = tree_of(scratch, "a")
    done = run(MKIMAGE, "-q", "-o", os.path.join(scratch, "no such folder", "image.iso"), tree)
    assert done.returncode == FAILED and "no such folder" in done.stderr and len(done.stderr.splitlines()) == 1, done
    os.mkdir(os.path.join(scratch, "folder"))
    done = run(MKIMAGE, "-q", "-o", os.path.join(scratch, "folder"), tree)
    assert done.returncode in (FAILED, USAGE) and "folder" in done.stderr and len(done.stderr.splitlines()) == 1, done
    with open("/dev/full", "wb") as full:
        done = run(MKIMAGE, "-q", tree, stdout=full)
    assert done.returncode == FAILED and re.search("space|No space", done.stderr), done


@in_scratch
def reader_goes_away(scratch):
    tree = tree_of(scratch, "a")
    write(os.path.join(tree, "large"), os.urandom(8 << 20))
    with subprocess.Popen([MKIMAGE, "-q", tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as maker:
        maker.stdout.read(4096)
        maker.stdout.close()
        said = maker.stderr.read().decode()
    assert maker.returncode == FAILED and len(said.splitlines()) == 1, (maker.returncode, said)


@in_scratch
def usage(scratch):
    tree = tree_of(scratch, "a")
    refuses(scratch, USAGE, ["source"])
    refuses(scratch, USAGE, ["--no-such-option"], "--no-such-option", tree)
    refuses(scratch, USAGE, ["ntfs"], "--fs", "ntfs", tree)
    refuses(scratch, USAGE, ["iso-level"], "--iso-level", "9", tree)
    refuses(scratch, USAGE, ["digest", "md5"], "--digest", "md5", tree)
    refuses(scratch, USAGE, ["yesterday"], "--time", "yesterday", tree)


if __name__ == "__main__":
    sys.exit(main([unreadable, vanished, no_space, strict_names, volume_id, udf_wishes, udf_losses, too_many_parents, archives, archive_paths, graft_onto_a_file, duplicate_targets,
                   output_inside_the_source, output_is_a_terminal, output_cannot_be_made, reader_goes_away, usage]))
