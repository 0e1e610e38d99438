#!/usr/bin/python3
"""The main job, end to end, on virtual drives: mkimage DIR | burn --drive 1 && verify --drive 1; and where it must stop: with
the right exit code, a clear line, and a disc that is as it was. burn.py has what burn does alone."""
import json
import os
import re
import subprocess
import sys

from scenario import BIN, BURN, MKIMAGE, VERIFY, good, in_scratch, main, run, sha256, trees, write

FAILED, USAGE, DIFFERS, UNSUITABLE = 1, 2, 3, 4
FAMILIES = ("cd-r", "dvd+r", "bd-r")


class Shelf:
    """A private place for virtual drives."""

    def __init__(self, scratch):
        self.env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, "state"), SOURCE_DATE_EPOCH="1700000000")
        self.scratch = scratch

    def burn(self, *args, **more):
        return run(BURN, *args, env=self.env, **more)

    def add(self, name, media=None, *options):
        done = self.burn("virtual", "add", name, *(("--media", media) if media else ()), *options)
        assert done.returncode == 0, done.stderr

    def state(self, name):
        drives = json.loads(self.burn("virtual", "list", "--json").stdout)
        disc = next(d for d in drives if d["name"] == name)["disc"]
        return disc and (disc["state"], disc["recorded"])

    def number(self, name):
        drives = json.loads(self.burn("list", "--json").stdout)
        drives = drives["drives"] if isinstance(drives, dict) else drives
        return str(next(d["number"] for d in drives if d["name"] == name))

    def pipe_into(self, drive, tree):
        with subprocess.Popen([MKIMAGE, "-q", tree], stdout=subprocess.PIPE, env=self.env) as maker:
            done = self.burn("--drive", drive, stdin=maker.stdout)
        assert maker.returncode == 0 and done.returncode == 0, f"mkimage {maker.returncode}, burn {done.returncode}: {done.stderr}"

    def refuses(self, code, patterns, *args, **more):
        done = self.burn(*args, **more)
        codes = code if isinstance(code, tuple) else (code,)
        assert done.returncode in codes, f"exit {done.returncode} instead of {code}: {done.stderr}"
        assert len(done.stderr.splitlines()) >= 1 and done.stderr.startswith("burn: "), done.stderr
        for pattern in patterns:
            assert re.search(pattern, done.stderr, re.I), f"says nothing like /{pattern}/: {done.stderr}"


def small_tree(scratch):
    tree = os.path.join(scratch, "tree")
    if not os.path.isdir(tree):
        trees.make("small", tree, scale=0.01)
    return tree


@in_scratch
def through_a_pipe_to_each_family(scratch):
    tree, image, back = small_tree(scratch), os.path.join(scratch, "image.iso"), os.path.join(scratch, "back.iso")
    shelf = Shelf(scratch)
    good(MKIMAGE, "-q", "-o", image, tree, env=shelf.env)
    for media in FAMILIES:
        shelf.add(f"first-{media}", media)
        shelf.add(f"second-{media}", media)
        number = shelf.number(f"second-{media}")
        shelf.pipe_into(number, tree)
        assert shelf.state(f"first-{media}")[1] == 0, "the wrong drive was written"
        good(VERIFY, "--drive", number, env=shelf.env)
        good(BURN, "virtual", "export", f"second-{media}", back, env=shelf.env)
        size = os.path.getsize(image)
        assert os.path.getsize(back) >= size
        os.truncate(back, size)
        assert sha256(back) == sha256(image), f"{media}: the disc does not hold the image"
        os.unlink(back)


@in_scratch
def a_damaged_disc(scratch):
    tree = small_tree(scratch)
    marked = write(os.path.join(tree, "a folder", "marked file"), b"find this mark " + os.urandom(5000))
    shelf = Shelf(scratch)
    shelf.add("drive", "bd-r")
    shelf.pipe_into("drive", tree)
    good(VERIFY, "--drive", "drive", env=shelf.env)
    disc = next(os.path.join(folder, name) for folder, _, names in os.walk(shelf.env["DISCPRESS_STATE_DIR"]) for name in names
                if name == "data")
    with open(disc, "r+b") as file:
        at = file.read(64 << 20).find(b"find this mark")
        assert at > 0
        file.seek(at + 3)
        file.write(b"#")
    done = run(VERIFY, "--json", "--drive", "drive", env=shelf.env)
    assert done.returncode == DIFFERS, f"exit {done.returncode}: {done.stderr}"
    hits = [i for i in json.loads(done.stdout)["issues"] if i["finding"] == "different"]
    assert len(hits) == 1 and hits[0]["first_lba"] <= at // 2048 < hits[0]["first_lba"] + hits[0]["sectors"] <= hits[0]["first_lba"] + 32, hits
    assert "/a folder/" + os.path.basename(marked) in [p["path"] for p in hits[0]["paths"]], hits


