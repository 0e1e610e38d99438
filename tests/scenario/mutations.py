#!/usr/bin/python3
"""One field of a good image is damaged at a time, with checksums made right again where the damage is in the meaning. There is no
manifest, so that only the checks of structures can tell. verify has to exit 3 and say where, by which clause, and of what path.

The images: a bridge of ISO 9660, Rock Ridge, Joliet and UDF 1.02; UDF 2.01 alone; UDF 2.50 with its metadata partition; and one
that boots in every way. The rows are those of the oracles' detection matrix, and what else of boot set-ups and bridges is checked.
"""
import json
import os
import shutil
import struct
import subprocess
import sys

from parts import SECTOR, Bytes, Iso, Udf, boot_entries, catalog_of, checksum, descriptor_of, seal, seal_gpt, sum_validation
from scenario import MKIMAGE, VERIFY, Skipped, good, in_scratch, main, write

ISOLINUX, ISOHYBRID = "/usr/lib/ISOLINUX/isolinux.bin", "/usr/lib/ISOLINUX/isohdpfx.bin"
GRUB = "/usr/lib/grub/i386-pc"


class Row:
    """What is damaged, how, and what verify has to say: the clause, a sector of it, and a path or structure."""

    def __init__(self, name, damage, clause):
        self.name, self.damage, self.clause = name, damage, clause


def rows(table):
    """A decorator's worth of bookkeeping: each function that follows is a row. It gives (sector, path)."""
    def add(name, clause):
        def take(damage):
            table.append(Row(name, damage, clause))
            return damage
        return take
    return add


# ---- ISO 9660 and Rock Ridge ----

ISO = []
row = rows(ISO)


@row("volume size of the PVD: big-endian differs", "ECMA-119 8.4.8")
def _(b):
    b.put(16 * SECTOR + 84, ">I", b.get(16 * SECTOR + 80, "I") + 1)
    return 16, None


@row("path table size of the PVD: big-endian differs", "ECMA-119 8.4.13")
def _(b):
    b.data[16 * SECTOR + 136 + 3] ^= 1
    return 16, None


@row("address of path table L", "ECMA-119 9.4")
def _(b):
    at = 16 * SECTOR + 140
    wrong = b.get(at, "I") + 1
    b.put(at, "I", wrong)
    return wrong, "path table (Rock Ridge)"


def table_record(b, which, number):
    """Offset of the number-th record (from 0) of the path table; big- or little-endian matters not for lengths."""
    at = struct.unpack_from("<I" if which == "L" else ">I", b.data, 16 * SECTOR + (140 if which == "L" else 148))[0] * SECTOR
    for _ in range(number):
        at += 8 + b.data[at] + b.data[at] % 2
    return at


@row("a record of path table L: extent", "ECMA-119 9.4.3")
def _(b):
    at = table_record(b, "L", 2)
    b.put(at + 2, "I", b.sectors() - 3)
    return at // SECTOR, "path table (Rock Ridge)"


@row("a record of path table L: parent", "ECMA-119 9.4.4")
def _(b):
    at = table_record(b, "L", 2)
    b.put(at + 6, "H", 2)
    return at // SECTOR, "path table (Rock Ridge)"


@row("a record of path table M differs from L", "ECMA-119 6.9.2")
def _(b):
    at = table_record(b, "M", 2)
    b.put(at + 2, ">I", struct.unpack_from(">I", b.data, at + 2)[0] + 1)
    return at // SECTOR, "path table (Rock Ridge)"


@row("size in a directory record: big-endian differs", "ECMA-119 9.1.4")
def _(b):
    at = Iso(b).records["/docs/b.txt"].at
    b.data[at + 17] ^= 1
    return at // SECTOR, "/docs/b.txt"


@row("extent in a directory record: big-endian differs", "ECMA-119 9.1.3")
def _(b):
    at = Iso(b).records["/docs/b.txt"].at
    b.data[at + 9] ^= 1
    return at // SECTOR, "/docs/b.txt"


@row("directory records out of order", "ECMA-119 9.3")
def _(b):
    records = {r.name: r for r in Iso(b).folders["/docs"]}
    first, second = records["b.txt"], records["c.txt"]
    assert first.at + first.length == second.at
    b.data[first.at:first.at + first.length + second.length] = b.text(second.at, second.length) + b.text(first.at, first.length)
    return first.at // SECTOR, "/docs/b.txt"


@row("link count of a directory (PX)", "RRIP 4.1.1")
def _(b):
    record = Iso(b).records["/docs"]
    for at in (record.entry(b"PX"), Iso(b).folders["/docs"][0].entry(b"PX")):
        b.put(at + 12, "<I", 9)
        b.put(at + 16, ">I", 9)
    return record.at // SECTOR, "/docs"


