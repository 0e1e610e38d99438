"""The foreign readers: each makes a view of an image, says what it cannot tell, and which differences it forces.

Nothing here knows how mkimage works. Every call has a time limit: some readers hang on what they do not expect.
"""
import contextlib
import os
import re
import shutil
import subprocess
import unicodedata

from verdict import Forced
from view import Entry, sha256_of, walk


class ReaderFailed(Exception):
    pass


def run(args, limit, **more):
    env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
    try:
        done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=limit, env=env, **more)
    except subprocess.TimeoutExpired:
        raise ReaderFailed(f"{args[0]}: no answer within {limit} s")
    if done.returncode < 0:
        raise ReaderFailed(f"{args[0]}: killed by signal {-done.returncode}")
    return done


def must(args, limit, **more):
    done = run(args, limit, **more)
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
        raise ReaderFailed(f"{' '.join(map(str, args[:4]))} ...: exit {done.returncode}: " + "\n      ".join(said[-8:]))
    return done


# What the formats themselves cannot hold.

FIRST_SECOND, LAST_SECOND = -2208988800, 5869583999  # the ends of 1900 to 2155, the one-byte year of ECMA-119 9.1.5

ROCK_RIDGE = [
    Forced("Rock Ridge: a 7-byte time ends at 1900 and 2155, a later or earlier one is clamped",
           lambda d: d.field == "mtime" and ((d.expected > LAST_SECOND and abs(d.actual - LAST_SECOND) <= 86400)
                                             or (d.expected < FIRST_SECOND and abs(d.actual - FIRST_SECOND) <= 86400))),
    Forced("Rock Ridge: a symbolic link is stored as components, and slashes that part none are not",
           lambda d: d.field == "target" and re.sub(b"/+", b"/", d.expected).rstrip(b"/") == d.actual.rstrip(b"/")),
]
LIBARCHIVE = ROCK_RIDGE + [
    Forced("libarchive: forgets the slash where one SL entry ends and the next begins",
           lambda d: d.field == "target" and len(d.expected) > 240 and d.expected.replace(b"/", b"") == d.actual.replace(b"/", b"")),
    Forced("libarchive: takes the second before 1970 for an error and says 0", lambda d: d.field == "mtime" and (d.expected, d.actual) == (-1, 0)),
]


class Reader:
    name = ""
    tree = "rockridge"
    tool = ""
    untold = {}  # field: why this reader does not tell it
    forced = []

    def available(self):
        return shutil.which(self.tool) is not None

    def cannot(self, expected):
        """Why this reader gives up on a tree like this as a whole, or nothing. It is then asked about the rest of the tree."""
        return None

    def read(self, image, work, limit):
        raise NotImplementedError

    def view(self, image, work, limit):
        view = self.read(image, work, limit)
        for entry in view.values():
            for field in self.untold:
                setattr(entry, field, None)
        return view


def long_links(reason):
    """For a reader that gives up the whole image on a symbolic link that needs more than one continuation area."""
    return lambda self, expected: reason if any(e.target and len(e.target) > 1500 for e in expected.values()) else None


def as_root(reason):
    """Owners and devices come back only when the extractor runs as root."""
    if os.geteuid() == 0:
        return []
    return [Forced(reason, lambda d: d.field in ("uid", "gid") or (d.field == "missing" and d.entry.kind in ("char", "block"))
                   or (d.field == "mode" and d.expected & 0o7000))]


class XorrisoExtract(Reader):
    name = "xorriso -osirrox"
    tool = "xorriso"
    forced = ROCK_RIDGE + as_root("xorriso -osirrox: not root, owners and devices are not restored") + [
        Forced("xorriso -osirrox: does not create sockets", lambda d: d.field == "missing" and d.entry.kind == "socket"),
        Forced("xorriso -osirrox: the root folder's own owner, mode and time are not restored", lambda d: d.path == b"" and d.field != "missing"),
        Forced("xorriso -osirrox: joins hard links of symbolic links only when it made the image, whatever their PX serial numbers",
               lambda d: d.field in ("link", "nlink") and d.entry.kind == "symlink"),
        Forced("xorriso -osirrox: does not restore the times of symbolic links", lambda d: d.field == "mtime" and d.entry.kind == "symlink"),
    ]

    cannot = long_links("libisofs: Rock Ridge path too long")

    def read(self, image, work, limit):
        must(["xorriso", "-abort_on", "FAILURE", "-return_with", "FAILURE", "32", "-hardlinks", "on", "-for_backup", "-acl", "off", "-xattr", "off",
              "-indev", image, "-osirrox", "on:device_files", "-extract", "/", work], limit)
        return walk(work)


