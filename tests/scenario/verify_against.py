#!/usr/bin/python3
"""verify against something else: folders, archives, images, drives, manifests in files of their own; and the bad input of each:
clear line, right exit code. Also verification in one job with the burn."""
import hashlib
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import tarfile
import time
import zipfile

from scenario import BURN, MKIMAGE, VERIFY, Skipped, good, in_scratch, main, run, write

SECTOR = 2048


def verify(image, code, *options, env=None):
    done = run(VERIFY, "--json", "-q", *options, image, env=env)
    assert done.returncode == code, f"verify {' '.join(options)}: exit {done.returncode} instead of {code}: {done.stdout[:1500]!r} {done.stderr}"
    return json.loads(done.stdout) if done.stdout else None


def errors(report, finding=None):
    return [i for i in report["issues"] if i["severity"] == "error" and finding in (None, i["finding"])]


def said(report):
    """{path: [what, ...]} of the differences."""
    out = {}
    for issue in errors(report, "against"):
        for path in issue.get("paths", ()):
            out.setdefault(path["path"], []).append(issue["what"])
    return out


def make_tree(tree):
    rng = random.Random(2)
    for i in range(20):
        write(os.path.join(tree, f"dir {i % 3}", f"a file, number {i}.txt"), rng.randbytes(rng.randrange(1, 40_000)))
    write(os.path.join(tree, "x" * 120 + ".bin"), b"longer than Joliet can hold")
    write(os.path.join(tree, "large.bin"), rng.randbytes(3_000_000))
    write(os.path.join(tree, "empty"), b"")
    os.symlink("large.bin", os.path.join(tree, "link"))
    os.link(os.path.join(tree, "large.bin"), os.path.join(tree, "dir 0", "second name"))
    os.mkfifo(os.path.join(tree, "pipe"))
    for where, names, files in os.walk(tree, topdown=False):
        for name in names + files:
            os.utime(os.path.join(where, name), (1_600_000_000, 1_600_000_000 + len(name)), follow_symlinks=False)
    os.utime(tree, (1_600_000_000, 1_600_000_000))


FORMATS = {"default": [], "bridge": ["--udf"], "udf 2.60": ["--fs", "udf", "--udf=2.60"], "udf 1.02": ["--fs", "udf", "--udf=1.02"],
           "rock ridge": ["--fs", "iso9660,rockridge"], "joliet": ["--fs", "iso9660,joliet"], "iso9660": ["--fs", "iso9660"]}


@in_scratch
def the_folder_it_came_from(scratch):
    tree = os.path.join(scratch, "tree")
    make_tree(tree)
    for name, options in FORMATS.items():
        image = os.path.join(scratch, f"{name}.iso")
        good(MKIMAGE, "-q", *options, "-o", image, tree)
        report = verify(image, 0, "--against", tree)
        assert report["files_against"] >= 22 and not errors(report), (name, report)
    image = os.path.join(scratch, "boot.iso")
    loader = write(os.path.join(tree, "boot", "loader.bin"), random.Random(1).randbytes(4096))
    good(MKIMAGE, "-q", "--boot", "boot/loader.bin,info-table", "-o", image, tree)
    assert os.path.getsize(loader) == 4096
    report = verify(image, 0, "--against", tree)
    assert any(i["what"] == "a boot program was told its place on the disc" for i in report["issues"]), report["issues"]


