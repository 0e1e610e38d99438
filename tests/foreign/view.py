#!/usr/bin/python3
"""A view: what one observer says a tree holds. The source gives the expected one, every foreign reader another.

view = {path: Entry}, path in bytes relative to the root, b"" for the root itself. Run as a program it walks a
directory and prints the view as JSON lines (names in latin-1, so that any byte survives); the guest uses that.
"""
import dataclasses
import hashlib
import json
import os
import stat
import sys

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink", stat.S_IFCHR: "char", stat.S_IFBLK: "block",
         stat.S_IFIFO: "fifo", stat.S_IFSOCK: "socket"}


@dataclasses.dataclass
class Entry:
    """None in a field means: this observer does not tell."""
    kind: str
    mode: int | None = None  # the twelve low bits
    uid: int | None = None
    gid: int | None = None
    mtime: int | None = None  # whole seconds, rounded down
    size: int | None = None  # of a file
    sha256: str | None = None  # of a file
    target: bytes | None = None  # of a symlink
    rdev: tuple[int, int] | None = None  # of a device: major, minor
    nlink: int | None = None  # of anything but a folder: how many names of it there are
    link: bytes | None = None  # the first path of the group of hard links this one belongs to; its own when alone


FIELDS = [field.name for field in dataclasses.fields(Entry)]


def sha256_of(stream):
    digest = hashlib.sha256()
    size = 0
    while block := stream.read(1 << 20):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def sha256_of_file(path):
    with open(path, "rb", buffering=0) as stream:
        return sha256_of(stream)[1]


def look(path, info):
    kind = KINDS[stat.S_IFMT(info.st_mode)]
    entry = Entry(kind, stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, info.st_mtime_ns // 10**9)
    if kind != "folder":
        entry.nlink = info.st_nlink
    if kind == "file":
        entry.size = info.st_size
    elif kind == "symlink":
        entry.target = os.readlink(path)
    elif kind in ("char", "block"):
        entry.rdev = (os.major(info.st_rdev), os.minor(info.st_rdev))
    return entry


def walk(root, hashes=True):
    """The view of a directory of this machine. Files with several links are hashed once."""
    root = os.fsencode(root)
    view = {b"": look(root, os.lstat(root))}
    groups = {}
    pending = [b""]
    while pending:
        folder = pending.pop()
        for item in os.scandir(os.path.join(root, folder)):
            path = os.path.join(folder, item.name)
            try:
                info = item.stat(follow_symlinks=False)
            except OSError:  # Linux shows a name in UDF whose link it cannot read
                view[path] = Entry("listed but not found")
                continue
            entry = view[path] = look(item.path, info)
            if entry.kind == "folder":
                pending.append(path)
                continue
            groups.setdefault((info.st_dev, info.st_ino), []).append(path)
    for paths in groups.values():
        first = min(paths)
        digest = sha256_of_file(os.path.join(root, first)) if hashes and view[first].kind == "file" else None
        for path in paths:
            view[path].link = first
            view[path].sha256 = digest
    return view


def walk_source(root):
    """The view that an image of this directory should give: links from elsewhere do not count."""
    view = walk(root)
    groups = {}
    for entry in view.values():
        groups[entry.link] = groups.get(entry.link, 0) + 1
    for entry in view.values():
        entry.nlink = groups[entry.link] if entry.link is not None else None
    return view


def dump(view, out):
    for path, entry in view.items():
        row = {name: value.decode("latin-1") if isinstance(value, bytes) else value for name, value in vars(entry).items()}
        out.write(json.dumps({"path": path.decode("latin-1"), **row}) + "\n")


def load(stream):
    view = {}
    for line in stream:
        row = json.loads(line)
        path = row.pop("path").encode("latin-1")
        for name in ("target", "link"):
            if row[name] is not None:
                row[name] = row[name].encode("latin-1")
        if row["rdev"] is not None:
            row["rdev"] = tuple(row["rdev"])
        view[path] = Entry(**row)
    return view


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: view.py DIR")
    dump(walk(sys.argv[1]), sys.stdout)
