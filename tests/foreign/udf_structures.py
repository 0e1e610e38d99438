"""A small reader of UDF that knows nothing of libfsi: for what no reader of other people's shows (named streams, real-time
files, chains of allocation extents). ECMA-167 3rd edition, strategy 4, type 1 and metadata maps, blocks of 2048 bytes.

Every tag it meets must be right: its identifier, location, checksum and CRC.
"""
import struct

SECTOR = 2048
DIRECTORY, FILE, STREAM_DIRECTORY, REAL_TIME = 4, 5, 13, 249


def crc_table():
    table = []
    for byte in range(256):
        crc = byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
        table.append(crc)
    return table


CRC = crc_table()


def crc_of(data):
    crc = 0
    for byte in data:
        crc = crc << 8 & 0xFFFF ^ CRC[crc >> 8 ^ byte]
    return crc


def check_tag(data, wanted, location):
    identifier, _, checksum, _, _, crc, length, at = struct.unpack_from("<HHBBHHHI", data)
    assert identifier in wanted, f"a tag {identifier} where one of {wanted} should be"
    assert at == location, f"tag {identifier} says location {at}, it is at {location}"
    assert checksum == (sum(data[:4]) + sum(data[5:16])) & 0xFF, "tag checksum"
    assert crc == crc_of(data[16:16 + length]), "tag CRC"
    return identifier


class Icb:
    def __init__(self, volume, block, partition):
        data = volume.block(block, partition)
        self.at = (block, partition)
        extended = check_tag(data, (261, 266), block) == 266
        self.type, self.flags = data[27], struct.unpack_from("<H", data, 34)[0]
        self.links = struct.unpack_from("<H", data, 48)[0]
        self.bytes = struct.unpack_from("<Q", data, 56)[0]
        self.object_size, self.stream_icb = self.bytes, None
        if extended:
            self.object_size, self.blocks = struct.unpack_from("<QQ", data, 64)
            length, stream_block, stream_partition = struct.unpack_from("<IIH", data, 152)
            self.stream_icb = (stream_block, stream_partition) if length else None
            self.unique_id, attributes, descriptors = struct.unpack_from("<QII", data, 200)
            at = 216 + attributes
        else:
            self.blocks, = struct.unpack_from("<Q", data, 64)
            self.unique_id, attributes, descriptors = struct.unpack_from("<QII", data, 160)
            at = 176 + attributes
        rest = data[at:at + descriptors]
        self.embedded = rest if self.flags & 7 == 3 else None
        self.chain = []  # sectors of allocation extent descriptors
        self.extents = [] if self.embedded is not None else list(self.read_extents(volume, rest, partition))  # sector, bytes
        if self.embedded is None:
            assert sum(n for _, n in self.extents) == self.bytes, "the extents are not as long as the file"
            assert sum((n + SECTOR - 1) // SECTOR for _, n in self.extents) == self.blocks, "blocks recorded"
        else:
            assert len(rest) == self.bytes and self.blocks == 0

    def read_extents(self, volume, ads, partition):
        long = self.flags & 7 == 1
        while ads:
            length, block = struct.unpack_from("<II", ads)
            where = struct.unpack_from("<H", ads, 8)[0] if long else partition
            ads = ads[16 if long else 8:]
            if length >> 30 == 3:
                assert not ads, "a descriptor behind the one that continues"
                extent = volume.block(block, where)
                check_tag(extent, (258,), block)
                self.chain.append(volume.sector(block, where))
                ads = extent[24:24 + struct.unpack_from("<I", extent, 20)[0]]
                continue
            assert length >> 30 == 0 and length > 0
            yield volume.sector(block, where), length


class Volume:
    """`read(sector, count)` gives the bytes of the image."""

    def __init__(self, read):
        self.read = read
        anchor = read(256, 1)
        check_tag(anchor, (2,), 256)
        main = struct.unpack_from("<II", anchor, 16)[1]
        partition = read(main + 2, 1)
        check_tag(partition, (5,), main + 2)
        self.start, = struct.unpack_from("<I", partition, 188)
        logical = read(main + 3, 1)
        check_tag(logical, (6,), main + 3)
        self.revision = struct.unpack_from("<H", logical, 216 + 24)[0]
        self.metadata = None
        if struct.unpack_from("<I", logical, 268)[0] == 2:
            metadata = Icb(self, struct.unpack_from("<I", logical, 440 + 6 + 40)[0], 0)
            assert metadata.type == 250
            self.metadata = metadata.extents
        block, where = struct.unpack_from("<IH", logical, 252)
        file_set = self.block(block, where)
        check_tag(file_set, (256,), block)
        self.root = struct.unpack_from("<IH", file_set, 404)

    def sector(self, block, partition):
        if partition == 0:
            return self.start + block
        for first, length in self.metadata:
            if block < length // SECTOR:
                return first + block
            block -= length // SECTOR
        raise AssertionError("beyond the metadata file")

    def block(self, block, partition):
        return self.read(self.sector(block, partition), 1)

    def contents(self, icb):
        if icb.embedded is not None:
            return icb.embedded
        data = b"".join(self.read(sector, (n + SECTOR - 1) // SECTOR)[:n] for sector, n in icb.extents)
        assert len(data) == icb.bytes
        return data

    def entries(self, icb):
        """(name, characteristics, address, low half of the unique id) of each identifier, the parent's first, with the name None."""
        data, at = self.contents(icb), 0
        first = icb.at[0] if icb.embedded is not None else None
        while at < len(data):
            length, used = data[at + 19], struct.unpack_from("<H", data, at + 36)[0]
            end = at + (38 + used + length + 3) // 4 * 4
            if first is not None:
                check_tag(data[at:end], (257,), first)
            name = data[at + 38 + used:at + 38 + used + length]
            block, partition = struct.unpack_from("<IH", data, at + 24)
            text = name[1:].decode("utf-16-be" if name[:1] == b"\x10" else "latin-1") if name else None
            yield text, data[at + 18], (block, partition), struct.unpack_from("<I", data, at + 32)[0]
            at = end

    def streams(self, icb):
        """{name: bytes} of a file; everything that UDF 3.3.5.1 says of them is checked."""
        if icb.stream_icb is None:
            assert icb.object_size == icb.bytes
            return {}
        directory = Icb(self, *icb.stream_icb)
        assert (directory.type, directory.links, directory.unique_id, directory.stream_icb) == (STREAM_DIRECTORY, 0, icb.unique_id, None)
        out = {}
        for name, _, address, unique_id in self.entries(directory):
            assert unique_id == icb.unique_id & 0xFFFFFFFF
            if name is None:
                assert address == icb.at, "the parent of the stream directory is another file"
                continue
            stream = Icb(self, *address)
            assert (stream.type, stream.links, stream.unique_id, stream.stream_icb, stream.flags & 0x2000) == (FILE, 1, icb.unique_id, None, 0x2000)
            assert name not in out
            out[name] = self.contents(stream)
        assert icb.object_size == icb.bytes + sum(len(data) for data in out.values())
        return out

    def walk(self):
        """(path, ICB) of everything."""
        pending = [("", self.root)]
        while pending:
            path, address = pending.pop()
            icb = Icb(self, *address)
            yield path, icb
            if icb.type == DIRECTORY:
                pending += [(path + "/" + name, child) for name, _, child, _ in self.entries(icb) if name is not None]


def of_file(image):
    file = open(image, "rb")  # for as long as the volume is used

    def read(sector, count):
        file.seek(sector * SECTOR)
        return file.read(count * SECTOR)
    return Volume(read)
