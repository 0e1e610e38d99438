"""Foreign readers of UDF: each makes a view of an image, says what it cannot tell, and which differences it forces."""
import os
import re

from readers import ByPycdlib, Reader, ReaderFailed, must
from scenario import BIN
from verdict import Forced
from view import Entry, sha256_of, walk

NO_LINKS = {field: "the tree it is asked about has only files and folders" for field in ("target", "rdev")}


def cs0_fits(text):
    """254 characters up to U+00FF or 127 UTF-16 units, and no byte order marks (OSTA UDF 2.1.1)."""
    if "\ufeff" in text or "\ufffe" in text:
        return False
    return len(text) <= 254 if all(ord(c) <= 0xFF for c in text) else len(text.encode("utf-16-be")) // 2 <= 127


class UdfNames:
    format = "UDF"
    fold = staticmethod(lambda text: text)

    @staticmethod
    def legal(name):
        try:
            return 0 < len(name) and cs0_fits(name.decode("utf-8"))
        except UnicodeDecodeError:
            return False

    must_stay = legal


class LinuxUdfNames(UdfNames):
    """Linux shows at most 254 bytes of UTF-8; longer names end in a hash."""
    @staticmethod
    def must_stay(name):
        return len(name) <= 254 and UdfNames.legal(name)


FORCED_TREE = [Forced("the root folder's own time is not restored", lambda d: d.path == b"" and d.field == "mtime")]


class SevenZipUdf(Reader):
    """7-Zip refuses a whole image with an ICB that is neither file nor directory, and a metadata file of several extents."""
    name = "7z -tudf"
    tool = "7z"
    untold = {**{field: "7-Zip extracts none" for field in ("mode", "uid", "gid", "link", "nlink")}, **NO_LINKS}
    forced = FORCED_TREE

    def read(self, image, work, limit):
        must(["7z", "t", "-tudf", "-bd", "-y", image], limit)
        must(["7z", "x", "-tudf", "-bd", "-y", "-o" + work, image], limit)
        return walk(work)


class Udfread(Reader):
    """libudfread knows files and directories, and gives names in modified UTF-8: surrogates one by one."""
    name = "libudfread"
    tool = os.path.join(BIN, "udfread_walk")
    untold = {**{field: "libudfread does not tell" for field in ("mode", "uid", "gid", "link", "nlink", "mtime")}, **NO_LINKS}

    def read(self, image, work, limit):
        view = {b"": Entry("folder")}
        for record in must([self.tool, image], limit).stdout.split(b"\0")[1:-1]:
            if record.startswith(b"d "):
                view[self.plain(record[3:])] = Entry("folder")
            else:
                _, size, sha256, path = record.split(b" ", 3)
                view[self.plain(path[1:])] = Entry("file", size=int(size), sha256=sha256.decode())
        return view

    def plain(self, path):
        return path.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass").decode("utf-16-le").encode()


class PycdlibUdf(ByPycdlib):
    """pycdlib reads file entries only (revisions before 2.00), beside ISO 9660 only."""
    name = "pycdlib, UDF"
    untold = {**{field: "not asked" for field in ("mode", "uid", "gid", "link", "nlink", "mtime")}, **NO_LINKS}

    def read(self, image, work, limit):
        with self.opened(image) as iso:
            root = iso.get_record(udf_path="/")
            view = {b"": Entry("folder")}
            pending = [(b"", root)]
            while pending:
                path, folder = pending.pop()
                for named in folder.fi_descs:
                    if named.is_parent():
                        continue
                    encoding = "utf-16-be" if named.encoding == "utf-16_be" else "latin-1"
                    name = named.fi.decode(encoding).encode()
                    child = path + b"/" + name if path else name
                    if named.is_dir():
                        view[child] = Entry("folder")
                        pending.append((child, named.file_entry))
                        continue
                    size = named.file_entry.get_data_length()
                    view[child] = Entry("file", size=size)
                    if 0 < size <= 1 << 20:
                        first = named.file_entry.alloc_descs[0].log_block_num + iso.udf_main_descs.partitions[0].part_start_location
                        iso._cdfp.seek(first * 2048)
                        view[child].sha256 = sha256_of_bytes(iso._cdfp.read(size))
            return view


def sha256_of_bytes(data):
    import io
    return sha256_of(io.BytesIO(data))[1]


def udfinfo(image, expected, revision, limit):
    """What udfinfo says of the volume, as failures."""
    done = must(["udfinfo", image], limit)
    said = dict(line.split("=", 1) for line in done.stdout.decode("utf-8", "replace").splitlines() if "=" in line)
    folders = sum(entry.kind == "folder" for entry in expected.values())
    want = {"udfrev": revision if revision != "2.60" else "2.50", "udfwriterev": revision, "numfiles": str(len(expected) - folders),
            "numdirs": str(folders), "integrity": "closed", "accesstype": "readonly", "behindblocks": "0"}
    failures = [f"udfinfo: {key}: expected {value}, said {said.get(key)}" for key, value in want.items() if said.get(key) != value]
    return failures + [f"udfinfo: {line}" for line in done.stderr.decode("utf-8", "replace").splitlines()]


def udfdump(image, expected, limit):
    """udfclient's dump of the tree: it changes names, so they are counted."""
    done = must(["udfdump", "-b", "2048", "-t", image], limit)
    count = len(re.findall(rb"^:Rootdir/", done.stdout, re.M))
    leaves = sum(entry.kind != "folder" for entry in expected.values())
    return [] if count == leaves else [f"udfdump: expected {leaves} names, listed {count}"]


READERS = [SevenZipUdf(), Udfread(), PycdlibUdf()]

LINUX = [
    Forced("UDF: a component of a symbolic link has at most 254 bytes of an identifier",
           lambda d: d.field == "target" and b"/".join(part[:254] for part in d.expected.split(b"/")) == d.actual != d.expected),
    Forced("Linux: udf does not show a symbolic link whose components take more than one block",
           lambda d: d.field == "kind" and d.expected == "symlink" and d.actual == "listed but not found"),
    Forced("UDF: a symbolic link is stored as components, and slashes that part none are not",
           lambda d: d.field == "target" and re.sub(b"/+", b"/", d.expected).rstrip(b"/") == d.actual),
]
