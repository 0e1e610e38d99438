#!/usr/bin/env python3
"""burn, the whole tool, on virtual drives: every medium, from file and from pipe, read back; sessions; and each way in
which a drive, a medium or an image can be wrong, with its exit code. Needs DISCPRESS_BIN: where the tools are."""

import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BURN = os.path.join(os.environ["DISCPRESS_BIN"], "burn")
SECTOR = 2048
MEDIA = ["cd-r", "dvd+r", "bd-r"]
UNIT = {"cd-r": 1, "dvd+r": 16, "bd-r": 32}


def noise(sectors, seed=1):
    """Bytes that are different in every sector and never zero throughout."""
    return random.Random(seed).randbytes(sectors * SECTOR)


def image(sectors, start=0, seed=1, says=None):
    """An ISO 9660 volume as far as burn looks: a primary volume descriptor, and noise."""
    data = bytearray(noise(sectors, seed))
    pvd = bytearray(SECTOR)
    pvd[0:7] = b"\x01CD001\x01"
    both32 = lambda n: struct.pack("<I", n) + struct.pack(">I", n)
    pvd[80:88] = both32(says if says is not None else sectors)
    pvd[128:132] = struct.pack("<H", SECTOR) + struct.pack(">H", SECTOR)
    pvd[140:144] = struct.pack("<I", start + 19)
    pvd[156] = 34
    pvd[158:166] = both32(start + 23)
    data[16 * SECTOR : 17 * SECTOR] = pvd
    return bytes(data)


class Burn(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.env = dict(os.environ, XDG_STATE_HOME=os.path.join(self.dir.name, "state"), LC_ALL="C.UTF-8")
        self.env.pop("DISCPRESS_STATE_DIR", None)

    def path(self, name, data=None):
        path = os.path.join(self.dir.name, name)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data)
        return path

    def run_burn(self, *args, stdin=None, code=0, env=None):
        done = subprocess.run([BURN, *args], input=stdin if stdin is not None else b"", env=env or self.env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, f"burn {' '.join(args)}: {out} {err}")
        return out, err

    def begin(self, *args, **more):
        """A burn that goes on beside the test and tells by --progress=json how far it is."""
        return subprocess.Popen([BURN, *args, "--progress=json"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env, **more)

    def until(self, burn, what):
        """Reads its progress up to the first event of which `what` is true; what it says besides must be progress too."""
        for line in burn.stderr:
            event = json.loads(line)
            if what(event):
                return event
        self.fail(f"it ended before that, exit {burn.wait()}")

    def refused(self, code, words, *args, stdin=None):
        """Exit code, one clear line that says `words`, nothing on standard output."""
        out, err = self.run_burn(*args, stdin=stdin, code=code)
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("burn: "), err)
        self.assertRegex(err, words)
        return err

    def add(self, name, media, *more):
        self.run_burn("virtual", "add", name, *(["--media", media] if media else []), *more)

    def exported(self, name):
        file = self.path("export.img")
        if os.path.exists(file):
            os.remove(file)
        self.run_burn("virtual", "export", name, file)
        with open(file, "rb") as f:
            return f.read()

    def info(self, name):
        return json.loads(self.run_burn("info", "--drive", name, "--json")[0])

    def check_disc(self, name, data, start=0):
        disc = self.exported(name)
        self.assertEqual(disc[start * SECTOR : start * SECTOR + len(data)], data)
        self.assertEqual(disc[start * SECTOR + len(data) :].strip(b"\0"), b"")


