#!/usr/bin/python3
"""Sums of others: checkisomd5 and xorriso accept what mkimage implants, verify accepts what implantisomd5 and xorriso wrote, and
of seeded random damage all of them say the same: right or wrong, up to which fragment, which files. Lists of sums are read
by md5sum, sha256sum and xxh128sum on an extracted disc."""
import concurrent.futures
import json
import os
import random
import re
import shutil
import stat
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", "scenario")]

from scenario import MKIMAGE, VERIFY, Skipped, good, in_scratch, main, run, trees, write  # noqa: E402

SECTOR = 2048
ISOHDPFX = "/usr/lib/ISOLINUX/isohdpfx.bin"
os.environ["SOURCE_DATE_EPOCH"] = "1700000000"


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise Skipped(f"{tool} is not here")


def tree_of(scratch, name):
    path = os.path.join(scratch, "tree-" + name)
    rng = random.Random(name)
    if name == "plain":
        trees.make("small", path, scale=0.01)
        write(os.path.join(path, "a folder", "large.bin"), rng.randbytes(3_000_000))
        os.link(os.path.join(path, "a folder", "large.bin"), os.path.join(path, "another name"))
        shutil.copy(os.path.join(path, "another name"), os.path.join(path, "a copy"))
        write(os.path.join(path, "empty"))
        os.symlink("empty", os.path.join(path, "link"))
    elif name == "nasty":
        trees.make("nasty", path, without=("sparse", "leafdirs", "longlinks", "longpaths"))  # the latter two xorriso does not load
    elif name == "tiny":
        write(os.path.join(path, "one"), b"1")
    elif name == "nothing":
        os.mkdir(path)
    elif name == "medium":  # where the parts of isomd5sum begin to be larger than its buffer
        write(os.path.join(path, "file"), rng.randbytes(21 * 32768))
    return path


def ask_verify(image, *options):
    done = run(VERIFY, "--json", *options, image)
    assert done.returncode in (0, 3), f"verify: exit {done.returncode}: {done.stderr}"
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    return report


def fact(report, kind):
    return next((f for f in report["foreign_sums"] if f["kind"] == kind), None)


def ask_checkisomd5(image):
    """(right, wrong or none; how many per cent it read)"""
    done = run("checkisomd5", "--verbose", image, timeout=600)
    result = re.search(r"the result is: (\w+)", done.stderr)[1]
    seen = [float(x) for x in re.findall(rb"Checking: (\d+\.\d)%", done.stdout)]
    return {"PASS": "right", "FAIL": "wrong", "NA": "none"}[result], seen[-1] if seen else None


def ask_xorriso(image):
    """(tags as kind, start, sectors, matches; paths of files that do not match; whether the tree was loaded; whether files were compared)"""
    done = run("xorriso", "-md5", "on", "-indev", "stdio:" + image, "-check_media", "--", "-check_md5_r", "sorry", "/", "--", timeout=600)
    text = done.stderr + done.stdout.decode("utf-8", "surrogateescape")
    tags = {(kind, int(start), int(size), word == "matching")
            for word, kind, start, size in re.findall(r"Found (matching|NON-MATCHING) MD5 (\w+) tag: start=(\d+) size=(\d+)", text)}
    files = set(re.findall(r"^MD5 MISMATCH: '(.*)'$", text, re.M))
    return tags, files, "Image loading aborted" not in text, "Not a single file with MD5" not in text and "File contents" in text or bool(files)


def accepted(image, isomd5, libisofs, label, files=True):
    report = ask_verify(image)
    wrong = [i for i in report["issues"] if i["severity"] == "error" or i["finding"] == "foreign_sum"]
    assert report["ok"] and not wrong, f"{label}: verify: {wrong}"
    kinds = {f["kind"]: f["state"] for f in report["foreign_sums"]}
    assert set(kinds.values()) <= {"right"}, f"{label}: {kinds}"
    assert ("isomd5sum" in kinds) == isomd5, f"{label}: {kinds}"
    assert ("libisofs session tag" in kinds) == libisofs, f"{label}: {kinds}"
    if isomd5:
        verdict, _ = ask_checkisomd5(image)
        assert verdict == "right", f"{label}: checkisomd5: {verdict}"
    if libisofs:
        tags, bad, loaded, compared = ask_xorriso(image)
        assert loaded and tags and all(tag[3] for tag in tags) and not bad, f"{label}: xorriso: {tags} {bad}"
        assert any(tag[0] == "session" for tag in tags), f"{label}: xorriso saw no session tag: {tags}"
        assert compared or not files, f"{label}: xorriso compared no files"
    return report


