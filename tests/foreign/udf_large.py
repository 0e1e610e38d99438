#!/usr/bin/python3
"""UDF where it is large: a file of 6 GiB beside ISO 9660, one of 300 GiB, 200,000 directories in several shapes.

    udf_large.py [SCENARIO]...

The 6 GiB are read whole through both trees by 7-Zip and, in the guest, by Linux. What nobody can read in sensible time (the
300 GiB, whose metadata alone is asked for; the deepest chain) is read by udf_structures.py.
"""
import hashlib
import os
import subprocess
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), folder) for folder in ("scenario", "guest")]

from scenario import BIN, MKIMAGE, VERIFY, Skipped, good, in_scratch, main, write  # noqa: E402
import guest  # noqa: E402
import udf_structures  # noqa: E402

GIB = 1 << 30
DIGEST = """
import hashlib, sys
digest, size, block, zeros = hashlib.sha256(), 0, bytearray(1 << 20), bytes(1 << 20)
stream = sys.stdin.buffer if sys.argv[1] == "-" else open(sys.argv[1], "rb", buffering=0)
while n := stream.readinto(block):
    if block[:n] != zeros[:n]:  # a hole is as quick to read as to skip, but slow to hash
        digest.update(b"%d " % size + block[:n])
    size += n
print(size, digest.hexdigest())
"""


