#!/usr/bin/python3
"""Who may include whom: reads the #include lines of the source and holds them against the table below.

    layering.py [ROOT]

The table is the one of the design. A room may always include itself. An entry is a room or one header of it.
Exit 1 with file:line of each violation; also for a quoted include that is not written from the repository root
or names no file, and for a file in no room.
"""
import os
import re
import sys

FSI_BASE = ["libfsi/base"]
FORMAT = FSI_BASE + ["libfsi/disc", "libfsi/source", "libfsi/names", "libfsi/layout"]
SCSI = FSI_BASE + ["librecorder/scsi"]
TRANSPORT = SCSI + ["librecorder/transport"]
DRIVE = TRANSPORT + ["librecorder/drive"]
MEDIUM = DRIVE + ["librecorder/medium"]
BURN = MEDIUM + ["librecorder/plan", "librecorder/pipeline"]
TOOL = FSI_BASE + ["libfsi/fsi.h", "librecorder/recorder.h", "tool"]
ANY = [""]

ALLOWED = {
    "libfsi/base": [],
    "libfsi/disc": FSI_BASE,
    "libfsi/source": FSI_BASE,
    "libfsi/names": FSI_BASE + ["libfsi/source/tree.h"],  # names and sizes are those of nodes: the tree as a value,
    "libfsi/layout": FSI_BASE + ["libfsi/source/tree.h"],  # nothing of how it came to be
    "libfsi/iso9660": FORMAT + ["libfsi/rockridge"],  # asks it for the system use field
    "libfsi/joliet": FORMAT + ["libfsi/iso9660"],
    "libfsi/rockridge": FORMAT,
    "libfsi/eltorito": FORMAT,
    "libfsi/udf": FORMAT,
    "libfsi/hybrid": FORMAT,
    "libfsi/image": FSI_BASE + ["libfsi/source", "libfsi/layout", "libfsi/disc/manifest.h",
                                "libfsi/disc/isomd5.h", "libfsi/disc/libisofs_sums.h"],
    "libfsi/read": FSI_BASE + ["libfsi/disc"],
    "libfsi/check": FSI_BASE + ["libfsi/disc", "libfsi/read"],
    "libfsi": ["libfsi"],
    "librecorder/scsi": FSI_BASE,
    "librecorder/transport": SCSI,
    "librecorder/drive": TRANSPORT,
    "librecorder/medium": DRIVE,
    "librecorder/plan": MEDIUM,
    "librecorder/pipeline": MEDIUM,
    "librecorder/cd": MEDIUM,
    "librecorder/host": FSI_BASE,
    "librecorder/virtual": TRANSPORT,
    "librecorder": FSI_BASE + ["librecorder"],
    "tool": FSI_BASE,  # what the three share
    "mkimage": TOOL,
    "burn": TOOL + ["verify/report.h"],  # the report of a disc that was read back
    "verify": TOOL,
    "tests": ANY,
    "bench": ANY,
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def room_of(path):
    """The longest room that holds this file: two folders deep in the libraries, one elsewhere."""
    folder = os.path.dirname(path)
    while folder and folder not in ALLOWED:
        folder = os.path.dirname(folder)
    return folder


def allowed(room, header):
    mine = ALLOWED[room]
    return room_of(header) == room or any(header == entry or header.startswith(entry + "/") or entry == "" for entry in mine)


def check(root):
    count = 0
    for folder in ("libfsi", "librecorder", "tool", "mkimage", "burn", "verify", "tests", "bench"):
        for where, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if not name.endswith((".h", ".cc")):
                    continue
                path = os.path.relpath(os.path.join(where, name), root)
                room = room_of(path)
                if room in ("libfsi", "librecorder") and os.path.dirname(path) != room:
                    yield f"{path}:1: lies in no room of the design"
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as source:
                    for number, line in enumerate(source, 1):
                        found = INCLUDE.match(line)
                        if not found:
                            continue
                        header = found[2]
                        ours = header.split("/")[0] in ("libfsi", "librecorder", "tool", "mkimage", "burn", "verify", "tests", "bench")
                        count += ours
                        if found[1] == '"' and not ours:
                            yield f'{path}:{number}: "{header}" is not written from the root of the repository'
                        elif ours and not os.path.exists(os.path.join(root, header)):
                            yield f"{path}:{number}: {header} does not exist"
                        elif ours and not allowed(room, header):
                            yield f"{path}:{number}: {room} may not include {header}; it may include {', '.join(ALLOWED[room]) or 'nothing of ours'}"
    if count == 0:
        yield f"{root}: no include of ours was found: is this the repository?"


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), ".."))
    problems = list(check(root))
    print("\n".join(problems) if problems else "layering: every include is allowed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