class XorrisoList(Reader):
    name = "xorriso -find -exec lsdl"
    tool = "xorriso"
    untold = {"mtime": "lsdl prints days", "sha256": "a listing", "link": "lsdl prints no inode", "nlink": "lsdl prints 1"}
    forced = ROCK_RIDGE
    cannot = long_links("libisofs: Rock Ridge path too long")

    ROW = re.compile(rb"(.)([-rwxsStT]{9})[+]? +\d+ +(\d+) +(\d+) +(\d+(?:, *\d+)?) \w\w\w +\d+ +[\d:]+ ('.*)$", re.S)
    KIND = {b"-": "file", b"d": "folder", b"l": "symlink", b"c": "char", b"b": "block", b"p": "fifo", b"s": "socket"}

    def read(self, image, work, limit):
        done = must(["xorriso", "-abort_on", "FAILURE", "-backslash_codes", "encode_output", "-indev", image, "-find", "/", "-exec", "lsdl", "--"], limit)
        view = {}
        for line in done.stdout.splitlines():
            row = self.ROW.match(line)
            if not row:
                raise ReaderFailed(f"xorriso: a row of lsdl that is not understood: {line[:200]!r}")
            kind = self.KIND[row[1]]
            names = [self.unquote(part) for part in row[6].replace(b"'\"'\"'", b"\\047").split(b"' -> '")]
            entry = Entry(kind, mode_of(row[2]), int(row[3]), int(row[4]))
            if kind == "file":
                entry.size = int(row[5])
            elif kind in ("char", "block"):
                entry.rdev = tuple(int(n) for n in row[5].split(b","))
            elif kind == "symlink":
                entry.target = names[1]
            view[names[0].strip(b"/") if names[0] == b"/" else names[0][1:]] = entry
        return view

    CODES = {b"a": b"\a", b"b": b"\b", b"e": b"\x1b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\\": b"\\"}

    def unquote(self, text):
        text = text.removeprefix(b"'").removesuffix(b"'")
        return re.sub(rb"\\([0-7]{3}|.)", lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else self.CODES[m[1]], text)


