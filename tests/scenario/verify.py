#!/usr/bin/python3
"""verify on images: one damaged byte is found in its chunk and named with its path, truncation and foreign images are told
apart, and a source that changed while the image streamed is named by mkimage and by verify. Where a file lies is asked of xorriso."""
import json
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import time

from scenario import MKIMAGE, VERIFY, Skipped, good, in_scratch, main, run, trees, write

CHUNK = 32  # sectors


def verify(image, code, *options):
    done = run(VERIFY, "--json", *options, image)
    assert done.returncode == code, f"verify: exit {done.returncode} instead of {code}: {done.stdout[:600]!r} {done.stderr}"
    return json.loads(done.stdout)


def extents(image):
    """(first sector, sectors, path) of every file, as xorriso sees them."""
    if not shutil.which("xorriso"):
        raise Skipped("xorriso is not here")
    listed = good("xorriso", "-indev", image, "-find", "/", "-type", "f", "-exec", "report_lba", "--").stdout.decode()
    found = re.findall(r"^File data lba: +\d+ , +(\d+) , +(\d+) , +(\d+) , '(.*)'$", listed, re.M)
    return [(int(first), int(blocks), path) for first, blocks, size, path in found if int(size)]


def flip(image, at, rng):
    with open(image, "r+b") as file:
        file.seek(at)
        was = file.read(1)[0]
        file.seek(at)
        file.write(bytes([was ^ rng.randrange(1, 256)]))
    return was


def put_back(image, at, was):
    with open(image, "r+b") as file:
        file.seek(at)
        file.write(bytes([was]))


def issue_at(report, sector):
    return [i for i in report["issues"] if i["severity"] == "error" and "first_lba" in i and i["first_lba"] <= sector < i["first_lba"] + i["sectors"]]


def make_image(scratch, *options):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    trees.make("small", tree, scale=0.02)
    write(os.path.join(tree, "a folder", "one large file.bin"), random.Random(5).randbytes(3_000_000))
    good(MKIMAGE, "-q", *options, "-o", image, tree)
    return image


