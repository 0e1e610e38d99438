#!/usr/bin/python3
"""Images by others: what our readers say of them against what foreign readers say.

    corpus.py            the samples of DISCPRESS_CORPUS, or of shared/corpus beside the checkout (exit 77 without them)
    corpus.py --made     images made here by mkudffs and genisoimage: every block size, kind of partition and revision

Each sample is listed and extracted with every tree it has. Names, bytes and metadata must be those of every oracle that can
read it; an oracle that refuses a sample is named. verify must find no fault in what is good, and say what is wrong with the rest.
"""
import argparse
import glob
import json
import lzma
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "scenario"))

from scenario import CI, MKIMAGE, ROOT, VERIFY, run  # noqa: E402
from readers import BsdtarExtract, BsdtarJoliet, IsoinfoNames, Pycdlib, PycdlibJoliet, ReaderFailed, SevenZip, XorrisoExtract, XorrisoJoliet  # noqa: E402
from udf_readers import FORCED_TREE, SevenZipUdf, Udfread  # noqa: E402
from verdict import Forced, compare  # noqa: E402
from view import Entry, sha256_of_file  # noqa: E402

CORPUS = os.environ.get("DISCPRESS_CORPUS", os.path.join(os.path.dirname(ROOT), "shared", "corpus"))
LIMIT = 600

# What is broken on purpose, and the words that verify must find for it.
BROKEN = {
    "bad-dir.iso": "directory",
    "malformed.iso": "there is no file system that verify knows",
    "test_read_format_iso_rockridge_ce_loop.iso": "continuation area",
    "test_read_format_iso_zisofs_overflow.iso": "compressed in a way that is not known",
    "cdda.bin": "there is no file system that verify knows",
    "isofs-m1.bin": "raw sectors",
}

# What the oracles get wrong, or tell otherwise, on these very samples.
NOT_TIMED = Forced("the root folder's own time is not restored", lambda d: d.path == b"" and d.field in ("mtime", "mode", "uid", "gid"))
RR_MOVED = Forced("libarchive and xorriso hide the empty directory that held the relocated ones",
                  lambda d: d.field in ("missing", "extra") and d.path in (b"rr_moved", b".rr_moved", b"RR_MOVED"))
LINKS = Forced("a symbolic link on the host has no mode of its own, and xorriso gives it no owner",
               lambda d: d.entry.kind == "symlink" and d.field in ("mode", "uid", "gid"))
PYCDLIB = [
    Forced("pycdlib: of a file of several sections it shows the first", lambda d: d.field in ("size", "sha256") and b"multi_extent" in d.path or d.path == b"file"),
    Forced("pycdlib: \".\" at the beginning of a target, and a root, are lost", lambda d: d.field == "target"),
]
# These two show relocated directories where their records are.
PHYSICAL = {"test_read_format_iso_rockridge_rr_moved.iso", "deep-directory.iso"}


class Bsdtar(BsdtarExtract):
    """libarchive's choice: Rock Ridge, else Joliet, else the plain tree."""
    untold = {**BsdtarExtract.untold, "nlink": "libarchive counts those it has made"}


class BsdtarPlain(Bsdtar):
    name = "bsdtar, plain"
    tree = "iso9660"
    untold = {field: "ISO 9660 does not have it" for field in ("mode", "uid", "gid", "nlink", "link")}


ORACLES = {
    "Rock Ridge": [Bsdtar(), XorrisoExtract(), Pycdlib(), IsoinfoNames()],
    "Joliet": [BsdtarJoliet(), XorrisoJoliet(), SevenZip(), PycdlibJoliet()],
    "UDF": [SevenZipUdf(), Udfread()],
    "ISO 9660": [BsdtarPlain()],
}
KINDS = {"directory": "folder"}


def listed(image, tree, work):
    """Our view of one tree: --list for what it says, --extract for the bytes. And whether there were faults."""
    args = ["--tree", tree] if tree else []
    listing = run(VERIFY, "--list", "--json", *args, image, timeout=LIMIT)
    assert listing.returncode in (0, 3), f"--list: exit {listing.returncode}: {listing.stderr}"
    extracted = run(VERIFY, "--extract", "/", work, *args, image, timeout=LIMIT)
    assert extracted.returncode in (0, 1, 3), f"--extract: exit {extracted.returncode}: {extracted.stderr}"
    view, first = {}, {}
    for line in listing.stdout.splitlines():
        row = json.loads(line)
        path = (bytes.fromhex(row["path_hex"]) if "path_hex" in row else row["path"].encode())[1:]
        if row.get("associated"):
            continue
        if "stream" in row:
            if not tree:  # no oracle knows them
                view[path + b"//" + row["stream"].encode()] = Entry("file", size=row["size"])
            continue
        entry = view[path] = Entry(KINDS.get(row["kind"], row["kind"]), row.get("mode"), row.get("uid"), row.get("gid"))
        if "modified" in row:
            entry.mtime = seconds(row["modified"])
        if entry.kind == "file":
            entry.size = row["size"]
            host = os.path.join(os.fsencode(work), path)
            if os.path.isfile(host) and not extracted.stderr:
                entry.sha256 = sha256_of_file(host)
        elif entry.kind == "symlink":
            entry.target = row["target"].encode()
        elif entry.kind in ("char", "block"):
            entry.rdev = (os.major(row["device"]), os.minor(row["device"]))
        if entry.kind != "folder" and row.get("links", 1) > 1 and "serial" in row:
            entry.link = first.setdefault(row["serial"], path)
    return view, listing.returncode == 3 or extracted.returncode != 0