@row("link count of a file (PX)", "RRIP 4.1.1")
def _(b):
    record = Iso(b).records["/docs/b.txt"]
    b.put(record.entry(b"PX") + 12, "<I", 2)
    b.put(record.entry(b"PX") + 16, ">I", 2)
    return record.at // SECTOR, "/docs/b.txt"


@row("PX: big-endian mode differs", "RRIP 4.1.1")
def _(b):
    record = Iso(b).records["/docs/b.txt"]
    b.data[record.entry(b"PX") + 11] ^= 1
    return record.at // SECTOR, "/docs/b.txt"


@row("length of a SUSP entry 0", "SUSP 4.1")
def _(b):
    record = Iso(b).records["/docs/b.txt"]
    b.data[record.entry(b"PX") + 2] = 0
    return record.at // SECTOR, "/docs/B.TXT"


@row("length of a SUSP entry beyond its record", "SUSP 4.1")
def _(b):
    record = Iso(b).records["/docs/b.txt"]
    b.data[record.entry(b"TF") + 2] = 200
    return record.at // SECTOR, "/docs/B.TXT"  # what comes behind it, the name too, is lost


def set_extent(b, record, extent):
    b.put(record.at + 2, "<I", extent)
    b.put(record.at + 6, ">I", extent)


def set_size(b, record, size):
    b.put(record.at + 10, "<I", size)
    b.put(record.at + 14, ">I", size)


@row("extent of a file beyond the image", "ECMA-119 9.1.3")
def _(b):
    set_extent(b, Iso(b).records["/docs/b.txt"], b.sectors() + 7)
    return b.sectors() + 7, "/docs/b.txt"


@row("extent of a file reaches out of the image", "ECMA-119 9.1.3")
def _(b):
    record = Iso(b).records["/docs/b.txt"]
    set_size(b, record, b.sectors() * SECTOR)
    return record.extent, "/docs/b.txt"


@row("two files share an extent in part", "ECMA-119 6.4")
def _(b):
    tree = Iso(b).records
    set_extent(b, tree["/docs/b.txt"], tree["/large.bin"].extent + 1)
    return tree["/large.bin"].extent + 1, "/docs/b.txt"


@row("the volume descriptor set terminator is missing", "ECMA-119 6.7.1.6")
def _(b):
    at = descriptor_of(b, 255)
    b.data[at * SECTOR + 1:at * SECTOR + 6] = b"XXXXX"
    return at, None


@row('".." of a directory', "ECMA-119 6.8.2.2")
def _(b):
    folders = Iso(b).folders
    dotdot = folders["/docs/deep"][1]
    set_extent(b, dotdot, folders["/"][0].extent)
    return dotdot.at // SECTOR, "/docs/deep/.."


@row('"." of a directory', "ECMA-119 6.8.2.2")
def _(b):
    dot = Iso(b).folders["/docs"][0]
    set_extent(b, dot, dot.extent + 1)
    return dot.at // SECTOR, "/docs/."


@row("length of a directory no multiple of a sector", "ECMA-119 6.8.1.3")
def _(b):
    folder = Iso(b)
    for record in (folder.records["/docs/deep"], folder.folders["/docs/deep"][0]):
        set_size(b, record, 2000)
    return folder.records["/docs/deep"].extent, "directory records of /docs/deep"


@row("a continuation area beyond the image", "SUSP 5.1")
def _(b):
    record = next(r for r in Iso(b).records.values() if any(name == b"CE" for name, _ in r.entries))
    b.put(record.entry(b"CE") + 4, "<I", b.sectors() + 1)
    b.put(record.entry(b"CE") + 8, ">I", b.sectors() + 1)
    return record.at // SECTOR, None


# ---- one set of data under several trees ----

BRIDGE = []
row = rows(BRIDGE)


@row("ISO says another place for a file than UDF and Joliet", "ECMA-119 6.8")
def _(b):
    tree = Iso(b).records
    record = tree["/docs/b.txt"]
    set_extent(b, record, tree["/docs/c.txt"].extent)
    return record.at // SECTOR, "/docs/b.txt"


@row("ISO says another size", "ECMA-119 6.8")
def _(b):
    record = Iso(b).records["/docs/b.txt"]
    set_size(b, record, record.size - 1)
    return record.at // SECTOR, "/docs/b.txt"


@row("UDF says another place for a file than ISO", "ECMA-119 6.8")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/docs/b.txt"]
    at, _, _ = udf.layout(icb)
    b.put(at + 4, "I", b.get(udf.layout(udf.entries["/docs/c.txt"])[0] + 4, "I"))
    seal(b, icb)
    return Iso(b).records["/docs/b.txt"].at // SECTOR, "/docs/b.txt"


@row("UDF says another size", "ECMA-119 6.8")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/docs/b.txt"]
    at, _, _ = udf.layout(icb)
    b.put(at, "I", b.get(at, "I") - 1)
    b.put(*udf.field(icb, "length"), b.get(*udf.field(icb, "length")) - 1)
    seal(b, icb)
    return Iso(b).records["/docs/b.txt"].at // SECTOR, "/docs/b.txt"