def damage(scratch, *options):
    image = make_image(scratch, *options)
    verify(image, 0)
    files = extents(image)
    rng = random.Random(11)
    spots = [(first * 2048 + rng.randrange(blocks * 2048), path) for first, blocks, path in rng.sample(files, 12)]
    large = next(f for f in files if "one large file" in f[2])
    spots += [(large[0] * 2048 + rng.randrange(3_000_000), large[2]) for _ in range(4)]
    spots += [(rng.randrange(os.path.getsize(image)), None) for _ in range(16)]
    spots += [(0, None), (16 * 2048, None), (16 * 2048 + 900, None), (os.path.getsize(image) - 1, None)]
    for at, path in spots:
        sector = at // 2048
        was = flip(image, at, rng)
        report = verify(image, 3)
        hits = issue_at(report, sector)
        assert hits, f"byte {at} (LBA {sector}) is damaged, reported: {report['issues']}"
        for hit in report["issues"]:
            if hit["severity"] == "error" and hit["finding"] == "different":
                assert hit["first_lba"] >= sector // CHUNK * CHUNK and hit["first_lba"] + hit["sectors"] <= (sector // CHUNK + 1) * CHUNK, \
                    f"LBA {sector} is damaged, but {hit['first_lba']} + {hit['sectors']} is reported"
        if path:
            named = [p["path"] for hit in hits for p in hit.get("paths", ())]
            assert path in named, f"LBA {sector} belongs to {path}, named are {named}"
            first, blocks, _ = next(f for f in files if f[2] == path)
            chunk = range(sector // CHUNK * CHUNK, (sector // CHUNK + 1) * CHUNK)
            innocent = [p for p in named for f in files if f[2] == p and (f[0] + f[1] <= chunk.start or f[0] >= chunk.stop)]
            assert not innocent, f"named but not hit: {innocent}"
        put_back(image, at, was)
    verify(image, 0)


@in_scratch
def one_byte_anywhere(scratch):
    damage(scratch)


@in_scratch
def one_byte_anywhere_sha256(scratch):
    damage(scratch, "--digest", "sha256")


@in_scratch
def a_stretch_of_sectors(scratch):
    image = make_image(scratch)
    first, blocks, path = next(f for f in extents(image) if "one large file" in f[2])
    with open(image, "r+b") as file:
        file.seek((first + 100) * 2048)
        file.write(bytes(200 * 2048))
    report = verify(image, 3)
    ranges = [i for i in report["issues"] if i["finding"] == "different"]
    assert ranges and ranges[0]["first_lba"] == (first + 100) // CHUNK * CHUNK, ranges
    assert max(i["first_lba"] + i["sectors"] for i in ranges) == -(-(first + 300) // CHUNK) * CHUNK, ranges
    assert all(path in [p["path"] for p in i["paths"]] for i in ranges)


@in_scratch
def truncated(scratch):
    image = make_image(scratch)
    size = os.path.getsize(image)
    for cut in (1, 2048, 100 * 2048, size // 2, size - 40 * 2048):
        os.truncate(image, size - cut)
        report = verify(image, 3)
        assert any("truncated" in (i["finding"], i["what"]) or "truncat" in i["what"] for i in report["issues"]) or cut == 1, report["issues"][:4]
        good(MKIMAGE, "-q", "-o", image, os.path.join(scratch, "tree"))
        size = os.path.getsize(image)
    write(os.path.join(scratch, "short"), b"no image at all")
    done = run(VERIFY, os.path.join(scratch, "short"))
    assert done.returncode in (1, 3, 4) and done.stdout + done.stderr.encode(), done
    done = run(VERIFY, os.path.join(scratch, "absent"))
    assert done.returncode == 1 and "absent" in done.stderr, done


@in_scratch
def foreign_without_manifest(scratch):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "foreign.iso")
    trees.make("small", tree, scale=0.002)
    makers = {"genisoimage": ["genisoimage", "-quiet", "-R", "-J", "-o", image, tree], "xorriso": ["xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", image, tree],
              "bsdtar": ["bsdtar", "-cf", image, "--format=iso9660", "-C", tree, "."]}
    missing = [name for name in makers if not shutil.which(name)]
    for name, command in makers.items():
        if name in missing:
            continue
        good(*command)
        report = verify(image, 0)
        assert not report["manifest"]["found"]
        text = good(VERIFY, image).stdout.decode()
        assert "no manifest" in text, text
        assert report["files"] == 200, f"{name}: {report['files']} files"
        os.truncate(image, os.path.getsize(image) // 2)
        verify(image, 3)
        os.unlink(image)
    if missing:
        raise Skipped(f"not here: {', '.join(missing)}")


@in_scratch
def without_manifest(scratch):
    image = make_image(scratch, "--digest", "none")
    assert not verify(image, 0)["manifest"]["found"]


@in_scratch
def made_for_a_further_session(scratch):
    """A file of `mkimage --session-start`: known for what it is, read, compared, damaged, with and without a manifest."""
    tree, image, out = (os.path.join(scratch, name) for name in ("tree", "image.iso", "out"))
    trees.make("small", tree, scale=0.002)
    body = random.Random(8).randbytes(300_000)
    write(os.path.join(tree, "large.bin"), body)
    for options in ([], ["--digest", "none"], ["--fs", "iso9660"], ["--udf"], ["--fs", "udf", "--digest", "none"]):
        good(MKIMAGE, "-q", "--session-start", "61000", *options, "-o", image, tree)
        report = verify(image, 0, "--against", tree)
        assert any("made for LBA 61000" in i.get("detail", "") for i in report["issues"]), report["issues"]
        assert report["files"] == 201 == report["files_against"], report
        name = "/LARGE.BIN" if "iso9660" in options else "/large.bin"
        assert good(VERIFY, "--cat", name, image).stdout == body
        assert name in good(VERIFY, "--list", image).stdout.decode()
        good(VERIFY, "--extract", "/", out, image)
        assert sum(len(files) for _, _, files in os.walk(out)) == 201
        shutil.rmtree(out)
        with open(image, "rb") as file:
            at = file.read().index(body[:2048])
        assert run(VERIFY, "--against", image, image).returncode == 0
        if "none" not in options:
            flip(image, at + 5000, random.Random(2))
            hits = issue_at(verify(image, 3), 61000 + at // 2048 + 2)
            assert hits and name in [p["path"] for p in hits[0]["paths"]], hits


@in_scratch
def further_sessions_of_others(scratch):
    """The file that genisoimage makes to be burned behind an earlier session, whose files it names."""
    if not shutil.which("genisoimage"):
        raise Skipped("genisoimage is not here")
    first, second, name = os.path.join(scratch, "first.iso"), os.path.join(scratch, "second.iso"), os.path.join(scratch, "out")
    for number in ("one", "two"):
        write(os.path.join(scratch, number, number), number.encode())
    good("genisoimage", "-quiet", "-R", "-o", first, os.path.join(scratch, "one"))
    good("genisoimage", "-quiet", "-R", "-C", "0,4000", "-M", first, "-o", second, os.path.join(scratch, "two"))
    report = verify(second, 0)
    said = {i["what"]: i.get("detail", "") for i in report["issues"]}
    assert "made for LBA 4000" in said["the image was made for a further session of a disc"], said
    assert said["files lie in earlier sessions, which were not read"] == "1 of 2", said
    assert good(VERIFY, "--cat", "/two", second).stdout == b"two"
    for done in (run(VERIFY, "--cat", "/one", second), run(VERIFY, "--extract", "/", name, second)):
        assert done.returncode == 1 and "earlier session" in done.stderr, done
    with open(os.path.join(name, "two"), "rb") as file:
        assert file.read() == b"two"


@in_scratch
def streams_and_places(scratch):
    """Closed and full streams, and places that are no files: no crash, and nothing is replaced that is no file."""
    tree, image, pipe = (os.path.join(scratch, name) for name in ("tree", "image.iso", "pipe"))
    body = random.Random(1).randbytes(10_000)
    write(os.path.join(tree, "a name"), body)
    os.link(os.path.join(tree, "a name"), os.path.join(tree, "b name"))
    good("sh", "-c", '"$0" -o "$1" "$2" 2>&-', MKIMAGE, image, tree)
    with open(image, "rb") as stdin:
        assert run(VERIFY, "-", stdin=stdin).returncode == 0
    for code, line in ((1, '"$0" --json "$1" >&- 2>&-'), (1, '"$0" "$1" >&-'), (1, '"$0" "$1.none" 2>/dev/full'), (1, '"$0" --list "$1" >/dev/full'),
                       (1, 'cat "$1" | "$0" -'), (0, '"$0" "$1" <&- 2>&-'), (2, '"$0" --resume "$(dirname "$1")" "$1"'), (2, '"$0" --resume /dev/null "$1"')):
        done = run("sh", "-c", line, VERIFY, image)
        assert done.returncode == code, (line, done)
    os.mkfifo(pipe)
    done = run("sh", "-c", 'cat "$2" > "$2.read" & "$0" -q --map "$2" "$1" && wait', VERIFY, image, pipe)
    assert done.returncode == 0 and stat.S_ISFIFO(os.stat(pipe).st_mode) and open(pipe + ".read", encoding="utf-8").read().startswith("<svg"), done
    # What stands in the way is left alone, also as one of several names of a file.
    out = os.path.join(scratch, "out")
    os.mkdir(out)
    os.symlink("nowhere", os.path.join(out, "a name"))
    done = run(VERIFY, "--extract", "/", out, image)
    assert done.returncode == 1 and "a name: making the file: File exists" in done.stderr, done
    with open(os.path.join(out, "b name"), "rb") as file:
        assert file.read() == body and os.readlink(os.path.join(out, "a name")) == "nowhere"


@in_scratch
def the_source_changes_meanwhile(scratch):
    """The image goes into a pipe that nobody reads for a while; then the files behind the first change."""
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    large = write(os.path.join(tree, "a first", "large"))
    os.truncate(large, 1 << 30)  # sparse: enough to fill every buffer on the way
    content = random.Random(3).randbytes(200_000)
    for name in ("grows", "shrinks", "vanishes", "to nothing", "stays"):
        write(os.path.join(tree, "z last", name), content)
    size = int(good(MKIMAGE, "--print-size", tree).stdout) * 2048
    with subprocess.Popen([MKIMAGE, "-q", tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as maker, open(image, "wb") as out:
        out.write(maker.stdout.read(4 << 20))
        time.sleep(0.5)
        with open(os.path.join(tree, "z last", "grows"), "ab") as file:
            file.write(b"more")
        os.truncate(os.path.join(tree, "z last", "shrinks"), 70_000)
        os.truncate(os.path.join(tree, "z last", "to nothing"), 0)
        os.unlink(os.path.join(tree, "z last", "vanishes"))
        while block := maker.stdout.read(1 << 20):
            out.write(block)
        said = maker.stderr.read().decode()
    assert maker.returncode == 1, f"mkimage: exit {maker.returncode}: {said}"
    assert os.path.getsize(image) == size, "the image has not the promised length"
    changed = ("grows", "shrinks", "vanishes", "to nothing")
    for name in changed:
        assert sum(f"z last/{name}" in line for line in said.splitlines()) == 1, f"{name} is not named once: {said}"
    assert "stays" not in said
    report = verify(image, 3)
    troubles = [i for i in report["issues"] if i["finding"] == "trouble"]
    text = json.dumps(troubles)
    for name in changed:
        assert f"/z last/{name}" in text, f"verify does not name {name}: {text}"
    assert "/z last/stays" not in text
    assert not [i for i in report["issues"] if i["finding"] == "different"], "what was padded counts as damage as well"


if __name__ == "__main__":
    sys.exit(main([one_byte_anywhere, one_byte_anywhere_sha256, a_stretch_of_sectors, truncated, foreign_without_manifest, without_manifest,
                   made_for_a_further_session, further_sessions_of_others, streams_and_places, the_source_changes_meanwhile]))