def seconds(text):
    from datetime import datetime, timezone
    return int(datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp())


def trees_of(report):
    return report["file_systems"]


def verified(image):
    done = run(VERIFY, "--level", "quick", "--json", "--quiet", image, timeout=LIMIT)
    assert done.returncode in (0, 3), f"exit {done.returncode}: {done.stderr}"
    return done.returncode, json.loads(done.stdout)


def words(report, severity="error"):
    return [f"{i['what']}: {i.get('detail', '')} (LBA {i.get('first_lba', '-')}) {[p['path'] for p in i.get('paths', [])]}"
            for i in report["issues"] if i["severity"] == severity]


def check_sample(name, image, refused):
    failures = []
    code, report = verified(image)
    if name in BROKEN:
        said = words(report) + words(report, "warning")
        if not any(BROKEN[name] in line for line in said):
            failures.append(f"verify should say \"{BROKEN[name]}\", and says {said}")
    elif code != 0:
        failures += [f"a false alarm: {line}" for line in words(report)]
    agreed = 0
    for tree in trees_of(report):
        with tempfile.TemporaryDirectory(prefix="discpress-corpus-") as scratch:
            ours, faulty = listed(image, tree, os.path.join(scratch, "ours"))
            if faulty and name not in BROKEN:
                failures.append(f"{tree}: faults while it was listed or extracted")
            for oracle in ORACLES.get(tree, []):
                if tree == "ISO 9660" and "Joliet" in trees_of(report):
                    continue  # libarchive reads that one
                if name in PHYSICAL and oracle.name in ("pycdlib", "isoinfo -R -f"):
                    refused.append(f"{name}, {tree}: {oracle.name}: shows relocated directories where their records are")
                    continue
                work = os.path.join(scratch, "oracle")
                shutil.rmtree(work, ignore_errors=True)
                os.mkdir(work)
                if not oracle.available():
                    if CI:
                        failures.append(f"{oracle.name} is not installed")
                    refused.append(f"{name}, {tree}: {oracle.name}: not here")
                    continue
                try:
                    theirs = oracle.view(image, work, 10 if name in BROKEN else LIMIT)
                except ReaderFailed as error:
                    refused.append(f"{name}, {tree}: {oracle.name}: {str(error).splitlines()[0][:150]}")
                    continue
                if oracle.name.startswith("isoinfo"):
                    theirs.setdefault(b"", Entry("folder"))
                verdict = compare(oracle.name, theirs, ours, [*FORCED_TREE, *oracle.forced, NOT_TIMED, RR_MOVED, LINKS,
                                                                 *(PYCDLIB if "pycdlib" in oracle.name else [])])
                agreed += not verdict.failures
                if verdict.failures and name not in BROKEN:
                    failures += [f"{tree}: {oracle.name} has: {failure}" for failure in verdict.failures[:6]]
    if "UDF" in trees_of(report) and shutil.which("udfinfo"):
        facts = udfinfo_of(image)
        mine = {"label": report["volume_id"], "numfiles": str(report["files"]), "numdirs": str(report["directories"])}
        if trees_of(report)[0] == "UDF":
            wrong = [f"udfinfo says {key}={facts.get(key)}, we {value}" for key, value in mine.items()
                     if facts.get(key) != value and not (key == "label" and len(trees_of(report)) > 1)]
            failures += wrong
            agreed += not wrong
    print(f"{name}: {', '.join(trees_of(report)) or 'no file system'}; {agreed} oracles agree{'' if not failures else ', FAILED'}", flush=True)
    return failures


def run_samples():
    samples = sorted(glob.glob(os.path.join(CORPUS, "*", "*.xz")))
    if not samples:
        print(f"skipped: there are no samples in {CORPUS}; DISCPRESS_CORPUS says where else")
        return 77
    failures, refused = [], []
    for sample in samples:
        name = os.path.basename(sample).removesuffix(".xz")
        with tempfile.TemporaryDirectory(prefix="discpress-corpus-") as scratch:
            image = os.path.join(scratch, name)
            with lzma.open(sample) as packed, open(image, "wb") as out:
                shutil.copyfileobj(packed, out)
            try:
                failures += [f"{name}: {failure}" for failure in check_sample(name, image, refused)]
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failures.append(f"{name}: {error}")
    for line in refused:
        print(f"    refused: {line}")
    return report_failures(failures, len(samples))


def report_failures(failures, count):
    for failure in failures:
        print(f"    FAILED  {failure}")
    print(f"{count} images, {len(failures)} failures")
    return 1 if failures else 0


