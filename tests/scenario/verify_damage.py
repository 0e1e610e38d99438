#!/usr/bin/python3
"""verify finds every damage, names what is hit and invents nothing: a thousand damages on images of all kinds, a million clean
sectors, drives that stall and cannot read, runs that are killed and taken up again. What lies where is asked of
`mkimage --map`, which knows nothing of verify."""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from scenario import BURN, MKIMAGE, VERIFY, good, main, run, write

CHUNK = 32  # sectors that one digest stands for
SECTOR = 2048
SCRATCH = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a thousand copies of images

KINDS = {
    "iso9660": ["--fs", "iso9660"],
    "rock ridge": ["--fs", "iso9660,rockridge"],
    "joliet": ["--fs", "iso9660,joliet"],
    "default, sha256": ["--digest", "sha256"],
    "udf 1.02": ["--fs", "udf", "--udf=1.02"],
    "udf 2.01": ["--fs", "udf", "--udf=2.01", "--digest", "sha256"],
    "udf 2.50": ["--fs", "udf", "--udf=2.50"],
    "udf 2.60": ["--fs", "udf", "--udf=2.60"],
    "bridge": ["--udf"],
    "bridge, sha256": ["--udf", "--digest", "sha256"],
    "hybrid": ["--efi-dir", "EFI", "--hybrid", "gpt"],
}


def in_memory(function):
    """Like in_scratch, in memory where there is room for it."""
    def wrapped():
        with tempfile.TemporaryDirectory(prefix="discpress-", dir=SCRATCH) as scratch:
            function(scratch)
    wrapped.__name__ = function.__name__
    return wrapped


def make_tree(tree, rng):
    for i in range(30):
        write(os.path.join(tree, f"folder {i % 4}", f"file {i:02}.bin"), rng.randbytes(rng.randrange(3_000, 60_000)))
    for i in range(100):
        write(os.path.join(tree, "many", f"small {i:02}"), rng.randbytes(rng.randrange(60)))
    write(os.path.join(tree, "large.bin"), rng.randbytes(900_000))
    if not os.path.exists(os.path.join(tree, "folder 1", "link.bin")):
        os.link(os.path.join(tree, "large.bin"), os.path.join(tree, "folder 1", "link.bin"))
    write(os.path.join(tree, "boot", "loader.bin"), rng.randbytes(2048))


def read_map(path):
    """[(first, end, what)] of an image, in sectors; `what` is "file /path" or the name of a structure."""
    items = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                first, count, what = line.rstrip("\n").split(" ", 2)
                items.append((int(first), int(first) + int(count), what))
    return items


LINKED = {"/large.bin", "/folder 1/link.bin"}  # two names of one file, of which a map has one


def with_links(names):
    return names | LINKED if names & LINKED else names


def files_in(items, first, end):
    return with_links({what[5:] for a, b, what in items if what.startswith("file ") and a < end and b > first})


def files_with(items, tree, changed):
    """The files one of whose own bytes is among the changed ones; zeros behind the end of a file are none of its bytes."""
    first, end = changed
    hit = set()
    for a, _, what in items:
        size = os.path.getsize(tree + what[5:]) if what.startswith("file ") else 0
        if a * SECTOR < end and a * SECTOR + size > first:
            hit.add(what[5:])
    return with_links(hit)


def structure_in(items, first, end):
    return any(not what.startswith("file ") and a < end and b > first for a, b, what in items)