def mode_of(letters):
    bits = 0
    for i, letter in enumerate(letters.decode()):
        if letter in "rwxst":
            bits |= 0o400 >> i
        if letter in "sStT":
            bits |= (0o4000, 0o2000, 0o1000)[i // 3]
    return bits


class BsdtarExtract(Reader):
    name = "bsdtar -x"
    tool = "bsdtar"
    forced = LIBARCHIVE + as_root("bsdtar -x: not root, owners and devices are not restored") + [
        Forced("bsdtar -x: makes an empty file of a socket", lambda d: d.field == "kind" and (d.expected, d.actual) == ("socket", "file")),
        Forced("bsdtar -x: the time of the folder it extracts into is not restored", lambda d: d.path == b"" and d.field == "mtime"),
        Forced("libarchive: hard links are known by the place of their data, which empty files and symbolic links do not have",
               lambda d: d.field in ("link", "nlink") and (d.entry.kind != "file" or d.entry.size == 0)),
    ]

    options = ()

    def read(self, image, work, limit):
        must(["bsdtar", "-x", "-p", "-S", *self.options, "--numeric-owner", "-f", image, "-C", work], limit)
        return walk(work)


class BsdtarList(Reader):
    name = "bsdtar, as mtree"
    tool = "bsdtar"
    untold = {"link": "an mtree names no groups"}
    forced = LIBARCHIVE
    options = "mtree:!all,mtree:type,mtree:mode,mtree:uid,mtree:gid,mtree:time,mtree:size,mtree:link,mtree:device,mtree:nlink,mtree:sha256"
    KIND = {"file": "file", "dir": "folder", "link": "symlink", "char": "char", "block": "block", "fifo": "fifo", "socket": "socket"}

    def read(self, image, work, limit):
        done = must(["bsdtar", "-cf", "-", "--format=mtree", "--options", self.options, "@" + image], limit)
        view = {}
        linked = {}
        for line in done.stdout.splitlines():
            if line.startswith(b"#") or not line:
                continue
            path, *words = line.split(b" ")
            said = dict(word.split(b"=", 1) for word in words)
            path = self.unquote(path).removeprefix(b".").removeprefix(b"/")
            word = {key.decode(): value.decode("latin-1") for key, value in said.items()}
            kind = self.KIND[word["type"]]
            entry = Entry(kind, int(word["mode"], 8), int(word["uid"]), int(word["gid"]), int(word["time"].split(".")[0]))
            if kind == "file":
                entry.size, entry.sha256 = int(word["size"]), word.get("sha256digest")
                if "nlink" in word and not entry.size:
                    entry.size = entry.sha256 = None  # a further name of a file that was listed in full before
            elif kind == "symlink":
                entry.target = self.unquote(said[b"link"])
            elif kind in ("char", "block"):
                entry.rdev = tuple(int(n, 0) for n in word["device"].split(",")[1:])
            view[path] = entry
        return view

    def unquote(self, text):
        return re.sub(rb"\\([0-7]{3})", lambda m: bytes([int(m[1], 8)]), text)


JOLIET_UNTOLD = {field: "Joliet has no owners, modes or links" for field in ("mode", "uid", "gid", "link", "nlink", "target", "rdev")}


class BsdtarJoliet(BsdtarExtract):
    name = "bsdtar, Joliet"
    tree = "joliet"
    untold = JOLIET_UNTOLD
    forced = BsdtarExtract.forced + [
        Forced("libarchive: composes the accents of Joliet names, so that two of them may become one",
               lambda d: d.field == "missing" and not unicodedata.is_normalized("NFC", d.path.decode("utf-8", "replace")))]
    options = ("--options", "iso9660:!rockridge")

    def cannot(self, expected):
        if any(sum(min(len(part.decode("utf-8", "replace")), 103) + 1 for part in path.split(b"/")) > 480 for path in expected):
            return "libarchive: gives up at a Joliet path of more than 511 units"
        return None


class XorrisoJoliet(XorrisoExtract):
    name = "xorriso -read_fs norock"
    tree = "joliet"
    untold = JOLIET_UNTOLD
    cannot = Reader.cannot
    forced = ROCK_RIDGE + [Forced("xorriso -osirrox: the root folder's own time is not restored", lambda d: d.path == b"" and d.field == "mtime")]

    def read(self, image, work, limit):
        must(["xorriso", "-abort_on", "FAILURE", "-return_with", "FAILURE", "32", "-read_fs", "norock", "-indev", image,
              "-osirrox", "on:auto_chmod_on", "-extract", "/", work], limit)
        return walk(work)


class SevenZip(Reader):
    """7-Zip shows the Joliet tree when there is one, else the Rock Ridge names."""
    name = "7z -tiso"
    tool = "7z"
    tree = "joliet"
    untold = JOLIET_UNTOLD
    forced = ROCK_RIDGE + [Forced("7z: the root folder is not restored", lambda d: d.path == b"" and d.field == "mtime")]

    def read(self, image, work, limit):
        must(["7z", "t", "-tiso", "-bd", "-y", image], limit)
        must(["7z", "x", "-tiso", "-bd", "-y", "-snl-", "-o" + work, image], limit)
        listed = must(["7z", "l", "-tiso", "-slt", image], limit).stdout
        view = walk(work)
        rows = listed.count(b"\nFolder = ")
        if rows != len(view) - 1:
            raise ReaderFailed(f"7z lists {rows} entries and extracts {len(view) - 1}")
        return view


class ByPycdlib(Reader):
    tool = "python3"

    def available(self):
        try:
            import pycdlib  # noqa: F401
        except ImportError:
            return False
        return True

    @contextlib.contextmanager
    def opened(self, image):
        """The image, and what pycdlib raises as a failure of the reader."""
        import pycdlib
        from pycdlib.pycdlibexception import PyCdlibException
        iso = pycdlib.PyCdlib()
        try:
            iso.open(image)
            yield iso
        except PyCdlibException as error:
            raise ReaderFailed(f"pycdlib: {error}")
        finally:
            with contextlib.suppress(PyCdlibException):
                iso.close()


class Pycdlib(ByPycdlib):
    name = "pycdlib"
    untold = {"link": "pycdlib shows no inode numbers"}
    forced = ROCK_RIDGE
    sample = 20_000  # reading through pycdlib is slow: from more files than this every n-th is read, the rest is listed
    cannot = long_links("pycdlib: only a single CE record is supported")
    largest = 64 << 20  # ... and of a larger file only its size

    def read(self, image, work, limit):
        with self.opened(image) as iso:
            root = iso.get_record(**({"iso_path": "/"} if self.tree == "rockridge" else {"joliet_path": "/"}))
            records = {}
            self.descend(b"", "", root, records)
            view = {}
            files = sum(1 for record, _ in records.values() if record.is_file())
            every = files // self.sample + 1
            seen = 0
            for path, (record, identifiers) in records.items():
                entry = view[path] = self.entry(record)
                if entry.kind == "file":
                    seen += 1
                    if seen % every == 0 and entry.size <= self.largest:
                        key = "iso_path" if self.tree == "rockridge" else "joliet_path"
                        with iso.open_file_from_iso(**{key: identifiers}) as stream:
                            size, entry.sha256 = sha256_of(stream)
                            if size != entry.size:
                                raise ReaderFailed(f"pycdlib: {path!r}: {entry.size} bytes listed, {size} read")
            return view

    def descend(self, path, identifiers, folder, records):
        pending = [(path, identifiers, folder)]
        while pending:
            path, identifiers, folder = pending.pop()
            records[path] = (folder, identifiers)
            for child in folder.children if folder.is_dir() else ():
                if child.is_dot() or child.is_dotdot():
                    continue
                inner = path + b"/" + self.name_of(child) if path else self.name_of(child)
                inner_identifiers = identifiers + "/" + self.identifier_of(child)
                if inner in records and child.is_file():
                    continue  # a further section of a file of several extents
                if child.is_dir():
                    pending.append((inner, inner_identifiers, child))
                else:
                    records[inner] = (child, inner_identifiers)

    def name_of(self, record):
        return record.rock_ridge.name()

    def identifier_of(self, record):
        return record.file_identifier().decode("latin-1")

    def entry(self, record):
        ridge = record.rock_ridge or record.children[0].rock_ridge  # the root has its own in "."
        parts = ridge.dr_entries
        more = ridge.ce_entries

        def find(name):
            return getattr(parts, name) or getattr(more, name)

        px = find("px_record")
        kinds = {0o100000: "file", 0o040000: "folder", 0o120000: "symlink", 0o020000: "char", 0o060000: "block", 0o010000: "fifo", 0o140000: "socket"}
        kind = kinds[px.posix_file_mode & 0o170000]
        entry = Entry(kind, px.posix_file_mode & 0o7777, px.posix_user_id, px.posix_group_id,
                      seconds(find("tf_record").access_time))  # pycdlib reads bits 1 and 2 of TF the wrong way round
        if kind != "folder":
            entry.nlink = px.posix_file_links
        if kind == "file":
            entry.size = record.get_data_length()
        elif kind == "symlink":
            entry.target = ridge.symlink_path()
        return entry


class PycdlibJoliet(Pycdlib):
    name = "pycdlib, Joliet"
    tree = "joliet"
    untold = JOLIET_UNTOLD

    def name_of(self, record):
        return record.file_identifier().decode("utf-16-be", "surrogatepass").removesuffix(";1").encode("utf-8", "surrogatepass")

    def identifier_of(self, record):
        return record.file_identifier().decode("utf-16-be")

    def entry(self, record):
        entry = Entry("folder" if record.is_dir() else "file", mtime=seconds(record.date))
        if entry.kind == "file":
            entry.size = record.get_data_length()
        return entry


def seconds(date):
    """The 7-byte time of ECMA-119 9.1.5 as seconds since 1970."""
    import datetime
    moment = datetime.datetime(1900 + date.years_since_1900, date.month, date.day_of_month, date.hour, date.minute, date.second, tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) - date.gmtoffset * 900


class IsoinfoNames(Reader):
    """isoinfo prints names as they come: only those of plain ASCII can be told apart, the others are not asked for."""
    name = "isoinfo -R -f"
    tool = "isoinfo"
    flag = "-R"
    cannot = long_links("isoinfo: crashes on long symbolic links")

    def read(self, image, work, limit):
        done = must(["isoinfo", self.flag, "-f", "-i", image], limit)
        view = {b"": Entry(None)}
        for line in done.stdout.splitlines():
            if line.startswith(b"/"):
                view[line[1:]] = Entry(None)
        return view


class IsoinfoJoliet(IsoinfoNames):
    name = "isoinfo -J -f"
    tree = "joliet"
    flag = "-J"
    cannot = Reader.cannot


READERS = [XorrisoExtract(), XorrisoList(), BsdtarExtract(), BsdtarList(), Pycdlib(), IsoinfoNames(),
           SevenZip(), XorrisoJoliet(), BsdtarJoliet(), PycdlibJoliet(), IsoinfoJoliet()]
