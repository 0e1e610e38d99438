#!/usr/bin/python3
"""Programs of others on the virtual drive, put in front of it by a preloaded shim (drive/shim.cc): they burn, append, blank, format
and read back on every medium they support. What they wrote is compared byte for byte, and verify accepts it.
drive.py PROGRAM [WORD...]: the cells of drive/PROGRAM.py, or only those with one of the words in their name."""
import importlib
import os
import shutil
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "drive"))
import cells  # noqa: E402
from scenario import CI  # noqa: E402

if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not os.path.exists(cells.SHIM):
        sys.exit(f"{cells.SHIM} is not built; ./dev build")
    missing = [program for program in importlib.import_module(sys.argv[1]).PROGRAMS if not shutil.which(program)]
    if missing:
        print(f"SKIPPED: {' '.join(missing)} is not here")
        sys.exit(1 if CI else 77)
    sys.exit(1 if cells.run_cells(sys.argv[2:]) else 0)