@in_scratch
def changed_since(scratch):
    tree = os.path.join(scratch, "tree")
    make_tree(tree)
    images = {}
    for name, options in FORMATS.items():
        images[name] = os.path.join(scratch, f"{name}.iso")
        good(MKIMAGE, "-q", *options, "-o", images[name], tree)
    file = lambda i: os.path.join(tree, f"dir {i % 3}", f"a file, number {i}.txt")  # noqa: E731
    path = lambda i: f"/dir {i % 3}/a file, number {i}.txt"  # noqa: E731
    stamp = os.stat(file(2))
    with open(file(1), "ab") as out:
        out.write(b"grown")
    with open(file(2), "r+b") as out:  # rotten: neither size nor time tells
        byte = out.read(1)[0]
        out.seek(0)
        out.write(bytes([byte ^ 1]))
    os.utime(file(2), ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    os.unlink(file(3))
    write(os.path.join(tree, "new one"), b"new")
    os.chmod(file(4), 0o600)
    os.chown(file(5), 12, 34)
    os.unlink(os.path.join(tree, "link"))
    os.symlink("elsewhere", os.path.join(tree, "link"))
    os.utime(file(6), (0, 0))
    os.unlink(file(7))
    os.mkdir(file(7))
    for name, image in images.items():
        found = said(verify(image, 3, "--against", tree))
        assert "its size is another one" in found.get(path(1), ()), (name, found)
        assert "its bytes differ" in found.get(path(2), ()), (name, found)
        extra = [p for p, what in found.items() if "it is on the disc only" in what]
        if name == "iso9660":  # where a directory has another short name than a file
            assert extra == ["/DIR_0/A_FILE__NUMBER_3.TXT", "/DIR_1/A_FILE__NUMBER_7.TXT"], extra
        else:
            assert extra == [path(3)], (name, extra)
            assert "it is something else" in found.get(path(7), ()), (name, found)
        assert "it is missing on the disc" in found.get("/new one", ()), (name, found)
        posix = name not in ("joliet", "iso9660")
        for i in (4, 5):
            assert ("its metadata differ" in found.get(path(i), ())) == posix, (name, i, found)
        assert ("its metadata differ" in found.get("/link", ())) == posix, (name, found)
        assert "its metadata differ" in found.get(path(6), ()), (name, found)
        innocent = [p for p in found if p in (path(8), path(9), "/large.bin", "/empty", "/dir 0/second name")]
        assert not innocent, (name, innocent)
    found = said(verify(images["default"], 3, "--against", tree, "--ignore", "owner,mode,time"))
    assert path(4) not in found and path(5) not in found and path(6) not in found and path(1) in found, found


@in_scratch
def links_and_attributes(scratch):
    """Which names are one file, and what lies beside a file's bytes."""
    tree, other = os.path.join(scratch, "tree"), os.path.join(scratch, "other")
    make_tree(tree)
    try:
        os.setxattr(os.path.join(tree, "large.bin"), "user.note", b"as it was")
    except OSError:
        raise Skipped("no extended attributes here") from None
    formats = {"default": [], "bridge": ["--udf=2.01", "--xattrs"], "udf": ["--fs", "udf", "--udf=2.60", "--xattrs"]}
    images = {}
    for name, options in formats.items():
        images[name] = os.path.join(scratch, f"{name}.iso")
        good(MKIMAGE, "-q", *options, "-o", images[name], tree)
        verify(images[name], 0, "--against", tree)
    good("cp", "-a", tree, other)
    first, second = os.path.join(other, "large.bin"), os.path.join(other, "dir 0", "second name")
    stamp = os.stat(os.path.dirname(second))
    os.unlink(second)
    good("cp", "-p", "--preserve=xattr", first, second)
    os.utime(os.path.dirname(second), ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    for name, image in images.items():
        report = verify(image, 3, "--against", other, "--ignore", "xattrs")
        assert [i["what"] for i in errors(report)] == ["its hard links differ"] and len(said(report)) == 1, (name, errors(report))
        verify(image, 0, "--against", other, "--ignore", "links,xattrs")
    apart = os.path.join(scratch, "apart.iso")
    good(MKIMAGE, "-q", "-o", apart, other)
    report = verify(apart, 3, "--against", tree)
    assert [i["what"] for i in errors(report)] == ["its hard links differ"], errors(report)
    os.setxattr(os.path.join(tree, "large.bin"), "user.note", b"as it is")
    os.setxattr(os.path.join(tree, "empty"), "user.new", b"")
    verify(images["default"], 0, "--against", tree)  # that image never had any
    for name in ("bridge", "udf"):
        found = errors(verify(images[name], 3, "--against", tree))
        assert sorted(i["detail"].split(" (")[0] for i in found) == ["extended attribute user.new is not on the disc",
                                                                     "extended attribute user.note has another value"], found
    os.removexattr(os.path.join(tree, "large.bin"), "user.note")
    assert any("on the disc only" in i["detail"] for i in errors(verify(images["udf"], 3, "--against", tree)))


@in_scratch
def no_images(scratch):
    """What is no image and no source: one line that says which and why, and no waiting."""
    tree, image, pipe, folder = (os.path.join(scratch, name) for name in ("tree", "a.iso", "pipe", "folder"))
    make_tree(tree)
    good(MKIMAGE, "-q", "-o", image, tree)
    os.mkfifo(pipe)
    os.mkdir(folder)
    for code, words, args in [(1, "neither a file nor a disk", [pipe]), (1, "Is a directory", [folder]), (1, "neither a file nor a disk", ["/dev/null"]),
                              (1, "absent: No such file", [image, "--against", os.path.join(scratch, "absent")]),
                              (1, "no manifest", [image, "--manifest", pipe]), (2, "path is empty", [image, "--cat", ""]),
                              (2, "path is empty", ["--extract", "", folder, image])]:
        done = run(VERIFY, "-q", *args, timeout=300)
        assert done.returncode == code and words in done.stderr and done.stderr.count("\n") == 1, (args, done)
    if os.geteuid() == 0:
        drive = os.path.join(scratch, "sr0")
        try:
            os.mknod(drive, 0o600 | stat.S_IFBLK, os.makedev(11, 0))
        except OSError:
            return
        done = run(VERIFY, drive)  # not through the page cache
        assert done.returncode == 2 and "--drive" in done.stderr, done


@in_scratch
def archives(scratch):
    tree = os.path.join(scratch, "tree")
    make_tree(tree)
    archive = os.path.join(scratch, "tree.tar.gz")
    with tarfile.open(archive, "w:gz") as out:
        for name in sorted(os.listdir(tree)):
            out.add(os.path.join(tree, name), name)
    image = os.path.join(scratch, "image.iso")
    good(MKIMAGE, "-q", "--udf", "-o", image, archive)
    verify(image, 0, "--against", archive)
    verify(image, 0, "--against", tree, "--ignore", "time")  # the root has no entry in the archive
    with zipfile.ZipFile(os.path.join(scratch, "other.zip"), "w") as out:
        out.writestr("large.bin", b"not the same")
    found = said(verify(image, 3, "--against", os.path.join(scratch, "other.zip"), "--ignore", "owner,mode,time"))
    assert "its size is another one" in found["/large.bin"] and "it is on the disc only" in found["/dir 0"], found
    # Two sources, one of them below a path: the command line of mkimage.
    good(MKIMAGE, "-q", "-o", image, tree, f"below={archive}")
    shutil.copytree(tree, os.path.join(scratch, "copy"), symlinks=True, ignore=shutil.ignore_patterns("pipe"))
    verify(image, 3, "--against", tree)
    good(MKIMAGE, "-q", "-o", image, tree, f"below/in={archive}")
    verify(image, 0, "--against", tree, "--against", f"below/in={archive}")


@in_scratch
def images_of_others(scratch):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    make_tree(tree)
    os.unlink(os.path.join(tree, "pipe"))
    makers = {"genisoimage": [["genisoimage", "-quiet", "-R", "-J", "-o", image, tree]],
              "xorriso": [["xorriso", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", image, tree]]}
    missing = [name for name in makers if not shutil.which(name)]
    for name, commands in makers.items():
        if name in missing:
            continue
        for command in commands:
            good(*command)
        found = said(verify(image, 0, "--against", tree))
        assert not found, (name, found)
        with open(image, "r+b") as file:  # the last large file byte
            data = file.read()
            at = data.index(open(os.path.join(tree, "large.bin"), "rb").read()[:64]) + 1_234_567
            file.seek(at)
            file.write(bytes([data[at] ^ 4]))
        found = said(verify(image, 3, "--against", tree))
        assert any("its bytes differ" in what for what in found.values()) and set(found) <= {"/large.bin", "/dir 0/second name"}, (name, found)
        os.unlink(image)
    if missing:
        raise Skipped(f"not here: {', '.join(missing)}")


@in_scratch
def sector_by_sector(scratch):
    tree, image, other = (os.path.join(scratch, name) for name in ("tree", "a.iso", "b.iso"))
    make_tree(tree)
    good(MKIMAGE, "-q", "-o", image, tree)
    shutil.copyfile(image, other)
    sectors = os.path.getsize(image) // SECTOR
    assert verify(image, 0, "--against", other)["sectors_against"] == sectors
    with open(other, "r+b") as file:
        file.seek(500 * SECTOR + 17)
        file.write(b"\x00\xff\x00")
    report = verify(image, 3, "--against", other)
    assert [(i["first_lba"], i["sectors"]) for i in errors(report)] == [(500, 1)], errors(report)
    shutil.copyfile(image, other)
    with open(other, "ab") as file:
        file.write(bytes(100 * SECTOR))
    assert any(i["what"] == "the lengths differ" and i["severity"] == "note" for i in verify(image, 0, "--against", other)["issues"])
    with open(other, "ab") as file:
        file.write(b"x" * SECTOR)
    assert [i["what"] for i in errors(verify(image, 3, "--against", other))] == ["the lengths differ"]
    os.truncate(other, (sectors - 50) * SECTOR)
    assert [i["what"] for i in errors(verify(image, 3, "--against", other))] == ["the lengths differ"]
    # Discs: against the image, and against each other, on two kinds of media.
    env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, "state"))
    for name, media in (("one", "cd-r"), ("two", "dvd+r")):
        good(BURN, "virtual", "add", name, "--media", media, env=env)
        good(BURN, "--drive", name, image, env=env)
    for options in (["--drive", "one", "--against", image], ["--drive", "one", "--against", "drive:two"], [image, "--against", "drive:one"]):
        done = run(VERIFY, *options, env=env)
        assert done.returncode == 0, (options, done.stdout, done.stderr)
    good(BURN, "virtual", "add", "bad", "--media", "dvd+r", "--fault", "lba=700,corrupt", "--fault", "lba=800,read,sense=3/11/05", env=env)
    good(BURN, "--drive", "bad", image, env=env)
    done = run(VERIFY, "--json", image, "--against", "drive:bad", env=env)
    report = json.loads(done.stdout)
    assert done.returncode == 3 and [(i["what"], i["first_lba"]) for i in errors(report)] == [
        ("sectors are not the same", 700), ("sectors could not be compared", 800)], errors(report)


@in_scratch
def manifests_in_files(scratch):
    tree, image, manifest = (os.path.join(scratch, name) for name in ("tree", "a.iso", "a.manifest"))
    make_tree(tree)
    good(MKIMAGE, "-q", "--digest", "none", "-o", image, tree)
    with open(image, "ab") as file:
        file.write(bytes(3 * SECTOR))  # a last chunk that is not whole
    sectors = os.path.getsize(image) // SECTOR
    for digest in ("xxh3", "sha256"):
        good(VERIFY, "--write-manifest", manifest, "--digest", digest, image)
        report = verify(image, 0, "--manifest", manifest)
        assert report["manifest"]["given"] and report["manifest"]["digest"] == digest and report["sectors_compared"] == sectors, report
        for sector in (0, 300, sectors - 1):
            with open(image, "r+b") as file:
                file.seek(sector * SECTOR)
                was = file.read(1)
                file.seek(sector * SECTOR)
                file.write(bytes([was[0] ^ 64]))
            report = verify(image, 3, "--manifest", manifest)
            assert any(i["finding"] == "different" and i["first_lba"] <= sector < i["first_lba"] + i["sectors"] for i in errors(report)), sector
            with open(image, "r+b") as file:
                file.seek(sector * SECTOR)
                file.write(was)
    # Longer and shorter than it says.
    shutil.copyfile(image, image + "2")
    os.truncate(image + "2", (sectors - 40) * SECTOR)
    report = verify(image + "2", 3, "--manifest", manifest)
    assert any(i["finding"] == "truncated" or "shorter" in i["what"] for i in errors(report)), report["issues"]
    with open(image + "2", "ab") as file:
        file.write(bytes(100 * SECTOR))
    verify(image + "2", 3, "--manifest", manifest)
    # Bad files: each with a line that says so.
    with open(manifest, "rb") as file:
        whole = file.read()
    bad = {"cut": whole[:-1], "header": whole[:40] + b"\xff" + whole[41:], "digests": whole[:-1] + bytes([whole[-1] ^ 1]), "empty": b"",
           "another file": b"hello" * 1000, "longer": whole + bytes(16)}
    for name, content in bad.items():
        done = run(VERIFY, "--manifest", write(os.path.join(scratch, "bad"), content), image)
        assert done.returncode == 1 and "reading the manifest" in done.stderr and not done.stdout, (name, done)
    done = run(VERIFY, "--manifest", os.path.join(scratch, "absent"), image)
    assert done.returncode == 1 and "absent" in done.stderr, done
    # Two that disagree.
    good(MKIMAGE, "-q", "-o", image, tree)
    good(VERIFY, "--write-manifest", manifest, image)
    verify(image, 0, "--manifest", manifest)
    write(os.path.join(tree, "large.bin"), b"z" * 3_000_000)
    good(MKIMAGE, "-q", "-o", image, tree)
    report = verify(image, 3, "--manifest", manifest)
    assert any("disagree" in i["what"] for i in errors(report, "manifest")), report["issues"][:3]
    # Nothing is blessed that is damaged.
    with open(image, "r+b") as file:
        file.seek(900 * SECTOR)
        file.write(b"damage")
    os.unlink(manifest)
    done = run(VERIFY, "--write-manifest", manifest, image)
    assert done.returncode == 3 and "was not written" in done.stderr and not os.path.exists(manifest), done


def sealed(header):
    """The header of a manifest with its digest made right again, as somebody who lies would."""
    return header[:176] + hashlib.sha256(header[:176] + bytes(32)).digest()


@in_scratch
def a_manifest_that_lies(scratch):
    """Sizes in a manifest that is whole and signed right: nothing is believed, nothing large is allocated."""
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "a.iso")
    make_tree(tree)
    good(MKIMAGE, "-q", "--digest", "sha256", "-o", image, tree)
    with open(image, "rb") as file:
        data = file.read()
    at = data.index(b"DISCPRESS MANIF1")
    # An image that is said to be longer than it is, the lengths in agreement; found from the end, or by a locator that lies too.
    first = struct.unpack_from("<Q", data, at + 48)[0]
    for sectors in (first + 33, 2**32, 2**40 - 1, 2**53 + first + 32, 2**60, 2**63, 2**64 - 32):
        header = bytearray(data[at:at + 208])
        struct.pack_into("<Q", header, 40, sectors)
        struct.pack_into("<Q", header, 56, sectors - first)
        locator = bytearray(data[31 * 2048:31 * 2048 + 64])
        struct.pack_into("<Q", locator, 32, sectors)
        struct.pack_into("<Q", locator, 48, sectors - first)
        for whole_header in (True, False):
            for with_locator in (True, False):
                lie = bytearray(data)
                lie[at:at + 208] = sealed(bytes(header)) if whole_header else bytes(208)
                lie[31 * 2048:31 * 2048 + 96] = locator + hashlib.sha256(locator).digest() if with_locator else bytes(96)
                done = run("prlimit", "--as=2000000000", VERIFY, "--json", "-q", "-j", "2", write(os.path.join(scratch, "lie.iso"), lie), timeout=300)
                assert done.returncode == 3 or (done.returncode == 0 and not with_locator), (sectors, whole_header, with_locator, done)
    for offset, fmt in ((40, "<Q"), (48, "<Q"), (56, "<Q"), (64, "<Q"), (72, "<Q"), (80, "<Q"), (88, "<Q"), (96, "<I"), (100, "<I")):
        for value in (0, 1, 2**31, 2**32 - 1, 2**40, 2**63, 2**64 - 1):
            header = bytearray(data[at:at + 208])
            struct.pack_into(fmt, header, offset, value & (2**64 - 1 if fmt == "<Q" else 2**32 - 1))
            lie = write(os.path.join(scratch, "lie.iso"), data[:at] + sealed(bytes(header)) + data[at + 208:])
            done = run("prlimit", "--as=2000000000", VERIFY, "--json", "-q", "-j", "2", lie, timeout=300)
            assert done.returncode in (0, 3), (offset, value, done.returncode, done.stderr)
            if done.returncode == 0:
                assert bytes(header) == data[at:at + 208] or (offset, value) in ((100, 0), (96, 2**31), (80, 0)) or json.loads(done.stdout)["ok"], (offset, value)


@in_scratch
def usage(scratch):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "a.iso")
    make_tree(tree)
    good(MKIMAGE, "-q", "-o", image, tree)
    for code, args in ((2, []), (2, ["--ignore", "owner", image]), (2, ["--ignore", "colour", "--against", tree, image]), (2, ["--digest", "sha256", image]),
                       (2, ["--map", "x.svg", image, image]), (2, ["--against", tree, image, image]), (2, ["--patience", "soon", image]),
                       (2, ["--write-manifest", "x", "--level", "quick", image]), (2, ["--sums", "md5", "x", "--resume", "y", image]), (2, ["--against", image, "--against", tree, image]),
                       (1, ["--against", os.path.join(scratch, "nothing"), image]), (1, [os.path.join(scratch, "nothing.iso")]), (1, [tree]),
                       (4, ["--drive", "no such drive"]), (1, ["--resume", os.path.join(scratch, "no/such/folder"), image]),
                       (1, ["--map", os.path.join(scratch, "no/such/folder"), image])):
        done = run(VERIFY, "-q", *args)
        assert done.returncode == code and done.stderr.startswith("verify: ") and done.stderr.count("\n") == 1, (args, done.returncode, done.stderr)
    good(VERIFY, "-q", "--uncached", image)
    # Several: one line each in their order, the worst exit code.
    broken = os.path.join(scratch, "b.iso")
    shutil.copyfile(image, broken)
    with open(broken, "r+b") as file:
        file.seek(700 * SECTOR)
        file.write(b"damage")
    for names, code in (([image, image], 0), ([image, "absent", image], 1), ([broken, "absent", image], 3)):
        done = run(VERIFY, "-q", "--json", *names)
        lines = [json.loads(line) for line in done.stdout.decode().splitlines()]
        assert done.returncode == code and [line["source"] for line in lines] == names, done
        assert all(("error" in line) == (line["source"] == "absent") for line in lines)


@in_scratch
def burn_and_verify(scratch):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "a.iso")
    make_tree(tree)
    good(MKIMAGE, "-q", "-o", image, tree)
    env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, "state"))
    noise = write(os.path.join(scratch, "noise"), random.Random(4).randbytes(1001 * SECTOR))

    def burn(*args, stdin=None):
        with open(stdin or os.devnull, "rb") as data:
            return run(BURN, "--drive", "d", *args, env=env, stdin=data)

    def fresh(media, *faults):
        run(BURN, "virtual", "remove", "d", env=env)
        good(BURN, "virtual", "add", "d", "--media", media, *[word for fault in faults for word in ("--fault", fault)], env=env)

    for media in ("cd-r", "dvd+r", "bd-r"):
        for options in (["--verify", image], ["--verify=quick", image], ["--verify=full", "--multi", image]):
            fresh(media)
            done = burn(*options)
            assert done.returncode == 0 and "all as written" in done.stderr, (media, options, done)
        for stdin in (image, noise):  # a stream, with and without a volume
            fresh(media)
            done = burn("--verify", "--json", stdin=stdin)
            report = json.loads(done.stdout)
            assert done.returncode == 0 and report["verify"]["ok"], done
            assert report["verify"]["sectors_compared"] == report["data_sectors"] == os.path.getsize(stdin) // SECTOR, report
        fresh(media, "lba=900,corrupt")
        done = burn("--verify", "--eject", stdin=noise)
        assert done.returncode == 3 and "LBA 900:" in done.stderr and "do not rely on it" in done.stderr, done
        assert "tray is open" not in good(BURN, "info", "--drive", "d", env=env).stdout.decode(), "a bad disc was sent out"
        fresh(media, "lba=901,read,sense=3/11/05")
        done = burn("--verify", image)
        assert done.returncode == 3 and "LBA 901: sectors cannot be read" in done.stderr, done
    fresh("dvd+r")
    assert burn("--verify", "--eject", image).returncode == 0
    assert "tray is open" in good(BURN, "info", "--drive", "d", env=env).stdout.decode()