def damage(image, how, rng):
    """Damages a file in place; returns the sectors that are different now, and the bytes: (first, end) each."""
    sectors = os.path.getsize(image) // SECTOR
    with open(image, "r+b") as file:
        if how == "tail":
            left = rng.randrange(64, sectors)
            file.truncate(left * SECTOR)
            return (left, sectors), (left * SECTOR, sectors * SECTOR)
        if how == "bit":
            at = rng.randrange(sectors * SECTOR)
            file.seek(at)
            was = file.read(1)[0]
            file.seek(at)
            file.write(bytes([was ^ 1 << rng.randrange(8)]))
            return (at // SECTOR, at // SECTOR + 1), (at, at + 1)
        count = 1 if how == "sector" else min(CHUNK, sectors)
        first = rng.randrange(sectors - count + 1)
        file.seek(first * SECTOR)
        file.write(rng.randbytes(count * SECTOR))
        return (first, first + count), (first * SECTOR, (first + count) * SECTOR)


def check(report, how, items, tree, hit, changed):
    """One damaged image against its report."""
    first, end = hit
    errors = [i for i in report["issues"] if i["severity"] == "error"]
    assert not report["ok"] and errors, "the damage was not found"
    ranges = [(i["first_lba"], i["first_lba"] + i["sectors"], i) for i in errors
              if "first_lba" in i and i["finding"] in ("different", "unreadable", "truncated", "manifest")]
    if how != "tail" and any("cannot be compared" in i.get("detail", "") for i in errors):
        # Without the table of digests nobody knows more, and that is said.
        assert end > manifest_first(items), f"{first}..{end} are damaged, the manifest is accused"
        return
    for sector in range(first, end):
        assert any(a <= sector < b for a, b, _ in ranges), f"LBA {sector} is damaged and not reported: {errors[:3]}"
    if how == "tail":
        missing = [i for a, b, i in ranges if i["finding"] == "truncated" and (a, b) == (first, end)]
        assert missing, f"{first}..{end} are missing, reported: {errors[:3]}"
        # Descriptors lie at the front of ISO 9660. UDF alone is found from its anchors; without them there are no paths.
        if any("Rock Ridge" == s or "Joliet" == s or "ISO 9660" == s for s in report["file_systems"]):
            named = {p["path"] for i in missing for p in i.get("paths", ()) if not p.get("structure")}
            if not structure_in(items, first, min(end, manifest_first(items))):
                assert folded(named, report) == folded(files_in(items, first, end), report), (named, files_in(items, first, end))
        return
    truth = folded(files_with(items, tree, changed), report)
    named = set()
    for a, b, issue in ranges:
        if issue["finding"] != "different":
            continue
        named |= {p["path"] for p in issue.get("paths", ()) if not p.get("structure")}
        for sector in (*range(a, min(first, b)), *range(max(end, a), b)):
            # One digest stands for 32 sectors in the middle of a file, and only there.
            inside = files_in(items, sector // CHUNK * CHUNK, (sector // CHUNK + 1) * CHUNK)
            assert sector // CHUNK in (first // CHUNK, (end - 1) // CHUNK), f"{first}..{end} are damaged, {a}..{b} are accused"
            assert (len(inside) == 1 or inside == LINKED) and folded(inside, report) <= truth, f"{first}..{end} are damaged, {a}..{b} are accused"
        assert issue.get("paths"), issue
    named = folded(named, report)
    if not structure_in(items, first, end):
        assert named == truth, f"damaged are {truth}, named are {named}"
    else:  # a small file lies in its own file entry (UDF): a structure of the map, which does not name it
        assert not (named - truth) & folded(files_in(items, 0, 1 << 32), report), f"damaged are {truth}, named are {named}"
    assert not [i for i in errors if i["finding"] in ("trouble", "against", "unreadable", "truncated")], errors


def folded(names, report):
    """Plain ISO 9660 shows other letters."""
    if "Rock Ridge" in report["file_systems"] or "Joliet" in report["file_systems"] or "UDF" in report["file_systems"]:
        return names
    return {n.upper().replace(" ", "_").split(";")[0] for n in names}


def manifest_first(items):
    return next(a for a, _, what in items if what == "manifest")


@in_memory
def a_thousand_damages(scratch):
    rng = random.Random(20260101)
    tree = os.path.join(scratch, "tree")
    make_tree(tree, rng)
    write(os.path.join(scratch, "EFI", "EFI", "BOOT", "BOOTX64.EFI"), rng.randbytes(20_000))
    images = {}
    for kind, options in KINDS.items():
        image, map_file = os.path.join(scratch, f"{kind}.iso"), os.path.join(scratch, f"{kind}.map")
        good(MKIMAGE, "-q", "--map", map_file, *options, "-o", image, tree, cwd=scratch)
        images[kind] = image, read_map(map_file)
    clean = run(VERIFY, "--json", *[image for image, _ in images.values()])
    assert clean.returncode == 0, [line for line in clean.stdout.decode().splitlines() if '"ok":true' not in line]
    works = [(list(KINDS)[i % len(KINDS)], ("bit", "sector", "cluster", "tail")[i // len(KINDS) % 4]) for i in range(1001)]
    batch = 50
    for at in range(0, len(works), batch):
        done = []
        for i, (kind, how) in enumerate(works[at:at + batch]):
            copy = os.path.join(scratch, f"copy{i}.iso")
            shutil.copyfile(images[kind][0], copy)
            done.append((kind, how, copy, damage(copy, how, rng)))
        ran = run(VERIFY, "--json", "-q", *[copy for _, _, copy, _ in done])
        assert ran.returncode == 3, f"exit {ran.returncode}: {ran.stderr}"
        reports = [json.loads(line) for line in ran.stdout.decode().splitlines()]
        assert len(reports) == len(done), ran.stderr
        for (kind, how, copy, hit), report in zip(done, reports):
            try:
                assert report["source"] == copy and report["exit_code"] == 3, report["source"]
                check(report, how, images[kind][1], tree, *hit)
            except AssertionError as error:
                raise AssertionError(f"{kind}, {how} at {hit}: {error}") from None


@in_memory
def a_million_clean_sectors(scratch):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    large = write(os.path.join(tree, "large.bin"), b"")
    with open(large, "r+b") as file:
        file.truncate(1_000_000 * SECTOR)
        rng = random.Random(8)
        for _ in range(200):
            file.seek(rng.randrange(1_000_000) * SECTOR)
            file.write(rng.randbytes(1 << 16))
    good(MKIMAGE, "-q", "--udf", "-o", image, tree)
    ran = run(VERIFY, "--json", image)
    report = json.loads(ran.stdout)
    assert ran.returncode == 0 and report["sectors_compared"] >= 1_000_000, report
    assert report["issues"] == [], report["issues"]
    picture = os.path.join(scratch, "map.svg")
    good(VERIFY, "--level", "quick", "--map", picture, image)
    assert os.path.getsize(picture) < 1 << 20


class Drive:
    """A virtual drive with one recorded disc, of a state directory of its own."""

    def __init__(self, scratch, image, faults, media="dvd+r", real_time=False):
        self.env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, f"state-{media}-{len(faults)}"))
        self.transcript = os.path.join(scratch, "transcript")
        fault_options = [word for fault in faults for word in ("--fault", fault)]
        good(BURN, "virtual", "add", "d", "--media", media, *fault_options, env=self.env)
        good(BURN, "--drive", "d", image, env=self.env)
        if real_time:  # only now: closing a disc takes a drive half a minute
            settings = os.path.join(self.env["DISCPRESS_STATE_DIR"], "drives", "d", "drive.json")
            with open(settings, encoding="utf-8") as file:
                state = json.load(file)
            assert state["real_time"] is False
            state["real_time"] = True
            with open(settings, "w", encoding="utf-8") as file:
                json.dump(state, file)

    def verify(self, *options, code=3, env=None):
        ran = run(VERIFY, "--drive", "d", "--json", "-q", *options, env=env or self.env)
        assert ran.returncode == code, f"exit {ran.returncode}: {ran.stdout[:800]!r} {ran.stderr}"
        return json.loads(ran.stdout)

    def verify_counting(self, *options):
        if os.path.exists(self.transcript):
            os.unlink(self.transcript)
        report = self.verify(*options, env=dict(self.env, DISCPRESS_TRANSCRIPT=self.transcript))
        with open(self.transcript, encoding="utf-8", errors="replace") as lines:
            return report, sum(1 for _ in lines)


def unreadable(report):
    return [(i["first_lba"], i["sectors"]) for i in report["issues"] if i["finding"] == "unreadable" and i["severity"] == "error"]


def make_disc_image(scratch, megabytes):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, f"disc{megabytes}.iso")
    shutil.rmtree(tree, ignore_errors=True)
    make_tree(tree, random.Random(3))
    write(os.path.join(tree, "z.bin"), random.Random(4).randbytes(1 << 20) * megabytes)
    good(MKIMAGE, "-q", "-o", image, tree)
    return image, os.path.getsize(image) // SECTOR


@in_memory
def a_scratched_manifest(scratch):
    """Each sector of the manifest in turn is lost, and a file elsewhere is damaged: that is found and named every time."""
    tree = os.path.join(scratch, "tree")
    make_tree(tree, random.Random(3))
    for options in ([], ["--digest", "sha256"], ["--fs", "udf"]):
        image = os.path.join(scratch, "image.iso")
        good(MKIMAGE, "-q", *options, "--map", os.path.join(scratch, "map"), "-o", image, tree)
        items = read_map(os.path.join(scratch, "map"))
        first, end = next((a, b) for a, b, what in items if what == "manifest")
        hit = next(a for a, b, what in items if what == "file /large.bin") + 7
        with open(image, "r+b") as file:
            file.seek(hit * SECTOR + 5)
            was = file.read(1)[0]
            file.seek(hit * SECTOR + 5)
            file.write(bytes([was ^ 4]))
        with open(image, "rb") as file:
            data = bytearray(file.read())
        whole = json.loads(run(VERIFY, "--json", "-q", image).stdout)
        imprecise = 0
        for sector in [31, *range(first, end)]:
            bad = bytearray(data)
            bad[sector * SECTOR:(sector + 1) * SECTOR] = random.Random(sector).randbytes(SECTOR)
            write(image, bad)
            done = run(VERIFY, "--json", "-q", image)
            report = json.loads(done.stdout)
            where = f"{options}, sector {sector} of the manifest {first}..{end - 1} is damaged"
            assert done.returncode == 3, f"{where}: exit {done.returncode}"
            own = [i for i in report["issues"] if "manifest" in (i["finding"], *i["what"].split()) and i.get("first_lba", end) <= sector < i["first_lba"] + i["sectors"]]
            assert own, f"{where}: not said: {report['issues']}"
            files = {p["path"] for i in report["issues"] if i["finding"] == "different" for p in i["paths"] if not p.get("structure") and not p.get("padding")}
            precise = not any("known to 32 sectors only" in i.get("detail", "") for i in own)
            assert files == LINKED if precise else files >= LINKED, f"{where}: named are {files}: {report['issues']}"
            imprecise += not precise
            assert report["sectors_compared"] == whole["sectors_compared"] > 0, f"{where}: not all was compared"
        assert imprecise <= (end - first) // 2, f"{options}: of {end - first} sectors {imprecise} take the sums of sectors away"
        write(image, data[:-SECTOR])  # what the manifest lacks when the end is cut off is in its beginning
        report = json.loads(run(VERIFY, "--json", "-q", image).stdout)
        assert report["sectors_compared"] > 0 and {i["finding"] for i in report["issues"]} >= {"truncated", "different"}, report["issues"]


@in_memory
def both_copies_scratched(scratch):
    """What no copy of the manifest has any more is said and not compared; all else is."""
    image, sectors = make_disc_image(scratch, 30)
    whole = json.loads(good(VERIFY, "--json", "-q", image).stdout)["sectors_compared"]
    with open(image, "r+b") as file:
        data = file.read()
        for at in (data.index(b"DISCPRESS MANIF1") + SECTOR, data.index(b"DISCPRESS COPY 2") + SECTOR, 20_000 * SECTOR // 2):
            file.seek(at)
            file.write(random.Random(at).randbytes(SECTOR))
    done = run(VERIFY, "--json", "-q", image)
    report = json.loads(done.stdout)
    assert done.returncode == 3 and whole > report["sectors_compared"] >= whole - 130 * 32, (whole, report["sectors_compared"])
    lost = whole - report["sectors_compared"]
    assert any(f"lost in both of its copies: {lost} sectors" in i.get("detail", "") for i in report["issues"]), report["issues"]
    assert any(i["finding"] == "different" and "/z.bin" in [p["path"] for p in i["paths"]] for i in report["issues"]), report["issues"]


@in_memory
def five_hundred_bad_places(scratch):
    """Read to the end, every place reported once and exactly, within bounded time."""
    image, sectors = make_disc_image(scratch, 40)
    rng = random.Random(12)
    spots = sorted(rng.sample(range(1000, sectors - 100, 7), 500))  # never neighbours
    senses = ["sense=3/11/05", "sense=3/11/00", "sense=B/00/00", "sense=3/02/00"]
    drive = Drive(scratch, image, [f"lba={s},read,{senses[i % 4]}" for i, s in enumerate(spots)])
    report = drive.verify()
    assert unreadable(report) == [(s, 1) for s in spots], "not exactly the 500 places"
    assert report["sectors_read"] == sectors - 500 and not report["reading"]["out_of_patience"], report["reading"]
    assert not [i for i in report["issues"] if i["finding"] == "different"], "bad places count as different as well"
    assert report["reading"]["retries"] > 0


@in_memory
def stalls_and_time_limit(scratch):
    """30 places at which the drive does not answer, and 30 where it answers late."""
    image, sectors = make_disc_image(scratch, 40)
    dead, late = list(range(2000, 8000, 200)), list(range(9100, 15100, 200))
    faults = [f"lba={s},read,timeout" for s in dead] + [f"lba={s},read,slow=5000" for s in late]
    drive = Drive(scratch, image, faults)
    patient = drive.verify("--patience", "100h")
    assert unreadable(patient) == [(s, 1) for s in dead], unreadable(patient)
    slow = [(z["first_lba"], z["first_lba"] + z["sectors"]) for z in patient["reading"]["slow_zones"]]
    assert all(any(a <= s < b for a, b in slow) for s in late), slow
    assert patient["reading"]["seconds"] >= 30 * 5 + 30 * 30
    short = drive.verify("--patience", "2m")
    # Twice the limit, and then stretches that double: a drive that never answers again cannot hold it up.
    assert short["reading"]["out_of_patience"] and short["reading"]["seconds"] < 2 * 120 + 25 * 30, short["reading"]["seconds"]
    assert any("took so long" in i["what"] for i in short["issues"]), "the limit is not said"
    lost = unreadable(short)
    assert all(any(a <= s < a + n for a, n in lost) for s in dead), "a dead place is missing from the report"
    assert all(b[0] >= a[0] + a[1] for a, b in zip(lost, lost[1:])), "a place is reported twice"


@in_memory
def rescued_from_a_bad_disc(scratch):
    """--extract leaves zeros where the disc cannot be read, and nowhere else."""
    image, sectors = make_disc_image(scratch, 8)
    with open(image, "rb") as file:
        data = file.read()
    body = random.Random(4).randbytes(1 << 20) * 8
    first = data.index(body[:4096]) // SECTOR
    lost = [first + 5, first + 700, *range(first + 1000, first + 1010)]
    drive = Drive(scratch, image, [f"lba={s},read,sense=3/11/05" for s in lost])
    out = os.path.join(scratch, "out")
    done = run(VERIFY, "--drive", "d", "--extract", "/", out, env=drive.env)
    assert done.returncode == 1 and f"{len(lost) * SECTOR} bytes" in done.stderr and f"at byte {5 * SECTOR}" in done.stderr, done
    expected = bytearray(body)
    for s in lost:
        expected[(s - first) * SECTOR:(s - first + 1) * SECTOR] = bytes(SECTOR)
    with open(os.path.join(out, "z.bin"), "rb") as file:
        assert file.read() == expected
    good("diff", "-r", "--exclude", "z.bin", os.path.join(scratch, "tree"), out)


@in_memory
def a_great_hole(scratch):
    """A quarter of the disc cannot be read: its edges are exact, and few commands are spent on it."""
    image, sectors = make_disc_image(scratch, 400)
    first, last = 50_011, 180_017
    drive = Drive(scratch, image, [f"lba={first}-{last},read,sense=3/11/05"])
    report, commands = drive.verify_counting()
    assert unreadable(report) == [(first, last - first + 1)], unreadable(report)
    assert commands < (sectors - (last - first)) / 32 + 1000, f"{commands} commands"
    assert report["reading"]["sectors_given_up"] > 100_000


@in_memory
def run_out_and_sessions(scratch):
    """The two last blocks of a CD track cannot be read and nobody minds; the session starts where the drive says."""
    image, sectors = make_disc_image(scratch, 3)
    drive = Drive(scratch, image, [], "cd-r")
    report = drive.verify(code=0)
    notes = [i for i in report["issues"] if i["what"] == "the track ends in blocks that nobody can read"]
    assert notes and notes[0]["sectors"] == 2, report["issues"]
    assert run(VERIFY, "--drive", "d", "--against", image, env=drive.env).returncode == 0


@in_memory
def udf_alone_over_an_older_volume(scratch):
    """Nothing counts sectors on rewritable media, and UDF says where its partition ends, not its volume: found by its last anchor."""
    env = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, "state"))
    rng = random.Random(9)
    for name, size in (("large", 20_000_000), ("small", 700_000)):
        write(os.path.join(scratch, name, "data.bin"), rng.randbytes(size))
        write(os.path.join(scratch, name, "file"), b"x")
    for media, revision in (("dvd+rw", "2.50"), ("bd-re", "2.60"), ("dvd-ram", "2.01"), ("cd-rw", "1.02")):
        good(BURN, "virtual", "add", media, "--media", media, env=env)
        for name in ("large", "small") if media != "cd-rw" else ("small",):
            image = os.path.join(scratch, f"{name}{revision}.iso")
            good(MKIMAGE, "-q", "--fs", "udf", f"--udf={revision}", "-o", image, os.path.join(scratch, name))
            good(BURN, "--drive", media, "--overwrite", image, env=env)
            done = run(VERIFY, "-q", "--json", "--drive", media, "--against", image, env=env)
            report = json.loads(done.stdout)
            assert done.returncode == 0 and report["manifest"]["believed"] and report["sectors_read"] == os.path.getsize(image) // SECTOR, report
            assert all(i["severity"] == "note" for i in report["issues"]), report["issues"]
    with open(image, "ab") as file:  # the same for a file that is longer than it was made
        file.write(bytes(150 * SECTOR))
    report = json.loads(good(VERIFY, "--json", image).stdout)
    assert [i["what"] for i in report["issues"]] == ["there are sectors behind the image"], report["issues"]


def without_times(report):
    report = json.loads(json.dumps(report))
    reading = report.get("reading", {})
    for key in ("seconds", "trouble_seconds", "typical_bytes_per_second", "slow_zones"):
        reading.pop(key, None)
    for stretch in reading.get("stretches", ()):
        stretch.pop("seconds")
    report["issues"] = [i for i in report["issues"] if "reads slowly" not in i["what"]]
    return report


def killed_and_resumed(command, state, env=None):
    """Kills it each time it has kept how far it came, until it ends by itself; its report, and how often it was killed."""
    kills = 0
    while True:
        seen = None
        if os.path.exists(state):
            with open(state, encoding="utf-8") as file:
                seen = file.read()
        with subprocess.Popen([*command, "--resume", state], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
            deadline = time.monotonic() + 300
            while process.poll() is None and kills < 4:
                assert time.monotonic() < deadline
                try:
                    with open(state, encoding="utf-8") as file:
                        now = file.read()
                except FileNotFoundError:
                    now = ""
                if '"state"' in now and now != seen:
                    process.send_signal(signal.SIGKILL)
                    kills += 1
                    break
                time.sleep(0.02)
            out, err = process.communicate(timeout=300)
            if process.returncode != -signal.SIGKILL:
                return process.returncode, out, err.decode(), kills


@in_memory
def killed_and_taken_up_again(scratch):
    # A drive in real time, with places that take long and places that cannot be read.
    image, sectors = make_disc_image(scratch, 40)
    faults = [f"lba={s},read,slow=60" for s in range(2000, sectors - 1000, 200)] + [f"lba={s},read,sense=3/11/05" for s in range(1000, 9000, 250)]
    drive = Drive(scratch, image, faults, "dvd+r", True)
    command = [VERIFY, "--drive", "d", "--json", "-q"]
    whole = run(*command, env=drive.env)
    code, out, err, kills = killed_and_resumed(command, os.path.join(scratch, "state"), drive.env)
    assert kills >= 2, f"killed {kills} times only"
    assert code == whole.returncode == 3, err
    assert without_times(json.loads(out)) == without_times(json.loads(whole.stdout)), "the report is another one"
    assert not os.path.exists(os.path.join(scratch, "state")), "the state was not removed after all was told"

    # Damaged images of which one is large, byte for byte.
    big = os.path.join(scratch, "big.iso")
    shutil.copyfile(image, big)
    with open(big, "r+b") as file:
        file.seek(20_000_000)
        file.write(b"damage")
    done = run(VERIFY, "--json", "-q", image, big)
    code, out, err, _ = killed_and_resumed([VERIFY, "--json", "-q", image, big], os.path.join(scratch, "state2"))
    assert code == done.returncode == 3 and out == done.stdout, err


@in_memory
def states_of_other_images(scratch):
    """A kept state is used for what it was made of, and for nothing else."""
    image, sectors = make_disc_image(scratch, 40)
    epoch = dict(os.environ, SOURCE_DATE_EPOCH="1700000000")
    good(MKIMAGE, "-q", "-o", image, os.path.join(scratch, "tree"), env=epoch)
    faults = [f"lba={s},read,slow=60" for s in range(2000, sectors - 1000, 200)]
    faults.append(f"lba={sectors - 500},read,slow=3600000")  # there it is when it is killed, however late that comes
    drive = Drive(scratch, image, faults, "dvd+r", True)
    state = os.path.join(scratch, "state")
    with subprocess.Popen([VERIFY, "--drive", "d", "-q", "--resume", state], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=drive.env) as process:
        while not (os.path.exists(state) and '"state"' in open(state, encoding="utf-8").read()):
            assert process.poll() is None, f"it ended without having kept anything: exit {process.returncode}"
            time.sleep(0.02)
        process.kill()
    other = run(VERIFY, "--resume", state, image, env=drive.env)
    assert other.returncode == 2 and "other images" in other.stderr, other
    # The other disc begins with the same sectors: made at the same time of as many bytes.
    with open(image, "rb") as file:
        head = file.read(32 * SECTOR)
    with open(os.path.join(scratch, "tree", "z.bin"), "r+b") as file:
        file.seek(1_000_000)
        file.write(b"another")
    good(MKIMAGE, "-q", "-o", image, os.path.join(scratch, "tree"), env=epoch)
    with open(image, "rb") as file:
        assert file.read(32 * SECTOR) == head
    good(BURN, "virtual", "remove", "d", env=drive.env)
    good(BURN, "virtual", "add", "d", "--media", "dvd+r", env=drive.env)
    good(BURN, "--drive", "d", image, env=drive.env)
    other = run(VERIFY, "--drive", "d", "--resume", state, env=drive.env)
    assert other.returncode == 2 and "another state" in other.stderr, other
    assert os.path.exists(state), "the state of the other disc was thrown away"
    write(os.path.join(scratch, "nonsense"), b"{}")
    other = run(VERIFY, "--resume", os.path.join(scratch, "nonsense"), image)
    assert other.returncode == 2 and "no file of verify --resume" in other.stderr, other


if __name__ == "__main__":
    sys.exit(main([a_thousand_damages, a_million_clean_sectors, a_scratched_manifest, both_copies_scratched, five_hundred_bad_places, stalls_and_time_limit, rescued_from_a_bad_disc, a_great_hole, run_out_and_sessions, udf_alone_over_an_older_volume,
                   killed_and_taken_up_again, states_of_other_images]))
