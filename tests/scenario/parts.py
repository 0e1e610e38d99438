"""Finds the fields of an image that a mutation changes: ISO 9660 with Rock Ridge, UDF, the boot catalog and GPT, each parsed just
far enough and from the standards alone, with nothing of the product. Offsets are bytes of the image.
"""
import struct
import zlib

SECTOR = 2048


class Bytes:
    """An image in memory, as integers."""

    def __init__(self, data):
        self.data = bytearray(data)

    def get(self, at, fmt):
        return struct.unpack_from("<" + fmt, self.data, at)[0]

    def put(self, at, fmt, *values):
        struct.pack_into(fmt if fmt[0] in "<>" else "<" + fmt, self.data, at, *values)

    def text(self, at, size):
        return bytes(self.data[at:at + size])

    def sectors(self):
        return len(self.data) // SECTOR


# ---- ISO 9660 ----

class Record:
    """A directory record: where it is, what it says, its system use entries as (name, offset)."""

    def __init__(self, image, at, skip):
        self.at, self.length = at, image.data[at]
        self.extent, self.size, self.flags = image.get(at + 2, "I"), image.get(at + 10, "I"), image.data[at + 25]
        self.identifier = image.text(at + 33, image.data[at + 32])
        self.entries = []
        begin, end = at + 33 + len(self.identifier) + (len(self.identifier) + 1) % 2 + skip, at + self.length
        while begin:
            following = 0
            while begin + 4 <= end and image.data[begin + 2] >= 4:
                name = image.text(begin, 2)
                self.entries.append((name, begin))
                if name == b"CE":
                    area = image.get(begin + 4, "I") * SECTOR + image.get(begin + 12, "I")
                    following = (area, area + image.get(begin + 20, "I"))
                begin += image.data[begin + 2]
            begin, end = following or (0, 0)
        names = [image.text(at + 5, image.data[at + 2] - 5) for name, at in self.entries if name == b"NM"]
        self.name = b"".join(names).decode() if names else self.identifier.split(b";")[0].decode("latin-1")

    def entry(self, name):
        return next(at for found, at in self.entries if found == name)