@in_scratch
def several_drives_and_verify(scratch):
    """Each disc is read back and reported; a bad one makes the whole exit 3 and the good ones stay good."""
    env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, "state"))
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "a.iso")
    make_tree(tree)
    good(MKIMAGE, "-q", "--udf", "-o", image, tree)
    sectors = os.path.getsize(image) // SECTOR

    def burn(code, names, *more, stdin=None):
        for name, faults in names.items():
            run(BURN, "virtual", "remove", name, env=env)
            good(BURN, "virtual", "add", name, "--media", "dvd+r", *[word for fault in faults for word in ("--fault", fault)], env=env)
        drives = [word for name in names for word in ("--drive", name)]
        done = run(BURN, *drives, "--verify", *more, *([] if stdin else [image]), env=env, **({"stdin": stdin} if stdin else {}))
        assert done.returncode == code, done
        return done

    reports = json.loads(burn(0, {"a": [], "b": []}, "--json", "--eject").stdout)
    assert [r["verify"]["sectors_compared"] for r in reports] == [sectors, sectors] and all(r["verify"]["ok"] for r in reports), reports
    for name in ("a", "b"):
        assert "tray is open" in good(BURN, "info", "--drive", name, env=env).stdout.decode()
    done = burn(3, {"a": [], "b": ["lba=900,corrupt"]}, "--json", "--eject")
    assert [r["verify"]["ok"] for r in json.loads(done.stdout)] == [True, False] and "virtual:b: verifying the disc" in done.stderr, done
    assert "tray is open" in good(BURN, "info", "--drive", "a", env=env).stdout.decode()
    assert "tray is open" not in good(BURN, "info", "--drive", "b", env=env).stdout.decode(), "a bad disc was sent out"
    done = burn(1, {"a": ["op=2A,nth=3,sense=3/0C/00"], "b": []}, "--verify=quick")
    assert "virtual:b: ok" in done.stderr and "virtual:a: ok" not in done.stderr, done
    with subprocess.Popen([MKIMAGE, "-q", "--udf", tree], stdout=subprocess.PIPE) as maker:
        done = burn(0, {"a": [], "b": []}, stdin=maker.stdout)
    assert "virtual:a: ok" in done.stderr and "virtual:b: ok" in done.stderr, done


if __name__ == "__main__":
    sys.exit(main([the_folder_it_came_from, changed_since, links_and_attributes, no_images, archives, images_of_others, sector_by_sector, manifests_in_files, a_manifest_that_lies, usage,
                   burn_and_verify, several_drives_and_verify]))