@in_scratch
def ours_are_accepted(scratch):
    need("checkisomd5", "xorriso")
    image, count = os.path.join(scratch, "image.iso"), 0
    for name in ("plain", "nasty", "tiny", "nothing", "medium"):
        tree = tree_of(scratch, name)
        for words in ("isomd5", "libisofs", "isomd5,libisofs"):
            for options in ([], ["--digest", "none"], ["--udf"], ["--udf", "--digest", "none"], ["--iso-level", "4", "--digest", "sha256"]):
                if name not in ("plain", "tiny") and options and options != ["--udf"]:
                    continue
                good(MKIMAGE, "-q", "--implant", words, *options, "-o", image, tree)
                accepted(image, "isomd5" in words, "libisofs" in words, f"{name} {words} {options}", files=name != "nothing")
                count += 1
    print(f"{count} images accepted")


@in_scratch
def hybrids_are_accepted(scratch):
    need("checkisomd5", "xorriso", "mcopy")
    if not os.path.exists(ISOHDPFX):
        raise Skipped("isolinux is not here")
    tree, efi = tree_of(scratch, "plain"), os.path.join(scratch, "efi")
    write(os.path.join(efi, "EFI", "BOOT", "BOOTX64.EFI"), b"MZ" + bytes(5000))
    shutil.copy("/usr/lib/ISOLINUX/isolinux.bin", tree)
    image = os.path.join(scratch, "image.iso")
    for words in ("isomd5", "libisofs", "isomd5,libisofs"):
        for more in ([], ["--udf"], ["--digest", "none"]):
            good(MKIMAGE, "-q", "--implant", words, "--boot", "isolinux.bin,info-table", "--boot-catalog", "boot.cat", "--efi-dir", efi,
                 "--hybrid", f"mbr={ISOHDPFX},gpt", *more, "-o", image, tree)
            accepted(image, "isomd5" in words, "libisofs" in words, f"hybrid {words} {more}")


@in_scratch
def bytes_depend_on_nothing_else(scratch):
    tree, image = tree_of(scratch, "plain"), os.path.join(scratch, "image.iso")
    for words in ("isomd5", "libisofs", "isomd5,libisofs"):
        expected = None
        for threads in (1, 2, 5):
            good(MKIMAGE, "-q", "-j", str(threads), "--implant", words, "-o", image, tree)
            with open(image, "rb") as file:
                data = file.read()
            assert expected in (None, data), f"{words}: other bytes with {threads} threads"
            expected = data
    streamed = good(MKIMAGE, "-q", "--implant", "libisofs", tree).stdout
    good(MKIMAGE, "-q", "--implant", "libisofs", "-o", image, tree)
    with open(image, "rb") as file:
        assert file.read() == streamed, "a stream has other bytes than a file"


@in_scratch
def a_stream_cannot_have_isomd5(scratch):
    done = run(MKIMAGE, "-q", "--implant", "isomd5", tree_of(scratch, "tiny"))
    assert done.returncode == 2 and not done.stdout and "-o" in done.stderr, (done.returncode, done.stderr)


def theirs(scratch, tree):
    """(label, image, isomd5, libisofs) of images that others implanted."""
    def path(name):
        return os.path.join(scratch, name + ".iso")

    good("genisoimage", "-quiet", "-R", "-J", "-o", path("genisoimage"), tree)
    good("implantisomd5", path("genisoimage"))
    yield "genisoimage, implantisomd5", path("genisoimage"), True, False
    good("xorriso", "-as", "mkisofs", "-R", "-J", "-o", path("xorriso"), tree)
    good("implantisomd5", "--supported-iso", path("xorriso"))
    yield "xorriso, implantisomd5", path("xorriso"), True, False
    good("xorriso", "-as", "mkisofs", "--md5", "-R", "-J", "-o", path("xorrisofs-md5"), tree)
    yield "xorriso -as mkisofs --md5", path("xorrisofs-md5"), False, True
    good("xorriso", "-md5", "on", "-outdev", "stdio:" + path("session"), "-map", tree, "/")
    yield "xorriso -md5 on", path("session"), False, True
    for i in range(3):
        good("xorriso", "-md5", "on", "-dev", "stdio:" + path("sessions"), "-map", tree, f"/{i}", "-commit")
    yield "xorriso -md5 on, three sessions", path("sessions"), False, True
    good(MKIMAGE, "-q", "-o", path("ours"), tree)
    good("implantisomd5", path("ours"))
    yield "mkimage, implantisomd5", path("ours"), True, False
    good(MKIMAGE, "-q", "--udf", "--digest", "none", "-o", path("bridge"), tree)
    good("implantisomd5", path("bridge"))
    yield "mkimage --udf, implantisomd5", path("bridge"), True, False