class Iso:
    """The tree of one volume descriptor: paths to records; each directory's own records in order."""

    def __init__(self, image, descriptor=16, joliet=False):
        self.descriptor = descriptor * SECTOR
        self.records, self.folders = {}, {}
        root = Record(image, self.descriptor + 156, 0)
        pending = [("", root.extent, root.size)]
        while pending:
            path, extent, size = pending.pop()
            records, at = [], extent * SECTOR
            while at < extent * SECTOR + size:
                if image.data[at] == 0:
                    at = (at // SECTOR + 1) * SECTOR
                    continue
                record = Record(image, at, 0)
                if joliet:
                    record.name = record.identifier.decode("utf-16-be", "replace").split(";")[0] if len(record.identifier) > 1 else ""
                records.append(record)
                at += record.length
            self.folders[path or "/"] = records
            for record in records[2:]:
                self.records[f"{path}/{record.name}"] = record
                if record.flags & 2:
                    pending.append((f"{path}/{record.name}", record.extent, record.size))


def descriptor_of(image, kind):
    """The first volume descriptor of a type (0 boot, 1 primary, 2 supplementary, 255 terminator)."""
    return next(s for s in range(16, 40) if image.text(s * SECTOR + 1, 5) == b"CD001" and image.data[s * SECTOR] == kind)


# ---- El Torito ----

def catalog_of(image):
    return image.get(descriptor_of(image, 0) * SECTOR + 71, "I") * SECTOR


def boot_entries(image):
    """Offsets of the entries, the default one first, and of the section headers."""
    at = catalog_of(image) + 32
    entries, headers = [at], []
    at += 32
    while image.data[at] in (0x90, 0x91):
        headers.append(at)
        count, last = image.get(at + 2, "H"), image.data[at] == 0x91
        entries += [at + 32 * (i + 1) for i in range(count)]
        at += 32 * (count + 1)
        if last:
            break
    return entries, headers


def sum_validation(image):
    at = catalog_of(image)
    image.put(at + 28, "H", 0)
    image.put(at + 28, "H", -sum(struct.unpack_from("<16H", image.data, at)) & 0xFFFF)


# ---- GUID partition table ----

def seal_gpt(image, header):
    """Both CRCs of the header at this block of 512 bytes anew."""
    at = header * 512
    entries, count, size = image.get(at + 72, "Q") * 512, image.get(at + 80, "I"), image.get(at + 84, "I")
    image.put(at + 88, "I", zlib.crc32(image.text(entries, count * size)))
    image.put(at + 16, "I", 0)
    image.put(at + 16, "I", zlib.crc32(image.text(at, image.get(at + 12, "I"))))


# ---- UDF ----

def crc_ccitt(data):
    """ECMA-167 7.2.6: polynomial 0x1021, from zero, nothing reflected."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def seal(image, at):
    """CRC and checksum of the descriptor tag at `at` anew."""
    image.put(at + 8, "H", crc_ccitt(image.text(at + 16, image.get(at + 10, "H"))))
    checksum(image, at)


def checksum(image, at):
    image.data[at + 4] = (sum(image.text(at, 16)) - image.data[at + 4]) & 0xFF


class Identifier:
    """A file identifier descriptor."""

    def __init__(self, image, at):
        self.at = at
        self.flags, name, use = image.data[at + 18], image.data[at + 19], image.get(at + 36, "H")
        self.icb = (image.get(at + 24, "I"), image.get(at + 28, "H"))  # block, partition reference
        self.length = (38 + use + name + 3) // 4 * 4
        raw = image.text(at + 38 + use, name)
        self.name_at = at + 38 + use
        self.name = raw[1:].decode("latin-1" if raw[:1] == b"\x08" else "utf-16-be") if raw else ""


class Udf:
    """A volume of one type 1 map and, from 2.50, a metadata map over it; 2048-byte blocks."""

    def __init__(self, image):
        self.image = image
        self.anchor = 256 * SECTOR
        self.main, self.reserve = image.get(self.anchor + 20, "I"), image.get(self.anchor + 28, "I")
        self.volume = self.sequence(self.main)
        self.reserved = self.sequence(self.reserve)
        self.partition = image.get(self.volume[5] + 188, "I")
        lvd = self.volume[6]
        self.integrity = image.get(lvd + 436, "I") * SECTOR
        self.metadata, at = None, lvd + 440
        for _ in range(image.get(lvd + 268, "I")):
            if image.data[at] == 2:
                self.map_at = at
                main, mirror = image.get(at + 40, "I"), image.get(at + 44, "I")
                self.metadata_icb, self.mirror_icb = (self.partition + main) * SECTOR, (self.partition + mirror) * SECTOR
                self.metadata = [block for _, first, count in self.extents(self.metadata_icb) for block in range(first, first + count)]
            at += image.data[at + 1]
        self.file_set = self.at(image.get(lvd + 252, "I"), image.get(lvd + 256, "H"))
        self.root = self.at(image.get(self.file_set + 404, "I"), image.get(self.file_set + 408, "H"))
        self.entries, self.identifiers, self.folders = {"/": self.root}, {}, {}
        pending = [("", self.root)]
        while pending:
            path, icb = pending.pop()
            self.folders[path or "/"] = found = self.directory(icb)
            for one in found:
                if one.flags & 8:
                    continue
                name = f"{path}/{one.name}"
                self.identifiers[name], self.entries[name] = one, self.at(*one.icb)
                if one.flags & 2:
                    pending.append((name, self.entries[name]))

    def sequence(self, sector):
        """Tag identifier to the offset of its descriptor."""
        found = {}
        for s in range(sector, sector + 16):
            tag = self.image.get(s * SECTOR, "H")
            if tag in (0, 8):
                break
            found[tag] = s * SECTOR
        return found

    def at(self, block, reference):
        """The byte of a block of a partition."""
        if reference == 1:
            return self.metadata[block] * SECTOR
        return (self.partition + block) * SECTOR

    def layout(self, icb):
        """Offset and length of the allocation descriptors, and their kind."""
        extended = self.image.get(icb, "H") == 266
        ea, ads = self.image.get(icb + (208 if extended else 168), "I"), self.image.get(icb + (212 if extended else 172), "I")
        return icb + (216 if extended else 176) + ea, ads, self.image.get(icb + 34, "H") & 7

    def extents(self, icb):
        """(offset of the descriptor, first sector, sectors) of each."""
        at, size, kind = self.layout(icb)
        step = {0: 8, 1: 16}[kind]
        in_metadata = kind == 0 and self.metadata is not None and not self.is_metadata_file(icb)
        for one in range(at, at + size, step):
            length, block = self.image.get(one, "I") & 0x3FFFFFFF, self.image.get(one + 4, "I")
            if length:
                reference = self.image.get(one + 8, "H") if kind == 1 else int(in_metadata)
                yield one, self.at(block, reference) // SECTOR, -(-length // SECTOR)

    def is_metadata_file(self, icb):
        return icb in (self.metadata_icb, self.mirror_icb)

    def directory(self, icb):
        at, size, kind = self.layout(icb)
        length = self.image.get(icb + 56, "Q")
        spans = [(at, at + size)] if kind == 3 else [(first * SECTOR, first * SECTOR + length) for _, first, _ in self.extents(icb)]
        assert len(spans) == 1, "a directory in one run is expected"
        at, end = spans[0]
        found = []
        while at < end:
            found.append(Identifier(self.image, at))
            at += found[-1].length
        return found

    def field(self, icb, name):
        """Offset of a field that file entry and extended file entry have at different places, and its format."""
        extended = self.image.get(icb, "H") == 266
        return {"links": (icb + 48, "H"), "length": (icb + 56, "Q"), "recorded": (icb + (72 if extended else 64), "Q"),
                "unique": (icb + (200 if extended else 160), "Q")}[name]
