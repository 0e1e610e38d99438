#!/usr/bin/python3
"""Source trees by recipe and seed: the same name, seed and scale always give the same names, bytes, modes and times.

    trees.py RECIPE DIR [--seed N] [--scale F] [--without PART,...]

Recipes: big (4 x 768 MiB), small (100,000 files, log-normal around 3.6 KiB, at most 64 KiB), million
(1,000,000 files of 0 to 6 bytes), nasty (everything a file system allows and a disc format finds hard).
--scale shrinks big, small and million. The parts of nasty are the functions named nasty_*; the heavy two are
sparse (a file of 5 GiB that takes a few blocks) and leafdirs (70,000 directories).
"""
import argparse
import os
import random
import socket
import stat
import sys

DAY = 86400
EPOCH = 1_600_000_000  # times of the plain recipes: a fixed day, so that a tree depends on its seed alone


class Folder:
    """Makes entries below one open directory: no path is walked twice, which is what a million files need."""

    def __init__(self, path):
        os.makedirs(path, exist_ok=True)
        self.path = path
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.utime(self.fd, (EPOCH, EPOCH))
        os.close(self.fd)

    def file(self, name, data, mode=0o644, mtime=EPOCH):
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode, dir_fd=self.fd)
        try:
            if data:
                os.write(fd, data)
            os.utime(fd, (mtime, mtime))
        finally:
            os.close(fd)


