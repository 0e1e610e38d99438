#!/usr/bin/env python3
"""burn audio and burn raw, the whole tool, on virtual drives. The samples on the disc are compared with what other programs decode, the
layout of descriptions with what cdrdao makes of them, the data with what bchunk extracts; and each bad input has its line and exit code.
Needs DISCPRESS_BIN. A foreign program that is missing is a skip on a user's machine and a failure in CI."""

import ctypes
import ctypes.util
import glob
import json
import lzma
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import unittest
import wave

BURN = os.path.join(os.environ["DISCPRESS_BIN"], "burn")
CI = os.environ.get("CI") == "true"
SECTOR, RAW, WITH_SUB = 2048, 2352, 2448
LAYER_FIRST = -20000  # of the file in which a virtual CD keeps its sectors
HERE = os.path.dirname(os.path.abspath(__file__))


def corpus():
    at = HERE
    while at != "/":
        at = os.path.dirname(at)
        found = os.path.join(at, "shared", "corpus", "libcdio")
        if os.path.isdir(found):
            return found
    return None


class Cd(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.addCleanup(self.dir.cleanup)
        self.env = dict(os.environ, XDG_STATE_HOME=os.path.join(self.dir.name, "state"), LC_ALL="C.UTF-8")
        self.env.pop("DISCPRESS_STATE_DIR", None)

    def path(self, name, data=None):
        path = os.path.join(self.dir.name, name)
        if data is not None:
            with open(path, "wb") as f:
                f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def burn(self, *args, code=0):
        done = subprocess.run([BURN, *args], stdin=subprocess.DEVNULL, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, code, f"burn {' '.join(args)}: {out} {err}")
        if code:
            self.assertEqual(err.count("\n"), 1, f"one line, and not: {err}")
            self.assertTrue(err.startswith("burn: "), err)
        return out if not code else err

    def foreign(self, program):
        if not shutil.which(program):
            if CI:
                self.fail(f"{program} is missing")
            self.skipTest(f"{program} is missing")

    def drive(self, media="cd-r"):
        self.burn("virtual", "add", "d", "--media", media)

    def new_disc(self):
        self.burn("virtual", "remove", "d")
        self.drive()

    def wav(self, name, frames, channels=2, width=2, rate=44100, seed=1):
        path = self.path(name)
        data = random.Random(seed).randbytes(frames * channels * width)
        with wave.open(path, "wb") as out:
            out.setnchannels(channels)
            out.setsampwidth(width)
            out.setframerate(rate)
            out.writeframes(data)
        return path, data

    def on_disc(self, lba, sectors):
        """The main channel as the virtual disc keeps it."""
        (layer,) = glob.glob(os.path.join(self.dir.name, "state/discpress/drives/d/disc/raw"))
        out = bytearray()
        with open(layer, "rb") as f:
            for i in range(lba, lba + sectors):
                f.seek((i - LAYER_FIRST) * WITH_SUB)
                out += f.read(WITH_SUB)[:RAW]
        return bytes(out)


class Audio(Cd):
    def test_each_kind_of_file_has_its_samples_on_the_disc(self):
        self.foreign("flac")
        self.foreign("oggenc")
        self.foreign("oggdec")
        self.drive()
        one, samples_one = self.wav("one.wav", 588 * 310 + 100, seed=1)
        two, samples_two = self.wav("two.wav", 588 * 305, seed=2)
        subprocess.run(["flac", "-s", "-f", two, "-o", self.path("two.flac")], check=True)
        quiet = self.path("quiet.wav")
        with wave.open(quiet, "wb") as out:
            out.setnchannels(2), out.setsampwidth(2), out.setframerate(44100)
            out.writeframes(b"".join(struct.pack("<hh", (i * 37) % 8000 - 4000, (i * 11) % 6000 - 3000) for i in range(588 * 301)))
        subprocess.run(["oggenc", "-Q", quiet, "-o", self.path("three.ogg")], check=True)
        subprocess.run(["oggdec", "-Q", self.path("three.ogg"), "-o", self.path("three.wav")], check=True)
        with wave.open(self.path("three.wav")) as f:
            samples_three = f.readframes(f.getnframes())
        self.burn("audio", "--drive", "d", one, self.path("two.flac"), self.path("three.ogg"))
        for start, samples, slack in ((0, samples_one, 0), (311 + 150, samples_two, 0), (311 + 150 + 305 + 150, samples_three, 1)):
            sectors = -(-len(samples) // RAW)
            read = self.on_disc(start, sectors)
            if slack:  # two decoders of a lossy code may round differently
                a = struct.unpack(f"<{len(samples) // 2}h", samples)
                b = struct.unpack(f"<{len(samples) // 2}h", read[: len(samples)])
                self.assertLessEqual(max(abs(x - y) for x, y in zip(a, b)), slack)
            else:
                self.assertEqual(read[: len(samples)], samples)
            self.assertEqual(read[len(samples) :], bytes(len(read) - len(samples)))
        info = json.loads(self.burn("info", "--drive", "d", "--json"))
        self.assertEqual([t["start"] for t in info["medium"]["tracks"]], [0, 461, 916])
        self.assertEqual([t["data"] for t in info["medium"]["tracks"]], [False] * 3)
        self.assertEqual(info["medium"]["state"], "closed")

    def test_mono_and_other_depths_are_converted_and_said(self):
        self.drive()
        mono, samples = self.wav("mono.wav", 588 * 300, channels=1)
        out = subprocess.run([BURN, "audio", "--drive", "d", mono], env=self.env, stderr=subprocess.PIPE, check=True).stderr.decode()
        self.assertIn("its one channel is recorded on both", out)
        both = b"".join(samples[i : i + 2] * 2 for i in range(0, len(samples), 2))
        self.assertEqual(self.on_disc(0, 300), both)
        self.new_disc()
        deep, samples = self.wav("deep.wav", 588 * 300, width=3)
        out = subprocess.run([BURN, "audio", "--drive", "d", deep], env=self.env, stderr=subprocess.PIPE, check=True).stderr.decode()
        self.assertIn("24 bits are rounded to 16 bits", out)
        values = [int.from_bytes(samples[i : i + 3], "little", signed=True) for i in range(0, len(samples), 3)]
        read = struct.unpack(f"<{len(values)}h", self.on_disc(0, 300))
        self.assertTrue(all(abs(v / 256 - r) <= 0.5 or r == 32767 for v, r in zip(values, read)))

    def test_report_and_progress_say_what_was_done(self):
        self.drive()
        one, _ = self.wav("one.wav", 588 * 2250)
        done = subprocess.run([BURN, "audio", "--drive", "d", "--progress=json", "--speed", "16", "--mcn", "0724385356927", one, one], env=self.env,
                              stderr=subprocess.PIPE, check=True).stderr.decode().splitlines()
        events = [json.loads(line) for line in done if line.startswith("{")]
        phases = []
        for event in events:
            if event["phase"] not in phases:
                phases.append(event["phase"])
        self.assertEqual(phases, ["preparing", "filling", "writing", "closing", "done"])
        last = [e for e in events if e["phase"] == "writing"][-1]
        self.assertEqual((last["sectors"], last["total_sectors"], last["track"], last["tracks"]), (4800, 4800, 3, 2))
        said = [line for line in done if not line.startswith("{")]
        self.assertIn("burn: virtual:d: the last digit of the catalog number 0724385356927 should be 6 by EAN-13; it is recorded as it is", said)
        self.assertRegex(said[-1], r"^virtual:d: 2 tracks, 1:02\.00 of 2 files on CD-R, disc at once, in 0:0\d at 16\.0x; disc closed; "
                                   r"buffer down to \d+%, 0 stops$")
        plan = self.burn("audio", "--drive", "d", "--dry-run", one, code=4)
        self.assertIn("not blank", plan)
        self.new_disc()
        plan = self.burn("audio", "--drive", "d", "--dry-run", one, one, "--isrc", "USEM39600078", "--index", "2:00:01:00")
        self.assertIn("tracks      2, 1:02.00 in all\n             1 audio   0:30.00  from LBA 0, ISRC USEM39600078\n"
                      "             2 audio   0:30.00  from LBA 2400, 2 indexes\n", plan)
        report = json.loads(self.burn("audio", "--drive", "d", "--json", one))
        for key in ("lowest_fill", "stops", "speeds", "seconds_lost", "drive_waits", "spooled", "kept_awake", "speed_used_kb"):
            self.assertIn(key, report)

    def test_gapless_tracks_follow_each_other_sample_by_sample(self):
        self.drive()
        one, a = self.wav("one.wav", 588 * 310 + 100, seed=3)
        two, b = self.wav("two.wav", 588 * 310 + 17, seed=4)
        self.burn("audio", "--drive", "d", "--gapless", one, two)
        whole = a + b
        self.assertEqual(self.on_disc(0, 620)[: len(whole)], whole[: 620 * RAW])
        info = json.loads(self.burn("info", "--drive", "d", "--json"))
        self.assertEqual([t["start"] for t in info["medium"]["tracks"]], [0, 310])

    def test_a_hidden_first_track_and_everything_else_that_can_be_said(self):
        self.drive()
        hidden, samples = self.wav("hidden.wav", 588 * 400, seed=5)
        one, first = self.wav("one.wav", 588 * 500, seed=6)
        self.burn("audio", "--drive", "d", "--hidden", hidden, one, "--mcn", "0724385356926", "--isrc", "US-EM3-96-00078", "--title", "Disc",
                  "--track-title", "First", "--index", "1:00:02:00", "--pre-emphasis", "--copy", "--multi")
        self.assertEqual(self.on_disc(0, 400), samples)
        self.assertEqual(self.on_disc(400, 500), first)
        info = json.loads(self.burn("info", "--drive", "d", "--json"))
        self.assertEqual(info["medium"]["state"], "appendable")
        self.assertEqual(info["medium"]["tracks"][0]["start"], 400)

    def test_track_at_once_adds_to_an_open_disc(self):
        self.drive()
        one, a = self.wav("one.wav", 588 * 300, seed=7)
        short, b = self.wav("short.wav", 588 * 100, seed=8)
        self.burn("audio", "--drive", "d", "--mode", "tao", "--multi", one)
        self.burn("audio", "--drive", "d", "--mode", "tao", short)
        info = json.loads(self.burn("info", "--drive", "d", "--json"))
        self.assertEqual([t["session"] for t in info["medium"]["tracks"]], [1, 2])
        start = info["medium"]["tracks"][1]["start"]
        self.assertEqual(start, 302 + 11400)
        self.assertEqual(self.on_disc(start, 300), b + bytes(200 * RAW))  # four seconds at least

    def packs_on_disc(self, lead_in=11485):
        """CD-TEXT as the lead-in's subchannel R to W has it: four packs of 18 bytes in 96 symbols of six bits; each pack once."""
        (layer,) = glob.glob(os.path.join(self.dir.name, "state/discpress/drives/d/disc/raw"))
        packs = {}
        with open(layer, "rb") as f:
            for lba in range(-150 - lead_in, -150 - lead_in + min(lead_in, 200)):
                f.seek((lba - LAYER_FIRST) * WITH_SUB + RAW)
                bits = "".join(f"{b & 0x3F:06b}" for b in f.read(96))
                whole = int(bits, 2).to_bytes(72, "big")
                for i in range(0, 72, 18):
                    packs.setdefault((whole[i + 3] & 0x70, whole[i + 2]), whole[i : i + 18])
        return b"".join(packs[key] for key in sorted(packs))

    def test_a_lead_in_that_is_too_short_is_refused_before_anything_is_written(self):
        """The discs are of a kind that does not exist, which is the only way to see it: their ATIP says that the lead-in begins late."""
        one, _ = self.wav("one.wav", 588 * 300)
        texts = [word for i in range(9) for word in ("--track-title", f"{i} " + "a title of some length " * 6)]
        disc = ["audio", "--drive", "d", *[one] * 9, "--title", "Disc", *texts]
        for lead_in, says in ((1, "lead-in too short: the disc has 1 sectors for it and 36 are needed"),
                              (35, "lead-in too short: the disc has 35 sectors for it and 36 are needed"),
                              (36, None)):
            for mode in ("dao", "raw"):
                with self.subTest(lead_in=lead_in, mode=mode):
                    self.burn("virtual", "add", "d", "--media", "cd-r", "--lead-in", str(lead_in))
                    long = [*disc, *["--track-performer", "x" * 150] * 9, "--mode", mode]
                    if says:
                        self.assertIn(says, self.burn(*long, code=4))
                        self.assertIn(says, self.burn(*long, "--no-cd-text", code=4))
                        self.assertIn(says, self.burn(*long, "--dry-run", code=4))
                    else:
                        said = self.burn(*long, code=4)
                        self.assertRegex(said, r"lead-in too short for CD-TEXT: the disc has 36 sectors for it and \d+ are needed; .*--no-cd-text")
                        self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")
                        needed = int(re.search(r"it and (\d+)", said)[1])
                        self.burn(*long, "--no-cd-text")
                        self.assertEqual(set(self.packs_on_disc(36)), {0})
                        self.burn("virtual", "insert", "d", "--media", "cd-r", "--lead-in", str(needed - 1))
                        self.burn(*long, code=4)
                        self.burn("virtual", "insert", "d", "--media", "cd-r", "--lead-in", str(needed))
                        self.burn(*long)
                        packs = self.packs_on_disc(needed)
                        self.assertTrue(needed * 4 - 4 < len(packs) // 18 <= needed * 4, (needed, len(packs)))
                        for i in range(9):
                            self.assertIn(texts[2 * i + 1][:3].encode(), b"".join(packs[at + 4 : at + 16] for at in range(0, len(packs), 18)))
                    if says:
                        self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")
                    self.burn("virtual", "remove", "d")
        self.burn("virtual", "add", "d", "--media", "cd-r", "--lead-in", "0", code=2)
        self.burn("virtual", "add", "d", "--media", "dvd+r", "--lead-in", "100", code=2)

    def test_texts_beyond_latin_are_read_by_libcdio(self):
        name = ctypes.util.find_library("cdio") or "libcdio.so.19"
        try:
            cdio = ctypes.CDLL(name)
        except OSError:
            return self.foreign("libcdio.so")
        cdio.cdtext_init.restype = ctypes.c_void_p
        cdio.cdtext_data_init.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
        cdio.cdtext_get_const.restype = ctypes.c_char_p
        cdio.cdtext_get_const.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint8]
        cdio.cdtext_destroy.argtypes = [ctypes.c_void_p]
        one, _ = self.wav("one.wav", 588 * 300)
        wide = lambda s: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else "\u3000" if c == " " else c for c in s)
        for texts, read in (
            (("Größe", "Ånd", "Café del Mar", "x"), lambda s: s),
            (("日本の歌", "東京 Jazz 60", "カフェ・デル・マール", "長い題名" * 10), wide),
            (("Москва", "Альбом 1", "Привет", "ΕΛΛΑΔΑ"), wide),
        ):
            with self.subTest(texts[0]):
                self.drive()
                said = subprocess.run([BURN, "audio", "--drive", "d", one, one, "--title", texts[0], "--performer", texts[1], "--track-title", texts[2],
                                       "--track-title", texts[3]], env=self.env, stderr=subprocess.PIPE, check=True).stderr.decode()
                self.assertNotIn("CD-TEXT", said)
                packs = self.packs_on_disc()
                text = cdio.cdtext_init()
                self.assertEqual(cdio.cdtext_data_init(text, packs, len(packs)), 0)
                title, performer = 0, 1
                got = [cdio.cdtext_get_const(text, *which).decode() for which in ((title, 0), (performer, 0), (title, 1), (title, 2))]
                self.assertEqual(got, [read(t) for t in texts])
                cdio.cdtext_destroy(text)
                self.burn("virtual", "remove", "d")
        self.drive()
        said = subprocess.run([BURN, "audio", "--drive", "d", one, "--title", "한국어 é"], env=self.env, stderr=subprocess.PIPE, check=True).stderr.decode()
        self.assertIn("CD-TEXT has no letters for 3 of the characters in the titles; they become '?'", said)

    def test_data_follows_audio_in_a_session_of_its_own(self):
        """CD-Extra: players play the first session, computers mount the last."""
        one, samples = self.wav("one.wav", 588 * 400, seed=9)
        tools = os.environ["DISCPRESS_BIN"]
        for mode, run_out in (("dao", 0), ("raw", 0), ("tao", 2)):
            with self.subTest(mode):
                self.drive()
                self.burn("audio", "--drive", "d", "--mode", mode, "--multi", one)
                start = json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["next_writable"]
                self.assertEqual(start, 400 + run_out + 11400)
                subprocess.run([os.path.join(tools, "mkimage"), "--session-start", str(start), HERE, "-o", self.path("x.iso")], check=True,
                               stderr=subprocess.DEVNULL)
                self.burn("--drive", "d", self.path("x.iso"))
                subprocess.run([os.path.join(tools, "verify"), "--drive", "d"], env=self.env, check=True, stdout=subprocess.DEVNULL)
                self.assertEqual(self.on_disc(0, 400), samples)
                medium = json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]
                self.assertEqual([(t["session"], t["data"]) for t in medium["tracks"]], [(1, False), (2, True)])
                self.assertEqual(medium["state"], "closed")
                # An Enhanced CD: the data is mode 2 form 1 in a session of a CD-ROM XA.
                with open(os.path.join(self.dir.name, "state/discpress/drives/d/disc/disc.json"), encoding="utf-8") as f:
                    disc = json.load(f)
                self.assertEqual([(t["session"], t["control"], t["data_mode"]) for t in disc["tracks"]], [(1, 0, 0), (2, 4, 2)])
                self.burn("virtual", "remove", "d")

    def test_what_lies_before_is_not_read_back(self):
        """Data that is no volume, behind audio: where a volume would begin on the whole disc there is sound, and that is no damage."""
        self.drive()
        one, _ = self.wav("one.wav", 588 * 400, seed=9)
        self.burn("audio", "--drive", "d", "--multi", one)
        for more in (["--multi"], []):
            file = self.path("r.img", random.Random(len(more)).randbytes(2048 * 400))
            report = json.loads(self.burn("--drive", "d", "--verify", "--json", *more, file))
            self.assertEqual(report["verify"]["issues"], [])

    def test_a_disc_of_data_goes_on_in_the_mode_it_was_begun_in(self):
        with open(self.path("a.bin"), "wb") as f:
            f.write(random.Random(1).randbytes(2048 * 400))
        for mode, data_mode in (("MODE1/2048", 1), ("MODE2/2048", 2)):
            with self.subTest(mode):
                self.drive()
                self.burn("raw", "--drive", "d", "--mode", "dao", "--multi", self.path("a.cue", f'FILE "a.bin" BINARY\nTRACK 01 {mode}\nINDEX 01 00:00:00\n'))
                data = random.Random(2).randbytes(2048 * 350)
                subprocess.run([BURN, "--drive", "d"], input=data, env=self.env, check=True, stderr=subprocess.DEVNULL)
                with open(os.path.join(self.dir.name, "state/discpress/drives/d/disc/disc.json"), encoding="utf-8") as f:
                    disc = json.load(f)
                self.assertEqual([t["data_mode"] for t in disc["tracks"]], [data_mode] * 2)
                self.burn("virtual", "remove", "d")

    def subchannel_q(self, lba):
        """Bytes 0 to 9 of Q as the virtual disc keeps it."""
        (layer,) = glob.glob(os.path.join(self.dir.name, "state/discpress/drives/d/disc/raw"))
        with open(layer, "rb") as f:
            f.seek((lba - LAYER_FIRST) * WITH_SUB + RAW)
            sub = f.read(96)
        return int("".join(str(b >> 6 & 1) for b in sub), 2).to_bytes(12, "big")[:10]

    def test_copy_and_pre_emphasis_reach_the_disc(self):
        """FLAGS of cue files, COPY and NO COPY of toc files, and the options of burn audio: into Q of every sector and into the table of contents."""
        self.path("a.bin", random.Random(3).randbytes(RAW * 1200))
        cue = 'FILE "a.bin" BINARY\n' + "".join(
            f"TRACK {n:02} AUDIO\n{flags}INDEX 01 {msf((n - 1) * 300)}\n" for n, flags in enumerate(("FLAGS DCP\n", "", "FLAGS DCP PRE\n", "FLAGS 4CH\n"), 1))
        toc = "CD_DA\n" + "".join(f'TRACK AUDIO\n{flags}\nAUDIOFILE "a.bin" #{i * 300 * RAW} 0 0:4:0\n'
                                   for i, flags in enumerate(("COPY", "NO COPY", "COPY\nPRE_EMPHASIS", "NO COPY\nFOUR_CHANNEL_AUDIO")))
        for name, text in (("f.cue", cue), ("f.toc", toc)):
            for mode in ("dao", "raw", "tao"):
                with self.subTest(name=name, mode=mode):
                    self.drive()
                    self.burn("raw", "--drive", "d", "--mode", mode, self.path(name, text))
                    tracks = json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["tracks"]
                    for track, control in zip(tracks, (2, 0, 3, 8)):
                        for at in (track["start"], track["start"] + 250):
                            self.assertEqual(self.subchannel_q(at)[0] >> 4 if self.subchannel_q(at)[0] & 15 == 1 else control, control)
                            self.assertEqual(self.subchannel_q(at + 1)[0] >> 4, control)
                    with open(os.path.join(self.dir.name, "state/discpress/drives/d/disc/disc.json"), encoding="utf-8") as f:
                        self.assertEqual([t["control"] for t in json.load(f)["tracks"]], [2, 0, 3, 8])
                    self.burn("virtual", "remove", "d")
        one, _ = self.wav("one.wav", 588 * 300)
        for words, control in ((["--copy"], 2), (["--pre-emphasis"], 1), (["--copy", "--pre-emphasis"], 3), ([], 0)):
            for mode in ("dao", "tao", "raw"):
                with self.subTest(words=words, mode=mode):
                    self.drive()
                    self.burn("audio", "--drive", "d", "--mode", mode, *words, one)
                    self.assertEqual(self.subchannel_q(10)[0] >> 4, control)
                    self.burn("virtual", "remove", "d")
        # A track of data that may be copied says so as well.
        self.path("d.iso", random.Random(4).randbytes(2048 * 400))
        for name, text, control in (("d.cue", 'FILE "d.iso" BINARY\nTRACK 01 MODE1/2048\nFLAGS DCP\nINDEX 01 00:00:00\n', 6),
                                    ("d.toc", 'CD_ROM\nTRACK MODE1\nCOPY\nDATAFILE "d.iso"\n', 6), ("e.toc", 'CD_ROM\nTRACK MODE1\nDATAFILE "d.iso"\n', 4)):
            for mode in ("dao", "raw"):
                with self.subTest(name=name, mode=mode):
                    self.drive()
                    self.burn("raw", "--drive", "d", "--mode", mode, self.path(name, text))
                    self.assertEqual(self.subchannel_q(10)[0] >> 4, control)
                    self.burn("virtual", "remove", "d")

    def test_a_damaged_file_is_found_before_the_disc_is_begun(self):
        good, samples = self.wav("good.wav", 588 * 600)
        with open(good, "rb") as f:
            whole = f.read()
        said = "cut.wav: reading audio: it is cut off: its samples should end at byte 1411244 and it has 1000000 bytes; get it again"
        self.path("cut.wav", whole[:1_000_000])
        # Written into a pipe: nobody went back to say how long it became.
        self.path("pipe.wav", whole[:4] + b"\xff" * 4 + whole[8:40] + b"\xff" * 4 + whole[44:])
        aiff = struct.pack(">4sI4s4sIhIh10s4sIII", b"FORM", 46 + len(samples), b"AIFF", b"COMM", 18, 2, len(samples) // 4, 16,
                           bytes((0x40, 0x0E, 0xAC, 0x44, 0, 0, 0, 0, 0, 0)), b"SSND", 8 + len(samples), 0, 0) + swapped(samples)
        self.path("good.aiff", aiff)
        self.path("cut.aiff", aiff[:-5000])
        for mode in ("dao", "tao", "raw"):
            self.drive()
            for name, line in (("cut.wav", said), ("cut.aiff", "cut.aiff: reading audio: it is cut off")):
                self.assertIn(line, self.burn("audio", "--drive", "d", "--mode", mode, good, self.path(name), code=1))
                self.assertIn("x.cue:1: reading the description of a CD: " + self.path(line.replace("reading audio: ", "")),
                              self.burn("audio", "--drive", "d", "--mode", mode, self.path("x.cue", f'FILE "{name}" {name[4:].upper().replace("WAV", "WAVE")}\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n'), code=1))
            self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")
            for name in ("pipe.wav", "good.aiff"):
                self.burn("audio", "--drive", "d", "--mode", mode, self.path(name))
                self.assertEqual(self.on_disc(0, 600), samples)
                self.burn("virtual", "insert", "d", "--media", "cd-r")
            self.burn("virtual", "remove", "d")
        self.foreign("flac")
        subprocess.run(["flac", "-s", "-f", good, "-o", self.path("bad.flac")], check=True)
        with open(self.path("bad.flac"), "r+b") as f:
            f.seek(os.path.getsize(f.name) // 2)
            f.write(b"\x55" * 300)
        self.drive()
        self.assertIn("bad.flac: reading audio: ", self.burn("audio", "--drive", "d", good, self.path("bad.flac"), code=1))
        self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")

    def test_dry_run_and_simulation_leave_the_disc_alone(self):
        self.drive()
        one, _ = self.wav("one.wav", 588 * 300)
        plan = json.loads(self.burn("audio", "--drive", "d", "--dry-run", "--json", one))
        self.assertEqual(plan["contents"][0]["end"], 300)
        self.burn("audio", "--drive", "d", "--simulate", one)
        self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")

    def test_bad_input_is_one_line_and_the_right_exit_code(self):
        self.drive()
        good, _ = self.wav("good.wav", 588 * 300)
        fast, _ = self.wav("fast.wav", 48000 * 5, rate=48000)
        many, _ = self.wav("many.wav", 44100 * 5, channels=6)
        text = self.path("text.wav", "this is no sound")
        self.foreign("flac")
        subprocess.run(["flac", "-s", "-f", good, "-o", self.path("cut.flac")], check=True)
        os.truncate(self.path("cut.flac"), os.path.getsize(self.path("cut.flac")) // 2)
        words = [option for i in range(80) for option in ("--track-title", "x" * 60)]
        long = self.path("long.cue", 'FILE "long.bin" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n')
        with open(self.path("long.bin"), "wb") as f:
            f.truncate(370000 * RAW)
        for says, code, args in (
            ("48000 samples a second and a CD has 44100", 1, [fast]),
            ("6 channels and a CD has two", 1, [many]),
            ("no audio file that can be read", 1, [text]),
            ("No such file or directory", 1, [self.path("none.wav")]),
            ("there are 100 tracks and a CD takes 99", 2, [good] * 100),
            ("cut.flac: reading audio: ", 1, [good, self.path("cut.flac")]),
            ("take more than 256 packs of 12 characters; shorten them", 1, [good] * 80 + words),
            ("there are 3 of them and 1 tracks", 2, [good, "--track-title", "a", "--track-title", "b", "--track-title", "c"]),
            ("a disc with data needs --mode dao or raw", 2, [self.path("mixed.toc", 'CD_ROM\nTRACK MODE1\nZERO 0:5:0\n'), "--mode", "tao"]),
            ("the ISRC 'US-1' is not two letters", 2, [good, "--isrc", "US-1"]),
            ("the catalog number '123' is not 13 digits", 2, [good, "--mcn", "123"]),
            ("there are 2 of them and 1 tracks", 2, [good, "--isrc", "USEM39600078", "--isrc", "USEM39600079"]),
            ("is not TRACK:MM:SS:FF", 2, [good, "--index", "1:2"]),
            ("its last index lies after its end", 2, [good, "--index", "1:01:00:00"]),
            ("its indexes do not ascend", 2, [good, "--index", "1:00:02:00", "--index", "1:00:01:00"]),
            ("there is no track 2", 2, [good, "--index", "2:00:00:01"]),
            ("a .cue or .toc file says everything", 2, [long, "--gapless"]),
            ("the disc is too small", 4, [long]),
        ):
            with self.subTest(says):
                self.assertIn(says, self.burn("audio", "--drive", "d", *args, code=code))
        self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")
        self.burn("audio", "--drive", "d", good)
        self.assertIn("take a blank one", self.burn("audio", "--drive", "d", good, code=4))
        self.burn("virtual", "remove", "d")
        self.drive("dvd+r")
        self.assertIn("needs a CD-R or CD-RW", self.burn("audio", "--drive", "d", good, code=4))


class Interrupted(Cd):
    def interrupt(self, phase, *args):
        """Ctrl-C as soon as `phase` begins and, writing, something is written, on a drive that takes its time. The last line is the message."""
        burn = subprocess.Popen([BURN, *args, "--drive", "d", "--progress=json"], env=self.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        lines, sent = [], False
        for line in burn.stderr:
            lines.append(line.decode().rstrip("\n"))
            event = json.loads(line) if line.startswith(b"{") else {}
            if not sent and event.get("phase") == phase and (phase != "writing" or event["sectors"] > 0):
                burn.send_signal(signal.SIGINT)
                sent = True
        self.assertEqual(burn.wait(timeout=120), 130, lines)
        burn.stderr.close()
        self.assertTrue(sent, lines)
        return [line for line in lines if not line.startswith("{")]

    def test_ctrl_c_leaves_the_drive_free_and_the_disc_as_usable_as_its_kind_allows(self):
        one, _ = self.wav("one.wav", 588 * 4500)
        # SEND OPC INFORMATION takes two seconds, so that there is a time before the first sector.
        for mode, media, phase, says, state in (
            ("tao", "cd-r", "preparing", "interrupted", "blank"),
            ("tao", "cd-r", "writing", r"interrupted after \d+ sectors \(track 1 was ended after \d+ sectors, the session is open", "appendable"),
            ("dao", "cd-r", "preparing", "interrupted", "blank"),
            ("dao", "cd-rw", "writing", r"\d+ sectors were written; what is written at once cannot be ended early, the disc is lost, but can be erased", None),
            ("raw", "cd-r", "writing", r"the disc is lost\)", None),
        ):
            with self.subTest(mode=mode, phase=phase):
                self.burn("virtual", "add", "d", "--media", media, "--speed", "8", "--real-time")
                said = self.interrupt(phase, "audio", "--mode", mode, one)
                self.assertEqual(len(said), 2, said)
                self.assertTrue(said[0].startswith("burn: stopping: "), said)
                self.assertRegex(said[1], "^burn: .*" + says)
                info = json.loads(self.burn("info", "--drive", "d", "--json"))
                if state:
                    self.assertEqual(info["medium"]["state"], state)
                self.burn("eject", "--drive", "d")  # a locked tray would not open
                self.burn("virtual", "remove", "d")


class Raw(Cd):
    def test_the_layout_is_what_cdrdao_makes_of_random_cue_sheets(self):
        self.foreign("cdrdao")
        self.drive()
        compared = 0
        for seed in range(25):
            rand = random.Random(seed)
            sectors, text, at = 0, "", 0
            for number in range(1, rand.randint(2, 8)):
                text += f"TRACK {number:02} AUDIO\n"
                if rand.random() < 0.5:
                    text += "FLAGS DCP\n"
                gap = rand.randint(1, 300)
                if rand.random() < 0.3:
                    text += f"PREGAP {msf(gap)}\n"
                elif number > 1 and rand.random() < 0.5:
                    text += f"INDEX 00 {msf(at)}\n"
                    at += gap
                text += f"INDEX 01 {msf(at)}\n"
                # In later tracks cdrdao takes the time in the file for the time in the track.
                if number == 1 and rand.random() < 0.6:
                    text += f"INDEX 02 {msf(at + rand.randint(1, 299))}\n"
                at += 300 + rand.randint(0, 300)
            self.path("r.bin", bytes(at * RAW))
            cue = self.path("r.cue", 'FILE "r.bin" BINARY\n' + text)
            theirs = subprocess.run(["cdrdao", "show-toc", cue], cwd=self.dir.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE).stdout.decode()
            wanted = []
            for part in theirs.split("TRACK ")[1:]:
                field = lambda name: [int(n) for n in re.findall(rf"{name}[^(]*\( *(\d+)\)", part)]
                wanted.append((field("START")[0], field("END")[0], (field("PREGAP") or [0])[0], field(r"INDEX +\d+"), "COPY PERMITTED" in part))
            plan = json.loads(self.burn("raw", "--drive", "d", "--dry-run", "--json", cue))
            ours = [(t["start"], t["end"], t["start"] - t["pause"] - (150 if t["number"] == 1 else 0), [t["start"] + i for i in t["indexes"]], t["copy"])
                    for t in plan["contents"]]
            self.assertEqual(ours, wanted, f"seed {seed}:\n{text}\n{theirs}")
            compared += len(ours)
        print(f"{compared} tracks of 25 cue sheets lie where cdrdao puts them")

    def test_the_layout_is_what_cdrdao_makes_of_random_toc_files(self):
        self.foreign("cdrdao")
        self.drive()
        compared = 0
        self.path("a.cdr", bytes(2000 * RAW))
        self.path("d.iso", bytes(400 * SECTOR))
        with wave.open(self.path("w.wav"), "wb") as out:
            out.setnchannels(2), out.setsampwidth(2), out.setframerate(44100)
            out.writeframes(bytes(588 * 1000 * 4))
        for seed in range(40):
            rand = random.Random(seed)
            data = rand.random() < 0.3
            text = ("CD_ROM" if data else rand.choice(("CD_DA", "// nothing", "CD_ROM_XA"))) + "\n"
            text += rand.choice(("", 'CATALOG "0724385356926"\n'))
            for number in range(1, rand.randint(2, 7)):
                if number == 1 and data:
                    text += 'TRACK MODE1\n' + rand.choice(("", "NO COPY\n", "COPY\n"))
                    text += rand.choice(('DATAFILE "d.iso"\n', 'DATAFILE "d.iso" 00:04:50 // not all\n', 'ZERO 00:03:00\nSTART\nDATAFILE "d.iso"\n'))
                    text += rand.choice(("", "ZERO 00:02:00\n"))
                    continue
                text += "TRACK AUDIO\n" + rand.choice(("", "COPY\n", "NO COPY PRE_EMPHASIS\n", "TWO_CHANNEL_AUDIO\n", 'ISRC "USEM39600078" '))
                pregap = rand.choice(("", "PREGAP 00:01:%02d\n" % rand.randint(0, 74), "SILENCE 0:2:0 START\n", "SILENCE 90001 START\n", 'FILE "a.cdr" 0 1:0\nSTART\n', "late"))
                if pregap == 'FILE "a.cdr" 0 1:0\nSTART\n':
                    pregap = 'FILE "a.cdr" 0 0:1:0\nSTART\n'
                text += "" if pregap == "late" else pregap
                pieces = 0
                for _ in range(rand.randint(1, 3)):
                    kind = rand.randint(0, 3)
                    if kind == 0:
                        text += 'FILE "a.cdr" 0:0:%d 0:5:%d\n' % (rand.randint(0, 74), rand.randint(0, 74))
                    elif kind == 1:
                        text += 'AUDIOFILE "w.wav" %d %d\n' % (rand.randint(0, 60000), rand.randint(180000, 290000))
                    elif kind == 2:
                        text += 'FILE "w.wav" 0\n'
                    else:
                        text += "SILENCE 00:04:%02d\n" % rand.randint(0, 74)
                    pieces += 1
                if pregap == "late":
                    text += rand.choice(("START 00:00:%02d\n" % rand.randint(1, 20), "START\nSILENCE 00:05:00\n")) if pieces > 1 else ""
                if rand.random() < 0.4:
                    text += "INDEX 0:1:%02d\n" % rand.randint(0, 74)
                    text += rand.choice(("", "INDEX 0:2:10 // and another\n"))
            toc = self.path("r.toc", text)
            done = subprocess.run(["cdrdao", "show-toc", toc], cwd=self.dir.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 0, f"{text}{done.stderr.decode()}")
            theirs = done.stdout.decode()
            wanted = []
            for part in theirs.split("TRACK ")[1:]:
                field = lambda name: [int(n) for n in re.findall(rf"{name}[^(]*\( *(\d+)\)", part)]
                wanted.append((field("START")[0], field("END")[0], (field("PREGAP") or [0])[0], field(r"INDEX +\d+"), "COPY PERMITTED" in part))
            plan = json.loads(self.burn("raw", "--drive", "d", "--dry-run", "--json", toc))
            ours = [(t["start"], t["end"], t["start"] - t["pause"] - (150 if t["number"] == 1 else 0), [t["start"] + i for i in t["indexes"]], t["copy"])
                    for t in plan["contents"]]
            self.assertEqual(ours, wanted, f"seed {seed}:\n{text}\n{theirs}")
            compared += len(ours)
        print(f"{compared} tracks of 40 toc files lie where cdrdao puts them")

    def random_cue(self, rand):
        """A cue sheet with files of all kinds, and what must be on the disc from LBA 0 on: [(sector or None for data, user data)]."""
        sectors, starts, text, number = [], [], [], 0
        case = rand.choice((str, str.lower))
        pad = rand.choice(("", "  ", "\t"))
        say = lambda *words: text.append(pad * rand.randint(0, 2) + " ".join(words))
        if rand.random() < 0.5:
            say(case("CATALOG"), "0724385356926")
        if rand.random() < 0.5:
            say(case("TITLE"), '"A \\"quoted\\" disc"' if rand.random() < 0.3 else '"Ünï"')
        say("REM", "GENRE", "anything INDEX 01 99:99:99")
        for n in range(rand.randint(1, 3)):
            kind = rand.choice(("BINARY", "MOTOROLA", "WAVE", "FLAC", "MODE1/2048", "MODE1/2352", "MODE2/2048"))
            name = f"f{n} {kind[:4]}." + {"WAVE": "wav", "FLAC": "flac"}.get(kind, "bin")
            data = "/" in kind
            size = int(kind[-4:]) if data else RAW
            count = rand.randint(1, 3)
            lead = rand.choice((0, 0, rand.randint(1, 50)))  # sectors of the file that nobody asks for
            lengths = [(rand.choice((0, rand.randint(1, 200))) if i or not n else 0, 300 + rand.randint(0, 80)) for i in range(count)]
            blocks = [rand.randbytes(size if kind != "MODE1/2352" else 2048) for _ in range(lead + sum(a + b for a, b in lengths))]
            if kind == "MODE1/2352":  # as another program left it; only the user data is compared
                raws = [b"\0" + b"\xff" * 10 + b"\0" + bytes((0, 2, 0, 1)) + b + bytes(288) for b in blocks]
                self.path(name, b"".join(raws))
            elif kind == "MOTOROLA":
                self.path(name, b"".join(swapped(b) for b in blocks))
            elif kind in ("WAVE", "FLAC"):
                with wave.open(self.path("tmp.wav" if kind == "FLAC" else name), "wb") as out:
                    out.setnchannels(2), out.setsampwidth(2), out.setframerate(44100)
                    out.writeframes(b"".join(blocks))
                if kind == "FLAC":
                    subprocess.run(["flac", "-s", "-f", self.path("tmp.wav"), "-o", self.path(name)], check=True)
            else:
                self.path(name, b"".join(blocks))
            say(case("FILE"), f'"{name if rand.random() < 0.7 else name.upper()}"', case("BINARY" if data else kind))
            at = lead
            for gap, length in lengths:
                number += 1
                say(case("TRACK"), f"{number:02}", case(kind if data else "AUDIO"))
                item = lambda b: (None, b[:2048]) if data else (b, None)
                silence = item(bytes(size))
                if not data and rand.random() < 0.5:
                    say(case("FLAGS"), rand.choice(("DCP", "PRE", "DCP PRE", "4CH")))
                if not data and rand.random() < 0.5:
                    say(case("ISRC"), rand.choice(("USEM39600078", "us-em3-96-00078")))
                if rand.random() < 0.5:
                    say(case("TITLE"), f'"Song {number}"')
                if gap == 0 and rand.random() < 0.3:
                    pregap = rand.randint(1, 200)
                    say(case("PREGAP"), msf(pregap))
                    sectors += [silence] * pregap
                if gap:
                    say(case("INDEX"), "00", msf(at))
                    sectors += [item(b) for b in blocks[at : at + gap]]
                    at += gap
                say(case("INDEX"), "01", msf(at))
                starts.append(len(sectors))
                sectors += [item(b) for b in blocks[at : at + length]]
                if rand.random() < 0.3:
                    say(case("INDEX"), "02", msf(at + rand.randint(1, 250)))
                at += length
                if rand.random() < 0.2:
                    postgap = rand.randint(1, 100)
                    say(case("POSTGAP"), msf(postgap))
                    sectors += [silence] * postgap
        end = rand.choice(("\n", "\r\n", "\r"))
        return rand.choice(("", "\ufeff")) + end.join(text) + rand.choice(("", end)), sectors, starts

    def test_random_cue_sheets_with_files_of_all_kinds_are_on_the_disc_as_they_say(self):
        self.foreign("flac")
        compared = 0
        for seed in range(40):
            rand = random.Random(seed)
            text, sectors, starts = self.random_cue(rand)
            cue = self.path("r.cue", text)
            mode = rand.choice(("raw", "dao"))
            with self.subTest(seed=seed, mode=mode, text=text):
                self.drive(rand.choice(("cd-r", "cd-rw")))
                self.burn("raw", "--drive", "d", "--mode", mode, cue)
                medium = json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]
                self.assertEqual([t["start"] for t in medium["tracks"]], starts)
                read = self.on_disc(0, len(sectors))
                for i, (audio, user) in enumerate(sectors):
                    sector = read[i * RAW : (i + 1) * RAW]
                    if audio is not None:
                        self.assertEqual(sector, audio, f"sector {i}")
                    else:
                        at = 24 if sector[15] == 2 else 16
                        self.assertEqual(sector[at : at + 2048], user, f"sector {i}")
                compared += len(sectors)
                self.burn("virtual", "remove", "d")
        print(f"{compared} sectors of 40 cue sheets are on the disc as they say")

    def test_data_of_a_foreign_image_comes_back_as_bchunk_extracts_it(self):
        self.foreign("bchunk")
        if not corpus():
            self.skipTest("no samples of libcdio beside the checkout")
        with open(os.path.join(corpus(), "isofs-m1.bin.xz"), "rb") as f:
            self.path("isofs-m1.bin", lzma.decompress(f.read()))
        shutil.copy(os.path.join(corpus(), "isofs-m1.cue"), self.path("isofs-m1.cue"))
        shutil.copy(os.path.join(corpus(), "isofs-m1.toc"), self.path("isofs-m1.toc"))
        subprocess.run(["bchunk", self.path("isofs-m1.bin"), self.path("isofs-m1.cue"), self.path("theirs")], check=True, stdout=subprocess.DEVNULL)
        with open(self.path("theirs01.iso"), "rb") as f:
            theirs = f.read()
        for image in ("isofs-m1.cue", "isofs-m1.toc", "isofs-m1.bin"):
            for mode in ("raw", "dao"):
                with self.subTest(f"{image} {mode}"):
                    self.drive()
                    self.burn("raw", "--drive", "d", "--mode", mode, self.path(image))
                    self.burn("virtual", "export", "d", self.path("ours.iso"))
                    with open(self.path("ours.iso"), "rb") as f:
                        self.assertEqual(f.read(), theirs)
                    with open(self.path("isofs-m1.bin"), "rb") as f:
                        self.assertEqual(self.on_disc(0, 302), f.read())
                    self.burn("virtual", "remove", "d")

    def test_bad_descriptions_are_refused_with_their_line(self):
        self.drive()
        good = bytes(400 * RAW)
        self.path("a.bin", good)
        head = 'FILE "a.bin" BINARY\nTRACK 01 AUDIO\n'
        hundred = head + "INDEX 01 00:00:00\n" + "".join(f"TRACK {i} AUDIO\nINDEX 01 {i}:00:00\n" for i in range(2, 101))
        for says, text in (
            ("x.cue:1: reading the description of a CD: there is no file 'b.bin'", 'FILE "b.bin" BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n'),
            ("x.cue:3: reading the description of a CD: 'a.bin' is too short", head + "INDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:50:00\n"),
            ("x.cue:4: reading the cue sheet: indexes not ascending", head + "INDEX 01 00:01:00\nINDEX 02 00:00:50\n"),
            ("x.cue:3: reading the cue sheet: '00:00:75' is not a time", head + "INDEX 01 00:00:75\n"),
            ("x.cue:3: reading the cue sheet: the ISRC '12' is not", head + "ISRC 12\n"),
            ("x.cue:1: reading the cue sheet: the catalog number '12' is not 13 digits", "CATALOG 12\n"),
            ("the track '100' is not a number from 1 to 99", hundred),
        ):
            with self.subTest(says):
                self.assertIn(says, self.burn("raw", "--drive", "d", self.path("x.cue", text), code=1))
        self.assertIn("s.toc:2: looking at its tracks: track 1 is 00:02:00 long and a track must have four seconds", self.burn("raw", "--drive", "d", self.path("s.toc", "CD_DA\nTRACK AUDIO\nSILENCE 0:2:0\n"), code=2))
        self.assertIn("no multiple of 2352", self.burn("raw", "--drive", "d", self.path("odd.bin", b"x" * 1000), code=1))
        if corpus():
            for name, line in (("bad-cat1.cue", 4), ("bad-mode1.cue", 6), ("bad-msf-1.cue", 7), ("bad-msf-1.toc", 6)):
                self.assertIn(f"{name}:{line}: ", self.burn("raw", "--drive", "d", os.path.join(corpus(), name), code=1))
        self.assertEqual(json.loads(self.burn("info", "--drive", "d", "--json"))["medium"]["state"], "blank")


def swapped(data):
    out = bytearray(data)
    out[0::2], out[1::2] = data[1::2], data[0::2]
    return bytes(out)


def msf(sectors):
    return f"{sectors // 4500:02}:{sectors // 75 % 60:02}:{sectors % 75:02}"


if __name__ == "__main__":
    unittest.main(verbosity=1)
