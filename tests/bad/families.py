#!/usr/bin/python3
"""Hostile images, made from good ones field by field: the 26 families of inputs that broke some reader of ISO 9660, Rock Ridge, Joliet,
El Torito or UDF. verify reads each within seconds and bounded memory, says something where something can be said, and extracts
nothing outside of its folder. Each image is also verified with a manifest of its own making, whose bytes nobody can trust either.

A family that verify has to report says so; for the others surviving is enough, since a legal reader may not notice.
"""
import json
import os
import random
import shutil
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenario"))
from parts import SECTOR, Bytes, Iso, Udf, boot_entries, catalog_of, descriptor_of, seal, sum_validation  # noqa: E402
from scenario import MKIMAGE, VERIFY, good, in_scratch, main, run, write  # noqa: E402

FAMILIES = {}
NASTY = (0, 1, 2, 3, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def family(number, what, base, reported=False):
    """Registers a generator of (name, damage(Bytes)) over a base image: iso, udf or meta."""
    def take(make):
        FAMILIES.setdefault(number, []).append((what, base, reported, make))
        return make
    return take


def set_entry(b, at, payload):
    """Writes over the start of a system use entry; its length stays."""
    b.data[at:at + len(payload)] = payload


def both(b, at, value):
    b.put(at, "<I", value & 0xFFFFFFFF)
    b.put(at + 4, ">I", value & 0xFFFFFFFF)


def some_record(iso, kind=0):
    return next(r for p, r in sorted(iso.records.items()) if bool(r.flags & 2) == bool(kind) and "long" not in p and "link" not in p)


def entry_of(iso, name):
    for records in iso.folders.values():
        for record in records:
            for found, at in record.entries:
                if found == name:
                    return record, at
    raise LookupError(name)


# ---- ISO 9660, Rock Ridge, Joliet, El Torito ----

@family(1, "continuation areas", "iso")
def _(b, iso):
    record, at = entry_of(iso, b"CE")
    here = b.get(at + 4, "I"), b.get(at + 12, "I")
    yield "to itself", lambda: set_entry(b, here[0] * SECTOR + here[1], b"CE\x1c\x01" + b"".join(struct.pack("<I", v) + struct.pack(">I", v) for v in (here[0], here[1], 28)))
    for value in NASTY:
        yield f"block {value}", lambda value=value: both(b, at + 4, value)
        yield f"offset {value}", lambda value=value: both(b, at + 12, value)
        yield f"length {value}", lambda value=value: both(b, at + 20, value)

    def hops():
        for hop in range(60):
            where = here[0] * SECTOR + hop * 32
            after = here[0], (hop + 1) * 32, 28
            set_entry(b, where, b"CE\x1c\x01" + b"".join(struct.pack("<I", v) + struct.pack(">I", v) for v in after))
        both(b, at + 12, 0)
        both(b, at + 20, 28)
    yield "many hops", hops


@family(2, "lengths of system use entries", "iso")
def _(b, iso):
    record, at = entry_of(iso, b"PX")
    for value in (0, 1, 2, 3, 5, 200, 255):
        yield f"length {value}", lambda value=value: b.data.__setitem__(at + 2, value)


@family(3, "SP and ER", "iso")
def _(b, iso):
    root = iso.folders["/"][0]
    sp, er = root.entry(b"SP"), None
    for value in (0, 1, 31, 127, 255):
        yield f"skip {value}", lambda value=value: b.data.__setitem__(sp + 6, value)
    yield "magic", lambda: b.put(sp + 4, "<H", 0x1234)
    try:
        er = root.entry(b"ER")
    except StopIteration:
        return
    for field in (4, 5, 6):
        yield f"ER {field}", lambda field=field: b.data.__setitem__(er + field, 255)


@family(4, "names", "iso")
def _(b, iso):
    record, at = entry_of(iso, b"NM")
    length = b.data[at + 2]
    for flags in (1, 2, 4, 6, 7, 0x20, 0xFF):
        yield f"flags {flags}", lambda flags=flags: b.data.__setitem__(at + 4, flags)
    for text in (b"/", b"\0", b"..", b".", b"../../../../tmp/evil", b"a/b", b"\xff\xfe"):
        def change(text=text):
            cut = (text * 40)[:length - 5] if len(text) == 1 else text[:length - 5]
            set_entry(b, at + 5, cut)
            b.data[at + 2] = 5 + len(cut) if len(text) > 1 else length
        yield f"name {text!r}", change


@family(5, "symbolic links", "iso")
def _(b, iso):
    record, at = entry_of(iso, b"SL")
    for value in (0, 1, 100, 255):
        yield f"component length {value}", lambda value=value: b.data.__setitem__(at + 6, value)
    for flags in (1, 2, 4, 8, 0x30, 0xFF):
        yield f"component flags {flags}", lambda flags=flags: b.data.__setitem__(at + 5, flags)
    yield "continues", lambda: b.data.__setitem__(at + 4, 1)


@family(6, "relocated directories", "relocated")
def _(b, iso):
    record, cl = entry_of(iso, b"CL")
    holder, pl = entry_of(iso, b"PL")
    root = b.get(16 * SECTOR + 158, "I")
    for value in (root, record.at // SECTOR, some_record(iso).extent, *NASTY):
        yield f"CL to {value}", lambda value=value: both(b, cl + 4, value)
        yield f"PL to {value}", lambda value=value: both(b, pl + 4, value)


@family(7, "loops of directories", "iso")
def _(b, iso):
    folder = some_record(iso, 1)
    root = b.get(16 * SECTOR + 158, "I")
    yield "to the root", lambda: both(b, folder.at + 2, root)
    yield "its own parent's extent", lambda: both(b, iso.folders["/"][0].at + 2, folder.extent)
    for value in (1, 2047, 2049, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFF800):
        yield f"length {value}", lambda value=value: both(b, folder.at + 10, value)
        yield f"root length {value}", lambda value=value: both(b, 16 * SECTOR + 156 + 10, value)


@family(8, "lengths of records", "iso")
def _(b, iso):
    record = some_record(iso)
    for value in (0, 1, 32, 33, 34, 254, 255):
        yield f"record {value}", lambda value=value: b.data.__setitem__(record.at, value)
        yield f"name {value}", lambda value=value: b.data.__setitem__(record.at + 32, value)
    yield "garbage behind a zero", lambda: b.data.__setitem__(slice(record.at, record.at + 60), bytes(1) + random.Random(1).randbytes(59))


@family(9, "volume descriptors", "iso")
def _(b, iso):
    pvd = 16 * SECTOR
    for value in (0, 512, 1024, 4096, 65535):
        yield f"block size {value}", lambda value=value: b.put(pvd + 128, "<H", value)
    for field in (80, 132):
        for value in NASTY:
            yield f"field {field} {value}", lambda field=field, value=value: both(b, pvd + field, value)
    for field in (140, 144, 148, 152):
        for value in (0, 1, 0xFFFFFFFF):
            yield f"table {field} {value}", lambda field=field, value=value: b.put(pvd + field, "<I" if field < 148 else ">I", value)
    yield "root garbage", lambda: b.data.__setitem__(slice(pvd + 156, pvd + 190), b"\xff" * 34)
    yield "no terminator", lambda: b.data.__setitem__(descriptor_of(b, 255) * SECTOR, 3)

    def hundred():
        primary = b.text(pvd, SECTOR)
        for s in range(17, min(117, b.sectors())):
            b.data[s * SECTOR:(s + 1) * SECTOR] = primary
    yield "a hundred descriptors", hundred
    yield "descriptors to the end", lambda: b.data.__setitem__(slice(17 * SECTOR, b.sectors() * SECTOR), b.text(pvd, SECTOR) * (b.sectors() - 17))


@family(10, "files of several extents", "iso")
def _(b, iso):
    record = some_record(iso)
    yield "the last section is missing", lambda: b.data.__setitem__(record.at + 25, record.flags | 0x80)
    for r in sorted(iso.records.values(), key=lambda r: r.at)[:40]:
        if not r.flags & 2:
            yield f"sections at {r.at}", lambda r=r: (b.data.__setitem__(r.at + 25, 0x80), both(b, r.at + 10, 0xFFFFFFFF))

    def all_of_them():
        for r in iso.records.values():
            if not r.flags & 2:
                b.data[r.at + 25] |= 0x80
                both(b, r.at + 10, 0xFFFFF800)
    yield "every file", all_of_them
    for unit, gap in ((1, 0), (0, 1), (255, 255)):
        yield f"interleaved {unit} {gap}", lambda unit=unit, gap=gap: b.put(record.at + 26, "BB", unit, gap)


@family(11, "zisofs", "iso")
def _(b, iso):
    record, at = entry_of(iso, b"PX")
    rng = random.Random(11)
    for exponent in (0, 14, 15, 17, 18, 255):
        for size in (0, 0xFFFFFFFF):
            yield f"exponent {exponent} size {size}", lambda exponent=exponent, size=size: set_entry(
                b, at, b"ZF\x10\x01pz\x04" + bytes([exponent]) + struct.pack("<I", size) + struct.pack(">I", size))
    yield "short", lambda: set_entry(b, at, b"ZF\x05\x01p")
    yield "second version", lambda: set_entry(b, at, b"ZF\x10\x02PZ\x06\x0f" + rng.randbytes(8))


@family(12, "Joliet", "iso")
def _(b, iso):
    joliet = Iso(b, descriptor_of(b, 2), joliet=True)
    record = some_record(joliet)
    yield "odd length", lambda: b.data.__setitem__(record.at + 32, b.data[record.at + 32] - 1)
    yield "lone surrogate", lambda: b.put(record.at + 33, ">H", 0xD800)
    yield "separator", lambda: b.put(record.at + 33, ">H", 0x2F)
    yield "zeros", lambda: b.data.__setitem__(slice(record.at + 33, record.at + 33 + len(record.identifier)), bytes(len(record.identifier)))
    for text in (b"%/A", b"%/Z", b"\xff\xff\xff", bytes(3)):
        yield f"escape {text!r}", lambda text=text: b.data.__setitem__(slice(joliet.descriptor + 88, joliet.descriptor + 91), text)


@family(13, "El Torito", "boot")
def _(b, iso):
    at, record = catalog_of(b), descriptor_of(b, 0) * SECTOR
    entry = boot_entries(b)[0][0]
    for value in NASTY:
        yield f"catalog at {value}", lambda value=value: b.put(record + 71, "<I", value)
        yield f"image at {value}", lambda value=value: b.put(entry + 8, "<I", value)
    for value in (0, 1, 0xFFFF):
        yield f"blocks {value}", lambda value=value: b.put(entry + 6, "<H", value)
    for media in range(0, 16):
        yield f"media {media}", lambda media=media: b.data.__setitem__(entry + 1, media)
    yield "checksum", lambda: b.data.__setitem__(at + 28, b.data[at + 28] ^ 1)

    def bare():
        for i in range(1, 64):
            b.data[at + 32 * i:at + 32 * i + 32] = b.text(entry, 32)
    yield "64 bare entries", bare

    def headers():
        for i in range(2, 64):
            b.data[at + 32 * i:at + 32 * i + 32] = b"\x90\x00" + struct.pack("<H", 0xFFFF) + bytes(28)
        sum_validation(b)
    yield "headers without end", headers


@family(14, "dates", "iso")
def _(b, iso):
    record = some_record(iso)
    _, tf = entry_of(iso, b"TF")
    for text in (bytes(7), b"\xff" * 7, b"\x00\x0d\x20\x18\x3c\x3c\x7f", b"\x64\x00\x00\x00\x00\x00\x80"):
        yield f"record {text!r}", lambda text=text: b.data.__setitem__(slice(record.at + 18, record.at + 25), text)
        yield f"TF {text!r}", lambda text=text: b.data.__setitem__(slice(tf + 5, tf + 12), text)
    for flags in (0, 0x7F, 0x80, 0xFF):
        yield f"TF flags {flags}", lambda flags=flags: b.data.__setitem__(tf + 4, flags)
    yield "volume", lambda: b.data.__setitem__(slice(16 * SECTOR + 813, 16 * SECTOR + 830), b"99999999999999999")


@family(15, "extents", "iso")
def _(b, iso):
    files = [r for r in iso.records.values() if not r.flags & 2 and r.size]
    for value in (0, 16, iso.folders["/"][0].extent, b.sectors() - 1, b.sectors(), 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"at {value}", lambda value=value: both(b, files[0].at + 2, value)
    for value in (0x7FFFFFFF, 0xFFFFFFFF):
        yield f"size {value}", lambda value=value: both(b, files[0].at + 10, value)
    yield "all at one place", lambda: [both(b, r.at + 2, files[0].extent) for r in files]
    yield "all shifted", lambda: [both(b, r.at + 2, r.extent + 1) for r in files]


# ---- UDF ----

def udf_field(b, at, fmt, value, tag=None):
    b.put(at, fmt, value)
    if tag is not None:
        seal(b, tag)


@family(16, "volume descriptor sequences", "udf")
def _(b, udf):
    anchors = [a * SECTOR for a in (256, b.sectors() - 1, b.sectors() - 257) if b.get(a * SECTOR, "H") == 2]
    for value in NASTY:
        def length(value=value, field=16):
            for a in anchors:
                b.put(a + field, "<I", value)
                b.put(a + field + 8, "<I", value)
                seal(b, a)
        yield f"length {value}", length
        yield f"place {value}", lambda value=value: length(value, 20)
    yield "main and reserve disagree", lambda: (b.data.__setitem__(udf.reserved[6] + 90, 0x41), seal(b, udf.reserved[6]))

    def no_terminator():
        for s in range(udf.main, udf.main + 16):
            if b.get(s * SECTOR, "H") in (0, 8):
                b.data[s * SECTOR:(s + 1) * SECTOR] = b.text(udf.volume[4] if 4 in udf.volume else udf.volume[1], SECTOR)
    yield "no terminator", no_terminator

    def pointer():
        at = udf.volume[4] if 4 in udf.volume else udf.volume[7]
        b.put(at, "<H", 3)
        b.put(at + 20, "<II", 16 * SECTOR, udf.main)
        b.put(at + 10, "<H", 496)
        seal(b, at)
    yield "a pointer to itself", pointer


@family(17, "partition maps", "meta")
def _(b, udf):
    lvd, reserve = udf.volume[6], udf.reserved[6]

    def change(offset, fmt, value):
        for at in (lvd, reserve):
            b.put(at + offset, fmt, value)
            seal(b, at)
    for value in NASTY:
        yield f"table length {value}", lambda value=value: change(264, "<I", value)
        yield f"maps {value}", lambda value=value: change(268, "<I", value)
    first = udf.map_at - lvd
    for value in (0, 1, 6, 63, 65, 255):
        yield f"map length {value}", lambda value=value: change(first + 1, "B", value)
    for offset in (36, 40, 44, 48, 52):
        for value in NASTY:
            yield f"metadata map {offset} {value}", lambda offset=offset, value=value: change(first + offset, "<I", value)
    for name in (b"*UDF Sparable Partition", b"*UDF Virtual Partition", b"*UDF Nothing"):
        def rename(name=name):
            for at in (lvd, reserve):
                b.data[at + first + 5:at + first + 28] = name.ljust(23, b"\0")
                seal(b, at)
        yield f"type {name!r}", rename
    for offset in (248, 252, 256):
        for value in NASTY:
            yield f"file set {offset} {value}", lambda offset=offset, value=value: change(offset, "<I" if offset != 256 else "<H", value & 0xFFFF if offset == 256 else value)
    main = udf.metadata_icb
    at = udf.layout(main)[0]
    yield "maps into itself", lambda: (b.put(at + 4, "<I", main // SECTOR - udf.partition), seal(b, main))


@family(18, "integrity", "udf")
def _(b, udf):
    at = udf.integrity
    yield "to itself", lambda: (b.put(at + 32, "<II", 2048, at // SECTOR), seal(b, at))
    yield "open", lambda: (b.put(at + 28, "<I", 0), seal(b, at))
    for value in NASTY:
        yield f"implementation use {value}", lambda value=value: (b.put(at + 76, "<I", value), seal(b, at))
        yield f"partitions {value}", lambda value=value: (b.put(at + 72, "<I", value), seal(b, at))


@family(19, "ICBs", "udf")
def _(b, udf):
    icbs = [udf.entries["/"], udf.entries["/folder/large.bin"], udf.entries["/folder"]]
    for icb in icbs:
        extended = b.get(icb, "H") == 266
        lengths = (208, 212) if extended else (168, 172)
        for value in (0, 1, 3, 5, 4096, 0xFFFF):
            yield f"strategy {value} of {icb}", lambda icb=icb, value=value: (b.put(icb + 20, "<H", value), seal(b, icb))
        for field in lengths:
            for value in (1, 7, 2000, 0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFF00):
                yield f"length {field} {value} of {icb}", lambda icb=icb, field=field, value=value: (b.put(icb + field, "<I", value), seal(b, icb))
        for kind in range(8):
            yield f"allocation kind {kind} of {icb}", lambda icb=icb, kind=kind: (b.put(icb + 34, "<H", kind), seal(b, icb))
        for tag in (0, 1, 256, 257, 258, 259, 260, 261, 262, 264, 265, 266, 0xFFFF):
            yield f"tag {tag} of {icb}", lambda icb=icb, tag=tag: (b.put(icb, "<H", tag), seal(b, icb))
        for kind in range(16):
            yield f"file type {kind} of {icb}", lambda icb=icb, kind=kind: (b.data.__setitem__(icb + 27, kind), seal(b, icb))


@family(20, "allocation descriptors", "udf")
def _(b, udf):
    icb = udf.entries["/folder/large.bin"]
    at, size, kind = udf.layout(icb)
    for length in (0, 1, 0x3FFFFFFF, 0x40000800, 0x80000800, 0xC0000800, 0xFFFFFFFF):
        yield f"length {length:x}", lambda length=length: (b.put(at, "<I", length), seal(b, icb))
    for block in NASTY:
        yield f"block {block}", lambda block=block: (b.put(at + 4, "<I", block), seal(b, icb))
    for value in (0, 1, 2**31, 2**62, 2**63 - 1, 2**63, 2**64 - 1):
        yield f"information length {value}", lambda value=value: (b.put(icb + 56, "<Q", value), seal(b, icb))
        yield f"recorded {value}", lambda value=value: (b.put(udf.field(icb, "recorded")[0], "<Q", value), seal(b, icb))

    def aed_loop(length):
        block = icb // SECTOR - udf.partition + 1
        data = udf.partition * SECTOR + block * SECTOR
        b.put(data, "<HHBBHHHI", 258, 2, 0, 0, 0, 0, 8, block)
        b.put(data + 16, "<II", 0, length)
        b.put(data + 24, "<II", 0xC0000000 | 2048, block)
        seal(b, data)
        b.put(at, "<II", 0xC0000000 | 2048, block)
        seal(b, icb)
    for length in (8, 0, 0xFFFFFFFF):
        yield f"extents that go on in themselves {length}", lambda length=length: aed_loop(length)


@family(21, "file identifiers", "udf")
def _(b, udf):
    one = udf.identifiers["/folder/large.bin"]
    parent = udf.folders["/"][0]
    for value in (0, 1, 2, 254, 255):
        yield f"name length {value}", lambda value=value: (b.data.__setitem__(one.at + 19, value), seal(b, one.at))
    for value in (1, 3, 0x7FFF, 0xFFFF):
        yield f"implementation use {value}", lambda value=value: (b.put(one.at + 36, "<H", value), seal(b, one.at))
    for flags in range(0, 32):
        yield f"flags {flags}", lambda flags=flags: (b.data.__setitem__(one.at + 18, flags), seal(b, one.at))
    folder = udf.identifiers["/folder"]
    yield "a directory that is its ancestor", lambda: (b.put(folder.at + 24, "<I", b.get(parent.at + 24, "I")), seal(b, folder.at))
    yield "parent not first", lambda: (b.data.__setitem__(parent.at + 18, 2), seal(b, parent.at))
    for value in NASTY:
        yield f"icb {value}", lambda value=value: (b.put(one.at + 24, "<I", value), seal(b, one.at))


@family(22, "names of UDF", "udf")
def _(b, udf):
    one = udf.identifiers["/folder/large.bin"]
    for value in (0, 1, 9, 16, 254, 255):
        yield f"compression {value}", lambda value=value: (b.data.__setitem__(one.name_at, value), seal(b, one.at))
    for text in (b"/", b"\0", b"..", b"../../../tmp/evil", b"."):
        def change(text=text):
            b.data[one.name_at + 1:one.name_at + 1 + len(one.name)] = text.ljust(len(one.name), text[-1:])[:len(one.name)]
            seal(b, one.at)
        yield f"name {text!r}", change
    lvd = udf.volume[6]
    for value in (0, 129, 255):
        yield f"dstring {value}", lambda value=value: (b.data.__setitem__(lvd + 84 + 127, value), seal(b, lvd))


@family(23, "links of UDF", "udf")
def _(b, udf):
    icb = udf.entries["/link"]
    at, size, kind = udf.layout(icb)
    data = at if kind == 3 else next(udf.extents(icb))[1] * SECTOR
    for kind_of in (0, 1, 2, 3, 4, 5, 6, 255):
        for length in (0, 1, 7, 255):
            def change(kind_of=kind_of, length=length):
                b.put(data, "BB", kind_of, length)
                seal(b, icb)
            yield f"component {kind_of} {length}", change


@family(24, "stream directories", "udf")
def _(b, udf):
    for path in ("/", "/folder/large.bin"):
        icb = udf.entries[path]

        def change(icb=icb, to=None):
            # A file entry becomes an extended one with a stream directory.
            size = udf.layout(icb)[1]
            head, ads = b.text(icb, 72), b.text(udf.layout(icb)[0], size)
            target = (to if to is not None else icb) // SECTOR - udf.partition
            body = bytearray(SECTOR)
            body[:72] = head
            struct.pack_into("<H", body, 0, 266)
            struct.pack_into("<IIHHI", body, 152, 2048, target, 0, 0, 0)
            struct.pack_into("<II", body, 208, 0, size)
            body[216:216 + size] = ads
            b.data[icb:icb + SECTOR] = body
            b.put(icb + 10, "<H", 200 + size)
            seal(b, icb)
        yield f"streams of {path} in itself", change
        yield f"streams of {path} in the root", lambda change=change: change(to=udf.entries["/"])


@family(25, "tags and blocks", "udf")
def _(b, udf):
    yield "another version", lambda: [(b.put(at + 2, "<H", 3), seal(b, at)) for at in udf.entries.values()]
    for value in (0, 512, 4096, 0xFFFFFFFF):
        yield f"block size {value}", lambda value=value: [(b.put(at + 212, "<I", value), seal(b, at)) for at in (udf.volume[6], udf.reserved[6])]
    yield "shifted", lambda: b.data.__setitem__(slice(0, 0), bytes(SECTOR))
    yield "shifted the other way", lambda: b.data.__delitem__(slice(0, SECTOR))


@family(26, "times of UDF", "udf")
def _(b, udf):
    icb = udf.entries["/folder/large.bin"]
    at = icb + (92 if b.get(icb, "H") == 266 else 84)
    for text in (bytes(12), b"\xff" * 12, struct.pack("<HhBBBBBBBB", 0x1801, -2048 & 0x7FFF, 13, 32, 25, 61, 61, 100, 100, 100)):
        yield f"{text!r}", lambda text=text: (b.data.__setitem__(slice(at, at + 12), text), seal(b, icb))


def make_bases(scratch):
    tree = os.path.join(scratch, "tree")
    rng = random.Random(6)
    write(os.path.join(tree, "folder", "large.bin"), rng.randbytes(200_000))
    write(os.path.join(tree, "folder", "deeper", "one"), rng.randbytes(3000))
    write(os.path.join(tree, "l" * 200), b"a name that needs a continuation area")
    write(os.path.join(tree, "second.bin"), rng.randbytes(5000))
    write(os.path.join(tree, "boot.img"), rng.randbytes(2048))
    os.symlink("a/long/../path/" + "x" * 60, os.path.join(tree, "link"))
    deep = os.path.join(tree, *"abcdefghij")
    write(os.path.join(deep, "file"), b"deep")
    bases = {"iso": [], "relocated": ["--preset", "help"], "boot": ["--boot", "boot.img"], "udf": ["--fs", "udf", "--udf=1.02"],
             "meta": ["--fs", "udf", "--udf=2.50"]}
    images = {}
    for name, options in bases.items():
        if name == "relocated":
            options = ["--relocate-deep"]
        image = os.path.join(scratch, name + ".iso")
        done = run(MKIMAGE, "-q", "--digest", "none", *options, "-o", image, tree)
        if done.returncode != 0:
            assert name == "relocated", done.stderr
            continue
        with open(image, "rb") as file:
            images[name] = file.read()
    return images


def read_hostile(scratch, number):
    images = make_bases(scratch)
    image = os.path.join(scratch, "hostile.iso")
    sentinel = os.path.join(scratch, "outside")
    count = skipped = 0
    for what, base, reported, make in FAMILIES[number]:
        if base not in images:
            skipped += 1
            continue
        names = None
        index = 0
        while True:
            # A generator is made anew for each of its damages: what it found in the good image stays right.
            b = Bytes(images[base])
            parsed = Udf(b) if base in ("udf", "meta") else Iso(b)
            variants = list(make(b, parsed))
            if index >= len(variants):
                break
            name, change = variants[index]
            index += 1
            change()
            with open(image, "wb") as out:
                out.write(b.data)
            where = f"family {number} ({what}), {name}"
            done = run("prlimit", "--as=1500000000", VERIFY, "--json", "-q", "-j", "2", image, timeout=300)
            assert done.returncode in (0, 3), f"{where}: exit {done.returncode}: {done.stderr[-400:]}"
            report = json.loads(done.stdout)
            assert len(done.stdout) < 4 << 20, f"{where}: a report of {len(done.stdout)} bytes"
            assert not (reported and report["ok"]), f"{where}: not reported"
            if index % 4 == 1:
                target = os.path.join(scratch, "in", "target")
                os.makedirs(target)
                ran = run("prlimit", "--as=1500000000", "--fsize=100000000", VERIFY, "-q", "--extract", "/", target, image, timeout=300)
                assert ran.returncode in (0, 1, 2, 3), f"{where}: extracting: exit {ran.returncode}: {ran.stderr[-400:]}"
                assert sorted(os.listdir(os.path.join(scratch, "in"))) == ["target"] and not os.path.exists(sentinel), f"{where}: left its folder"
                assert not os.path.exists("/tmp/evil"), f"{where}: wrote to /tmp"
                shutil.rmtree(os.path.join(scratch, "in"))
            count += 1
    assert count or skipped, "nothing was made"
    print(f"  family {number}: {count} images{', some bases could not be made' if skipped else ''}", flush=True)


def scenario_of(number):
    def scenario(scratch):
        read_hostile(scratch, number)
    scenario.__name__ = f"family_{number}"
    return in_scratch(scenario)


if __name__ == "__main__":
    sys.exit(main([scenario_of(number) for number in sorted(FAMILIES)]))