class Media(Burn):
    def test_file_and_pipe_on_every_medium(self):
        for media in MEDIA:
            for how in ("file", "pipe", "dash", "redirect"):
                with self.subTest(media=media, how=how):
                    name = f"{media}-{how}".replace("+", "p")
                    self.add(name, media)
                    data = image(1003, seed=len(name))
                    if how == "file":
                        self.run_burn("--drive", name, self.path("a.iso", data))
                    elif how == "pipe":
                        self.run_burn("--drive", name, stdin=data)
                    elif how == "dash":
                        self.run_burn("--drive", name, "-", stdin=data)
                    else:
                        with open(self.path("a.iso", data), "rb") as f:
                            subprocess.run([BURN, "--drive", name], stdin=f, env=self.env, check=True, stderr=subprocess.PIPE)
                    self.check_disc(name, data)
                    medium = self.info(name)["medium"]
                    self.assertEqual(medium["state"], "closed")
                    self.assertEqual(medium["sessions"], 1)
                    self.assertEqual(len(medium["tracks"]), 1)
                    self.assertEqual(medium["tracks"][0]["sectors"] % UNIT[media], 0)

    def test_stream_without_a_volume(self):
        for media in MEDIA:
            for sectors in (1, 16, 31, 32, 33, 700):
                with self.subTest(media=media, sectors=sectors):
                    name = "d"
                    self.add(name, media)
                    data = noise(sectors)
                    self.run_burn("--drive", name, stdin=data)
                    self.check_disc(name, data)
                    self.run_burn("virtual", "remove", name)

    def test_second_session(self):
        for media in MEDIA:
            with self.subTest(media=media):
                name = "m" + media.replace("+", "p")
                self.add(name, media)
                first = image(500)
                self.run_burn("--drive", name, "--multi", stdin=first)
                medium = self.info(name)["medium"]
                self.assertEqual(medium["state"], "appendable")
                self.assertEqual(medium["sessions"], 1)
                start = medium["next_writable"]
                self.assertGreaterEqual(start, 500)
                # An image for another place is refused, and says for which.
                self.refused(4, f"goes on at LBA {start}.*made for another address", "--drive", name, self.path("a.iso", image(400)))
                second = image(400, start=start, seed=2)
                self.run_burn("--drive", name, stdin=second)
                self.check_disc(name, second, start)
                self.assertEqual(self.exported(name)[: len(first)], first)
                medium = self.info(name)["medium"]
                self.assertEqual((medium["state"], medium["sessions"], len(medium["tracks"])), ("closed", 2, 2))
                self.refused(4, "not blank.*closed", "--drive", name, self.path("a.iso"))

    def test_exactly_full(self):
        self.add("cd", "cd-r")
        free = self.info("cd")["medium"]["free_sectors"]
        file = self.path("full.img")
        with open(file, "wb") as f:
            f.truncate(free * SECTOR)
        self.run_burn("--drive", "cd", file)
        self.assertEqual(self.info("cd")["medium"]["state"], "closed")

    def test_slow_and_bursty_source(self):
        self.add("d", "dvd+r", "--speed", "4")
        data = image(3000)
        burn = subprocess.Popen([BURN, "--drive", "d", "--buffer", "1M", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.env)
        for at in range(0, len(data), 700_000):
            burn.stdin.write(data[at : at + 700_000])
            burn.stdin.flush()
            time.sleep(0.02)  # bursts; that they are seen as such is not counted on
        out, _ = burn.communicate()
        self.assertEqual(burn.returncode, 0)
        self.check_disc("d", data)
        report = json.loads(out)
        self.assertEqual(report["data_sectors"], 3000)
        # After a stop the ring is filled to seven eighths before writing goes on, however late the data is.
        self.assertLessEqual(report["stops"], len(data) // ((1 << 20) * 7 // 8))


class Reports(Burn):
    def test_list_and_numbers(self):
        self.assertIn("no drives", self.run_burn("list")[0])
        self.add("a", "cd-r")
        self.add("b", "bd-r")
        drives = json.loads(self.run_burn("list", "--json")[0])
        self.assertEqual([d["name"] for d in drives if d["virtual"]], ["a", "b"])
        self.assertEqual([d["number"] for d in drives], list(range(len(drives))))
        number = drives[-1]["number"]
        self.assertEqual(json.loads(self.run_burn("info", "--drive", str(number), "--json")[0])["name"], "b")
        self.refused(4, r"no drive of that number; there are .*0 a, 1 b", "--drive", "7", "x.iso")
        self.refused(4, r"no such drive; there are .*0 a, 1 b", "info", "--drive", "nobody")
        self.refused(4, r"say which one: there are .*0 a, 1 b", "info")
        self.refused(2, "iscsi://HOST", "info", "--drive", "iscsi://host")
        self.refused(4, "no device", "info", "--drive", "/etc/passwd")
        self.refused(4, "No such file", "info", "--drive", "/dev/sr99")

    def test_list_says_what_is_in_a_drive_as_info_does(self):
        types = ["cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd-r-dl", "dvd+r", "dvd+rw", "dvd+r-dl", "dvd-ram", "bd-r", "bd-r-dl", "bd-r-xl", "bd-r-xl-quad",
                 "bd-re", "bd-re-dl", "bd-re-xl", "m-disc", "m-disc-bd"]
        file = self.path("a.iso", image(400))
        for media in types:
            self.add(media, media)
        done = {}

        def compare():
            drives = {d["name"]: d["medium"] for d in json.loads(self.run_burn("list", "--json")[0]) if d["virtual"]}
            for media in types:
                medium = self.info(media)["medium"]
                self.assertEqual(drives[media], {"name": medium["name"], "state": medium["state"]}, f"{media} {done.get(media)}")

        compare()
        self.assertIn("DVD+R (M-DISC), blank", self.run_burn("list")[0])
        for media in types:
            if media in ("dvd-rw", "dvd-ram", "bd-r", "bd-re", "dvd+rw"):
                self.run_burn("format", "--drive", media)
                done[media] = "formatted"
        compare()
        for media in types:
            done[media] = "appendable"
            self.run_burn("--drive", media, *(["--multi"] if media not in ("dvd-rw",) else []), file)
        compare()
        self.run_burn("close", "--drive", "dvd+r")
        self.run_burn("erase", "--drive", "dvd-rw")
        compare()
        text = self.run_burn("list")[0]
        for line in ("DVD+R, closed", "DVD-RW sequential, blank", "CD-R, appendable", "BD-RE, rewritable"):
            self.assertIn(line, text)
        self.run_burn("eject", "--drive", "cd-r")
        self.run_burn("virtual", "insert", "dvd-r")
        drives = {d["name"]: d["medium"] for d in json.loads(self.run_burn("list", "--json")[0])}
        self.assertEqual((drives["cd-r"], drives["dvd-r"]), ({"name": "", "state": "tray open"}, {"name": "", "state": "no medium"}))
        # A drive that somebody has is not asked.
        burn = self.begin("--drive", "bd-r")
        while str(burn.pid) not in self.run_burn("list")[0]:
            self.assertIsNone(burn.poll())
        drives = {d["name"]: d["medium"] for d in json.loads(self.run_burn("list", "--json")[0])}
        self.assertIsNone(drives["bd-r"])
        burn.communicate(image(100, start=512), timeout=120)

    def test_features_have_names(self):
        self.add("d", "bd-r")
        features = {f["code"]: f["name"] for f in self.info("d")["features"]}
        self.assertEqual((features["0001"], features["0041"], features["0108"]), ("Core", "BD Write", "Drive Serial Number"))
        self.assertNotIn("", features.values())

    def test_the_only_drive_needs_no_name(self):
        self.add("only", "cd-r")
        self.assertIn("CD-R, blank", self.run_burn("info")[0])

    def test_dry_run_touches_nothing(self):
        self.add("d", "dvd+r")
        plan = json.loads(self.run_burn("--drive", "d", "--dry-run", "--json", "--speed", "4", stdin=image(1000))[0])
        self.assertEqual((plan["start"], plan["data_sectors"], plan["padding_sectors"], plan["close"]), (0, 1000, 8, "disc"))
        text, _ = self.run_burn("--drive", "d", "--dry-run", "--multi", stdin=image(1000))
        self.assertIn("stays open", text)
        self.assertEqual(self.info("d")["medium"]["state"], "blank")

    def test_progress_as_json(self):
        self.add("d", "dvd+r")
        out, err = self.run_burn("--drive", "d", "--progress=json", stdin=image(1000))
        self.assertEqual(out, "")
        events = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
        phases = list(dict.fromkeys(e["phase"] for e in events))
        self.assertEqual(phases, ["preparing", "filling", "writing", "closing", "done"])
        self.assertEqual(events[-1]["sectors"], 1000)

    def test_silent_in_a_pipe_but_for_the_summary(self):
        self.add("d", "bd-r")
        out, err = self.run_burn("--drive", "d", stdin=image(1000))
        self.assertEqual(out, "")
        self.assertEqual(err.count("\n"), 1, err)
        self.assertIn("disc closed", err)

    def test_help_and_man_page_agree(self):
        """Every option of --help is in the manual, and the other way round."""
        helps = [self.run_burn(*words, "--help")[0] for words in ([], ["list"], ["info"], ["eject"], ["load"], ["doctor"], ["erase"], ["format"], ["audio"], ["raw"], ["virtual", "add"], ["virtual", "insert"],
                                                                 ["virtual", "remove"], ["virtual", "export"], ["virtual", "list"])]
        here = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(here, "../../burn/burn.1")) as f:
            page = f.read().replace("\\-", "-")
        options = lambda text: set(re.findall(r"--[a-z][a-z-]*", text))
        self.assertEqual(options("\n".join(helps)) - {"--no-"}, options(page) - {"--session-start"})  # that one is of mkimage


    def test_several_drives(self):
        self.add("a", "dvd+r")
        self.add("b", "cd-r", "--fault", "op=2A,nth=3,sense=3/0C/00")
        self.add("c", "bd-r")
        data = image(1000)
        out, err = self.run_burn("--drive", "a", "--drive", "b", "--drive", "2", "--json", stdin=data, code=1)
        self.assertEqual([report["drive"] for report in json.loads(out)], ["virtual:a", "virtual:c"])
        self.assertEqual(err.count("\n"), 1, err)
        self.assertRegex(err, "virtual:b: writing at LBA .*3/0C/00")
        self.check_disc("a", data)
        self.check_disc("c", data)
        for name in ("a", "b", "c"):
            self.run_burn("virtual", "insert", name, "--media", "dvd+r")
        file = self.path("a.iso", data)
        _, err = self.run_burn("--drive", "a", "--drive", "b", "--drive", "c", "--progress=json", file)
        self.assertEqual({json.loads(line)["drive"] for line in err.splitlines() if line.startswith("{")}, {"a", "b", "c"})
        for name in ("a", "b", "c"):
            self.check_disc(name, data)
        self.refused(2, "named twice", "--drive", "a", "--drive", "0", file)
        self.refused(2, "only burning takes more than one", "--drive", "a", "--drive", "b", "info")

    def test_watch(self):
        self.add("a", "dvd+r")
        watch = subprocess.Popen([BURN, "list", "--watch", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env, text=True)
        before = {"name": "DVD+R", "state": "blank"}
        line = json.loads(watch.stdout.readline())
        self.assertEqual((line["name"], line["medium"]), ("a", before))

        def next_line():
            """But for who has a drive at the moment, which is told when it is looked at just then."""
            while (line := json.loads(watch.stdout.readline()))["change"] == "changed" and (line["in_use_by"] or line["medium"] == before):
                pass
            return line

        self.add("b", "cd-r")
        line = next_line()
        self.assertEqual((line["change"], line["name"], line["number"]), ("added", "b", 1))
        self.run_burn("virtual", "insert", "a", "--media", "dvd-r")
        line = next_line()
        self.assertEqual((line["change"], line["name"], line["medium"]), ("changed", "a", {"name": "DVD-R", "state": "blank"}))
        before = line["medium"]
        self.run_burn("virtual", "remove", "a")
        line = next_line()
        self.assertEqual((line["change"], line["name"]), ("removed", "a"))
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=120)
        self.assertEqual((watch.returncode, err), (0, ""))

    def test_doctor(self):
        done = subprocess.run([BURN, "doctor", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.env, timeout=60)
        findings = json.loads(done.stdout)
        problems = [f for f in findings if f["level"] == "problem"]
        self.assertEqual(done.returncode, 4 if problems else 0)
        self.assertIn("memory", {f["where"] for f in findings})
        for finding in problems:
            self.assertTrue(finding["advice"], finding)

    def test_busy_by_whom(self):
        self.add("d", "dvd+r")
        first = self.begin("--drive", "d")
        first.stdin.write(noise(1000))
        first.stdin.flush()
        self.until(first, lambda event: event["phase"] == "filling")
        self.refused(4, f"burn.*{first.pid}|{first.pid}", "--drive", "d", self.path("a.iso", image(100)))
        self.assertIn(str(first.pid), self.run_burn("list")[0])
        first.communicate(timeout=120)
        self.assertEqual(first.returncode, 0)

    def test_without_underrun_protection(self):
        self.add("cd", "cd-r")
        data = noise(3000)
        self.refused(4, "has not shown to be fast enough.*nothing was written", "--drive", "cd", "--no-underrun-protection", "--no-spool", "--buffer", "1M", stdin=data)
        self.assertEqual(self.info("cd")["medium"]["state"], "blank")
        report = json.loads(self.run_burn("--drive", "cd", "--no-underrun-protection", "--buffer", "1M", "--json", stdin=data)[0])
        self.assertTrue(report["spooled"])
        self.check_disc("cd", data)

    def test_slow_source_lowers_the_speed(self):
        """A drive in real time at 8x, 11 MB/s, and a sender of 6 MB/s: 4x, and no stop. The drive's buffer and the ring last for
        seconds, so that a busy machine is not taken for a slow sender; and the sender makes good for what it was late."""
        self.add("d", "dvd+r", "--speed", "8", "--buffer", "8M", "--real-time")
        burn = self.begin("--drive", "d", "--buffer", "16M", "--json", "--multi", stdout=subprocess.PIPE)
        events = []
        told = threading.Thread(target=lambda: events.extend(json.loads(line) for line in burn.stderr if line.startswith(b"{")))
        told.start()
        piece, rate = noise(50), 6_000_000
        began, sent = time.monotonic(), 0
        while sent < 50_000_000:
            burn.stdin.write(piece)
            sent += len(piece)
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))
        burn.stdin.close()
        told.join()
        out = burn.stdout.read()
        burn.stdout.close()
        burn.stderr.close()
        self.assertEqual(burn.wait(), 0)
        report = json.loads(out)
        self.assertEqual(report["stops"], 0)
        self.assertTrue(report["speeds"], report)
        self.assertLess(report["speeds"][0]["speed_kb"], 1385 * 5)
        self.assertEqual({event["speed_kb"] for event in events if event["phase"] == "closing"}, {report["speeds"][-1]["speed_kb"]})
        disc = [d for d in json.loads(self.run_burn("virtual", "list", "--json")[0]) if d["name"] == "d"][0]["disc"]
        self.assertEqual((disc["link_stops"], disc["underruns"]), (0, 0))