@in_scratch
def theirs_are_accepted(scratch):
    need("checkisomd5", "implantisomd5", "xorriso", "genisoimage")
    for name in ("plain", "medium"):
        for label, image, isomd5, libisofs in theirs(scratch, tree_of(scratch, name)):
            report = accepted(image, isomd5, libisofs, label)
            if "three" in label:
                assert sum(f["kind"] == "libisofs session tag" for f in report["foreign_sums"]) == 3, report["foreign_sums"]
            if label == "xorriso, implantisomd5":
                assert ", supported" in fact(report, "isomd5sum")["detail"]
            os.unlink(image)


@in_scratch
def small_images_of_implantisomd5(scratch):
    """Its fragment sums are of no use there: checkisomd5 refuses the image, verify says so and that the image is whole."""
    need("checkisomd5", "implantisomd5", "genisoimage")
    image = os.path.join(scratch, "small.iso")
    good("genisoimage", "-quiet", "-R", "-o", image, tree_of(scratch, "tiny"))
    good("implantisomd5", image)
    verdict, _ = ask_checkisomd5(image)
    report = ask_verify(image)
    assert verdict == "wrong" and report["ok"] and fact(report, "isomd5sum")["state"] == "right"
    assert any(i["finding"] == "foreign_sum" and i["severity"] == "warning" for i in report["issues"])


def compare_verdicts(image, isomd5, libisofs, at, label):
    """What all say of an image with one damaged byte, held against each other. Returns whether somebody saw it."""
    report = ask_verify(image)
    errors = [i for i in report["issues"] if i["severity"] == "error"]
    sums = [i for i in errors if i["finding"] == "foreign_sum"]
    sector = at // SECTOR
    saw = False
    if isomd5:
        verdict, percent = ask_checkisomd5(image)
        mine = fact(report, "isomd5sum")
        text = [i for i in sums if i["what"].startswith("the text of isomd5sum")]
        if mine is None:
            assert verdict != "right", f"{label}: checkisomd5 {verdict}, verify knows no sum"
            assert verdict == "none" or text or sector == 16, f"{label}: checkisomd5 {verdict}, verify is silent"
        else:
            refused = any("checkisomd5 refuses" in i.get("detail", "") for i in report["issues"])
            assert verdict == ("right" if mine["state"] == "right" and not refused else "wrong"), f"{label}: checkisomd5 {verdict}, verify {mine}"
        saw = saw or verdict != "right"
        where = [i for i in sums if i["what"] == "an isomd5sum is wrong"]
        if where and sector < mine["sectors"] and sector != 16:
            end = where[0]["first_lba"] + where[0]["sectors"]
            assert where[0]["first_lba"] <= sector < end, f"{label}: sector {sector} is not in {where}"
            # checkisomd5 leaves at the end of the fragment; it tells how far it came, in tenths of a per cent.
            if "is the first that differs" in where[0]["detail"]:
                read = (end - 16) / mine["sectors"] * 100
                assert abs(read - percent) < 0.2, f"{label}: checkisomd5 left at {percent} %, the fragment ends at {read} %"
    if libisofs:
        tags, bad, loaded, _ = ask_xorriso(image)
        mine = {p["path"] for i in sums if i["what"].startswith("the sum that libisofs recorded of a file") for p in i["paths"]}
        states = {f["kind"]: f["state"] for f in report["foreign_sums"]}
        if loaded:
            assert mine == bad, f"{label}: files of xorriso {bad}, of verify {mine}"
            for kind, start, size, match in tags:
                found = [f for f in report["foreign_sums"]
                         if f["kind"] == f"libisofs {kind} tag" and (f["first_lba"], f["sectors"]) == (start, size)]
                assert found and (found[0]["state"] == "right") == match, f"{label}: {kind} tag: xorriso {match}, verify {found}"
        else:
            assert any(f["state"] == "wrong" for f in report["foreign_sums"] if f["kind"].startswith("libisofs")) or sums, \
                f"{label}: xorriso does not load the tree, verify: {states}"
        saw = saw or bool(bad) or not loaded or not all(tag[3] for tag in tags)
    assert not saw or not report["ok"], f"{label}: another tool saw it, verify did not"
    return saw


