"""What the scenarios share: the tools under test, running them, small trees, and the count at the end.

A scenario is a function; it fails by an assertion or an exception, and is skipped by raising Skipped. The tools are
taken from DISCPRESS_BIN (build/release/bin without it).
"""
import hashlib
import os
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("DISCPRESS_BIN", os.path.join(ROOT, "build", "release", "bin"))
MKIMAGE, BURN, VERIFY = (os.path.join(BIN, name) for name in ("mkimage", "burn", "verify"))
CI = os.environ.get("CI") == "true"

sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "tests", "foreign")]
import trees  # noqa: E402,F401  (the scenarios take it from here)


class Skipped(Exception):
    pass


def run(*args, timeout=600, **more):
    """Runs a program to its end; standard error as text."""
    more.setdefault("stdin", subprocess.DEVNULL)
    more.setdefault("stdout", subprocess.PIPE)
    done = subprocess.run([os.fspath(a) for a in args], stderr=subprocess.PIPE, timeout=timeout, **more)
    done.stderr = done.stderr.decode("utf-8", "replace")
    return done


def good(*args, **more):
    done = run(*args, **more)
    assert done.returncode == 0, f"{os.path.basename(args[0])}: exit {done.returncode}: {done.stderr}"
    return done


def sha256(path):
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(path, data=b"", mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(data)
    os.chmod(path, mode)
    return path


def in_scratch(function):
    """Runs a scenario with a directory of its own as argument."""
    def wrapped():
        with tempfile.TemporaryDirectory(prefix="discpress-") as scratch:
            function(scratch)
    wrapped.__name__ = function.__name__
    return wrapped


def main(scenarios):
    for tool in (MKIMAGE,):
        if not os.path.exists(tool):
            print(f"{tool} is not built; ./dev build, or set DISCPRESS_BIN")
            return 1
    wanted = sys.argv[1:]
    passed = failed = skipped = 0
    for scenario in scenarios:
        if wanted and scenario.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            scenario()
            passed += 1
            state = "ok"
        except Skipped as reason:
            skipped += 1
            state = f"SKIPPED: {reason}"
        except Exception as error:  # a scenario may fail in any way
            failed += 1
            state = f"FAILED: {error}"
            if not isinstance(error, AssertionError):
                traceback.print_exc()
        print(f"{scenario.__name__}: {state} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    if failed or (skipped and CI) or not passed + skipped:
        return 1
    return 0 if passed else 77