@row("UDF has another name for a file", "ECMA-119 6.8")
def _(b):
    identifier = Udf(b).identifiers["/docs/b.txt"]
    b.data[identifier.name_at + 1] = ord("x")
    seal(b, identifier.at)
    return Iso(b).records["/docs/b.txt"].at // SECTOR, "/docs/b.txt"


@row("UDF lacks a file", "ECMA-119 6.8")
def _(b):
    identifier = Udf(b).identifiers["/docs/b.txt"]
    b.data[identifier.at + 18] |= 4  # deleted
    seal(b, identifier.at)
    return Iso(b).records["/docs/b.txt"].at // SECTOR, "/docs/b.txt"


@row("Joliet says another place for a file", "ECMA-119 6.8")
def _(b):
    tree = Iso(b, descriptor_of(b, 2), joliet=True).records
    record = tree["/large.bin"]
    set_extent(b, record, record.extent - 1)
    return Iso(b).records["/large.bin"].at // SECTOR, "/large.bin"


# ---- UDF ----

def seal_identifier(b, udf, folder, at, whole=True):
    """Also of the file entry that it may lie in."""
    if whole:
        seal(b, at)
    if udf.layout(udf.entries[folder])[2] == 3:
        seal(b, udf.entries[folder])


UDF = []
row = rows(UDF)


@row("checksum of a file entry's tag", "ECMA-167 4/7.2")
def _(b):
    icb = Udf(b).entries["/docs/b.txt"]
    b.data[icb + 4] ^= 1
    return icb // SECTOR, "/docs/b.txt"


@row("CRC of a file entry", "ECMA-167 4/7.2")
def _(b):
    icb = Udf(b).entries["/docs/b.txt"]
    b.data[icb + 8] ^= 1
    checksum(b, icb)
    return icb // SECTOR, "/docs/b.txt"


@row("location in a file entry's tag", "ECMA-167 4/7.2")
def _(b):
    icb = Udf(b).entries["/docs/b.txt"]
    b.put(icb + 12, "I", b.get(icb + 12, "I") + 1)
    checksum(b, icb)
    return icb // SECTOR, "/docs/b.txt"


@row("CRC of a file identifier", "ECMA-167 4/7.2")
def _(b):
    udf = Udf(b)
    at = udf.identifiers["/docs/b.txt"].at
    b.data[at + 8] ^= 1
    checksum(b, at)
    seal_identifier(b, udf, "/docs", at, whole=False)
    return at // SECTOR, "/docs"


@row("location in a file identifier's tag", "ECMA-167 4/7.2")
def _(b):
    udf = Udf(b)
    at = udf.identifiers["/docs/b.txt"].at
    b.put(at + 12, "I", b.get(at + 12, "I") + 1)
    checksum(b, at)
    seal_identifier(b, udf, "/docs", at, whole=False)
    return at // SECTOR, "/docs"


@row("CRC of the file set descriptor", "ECMA-167 4/7.2")
def _(b):
    at = Udf(b).file_set
    b.data[at + 8] ^= 1
    checksum(b, at)
    return at // SECTOR, None


@row("location in the file set descriptor's tag", "ECMA-167 4/7.2")
def _(b):
    at = Udf(b).file_set
    b.put(at + 12, "I", b.get(at + 12, "I") + 1)
    checksum(b, at)
    return at // SECTOR, None


@row("CRC of the integrity descriptor", "ECMA-167 3/7.2")
def _(b):
    at = Udf(b).integrity
    b.data[at + 8] ^= 1
    checksum(b, at)
    return at // SECTOR, None


@row("number of files in the integrity descriptor", "UDF 2.2.6.4")
def _(b):
    at = Udf(b).integrity
    counts = at + 80 + 8 * b.get(at + 72, "I") + 32
    b.put(counts, "I", b.get(counts, "I") + 1)
    seal(b, at)
    return at // SECTOR, None


@row("number of directories in the integrity descriptor", "UDF 2.2.6.4")
def _(b):
    at = Udf(b).integrity
    counts = at + 80 + 8 * b.get(at + 72, "I") + 36
    b.put(counts, "I", b.get(counts, "I") + 1)
    seal(b, at)
    return at // SECTOR, None


@row("next unique id in the integrity descriptor", "UDF 3.2.1.1")
def _(b):
    at = Udf(b).integrity
    b.put(at + 40, "Q", 16)
    seal(b, at)
    return at // SECTOR, None


@row("CRC of the logical volume descriptor", "ECMA-167 3/7.2")
def _(b):
    at = Udf(b).volume[6]
    b.data[at + 8] ^= 1
    checksum(b, at)
    return at // SECTOR, None


@row("CRC of the reserve logical volume descriptor", "ECMA-167 3/7.2")
def _(b):
    at = Udf(b).reserved[6]
    b.data[at + 8] ^= 1
    checksum(b, at)
    return at // SECTOR, None