class Refusals(Burn):
    def test_close_what_was_left_open(self):
        data = image(400)
        for media in ("dvd+r", "dvd+r-dl", "bd-r"):
            with self.subTest(media=media):
                self.add(media, media)
                self.refused(4, "blank", "close", "--drive", media)
                self.run_burn("--drive", media, "--multi", stdin=data)
                self.refused(4, "closed already.*another can follow", "close", "--multi", "--drive", media)
                self.run_burn("close", "--drive", media)
                self.assertEqual(self.info(media)["medium"]["state"], "closed")
                self.check_disc(media, data)
                self.refused(4, "closed already", "close", "--drive", media)
        for media in ("cd-r", "dvd-r"):
            self.add(media, media)
            self.run_burn("--drive", media, "--multi", stdin=data)
            self.refused(4, "together with a session", "close", "--drive", media)
        self.add("over", "dvd+rw")
        self.refused(4, "needs no closing", "close", "--drive", "over")

    def test_close_after_a_death(self):
        for i, media in enumerate(("cd-r", "dvd-r", "dvd-rw", "dvd+r", "bd-r")):
            for multi in (False, True):
                with self.subTest(media=media, multi=multi):
                    name = f"{media}-{multi}"
                    self.add(name, media)
                    data = image(20_000)
                    with self.begin("--drive", name, "--buffer", "1m") as dies:
                        dies.stdin.write(data[: 15_000 * SECTOR])  # and no more: it waits
                        self.until(dies, lambda event: event["sectors"] >= 300)
                        dies.kill()
                        dies.stderr.read()
                    left = self.info(name)["medium"]
                    self.assertEqual(left["state"], "appendable")
                    self.assertIn("track 1 was begun and not ended; burn close ends it", left["reasons"])
                    # What were burned now would become a part of the track of the dead.
                    says = "not ended, and its track is open up to LBA .*; end it with burn close --multi" + (".*--overwrite" if "w" in media else "")
                    self.refused(4, says, "--drive", name, self.path("a.iso", image(400, start=left["next_writable"])))
                    self.assertEqual(self.info(name)["medium"]["next_writable"], left["next_writable"])
                    self.run_burn("close", "--drive", name, *(["--multi"] if multi else []))
                    after = self.info(name)["medium"]
                    self.assertEqual((after["state"], after["sessions"]), ("appendable" if multi else "closed", 1))
                    written = after["tracks"][0]["sectors"] - (2 if media == "cd-r" else 0)
                    self.assertGreaterEqual(written, 300)
                    self.assertEqual(self.exported(name)[: 300 * SECTOR], data[: 300 * SECTOR])
                    if multi:
                        second = image(400, start=after["next_writable"], seed=3)
                        self.run_burn("--drive", name, self.path("a.iso", second))
                        self.assertEqual(self.info(name)["medium"]["sessions"], 2)
                        self.check_disc(name, second, after["next_writable"])

    def test_usage(self):
        self.add("d", "dvd+r")
        for args in (["--nonsense"], ["--layer-break", "0", "x"], ["--layer-break", "here", "x"], ["format", "--spare", "some"], ["format", "--quick", "--full"], ["--verify=most", "x"], ["--speed", "fast", "x"], ["--speed", "0", "x"], ["--multi", "--close", "x"],
                     ["--buffer", "lots", "x"], ["--buffer", "0", "x"], ["--progress=loud", "x"], ["info", "--speed", "4"], ["--speed", "4", "info"],
                     ["a", "b"], ["virtual"], ["virtual", "add"], ["erase", "--quick", "--full"], ["--dry-run", "list"]):
            with self.subTest(args=args):
                self.refused(2, "burn", *args)
        self.refused(2, "written only once", "--drive", "d", "--overwrite", stdin=image(10 * 32))

    def test_drive_and_medium(self):
        self.add("empty", None)
        file = self.path("a.iso", image(1000))
        self.refused(4, "no disc in it|tray is open", "--drive", "empty", file)
        self.add("cd", "cd-r")
        big = self.path("big.img")
        with open(big, "wb") as f:
            f.truncate(400_000 * SECTOR)
        self.refused(4, r"too small: .* needs 400000 sectors .*too few", "--drive", "cd", big)
        self.assertEqual(self.info("cd")["medium"]["state"], "blank")

    def test_rewritable_discs(self):
        """What is on a rewritable disc does not go unasked, and each line says what would help."""
        file = self.path("a.iso", image(1000))
        self.add("rw", "cd-rw")
        self.run_burn("--drive", "rw", file)
        self.refused(4, "not blank: CD-RW, closed.*burn erase makes it blank, and --overwrite", "--drive", "rw", file)
        self.refused(4, "not formatted but blanked; use burn erase", "format", "--drive", "rw")
        plan = json.loads(self.run_burn("--drive", "rw", "--overwrite", "--dry-run", "--json", file)[0])
        self.assertEqual(plan["erase_first"], "quick")
        self.assertEqual(self.info("rw")["medium"]["state"], "closed")
        self.add("plus", "dvd+rw")
        self.run_burn("--drive", "plus", file)
        self.refused(4, "not blank: DVD\\+RW with a volume that ends at LBA 1000; --overwrite writes over it, and an image made for LBA 1024", "--drive", "plus", file)
        self.refused(4, "no test write on DVD\\+RW", "--drive", "plus", "--overwrite", "--simulate", file)
        self.add("minus", "dvd-rw")
        self.run_burn("--drive", "minus", file)
        _, err = self.run_burn("erase", "--drive", "minus")
        self.assertRegex(err, "whole disc of known length; erase it with --full")
        self.refused(4, "blanked quickly can only be written at once.*not known", "--drive", "minus", stdin=noise(2000))
        self.refused(4, "leave --multi out, or erase the disc with --full", "--drive", "minus", "--multi", file)
        self.run_burn("--drive", "minus", "--overwrite", stdin=noise(2000), code=4)  # it is blank already
        self.run_burn("--drive", "minus", file)
        self.run_burn("--drive", "minus", "--overwrite", stdin=noise(2000))  # blanked in full, for its length is not known
        self.check_disc("minus", noise(2000))

    def test_write_protected(self):
        self.add("ram", None)
        self.run_burn("virtual", "insert", "ram", "--media", "dvd-ram", "--write-protected")
        file = self.path("a.iso", image(1000))
        for args in (["--drive", "ram", file], ["erase", "--drive", "ram"], ["format", "--drive", "ram"]):
            self.refused(4, "write-protected", *args)
        self.assertIn("switch on its cartridge", self.run_burn("info", "--drive", "ram")[0])

    def test_wrong_medium_for_the_wish(self):
        file = self.path("a.iso", image(1000))
        self.add("r", "cd-r")
        self.refused(4, "cannot be erased; take a rewritable disc", "erase", "--drive", "r")
        self.refused(4, "--layer-break is for blank DVD", "--drive", "r", "--layer-break", "1600", file)
        self.refused(4, "--spare is for BD-RE and BD-R", "format", "--drive", "r", "--spare", "max")
        self.add("bd", "bd-r")
        self.run_burn("format", "--drive", "bd", "--spare", "min")
        self.refused(4, "formatted once", "format", "--drive", "bd")
        _, err = self.run_burn("--drive", "bd", file)
        self.assertIn("reads back what it writes, which takes about twice as long", err)
        self.add("dl", "dvd+r-dl")
        self.refused(2, "multiple of 16", "--drive", "dl", "--layer-break", "1601", file)
        self.refused(4, "do not fit on two layers", "--drive", "dl", "--layer-break", "160", file)
        self.add("slow", "dvd-r", "--speed", "4")
        _, err = self.run_burn("--drive", "slow", "--speed", "13", "--simulate", file)
        self.assertRegex(err, "does not offer speed 13.0x for this disc; 4.0x is the nearest")

    def test_tray(self):
        self.add("d", "cd-r")
        self.run_burn("eject", "--drive", "d")
        self.refused(4, "tray is open", "--drive", "d", stdin=image(500))
        self.run_burn("load", "--drive", "d")
        self.run_burn("--drive", "d", "--eject", stdin=image(500))
        self.assertIn("tray is open", self.run_burn("info", "--drive", "d")[0])

    def test_too_small_is_known_on_a_pipe_too(self):
        self.add("cd", "cd-r")
        self.refused(4, "too small", "--drive", "cd", stdin=image(1000, says=400_000))
        self.assertEqual(self.info("cd")["medium"]["state"], "blank")

    def test_images(self):
        self.add("d", "dvd+r")
        for data, code, words in ((noise(300) + b"x", 2, "not a multiple of 2048"), (b"", 2, "empty"), (image(300, says=301), 1, "cut off"),
                                  ((b"\0" + b"\xff" * 10 + b"\0" + bytes(2340)) * 100, 2, "2352"), (image(1000, start=5000), 4, "follow an earlier session")):
            with self.subTest(words=words):
                self.refused(code, words, "--drive", "d", self.path("bad.img", data))
                self.refused(code, words, "--drive", "d", stdin=data)
        self.refused(1, "No such file", "--drive", "d", self.path("nowhere.iso"))
        self.refused(2, "mkimage", "--drive", "d", self.dir.name)
        self.assertEqual(self.info("d")["medium"]["state"], "blank")

    def test_virtual(self):
        self.add("d", "dvd+r")
        self.refused(2, "d", "virtual", "add", "d", "--media", "dvd+r")
        self.refused(2, "floppy", "virtual", "add", "e", "--media", "floppy")
        self.run_burn("virtual", "add", "f", "--media", "cd-r", "--fault", "nonsense", code=2)
        self.run_burn("virtual", "remove", "nobody", code=2)