@in_scratch
def damage_is_the_same(scratch):
    need("checkisomd5", "implantisomd5", "xorriso", "genisoimage")
    tree = tree_of(scratch, "plain")
    images = list(theirs(scratch, tree))
    for words in ("isomd5", "libisofs", "isomd5,libisofs"):
        for more in ([], ["--digest", "none"]):
            image = os.path.join(scratch, f"own-{words}-{len(more)}.iso")
            good(MKIMAGE, "-q", "--implant", words, *more, "-o", image, tree)
            images.append((f"mkimage --implant {words} {more}", image, "isomd5" in words, "libisofs" in words))

    def damage(made):
        label, image, isomd5, libisofs = made
        rng, size = random.Random(label), os.path.getsize(image)
        places = [rng.randrange(size) for _ in range(10)] + [rng.randrange(16 * SECTOR, 60 * SECTOR) for _ in range(2)]
        places += [16 * SECTOR + 883 + 20, size - 1]
        saw = 0
        for at in places:
            with open(image, "r+b") as file:
                file.seek(at)
                was = file.read(1)[0]
                file.seek(at)
                file.write(bytes([was ^ 1 << rng.randrange(8)]))
            saw += compare_verdicts(image, isomd5, libisofs, at, f"{label}, byte {at}")
            with open(image, "r+b") as file:
                file.seek(at)
                file.write(bytes([was]))
        return len(places), saw

    with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:  # the others mostly sleep
        results = list(pool.map(damage, images))
    total, seen = (sum(column) for column in zip(*results))
    print(f"{total} damages, {seen} seen by the others; every one of these by verify, with the same files and fragments")
    assert seen > total // 2


@in_scratch
def cut_images(scratch):
    """An image that ends too early: the sum is not called right."""
    need("checkisomd5", "xorriso")
    image = os.path.join(scratch, "image.iso")
    good(MKIMAGE, "-q", "--implant", "isomd5,libisofs", "-o", image, tree_of(scratch, "plain"))
    os.truncate(image, 1000 * SECTOR)
    report = ask_verify(image)
    assert not report["ok"] and fact(report, "isomd5sum")["state"] == "cannot be told", report["foreign_sums"]
    assert ask_checkisomd5(image)[0] == "wrong"


@in_scratch
def lists_of_sums(scratch):
    need("md5sum", "sha256sum", "xxh128sum", "xorriso")
    for name, options in (("plain", []), ("nasty", []), ("plain", ["--fs", "udf"]), ("plain", ["--implant", "libisofs"])):
        tree, image, out = (os.path.join(scratch, part) for part in ("tree-" + name, "image.iso", "extracted"))
        if not os.path.exists(tree):
            tree_of(scratch, name)
        kinds = ("md5", "sha256", "xxh128")
        made = {kind: os.path.join(scratch, f"made.{kind}") for kind in kinds}
        read = {kind: os.path.join(scratch, f"read.{kind}") for kind in kinds}
        good(MKIMAGE, "-q", *options, *(word for kind in kinds for word in ("--sums", kind, made[kind])), "-o", image, tree)
        good(VERIFY, "-q", *(word for kind in kinds for word in ("--sums", kind, read[kind])), image)
        # The disc as it is mounted: where nobody may mount, xorriso takes the tree out.
        checked = tree
        if "udf" not in options:
            subprocess.run(["rm", "-rf", out], check=True)
            good("xorriso", "-osirrox", "on:o_excl_off", "-indev", "stdio:" + image, "-extract", "/", out)
            checked = out
        files = sum(stat.S_ISREG(os.lstat(os.path.join(folder, file)).st_mode)
                    for folder, _, names in os.walk(os.fsencode(tree)) for file in names)
        for kind in kinds:
            with open(made[kind], "rb") as a, open(read[kind], "rb") as b:
                lines, again = sorted(a), sorted(b)
            assert lines == again, f"{name} {kind}: verify lists other sums than mkimage"
            assert len(lines) == files, f"{name} {kind}: {len(lines)} lines for {files} files"
            if kind == "xxh128":  # 0.8.1 knows no escapes
                lines = [line for line in lines if not line.startswith(b"\\")]
            done = run(kind + "sum", "-c", "--quiet", "-", cwd=checked, input=b"".join(lines), stdin=None)
            assert done.returncode == 0, f"{name} {options} {kind}: {done.stdout[-500:]!r} {done.stderr[-500:]}"
    for word in ("crc32", "sha1"):
        done = run(VERIFY, "--sums", word, "-", image)
        assert done.returncode == 2 and word in done.stderr, done.stderr


if __name__ == "__main__":
    sys.exit(main([ours_are_accepted, hybrids_are_accepted, bytes_depend_on_nothing_else, a_stream_cannot_have_isomd5, theirs_are_accepted,
                   small_images_of_implantisomd5, damage_is_the_same, cut_images, lists_of_sums]))