@row("the reserve partition descriptor says something else", "ECMA-167 3/8.4.2.2")
def _(b):
    at = Udf(b).reserved[5]
    b.put(at + 192, "I", b.get(at + 192, "I") - 1)
    seal(b, at)
    return at // SECTOR, None


def last_anchor(b):
    return next(s for s in (b.sectors() - 1, b.sectors() - 257) if b.get(s * SECTOR, "H") == 2)


@row("the last anchor is missing", "ECMA-167 3/8.4.2.1")
def _(b):
    at = last_anchor(b)
    for sector in range(257, b.sectors()):
        if b.get(sector * SECTOR, "H") == 2 and b.get(sector * SECTOR + 12, "I") == sector:
            b.data[sector * SECTOR:(sector + 1) * SECTOR] = bytes(SECTOR)
    return at, None


@row("the anchor at 256 is missing", "ECMA-167 3/8.4.2.1")
def _(b):
    b.data[256 * SECTOR:257 * SECTOR] = bytes(SECTOR)
    return 256, None


@row("information length is not the sum of the extents", "ECMA-167 4/14.9.10")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/docs/b.txt"]
    b.put(*udf.field(icb, "length"), b.get(*udf.field(icb, "length")) + 1)
    seal(b, icb)
    return icb // SECTOR, "/docs/b.txt"


@row("number of recorded blocks", "ECMA-167 4/14.9.11")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/large.bin"]
    b.put(*udf.field(icb, "recorded"), b.get(*udf.field(icb, "recorded")) + 1)
    seal(b, icb)
    return icb // SECTOR, "/large.bin"


@row("link count of a file", "ECMA-167 4/14.9.6")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/docs/b.txt"]
    b.put(*udf.field(icb, "links"), 3)
    seal(b, icb)
    return icb // SECTOR, "/docs/b.txt"


@row("link count of a directory", "ECMA-167 4/14.9.6")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/docs"]
    b.put(*udf.field(icb, "links"), 9)
    seal(b, icb)
    return icb // SECTOR, "/docs"


@row("unique id used twice", "UDF 3.2.1.1")
def _(b):
    udf = Udf(b)
    icbs = [udf.entries["/docs/b.txt"], udf.entries["/docs/c.txt"]]
    b.put(*udf.field(icbs[1], "unique"), b.get(*udf.field(icbs[0], "unique")))
    seal(b, icbs[1])
    return icbs[1] // SECTOR, "/docs/c.txt"


@row("an allocation descriptor beyond its partition", "ECMA-167 4/")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/large.bin"]
    at, _, _ = udf.layout(icb)
    b.put(at + 4, "I", b.get(udf.volume[5] + 192, "I") + 5)
    seal(b, icb)
    return icb // SECTOR, "/large.bin"


@row("an allocation descriptor reaches out of its partition", "ECMA-167 4/")
def _(b):
    udf = Udf(b)
    icb = udf.entries["/large.bin"]
    at, _, _ = udf.layout(icb)
    b.put(at, "I", 0x3FFFF800)
    b.put(*udf.field(icb, "length"), 0x3FFFF800)
    seal(b, icb)
    return icb // SECTOR, "/large.bin"


@row("the NSR descriptor is missing", "ECMA-167 3/9.1")
def _(b):
    at = next(s for s in range(16, 40) if b.text(s * SECTOR + 1, 3) == b"NSR")
    b.data[at * SECTOR + 1:at * SECTOR + 6] = b"XXXXX"
    return None, None


@row("a file identifier leads to a block that is no file entry", "ECMA-167 4/")
def _(b):
    udf = Udf(b)
    identifier = udf.identifiers["/docs/b.txt"]
    b.put(identifier.at + 24, "I", b.get(udf.volume[6] + 252, "I"))  # the file set descriptor's
    seal_identifier(b, udf, "/docs", identifier.at)
    return None, "/docs/b.txt"


@row("the parent identifier leads elsewhere", "ECMA-167 4/8.6")
def _(b):
    udf = Udf(b)
    parent = udf.folders["/docs/deep"][0]
    b.put(parent.at + 24, "I", udf.identifiers["/docs/deep"].icb[0])
    seal_identifier(b, udf, "/docs/deep", parent.at)
    return parent.at // SECTOR, "/docs/deep"


@row("two identifiers of a directory with one name", "ECMA-167 4/8.6")
def _(b):
    udf = Udf(b)
    identifier = udf.identifiers["/docs/c.txt"]
    b.data[identifier.name_at + 1] = ord("b")
    seal_identifier(b, udf, "/docs", identifier.at)
    return None, "/docs"


@row("a file identifier calls a file a directory", "ECMA-167 4/14.4.3")
def _(b):
    udf = Udf(b)
    identifier = udf.identifiers["/docs/b.txt"]
    b.data[identifier.at + 18] |= 2
    seal_identifier(b, udf, "/docs", identifier.at)
    return identifier.at // SECTOR, "/docs/b.txt"