@in_scratch
def refused_media(scratch):
    image = os.path.join(scratch, "image.iso")
    shelf = Shelf(scratch)
    good(MKIMAGE, "-q", "-o", image, small_tree(scratch), env=shelf.env)
    shelf.add("empty")
    shelf.refuses(UNSUITABLE, ["empty", "no (medium|disc)|absent|is empty"], "--drive", "empty", image)
    shelf.add("full", "cd-r")
    assert shelf.burn("--drive", "full", image).returncode == 0
    before = shelf.state("full")
    shelf.refuses(UNSUITABLE, ["not blank|closed|complete|finali[sz]ed"], "--drive", "full", image)
    assert shelf.state("full") == before, "the refused disc was touched"
    large = os.path.join(scratch, "large")
    write(os.path.join(large, "zeros"))
    os.truncate(os.path.join(large, "zeros"), 1 << 30)
    shelf.add("little", "cd-r")
    before = shelf.state("little")
    with subprocess.Popen([MKIMAGE, "-q", large], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=shelf.env) as maker:
        shelf.refuses(UNSUITABLE, [r"room|too small|does not fit|free"], "--drive", "little", stdin=maker.stdout)
    assert shelf.state("little") == before, "the refused disc was touched"
    done = run(VERIFY, "--drive", "little", env=shelf.env)
    assert done.returncode == UNSUITABLE, f"verify of a blank disc: exit {done.returncode}: {done.stderr}"


@in_scratch
def a_short_stream_is_an_error(scratch):
    image = os.path.join(scratch, "image.iso")
    shelf = Shelf(scratch)
    good(MKIMAGE, "-q", "-o", image, small_tree(scratch), env=shelf.env)
    shelf.add("drive", "bd-r")
    with open(image, "rb") as file:
        cut = file.read(os.path.getsize(image) // 4096 * 2048)
    source = subprocess.Popen(["cat", write(os.path.join(scratch, "cut"), cut)], stdout=subprocess.PIPE)
    shelf.refuses(FAILED, ["short|ended|sectors"], "--drive", "drive", stdin=source.stdout)
    source.wait()
    done = run(VERIFY, "--drive", "drive", env=shelf.env)
    assert done.returncode in (DIFFERS, UNSUITABLE), f"verify of half a disc: exit {done.returncode}"


@in_scratch
def a_drive_that_does_not_exist(scratch):
    shelf = Shelf(scratch)
    shelf.add("one", "cd-r")
    shelf.add("other", "bd-r")
    image = write(os.path.join(scratch, "image.iso"), bytes(2048 * 64))
    shelf.refuses(UNSUITABLE, ["99", "one", "other"], "--drive", "99", image)
    done = run(VERIFY, "--drive", "99", env=shelf.env)
    assert done.returncode == UNSUITABLE and "one" in done.stderr and "other" in done.stderr, done
    shelf.refuses(USAGE, ["--no-such-option"], "--no-such-option")


@in_scratch
def the_program_of_the_readme(scratch):
    shelf, tree = Shelf(scratch), os.path.join(scratch, "tree")
    write(os.path.join(tree, "a", "file"), b"text" * 5000)
    shelf.add("try", "bd-r")
    done = run(os.path.join(BIN, "readme_burns"), tree, "try", env=shelf.env)
    assert done.returncode == 0 and b"all as written" in done.stdout, done
    good(VERIFY, "--drive", "try", "--against", tree, env=shelf.env)
    done = run(os.path.join(BIN, "readme_burns"), tree, "try", env=shelf.env)
    assert done.returncode == UNSUITABLE and "not blank" in done.stderr, done


if __name__ == "__main__":
    sys.exit(main([the_program_of_the_readme, through_a_pipe_to_each_family, a_damaged_disc, refused_media, a_short_stream_is_an_error, a_drive_that_does_not_exist]))