class Trouble(Burn):
    def test_nobody_listens(self):
        """What is told of a burn may go nowhere: a reader that is gone, a full disk, or no standard streams at all. The disc is burned."""
        data = image(4000)
        file = self.path("a.iso", data)
        said = os.open(self.path("said", b""), os.O_RDONLY)  # what is written to it fails
        self.addCleanup(os.close, said)
        for how in ("reader is gone", "cannot be written", "closed"):
            for args in (["--progress=json"], ["--progress=tty"], []):
                with self.subTest(how=how, args=args):
                    self.add("d", "dvd+r")
                    more = {}
                    if how == "reader is gone":
                        reader, more["stderr"] = os.pipe()
                        os.close(reader)
                    elif how == "cannot be written":
                        more["stderr"] = said
                    else:
                        more["preexec_fn"] = lambda: [os.close(fd) for fd in (0, 1, 2)]
                    burn = subprocess.Popen([BURN, "--drive", "d", "--buffer", "1M", *args, file], env=self.env, **more)
                    if how == "reader is gone":
                        os.close(more["stderr"])
                    self.assertEqual(burn.wait(timeout=120), 0)
                    self.check_disc("d", data)
                    self.assertEqual(self.info("d")["medium"]["state"], "closed")
                    with open(os.path.join(self.dir.name, "state/discpress/drives/d/drive.json"), encoding="utf-8") as state:
                        json.load(state)  # no word of it went into a file
                    # And an error has its exit code.
                    burn = subprocess.Popen([BURN, "--drive", "d", *args, file], env=self.env, stderr=said)
                    self.assertEqual(burn.wait(timeout=120), 4)
                    self.run_burn("virtual", "remove", "d")

    def test_short_stream(self):
        for media in MEDIA:
            with self.subTest(media=media):
                name = "s" + media.replace("+", "p")
                self.add(name, media)
                data = image(4000, says=5000)
                self.refused(1, "ended after 4000 sectors, its volume has 5000", "--drive", name, stdin=data)
                self.assertEqual(self.exported(name)[: len(data)], data)
                # The track is ended, nothing is closed: another one fits.
                medium = self.info(name)["medium"]
                self.assertEqual(medium["state"], "appendable")
                self.run_burn("--drive", name, stdin=noise(100))
                self.assertEqual(self.info(name)["medium"]["state"], "closed")

    def test_stream_longer_than_its_volume(self):
        self.add("d", "dvd+r")
        volume = image(2000)
        _, err = self.run_burn("--drive", "d", stdin=volume + bytes(150 * SECTOR))
        self.assertNotIn("goes on", err)
        self.check_disc("d", volume)
        self.add("e", "dvd+r")
        _, err = self.run_burn("--drive", "e", stdin=volume + b"x" * 150 * SECTOR)
        self.assertIn("goes on after the end of its volume", err)
        self.check_disc("e", volume)
        # A file, and a spooled stream, are burned whole.
        for name, args, stdin in (("f", [self.path("long.iso", volume + b"x" * 150 * SECTOR)], None), ("g", ["--spool"], volume + b"x" * 150 * SECTOR)):
            self.add(name, "dvd+r")
            _, err = self.run_burn("--drive", name, *args, stdin=stdin)
            self.assertIn("150 sectors (0.3 MiB) after the end of its volume", err)
            self.check_disc(name, volume + b"x" * 150 * SECTOR)

    def test_stream_larger_than_the_disc(self):
        self.add("cd", "cd-r")
        free = self.info("cd")["medium"]["free_sectors"]
        cat = subprocess.Popen(["head", "-c", str((free + 1) * SECTOR), "/dev/zero"], stdout=subprocess.PIPE)
        done = subprocess.run([BURN, "--drive", "cd"], stdin=cat.stdout, env=self.env, stderr=subprocess.PIPE)
        cat.stdout.close()
        cat.wait()
        self.assertEqual(done.returncode, 4)
        self.assertIn(f"the disc is full after {free} sectors", done.stderr.decode())

    def test_stream_that_ends_within_a_sector(self):
        self.add("d", "dvd+r")
        data = noise(1000) + b"abc"
        self.refused(1, "in the middle of a sector", "--drive", "d", stdin=data)
        self.check_disc("d", data)
        self.assertEqual(self.info("d")["medium"]["state"], "closed")

    def test_interrupt(self):
        for media in MEDIA:
            with self.subTest(media=media):
                name = "i" + media.replace("+", "p")
                self.add(name, media)
                data = image(3000, says=100_000)
                burn = self.begin("--drive", name, "--buffer", "1M")
                burn.stdin.write(data)
                burn.stdin.flush()
                self.until(burn, lambda event: event["phase"] == "writing" and event["sectors"] > 0)
                burn.send_signal(signal.SIGINT)
                burn.wait(timeout=120)  # the pipe is still open; it must not need its end
                _, err = burn.communicate()
                self.assertEqual(burn.returncode, 130, err)
                self.assertIn(b"interrupted after", err)
                self.assertEqual(self.info(name)["medium"]["state"], "appendable")
                self.run_burn("--drive", name, stdin=noise(400))

    def test_interrupt_while_the_sender_is_silent(self):
        self.add("d", "dvd+r")
        burn = self.begin("--drive", "d")
        # It has the drive, and can only be waiting for the stream.
        while str(burn.pid) not in self.run_burn("list")[0]:
            self.assertIsNone(burn.poll())
        burn.send_signal(signal.SIGINT)
        self.assertEqual(burn.wait(timeout=120), 130)
        burn.stdin.close()
        burn.stderr.close()
        self.assertEqual(self.info("d")["medium"]["state"], "blank")

    def test_faults(self):
        file = self.path("a.iso", image(2000))
        for spec, code, words in (("op=2A,nth=3,sense=3/0C/00", 1, r"writing at LBA 64: write error \(3/0C/00\).*64 sectors were written"),
                                  ("op=2A,nth=5,sense=4/44/00", 1, "4/44/00"),
                                  ("op=2A,nth=2,timeout", 1, "does not answer"),
                                  ("op=2A,nth=4,gone", 1, "the drive is gone"),
                                  ("op=2A,nth=2,sense=6/29/00", 1, "reset while burning"),
                                  ("op=5B,sense=3/0C/00", 1, "3/0C/00"),
                                  ("op=2A,sense=7/27/00", 4, "write protect")):
            with self.subTest(spec=spec):
                self.add("f", "dvd+r", "--fault", spec)
                self.refused(code, words, "--drive", "f", file)
                self.run_burn("virtual", "remove", "f")
        # What a burner must not mind.
        for spec in ("op=00,sense=6/29/00", "op=46,sense=6/28/00", "op=2A,nth=3,sense=2/04/08", "op=2A,nth=3,times=5,sense=2/04/07", "op=2A,nth=2,sense=1/5D/00",
                     "op=54,sense=5/20/00", "op=BB,sense=5/20/00", "op=5C,sense=5/20/00,always", "op=35,sense=2/04/08"):
            with self.subTest(spec=spec):
                self.add("f", "cd-r", "--fault", spec)
                try:
                    self.run_burn("--drive", "f", file)
                finally:
                    self.run_burn("virtual", "remove", "f")


if __name__ == "__main__":
    unittest.main(verbosity=1)