# ---- the metadata partition ----

METADATA = []
row = rows(METADATA)


@row("CRC of the metadata file's entry", "ECMA-167 4/7.2")
def _(b):
    at = Udf(b).metadata_icb
    b.data[at + 8] ^= 1
    checksum(b, at)
    return at // SECTOR, None


@row("location in the mirror's tag", "ECMA-167 4/7.2")
def _(b):
    at = Udf(b).mirror_icb
    b.put(at + 12, "I", b.get(at + 12, "I") + 1)
    checksum(b, at)
    return at // SECTOR, None


@row("the mirror is not of the same size", "UDF 2.2.13.1")
def _(b):
    udf = Udf(b)
    at, _, _ = udf.layout(udf.mirror_icb)
    shorter = b.get(at, "I") - 32 * SECTOR if b.get(at, "I") > 32 * SECTOR else b.get(at, "I") // 2
    blocks = shorter // SECTOR
    b.put(at, "I", shorter)
    b.put(*udf.field(udf.mirror_icb, "length"), shorter)
    b.put(udf.mirror_icb + 64, "Q", shorter)
    b.put(*udf.field(udf.mirror_icb, "recorded"), blocks)
    seal(b, udf.mirror_icb)
    return udf.mirror_icb // SECTOR, None


@row("the metadata file has the type of another file", "UDF 2.2.13")
def _(b):
    at = Udf(b).metadata_icb
    b.data[at + 16 + 11] = 5
    seal(b, at)
    return at // SECTOR, None


@row("the metadata map names a partition that is not there", "ECMA-167 3/10.7")
def _(b):
    udf = Udf(b)
    for sequence in (udf.volume, udf.reserved):
        at = sequence[6] + udf.map_at - udf.volume[6]
        b.put(at + 38, "H", 77)
        seal(b, sequence[6])
    return udf.volume[6] // SECTOR, None


# ---- what boots a disc ----

BOOT = []
row = rows(BOOT)


def place(b, entry):
    return b.get(entry + 8, "I")


@row("checksum of the boot catalog", "El Torito 2.1")
def _(b):
    b.data[catalog_of(b) + 28] ^= 1
    return catalog_of(b) // SECTOR, "boot catalog"


@row("key bytes of the validation entry", "El Torito 2.1")
def _(b):
    b.data[catalog_of(b) + 31] = 0
    sum_validation(b)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("header id of the validation entry", "El Torito 2.1")
def _(b):
    b.data[catalog_of(b)] = 2
    sum_validation(b)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("platform of the validation entry", "El Torito 2.1")
def _(b):
    b.data[catalog_of(b) + 1] = 7
    sum_validation(b)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("indicator of the default entry", "El Torito 2.2")
def _(b):
    b.data[boot_entries(b)[0][0]] = 0x77
    return catalog_of(b) // SECTOR, "boot catalog"


@row("indicator of a section header", "El Torito 2.3")
def _(b):
    b.data[boot_entries(b)[1][0]] = 0x92
    return catalog_of(b) // SECTOR, "boot catalog"


@row("the last section is marked as the last too early", "El Torito 2.3")
def _(b):
    b.data[boot_entries(b)[1][0]] = 0x91
    return catalog_of(b) // SECTOR, "boot catalog"


@row("no section is marked as the last", "El Torito 2.3")
def _(b):
    b.data[boot_entries(b)[1][-1]] = 0x90
    return catalog_of(b) // SECTOR, "boot catalog"


@row("number of entries of a section", "El Torito 2.3")
def _(b):
    header = boot_entries(b)[1][-1]
    b.put(header + 2, "H", b.get(header + 2, "H") + 1)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("the catalog's address beyond the image", "El Torito 2.0")
def _(b):
    b.put(descriptor_of(b, 0) * SECTOR + 71, "I", b.sectors())
    return b.sectors(), "boot catalog"


@row("a boot image beyond the image", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 8, "I", b.sectors())
    return catalog_of(b) // SECTOR, "boot catalog"