def sparse(path, size):
    """Bytes at places where extents of ISO 9660 and UDF begin and end."""
    write(path)
    with open(path, "r+b") as out:
        out.truncate(size)
        for at in (0, GIB - 2050, 2**32 - 4098, 2**32 - 2049, 2**32 - 1, size // 2, size - 9):
            out.seek(at)
            out.write(b"here %4d" % (at % 9999))
    return path


def digest(command):
    """Of a stream in blocks of 1 MiB, its holes left out."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        sha, size, zeros = hashlib.sha256(), 0, bytes(1 << 20)
        while block := program.stdout.read(1 << 20):
            if block != zeros[:len(block)]:
                sha.update(b"%d " % size + block)
            size += len(block)
    assert program.returncode == 0, f"{command}: exit {program.returncode}"
    return f"{size} {sha.hexdigest()}"


@in_scratch
def six_gibibytes(scratch):
    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    path = sparse(os.path.join(tree, "six"), 6 * GIB)
    done = good(MKIMAGE, "-q", "-o", image, tree)
    assert "1.02" in done.stderr and "--no-udf" in done.stderr, f"UDF did not join by itself: {done.stderr}"
    want = digest(["cat", path])
    for kind in ("udf", "iso"):
        got = digest(["7z", "x", f"-t{kind}", "-so", image])
        assert got == want, f"7z -t{kind}: {got}, wanted {want}"
    script = "mkdir /mnt/i\n"
    for kind, options in (("udf", "ro"), ("iso9660", "ro")):
        script += f"mount -t {kind} -o {options} /dev/vda /mnt/i\n/usr/bin/python3 $OUT/digest.py /mnt/i/six > $OUT/{kind}\numount /mnt/i\n"
    script = f"cat > $OUT/digest.py <<'END'\n{DIGEST}END\n" + script
    try:
        with guest.run(script, [image], 3000) as out:
            for kind in ("udf", "iso9660"):
                with open(os.path.join(out, kind), encoding="utf-8") as said:
                    got = said.read().strip()
                assert got == want, f"Linux, {kind}: {got}, wanted {want}"
    except guest.GuestMissing as error:
        raise Skipped(f"guest: {error}")
    good(VERIFY, image)


def structure(options, tree, mib):
    """The first MiB of an image that is longer than anyone wants to have, as a volume."""
    with subprocess.Popen([MKIMAGE, "-q", *options, tree], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as maker:
        head = maker.stdout.read(mib << 20)
        maker.stdout.close()
        maker.stderr.read()
    assert len(head) == mib << 20

    def read(sector, count):
        assert (sector + count) * 2048 <= len(head), f"sector {sector} is behind the metadata"
        return head[sector * 2048:(sector + count) * 2048]
    return udf_structures.Volume(read)


@in_scratch
def chains_of_extents(scratch):
    """300 GiB take more allocation descriptors than an ICB has room for; all are one run."""
    size = 300 * GIB + 12345
    tree = os.path.join(scratch, "tree")
    sparse(os.path.join(tree, "large"), size)
    write(os.path.join(tree, "small"), b"small")
    sectors = {}
    for revision, alone, extents in (("1.02", True, 1), ("1.02", False, 1), ("2.01", True, 1), ("2.50", True, 2), ("2.60", False, 2)):
        options = ["--fs", "udf" if alone else "iso9660,rockridge,joliet,udf", f"--udf={revision}", "--digest", "none"]
        sectors[revision, alone] = int(good(MKIMAGE, "-q", *options, "--print-size", tree).stdout)
        assert size // 2048 < sectors[revision, alone] < size // 2048 + 2000, sectors
        icbs = dict(structure(options, tree, 4).walk())
        large = icbs["/large"]
        assert large.bytes == size and len(large.chain) == extents, (revision, large.chain)
        place = large.extents[0][0]
        for sector, length in large.extents:
            assert sector == place, "the extents are not one run"
            assert length == (1 << 30) - 2048 or (sector, length) == large.extents[-1]
            place += length // 2048
        print(f"    UDF {revision} {'alone' if alone else 'bridge'}: {len(large.extents)} extents, allocation extent descriptors at {large.chain}")


def chain(path, depth):
    """Directories inside of each other, made one at a time: the whole way is longer than a path may be."""
    os.makedirs(path)
    here = os.open(path, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def remove_chain(path):
    """What rm would need minutes for: down and up again, one step at a time."""
    before, depth = os.getcwd(), 0
    os.chdir(path)
    try:
        while os.path.isdir("d"):
            os.chdir("d")
            depth += 1
        for _ in range(depth):
            os.chdir("..")
            os.rmdir("d")
    finally:
        os.chdir(before)


def flat(path, count):
    os.makedirs(path)
    here = os.open(path, os.O_RDONLY)
    for i in range(count):
        os.mkdir(f"{i:06d}", dir_fd=here)
    os.close(here)


def directories(volume):
    """How many there are and how deep they lie, by their ICBs alone."""
    count, deepest, pending = 0, 0, [(volume.root, 0)]
    while pending:
        address, depth = pending.pop()
        count, deepest = count + 1, max(deepest, depth)
        parent_seen = False
        for name, characteristics, child, _ in volume.entries(udf_structures.Icb(volume, *address)):
            if name is None:
                parent_seen = True
            elif characteristics & 2:
                pending.append((child, depth + 1))
        assert parent_seen
    return count, deepest


@in_scratch
def many_directories(scratch):
    """200,000 in each shape: all in one, a chain, a chain with others around it, a forest."""
    image, env = os.path.join(scratch, "image.iso"), dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin")
    for shape, depth in (("flat", 2), ("chain", 199_999), ("mixture", 100_001), ("forest", 2)):
        tree = os.path.join(scratch, shape)
        if shape == "flat":
            flat(os.path.join(tree, "all"), 199_998)
        elif shape == "chain":
            chain(tree, 199_999)
        elif shape == "mixture":
            chain(os.path.join(tree, "deep"), 100_000)
            for i in range(4):
                flat(os.path.join(tree, f"wide {i}"), 24_998)
        else:
            for i in range(447):
                flat(os.path.join(tree, f"{i:03d}"), 446)
        for revision in ("2.01", "2.50"):
            good(MKIMAGE, "-q", "--fs", "udf", f"--udf={revision}", "-o", image, tree)
            said = dict(line.split("=", 1) for line in good("udfinfo", image, env=env).stdout.decode().splitlines() if "=" in line)
            count, deepest = directories(udf_structures.of_file(image))
            assert deepest == depth and count == int(said["numdirs"]) >= 199_800, (shape, revision, count, deepest, said["numdirs"])
            if shape == "forest":  # by name in one directory, or by whole paths, others take too long
                walked = good(os.path.join(BIN, "udfread_walk"), image).stdout.count(b"\0d ")
                assert walked + 1 == count, f"libudfread: {walked}"
        good(VERIFY, image)
        print(f"    {shape}: {count} directories, {deepest} deep")
        os.unlink(image)
        if shape in ("chain", "mixture"):
            remove_chain(tree if shape == "chain" else os.path.join(tree, "deep"))
        subprocess.run(["rm", "-rf", tree], check=True)


if __name__ == "__main__":
    sys.exit(main([six_gibibytes, chains_of_extents, many_directories]))