def big(root, rng, scale):
    block = 4 << 20
    blocks = max(1, int(768 * scale * (1 << 20)) // block)
    for i in range(4):
        path = os.path.join(root, f"part{i}.bin")
        with open(path, "wb") as out:
            for _ in range(blocks):
                out.write(rng.randbytes(block))
        os.utime(path, (EPOCH, EPOCH))


def small(root, rng, scale):
    pool = rng.randbytes(8 << 20)
    count = max(1, int(100_000 * scale))
    per_folder = 100
    for start in range(0, count, per_folder):
        folder = start // per_folder
        with Folder(os.path.join(root, f"d{folder // 32:03d}", f"e{folder % 32:02d}")) as here:
            for i in range(start, min(start + per_folder, count)):
                size = min(65536, int(rng.lognormvariate(7.69, 1.0)))  # e^7.69 * e^0.5 bytes = 3.6 KiB in the mean
                at = rng.randrange(len(pool) - size)
                here.file(f"file-{i:06d}.dat", pool[at:at + size], mtime=EPOCH + i % DAY)


def million(root, rng, scale):
    count = max(1, int(1_000_000 * scale))
    for start in range(0, count, 1000):
        with Folder(os.path.join(root, f"dir{start // 1000:03d}")) as here:
            for i in range(start, min(start + 1000, count)):
                here.file(f"f{i:06d}", rng.randbytes(rng.randrange(7)), mtime=EPOCH + i % DAY)


# The parts of nasty. Each makes its own directory below root.

SCRIPTS = {
    "latin": "aéñøßžĀő",
    "cyrillic": "жблиф",
    "arabic-greek": "αβγעשסلمن",
    "cjk-emoji": "漢字仮名한글😀🧿𠀋",
}


def put(path, data=b"", mode=0o644, mtime=EPOCH):
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as out:
        out.write(data)
    os.chmod(path, mode)
    os.utime(path, (mtime, mtime))


def name_of_length(letters, length, rng):
    """A name of exactly `length` bytes of UTF-8; what no whole letter fills is filled with digits."""
    out = b""
    while True:
        letter = rng.choice(letters).encode()
        if len(out) + len(letter) > length:
            break
        out += letter
    return out + b"0123"[: length - len(out)]


def nasty_names(root, rng):
    for script, letters in SCRIPTS.items():
        folder = os.path.join(root, "names", script).encode()
        os.makedirs(folder)
        for length in range(1, 256):
            for _ in range(20):  # short names soon repeat
                path = os.path.join(folder, name_of_length(letters, length, rng))
                if not os.path.lexists(path):
                    put(path, b"%d bytes of %s" % (length, script.encode()))
                    break
    os.mkdir(os.path.join(root, "names", "d" * 255))
    put(os.path.join(root, "names", "d" * 255, "e" * 255), b"long in long")


def nasty_odd_names(root, _rng):
    folder = os.path.join(root, "odd names").encode()
    os.mkdir(folder)
    names = [b" leading space", b"trailing space ", b"back\\slash", b"semi;colon", b"semi;1", b".leading", b"trailing.", b"two..dots",
             b"...", b"a:b", b"a*b?", b"|pipe<>", b"quote'and\"quote", b"new\nline", b"tab\there", b"bell\x07", b"del\x7f", b"-rf", b"~",
             b"%41%00", b"$HOME", b"#", b"=", b"==a=b", b"@file", b"case", b"Case", b"CASE", b"cASe", b"NUL", b"con.txt", b"desktop.ini.",
             b"bad\xff\xfeutf8", b"\xc3", b"cut\xe6\xbc", b"\xed\xa0\x80lone surrogate", "combining e\u0301".encode(),
             "combining \u00e9".encode(), "right\u202eto left".encode(), "\ufeffbom".encode(), b"no_ext.", b".ext", b"many.dots.in.a.name",
             b"TRANS.TBL", b"RR_MOVED", b"rr_moved"]
    for i, name in enumerate(names):
        put(os.path.join(folder, name), b"odd %d " % i + name)


def nasty_collide(root, _rng):
    for folder, head, count in (("8.3 and 64", "collision-" + "x" * 60, 300), ("103", "joliet-" + "y" * 120, 120)):
        path = os.path.join(root, "collide", folder)
        os.makedirs(path)
        for i in range(count):
            put(os.path.join(path, f"{head}{i:03d}.text"), b"%d" % i)
    path = os.path.join(root, "collide", "folders")
    for i in range(12):
        os.makedirs(os.path.join(path, "same-start-of-a-long-folder-name-" + "z" * 80 + str(i)))
        put(os.path.join(path, "same-start-of-a-long-folder-name-" + "z" * 80 + str(i), "here"), b"%d" % i)


def chain(path, step):
    for level in range(30):
        path = os.path.join(path, step % level)
        os.makedirs(path)
        put(os.path.join(path, f"at level {level}"), b"level %d" % level)


def nasty_deep(root, _rng):
    chain(os.path.join(root, "deep"), "d%02d")


def nasty_longpaths(root, _rng):
    chain(os.path.join(root, "deep and long"), "a folder with a name of some length, %02d" + "-" * 60)


def nasty_empty(root, _rng):
    path = os.path.join(root, "empty")
    os.makedirs(os.path.join(path, "folder", "inner"))
    for i in range(5):
        put(os.path.join(path, f"file{i}"))
    for size in (1, 2047, 2048, 2049, 4095, 4096, 4097, 65535, 65536, 65537, 131072):
        put(os.path.join(path, f"{size:06d} bytes"), bytes(i * 7 % 251 for i in range(size)))


def symlinks(path, targets):
    os.mkdir(path)
    for name, target in targets.items():
        os.symlink(target, os.path.join(path, name))


def nasty_links(root, _rng):
    symlinks(os.path.join(root, "symlinks"), {
        "dangling": "no/such/file", "to file": "../empty/000001 bytes", "to folder": "../empty", "absolute": "/usr/share/doc", "root": "/",
        "self": "self", "dot": ".", "dotdot": "..", "up": "../../../../../..", "mixed": "./a/../b/./c", "trailing slash": "../empty/",
        "doubled slash": "a//b", "component 255": "c" * 255, "utf8": "漢字/é/😀", "spaces": " a / b ", "249": "s" * 249, "250": "s" * 250,
        "251": "s" * 251, "two 125": "t" * 125 + "/" + "t" * 125, "1000 bytes": "/".join(["p" * 40] * 25)[:1000]})


def nasty_longlinks(root, _rng):
    symlinks(os.path.join(root, "long symlinks"), {
        "many 255": "/".join(["c" * 255] * 15), "longest": "/".join(["p" * 40] * 101)[:4095], "many short": "/".join(["x"] * 2000)})


def nasty_hardlinks(root, _rng):
    path = os.path.join(root, "hardlinks")
    os.makedirs(os.path.join(path, "elsewhere"))
    for name, data in (("full", b"linked " * 1000), ("empty", b"")):
        put(os.path.join(path, name), data)
        for other in (f"{name} again", f"elsewhere/{name}", f"elsewhere/{name} once more"):
            os.link(os.path.join(path, name), os.path.join(path, other))
    put(os.path.join(path, "equal but not linked"), b"linked " * 1000)
    os.symlink("target", os.path.join(path, "a link"))
    os.link(os.path.join(path, "a link"), os.path.join(path, "the same link"), follow_symlinks=False)
    put(os.path.join(path, "many00"), b"many")
    for i in range(1, 70):
        os.link(os.path.join(path, "many00"), os.path.join(path, f"many{i:02d}"))


def nasty_modes(root, _rng):
    path = os.path.join(root, "modes")
    os.mkdir(path)
    for mode in (0o000, 0o400, 0o644, 0o755, 0o777, 0o4755, 0o2755, 0o6755, 0o1644, 0o7777):
        put(os.path.join(path, f"file {mode:04o}"), b"%o" % mode, mode)
        folder = os.path.join(path, f"folder {mode:04o}")
        os.mkdir(folder)
        if mode & 0o700 == 0o700:
            put(os.path.join(folder, "inside"), b"inside")
        os.chmod(folder, mode)


def nasty_times(root, _rng):
    path = os.path.join(root, "times")
    os.mkdir(path)
    for name, when in (("1960", -315_619_200), ("1969 last second", -1), ("1970", 0), ("2000 02 29", 951_782_400), ("2038 before", 2**31 - 1),
                       ("2038 after", 2**31), ("2100", 4_102_444_800), ("2155 last day", 5_869_583_999 - 3600), ("2156", 5_869_584_000 + DAY),
                       ("2200", 7_258_118_400)):
        put(os.path.join(path, name), name.encode(), mtime=when)
    put(os.path.join(path, "with nanoseconds"), b"ns")
    os.utime(os.path.join(path, "with nanoseconds"), ns=(EPOCH * 10**9, EPOCH * 10**9 + 999_999_999))
    put(os.path.join(path, "1960 with nanoseconds"), b"ns")
    os.utime(os.path.join(path, "1960 with nanoseconds"), ns=(EPOCH * 10**9, -315_619_200 * 10**9 - 1))


def nasty_special(root, _rng):
    path = os.path.join(root, "special")
    os.mkdir(path)
    os.mkfifo(os.path.join(path, "fifo"))
    with socket.socket(socket.AF_UNIX) as plug:
        here = os.open(path, os.O_RDONLY)  # the name of a socket is short: reach it through the folder's descriptor
        plug.bind(f"/proc/self/fd/{here}/socket")
        os.close(here)
    if os.geteuid() != 0:
        return
    os.mknod(os.path.join(path, "null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(os.path.join(path, "loop0"), stat.S_IFBLK | 0o660, os.makedev(7, 0))
    os.mknod(os.path.join(path, "large minor"), stat.S_IFBLK | 0o600, os.makedev(259, 70000))
    for uid, gid in ((0, 0), (1000, 100), (65534, 65534), (65536, 70000), (4294967294, 4294967294)):
        name = os.path.join(path, f"owner {uid} {gid}")
        put(name, b"owned")
        os.chown(name, uid, gid)


def nasty_sparse(root, _rng):
    path = os.path.join(root, "sparse")
    os.mkdir(path)
    size = 5 << 30
    with open(os.path.join(path, "five gibibytes"), "wb") as out:
        for at, data in ((0, b"start"), (2**32 - 2048 - 3, b"across the first section"), (2**32 - 2, b"across 4 GiB"),
                         (size // 2 + 12345, b"middle"), (size - 3, b"end")):
            out.seek(at)
            out.write(data)
    os.utime(os.path.join(path, "five gibibytes"), (EPOCH, EPOCH))


def nasty_leafdirs(root, _rng):
    """Deeper than all else: a path table goes level by level, and only a directory that has children needs a number of 16 bits."""
    for i in range(70):
        path = os.path.join(root, "leafdirs", *["below"] * 32, f"{i:02d}")
        os.makedirs(path)
        fd = os.open(path, os.O_RDONLY)
        for j in range(1000):
            os.mkdir(f"leaf{j:03d}", dir_fd=fd)
        os.close(fd)


NASTY = {name[6:]: part for name, part in list(globals().items()) if name.startswith("nasty_")}


def nasty(root, seed, without):
    for name, part in NASTY.items():
        if name not in without:
            part(root, random.Random(f"{seed} {name}"))
    times = os.path.join(root, "times")
    for folder, folders, files in os.walk(root, topdown=False):  # making entries moved the times of their folders
        for name in files + folders if folder != times else ():
            os.utime(os.path.join(folder, name), (EPOCH, EPOCH), follow_symlinks=False)
    os.utime(root, (EPOCH, EPOCH))


def make(recipe, root, seed=1, scale=1.0, without=()):
    os.umask(0o022)
    os.makedirs(root)
    if recipe == "nasty":
        unknown = set(without) - set(NASTY)
        if unknown:
            raise SystemExit(f"trees.py: nasty has no part {', '.join(sorted(unknown))}; it has {', '.join(NASTY)}")
        nasty(root, seed, without)
    else:
        {"big": big, "small": small, "million": million}[recipe](root, random.Random(f"{seed} {recipe}"), scale)
        for folder, _, _ in os.walk(root, topdown=False):
            os.utime(folder, (EPOCH, EPOCH))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=("big", "small", "million", "nasty"))
    parser.add_argument("dir")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--without", default="", help="parts of nasty to leave out")
    args = parser.parse_args()
    make(args.recipe, args.dir, args.seed, args.scale, tuple(filter(None, args.without.split(","))))


if __name__ == "__main__":
    sys.exit(main())