@row("a boot image in the midst of a file", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 8, "I", Iso(b).records["/large.bin"].extent + 3)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("a boot image where a directory is", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 8, "I", Iso(b).records["/docs"].extent)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("a boot image where the volume descriptors are", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 8, "I", 16)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("a boot image where nothing is", "El Torito 2.2")
def _(b):
    used = set()
    for record in Iso(b).records.values():
        used.update(range(record.extent, record.extent + -(-record.size // SECTOR)))
    hole = next(s for s in range(b.sectors() - 40, 40, -1) if s not in used and not any(b.text(s * SECTOR, SECTOR)))
    b.put(boot_entries(b)[0][0] + 8, "I", hole)
    return catalog_of(b) // SECTOR, "boot catalog"


@row("load size 0 of a BIOS entry", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 6, "H", 0)
    return catalog_of(b) // SECTOR, "/isolinux/isolinux.bin"


@row("load size beyond what a BIOS loads", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 6, "H", 1025)
    return catalog_of(b) // SECTOR, "/isolinux/isolinux.bin"


@row("load size beyond the boot image", "El Torito 2.2")
def _(b):
    b.put(boot_entries(b)[0][0] + 6, "H", 400)
    return catalog_of(b) // SECTOR, "/isolinux/isolinux.bin"


@row("an emulation that does not exist", "El Torito 2.2")
def _(b):
    b.data[boot_entries(b)[0][1] + 1] = 9
    return catalog_of(b) // SECTOR, "boot catalog"


def entry_of(b, media):
    return next(e for e in boot_entries(b)[0] if b.data[e + 1] & 15 == media)


@row("a floppy of another size than its emulation", "El Torito 2.2")
def _(b):
    b.data[entry_of(b, 2) + 1] = 3
    return catalog_of(b) // SECTOR, "/boot/floppy.img"


@row("system type of an emulated hard disk", "El Torito 2.2")
def _(b):
    b.data[entry_of(b, 4) + 4] ^= 1
    return catalog_of(b) // SECTOR, "/boot/disk.img"


@row("the boot record of an emulated hard disk", "El Torito 2.2")
def _(b):
    at = place(b, entry_of(b, 4))
    b.data[at * SECTOR + 511] = 0
    return at, "/boot/disk.img"


def info_table(field, value):
    def damage(b):
        at = place(b, boot_entries(b)[0][0])
        b.put(at * SECTOR + 8 + 4 * field, "I", value(b.get(at * SECTOR + 8 + 4 * field, "I")))
        return at, "/isolinux/isolinux.bin"
    return damage


for number, field in enumerate(("sector of the descriptors", "sector of the image", "length", "checksum")):
    row(f"boot-info table: {field}", "genisoimage(8)")(info_table(number, lambda old: old + 1))


@row("a byte of a boot image with a boot-info table", "genisoimage(8)")
def _(b):
    at = place(b, boot_entries(b)[0][0])
    b.data[at * SECTOR + 9000] ^= 1
    return at, "/isolinux/isolinux.bin"


@row("GRUB 2's position in its image", "GRUB 2")
def _(b):
    at = Iso(b).records["/boot/grub.img"].extent * SECTOR
    b.put(at + 2548, "Q", b.get(at + 2548, "Q") + 4)
    words = at + 64, b.get(at + 16, "I") - 64
    b.put(at + 20, "I", (sum(struct.unpack_from(f"<{words[1] // 4}I", b.data, words[0])) + int.from_bytes(
        b.text(words[0] + words[1] // 4 * 4, words[1] % 4), "little")) & 0xFFFFFFFF)
    return at // SECTOR, "/boot/grub.img"


def efi_image(b):
    entries, headers = boot_entries(b)
    after = [h for h in headers if b.data[h + 1] == 0xEF][0]
    return place(b, after + 32)


@row("the UEFI image is no FAT any more", "UEFI 13.3")
def _(b):
    b.data[efi_image(b) * SECTOR + 510] = 0
    return efi_image(b), None


@row("the UEFI image says that it is larger than the image", "UEFI 13.3")
def _(b):
    at = efi_image(b) * SECTOR
    b.put(at + 19, "H", 0)
    b.put(at + 32, "I", 1 << 28)
    return at // SECTOR, None


# ---- what boots a disk ----

DISK = []
row = rows(DISK)


@row("MBR: a partition beyond the image", "UEFI 5.2.1")
def _(b):
    at = next(at for at in range(446, 510, 16) if b.get(at + 12, "I") and b.data[at + 4] != 0xEE)
    b.put(at + 12, "I", b.sectors() * 4 + 1)
    return 0, "master boot record"


@row("MBR: status of a partition", "UEFI 5.2.1")
def _(b):
    b.data[446] = 0x33
    return 0, "master boot record"


@row("MBR: partitions overlap", "UEFI 5.2.1")
def _(b):
    for at in (446 + 32, 446 + 48):
        b.put(at, "16s", struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 800, 100))
    return 0, "master boot record"


def protective(b):
    return next(at for at in range(446, 510, 16) if b.data[at + 4] == 0xEE)


@row("MBR: the protective partition begins elsewhere", "UEFI 5.2.3")
def _(b):
    b.put(protective(b) + 8, "I", 2)
    return 0, "master boot record"


@row("MBR: the protective partition is too short", "UEFI 5.2.3")
def _(b):
    b.put(protective(b) + 12, "I", 100)
    return 0, "master boot record"


@row("MBR: there is no protective partition", "UEFI 5.2.3")
def _(b):
    b.data[protective(b):protective(b) + 16] = bytes(16)
    return 0, "master boot record"


@row("MBR: boot code loads from elsewhere", "isolinux")
def _(b):
    b.put(432, "Q", b.get(432, "Q") + 4)
    return 0, "master boot record"


@row("GPT: CRC of the header", "UEFI 5.3.2")
def _(b):
    b.data[512 + 16] ^= 1
    return 0, "GUID partition table"


@row("GPT: CRC of the entries", "UEFI 5.3.2")
def _(b):
    b.data[1024 + 56] ^= 1
    return 0, "GUID partition table"


@row("GPT: the primary table is missing", "UEFI 5.3.2")
def _(b):
    b.data[512:520] = b"\0" * 8
    return 0, "GUID partition table"


@row("GPT: the backup is missing", "UEFI 5.3.2")
def _(b):
    b.data[-512:-504] = b"\0" * 8
    return 0, "GUID partition table"


@row("GPT: CRC of the backup's header", "UEFI 5.3.2")
def _(b):
    b.data[len(b.data) - 512 + 16] ^= 1
    return b.sectors() - 1, "GUID partition table"


@row("GPT: CRC of the backup's entries", "UEFI 5.3.2")
def _(b):
    at = len(b.data) - 512
    b.data[b.get(at + 72, "Q") * 512 + 56] ^= 1
    return b.sectors() - 1, "GUID partition table"


@row("GPT: the header does not know where it is", "UEFI 5.3.2")
def _(b):
    b.put(512 + 24, "Q", 2)
    seal_gpt(b, 1)
    return 0, "GUID partition table"


@row("GPT: the backup's address is wrong", "UEFI 5.3.2")
def _(b):
    b.put(512 + 32, "Q", b.sectors() * 4 - 9)
    seal_gpt(b, 1)
    return 0, "GUID partition table"


@row("GPT: the backup has other entries", "UEFI 5.3.2")
def _(b):
    block = b.sectors() * 4 - 1
    b.data[b.get(block * 512 + 72, "Q") * 512 + 56] ^= 1
    seal_gpt(b, block)
    return block // 4, "GUID partition table"


def change_entry(b, number, first, last):
    for block in (1, b.sectors() * 4 - 1):
        at = b.get(block * 512 + 72, "Q") * 512 + 128 * number
        b.put(at + 32, "QQ", first(b.get(at + 32, "Q")), last(b.get(at + 40, "Q")))
        seal_gpt(b, block)
    return (1024 + 128 * number) // SECTOR


def efi_entry(b):
    return next(i for i in range(128) if b.text(1024 + 128 * i, 4) == bytes.fromhex("28732ac1"))


@row("GPT: a partition beyond the image", "UEFI 5.3.3")
def _(b):
    return change_entry(b, 0, lambda first: first, lambda last: b.sectors() * 4 + 10), "GUID partition table"


@row("GPT: a partition ends before it begins", "UEFI 5.3.3")
def _(b):
    return change_entry(b, 0, lambda first: first, lambda last: 1), "GUID partition table"


@row("GPT: partitions overlap", "UEFI 5.3.3")
def _(b):
    sector = change_entry(b, 0, lambda first: first, lambda last: last + 8)
    return sector, "GUID partition table"


@row("GPT: the EFI partition begins before its image", "UEFI 13.3.2")
def _(b):
    return change_entry(b, efi_entry(b), lambda first: first - 4, lambda last: last), "GUID partition table"


@row("GPT: the EFI partition begins behind its image's start", "UEFI 13.3.2")
def _(b):
    return change_entry(b, efi_entry(b), lambda first: first + 4, lambda last: last), "GUID partition table"


@row("GPT: the EFI partition is smaller than its file system", "UEFI 13.3.1")
def _(b):
    return change_entry(b, efi_entry(b), lambda first: first, lambda last: last - 100), "GUID partition table"


# ---- the images ----

def make_tree(root):
    write(root + "/docs/a first", b"first\n" * 100)
    write(root + "/docs/b.txt", b"b" * 5000)
    write(root + "/docs/c.txt", b"c" * 5001)
    write(root + "/docs/deep/one", b"1" * 2500)
    write(root + "/docs/deep/" + "long name " * 20, b"long")
    write(root + "/other/x", b"x" * 3000)
    write(root + "/large.bin", bytes(range(251)) * 800)
    write(root + "/empty")
    os.symlink("docs/b.txt", root + "/link")
    os.link(root + "/other/x", root + "/same x")
    return root


def make_boot(scratch, tree):
    for needed in (ISOLINUX, ISOHYBRID, GRUB + "/cdboot.img"):
        if not os.path.exists(needed):
            raise Skipped(f"{needed} is not here")
    if not shutil.which("mformat"):
        raise Skipped("mformat is not here")
    with open(ISOLINUX, "rb") as file:
        write(tree + "/isolinux/isolinux.bin", file.read())
    write(tree + "/boot/grub.img", b"".join(open(f"{GRUB}/{part}.img", "rb").read() for part in ("cdboot", "diskboot", "kernel")))
    write(tree + "/boot/floppy.img", b"\xeb\x3c\x90" + bytes(507) + b"\x55\xaa" + b"F" * (1474560 - 512))
    partition = struct.pack("<B3sB3sII", 0x80, b"\1\1\0", 6, b"\0\x3f\x0f", 63, 945)
    write(tree + "/boot/disk.img", b"\xfa" + bytes(445) + partition + bytes(48) + b"\x55\xaa" + b"D" * (512 * 1007))
    write(scratch + "/efi/EFI/BOOT/BOOTX64.EFI", b"MZ" * 3000)


BOOTING = ("--boot", "isolinux/isolinux.bin,info-table", "--boot", "boot/grub.img,info-table,grub2", "--boot", "boot/floppy.img", "--boot",
           "boot/disk.img,emulation=hd", "--hybrid", f"mbr={ISOHYBRID},gpt")


def make(scratch, tree, *options):
    image = os.path.join(scratch, "good.img")
    good(MKIMAGE, "-q", "--digest", "none", "-V", "MUTATED", *options, "-o", image, tree, env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000"))
    done = subprocess.run([VERIFY, image], capture_output=True, check=False)
    assert done.returncode == 0, f"the image is not good before it is damaged: {done.stdout.decode()}"
    with open(image, "rb") as file:
        return file.read()


def judge(scratch, image, row_):
    """What is wrong with verify's answer, or nothing; and the finding that it should give."""
    damaged = Bytes(image)
    sector, path = row_.damage(damaged)
    assert bytes(damaged.data) != image, f"{row_.name}: nothing was damaged"
    file = os.path.join(scratch, "damaged.img")
    with open(file, "wb") as out:
        out.write(damaged.data)
    done = subprocess.run([VERIFY, "--json", file], capture_output=True, timeout=300, check=False)
    if done.returncode != 3:
        return f"exit {done.returncode} {done.stderr.decode()[-200:]}", None
    found = [i for i in json.loads(done.stdout)["issues"] if i["severity"] == "error"]
    fitting = [i for i in found if i.get("clause", "").startswith(row_.clause) and "first_lba" in i and
               (sector is None or i["first_lba"] <= sector < i["first_lba"] + i["sectors"]) and
               (path is None or any(p["path"] == path or p["path"].endswith(" of " + path) for p in i.get("paths", ())))]
    if fitting:
        return None, fitting[0]
    said = "; ".join(f"{i['what']} [{i.get('clause')}] LBA {i.get('first_lba')} {[p['path'] for p in i.get('paths', ())][:3]}" for i in found[:5])
    return f"no finding with {row_.clause}, LBA {sector}, {path}; said: {said}", None


def run_table(scratch, title, image, table):
    print(f"== {title}: {len(table)} damages")
    failed = []
    for row_ in table:
        wrong, issue = judge(scratch, image, row_)
        if wrong:
            failed.append(row_.name)
            print(f"  NOT FOUND  {row_.name}: {wrong}")
        else:
            paths = ", ".join(p["path"] for p in issue.get("paths", ())[:2])
            print(f"  found  {row_.name:58}  LBA {issue['first_lba']:<6} [{issue['clause']}] {issue['what']}{': ' + paths if paths else ''}")
    print(f"== {title}: {len(table) - len(failed)} of {len(table)} found", flush=True)
    assert not failed, f"not found: {', '.join(failed)}"


@in_scratch
def bridge(scratch):
    tree = make_tree(scratch + "/tree")
    write(tree + "/boot.img", b"\xfa" + b"boot" * 500)
    image = make(scratch, tree, "--fs", "iso9660,rockridge,joliet,udf", "--udf=1.02", "--boot", "boot.img,load-size=4")
    run_table(scratch, "bridge, UDF 1.02", image, ISO + BRIDGE + UDF + BOOT[:1])


@in_scratch
def iso_alone(scratch):
    image = make(scratch, make_tree(scratch + "/tree"), "--fs", "iso9660,rockridge")
    run_table(scratch, "ISO 9660 with Rock Ridge", image, ISO)


@in_scratch
def udf_201(scratch):
    tree = make_tree(scratch + "/tree")
    run_table(scratch, "UDF 2.01 alone", make(scratch, tree, "--fs", "udf", "--udf=2.01"), UDF)


@in_scratch
def udf_250(scratch):
    tree = make_tree(scratch + "/tree")
    run_table(scratch, "UDF 2.50 with a metadata partition", make(scratch, tree, "--fs", "udf", "--udf=2.50"), UDF + METADATA)


@in_scratch
def boots(scratch):
    tree = make_tree(scratch + "/tree")
    make_boot(scratch, tree)
    image = make(scratch, tree, "--fs", "iso9660,rockridge,joliet", *BOOTING, "--efi-dir", scratch + "/efi")
    run_table(scratch, "bootable as a disc and as a disk", image, BOOT + DISK)


if __name__ == "__main__":
    sys.exit(main([bridge, iso_alone, udf_201, udf_250, boots]))