# ---- Images made here ----

def mkudffs_variants():
    for block in (512, 1024, 2048, 4096):
        for media, revision, more in (("hd", "1.02", []), ("hd", "2.01", ["--ad=short"]), ("hd", "2.01", ["--strategy=4096"]), ("bdr", "2.60", []),
                                      ("dvdram", "2.01", []), ("cdrw", "1.50", []), ("dvdrw", "2.01", []), ("cdr", "1.50", []),
                                      ("cdr", "2.01", ["--closed"]), ("hd", "1.02", ["--ad=long", "--space=unalloctable"])):
            yield f"mkudffs {media} {revision} {block} {' '.join(more)}", ["-b", str(block), "-m", media, "-r", revision, *more]


def udfinfo_of(image):
    done = run("udfinfo", image)
    return dict(line.split("=", 1) for line in done.stdout.decode("utf-8", "replace").splitlines() if "=" in line)


def make_tree(path):
    os.makedirs(os.path.join(path, "d", "e"))
    for name, size in (("a.txt", 5), ("d/b", 100_000), ("d/e/c with a longer name", 2048), ("empty", 0)):
        with open(os.path.join(path, name), "wb") as out:
            out.write(os.urandom(size))
    try:
        os.setxattr(os.path.join(path, "d/b"), "user.comment", b"a stream")
        os.setxattr(os.path.join(path, "d"), "user.folder", b"another")
    except OSError:
        print("no extended attributes here: streams are not tried")


def run_made():
    made, failures = 0, []
    with tempfile.TemporaryDirectory(prefix="discpress-corpus-") as scratch:
        image = os.path.join(scratch, "image")
        if shutil.which("mkudffs", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            for name, args in mkudffs_variants():
                if os.path.exists(image):
                    os.remove(image)
                done = run("/usr/sbin/mkudffs", "--new-file", *args, "--label=\u0416 label", image, str(24_000_000 // int(args[1]) // 8 * 8))
                if done.returncode:
                    print(f"{name}: mkudffs refuses: {done.stderr.strip().splitlines()[-1]}")
                    continue
                if os.path.getsize(image) % 2048:
                    os.truncate(image, os.path.getsize(image) // 2048 * 2048)
                    continue  # its last descriptor lies in half a sector
                made += 1
                code, report = verified(image)
                facts = udfinfo_of(image)
                if code != 0:
                    failures += [f"{name}: a false alarm: {line}" for line in words(report)]
                if report["volume_id"] != facts.get("label"):
                    failures.append(f"{name}: the label is {facts.get('label')}, read as {report['volume_id']}")
                for key, mine in (("numfiles", report["files"]), ("numdirs", report["directories"])):
                    # The packets that cannot be used are a file for mkudffs, and nothing that we show.
                    if facts.get(key) != str(mine) and not (key == "numfiles" and "cdrw" in name):
                        failures.append(f"{name}: udfinfo says {key}={facts.get(key)}, we {mine}")
        elif CI:
            failures.append("mkudffs is not installed")
        tree = os.path.join(scratch, "tree")
        make_tree(tree)
        if shutil.which("genisoimage"):
            for more in ([], ["-J"], ["-r"], ["-r", "-J", "-iso-level", "4"], ["-J", "-hide-joliet", "d"], ["-dvd-video"]):
                done = run("genisoimage", "-quiet", "-udf", *more, "-V", "label", "-o", image, tree)
                if done.returncode:
                    continue
                made += 1
                refused = []
                failures += [f"genisoimage {' '.join(more)}: {failure}" for failure in check_sample("genisoimage -udf " + " ".join(more), image, refused)]
        elif CI:
            failures.append("genisoimage is not installed")
        # And an image of ours as a source of ours.
        for args in (["--fs", "udf", "--xattrs"], ["--fs", "udf", "--udf=2.50"], ["--fs", "iso,rr,joliet"], ["--udf"]):
            first, second = os.path.join(scratch, "first.iso"), os.path.join(scratch, "second.iso")
            for image_made, source in ((first, tree), (second, first)):
                done = run(MKIMAGE, "-q", *args, "-o", image_made, source)
                assert done.returncode == 0, done.stderr
            views = [listed(made_image, "", os.path.join(scratch, "x" + os.path.basename(made_image)))[0] for made_image in (first, second)]
            shutil.rmtree(os.path.join(scratch, "xfirst.iso"))
            shutil.rmtree(os.path.join(scratch, "xsecond.iso"))
            if "--xattrs" in args and os.listxattr(os.path.join(tree, "d")) and not any(b"//" in path for path in views[1]):
                failures.append("streams were lost on the way")
            failures += [f"{' '.join(args)}: an image of an image: {failure}" for failure in compare("again", views[0], views[1], []).failures]
            made += 2
    return report_failures(failures, made)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--made", action="store_true")
    return run_made() if parser.parse_args().made else run_samples()


if __name__ == "__main__":
    sys.exit(main())
