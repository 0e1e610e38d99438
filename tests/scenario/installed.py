#!/usr/bin/python3
"""What `cmake --install` puts there serves: the tools and their pages, and both programs of the README, built by
find_package(discpress) without this checkout in sight."""
import os
import re
import sys

from scenario import BIN, good, in_scratch, main, write

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(discpress 0.1 REQUIRED)
add_executable(images images.cc)
target_link_libraries(images PRIVATE discpress::fsi)
add_executable(burns burns.cc)
target_link_libraries(burns PRIVATE discpress::fsi discpress::recorder)
"""


@in_scratch
def programs_of_others(scratch):
    prefix, project = os.path.join(scratch, "prefix"), os.path.join(scratch, "consumer")
    good("cmake", "--install", os.path.dirname(BIN), "--prefix", prefix)
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as page:
        programs = re.findall(r"```cpp\n(.*?)```", page.read(), re.S)
    assert len(programs) == 2, programs
    for name, text in zip(("images.cc", "burns.cc", "CMakeLists.txt"), (*programs, PROJECT)):
        write(os.path.join(project, name), text.encode())
    build = os.path.join(project, "build")
    good("cmake", "-S", project, "-B", build, "-G", "Ninja", "-DCMAKE_PREFIX_PATH=" + prefix, "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror")
    good("cmake", "--build", build)

    tree, image = os.path.join(scratch, "tree"), os.path.join(scratch, "image.iso")
    write(os.path.join(tree, "file"), b"content")
    tools = os.path.join(prefix, "bin")
    good(os.path.join(build, "images"), tree, image)
    good(os.path.join(tools, "verify"), image)
    environment = dict(os.environ, DISCPRESS_STATE_DIR=os.path.join(scratch, "state"))
    good(os.path.join(tools, "burn"), "virtual", "add", "d", "--media", "dvd+r", env=environment)
    assert b"all as written" in good(os.path.join(build, "burns"), tree, "d", env=environment).stdout
    good(os.path.join(tools, "verify"), "--drive", "d", env=environment)
    for tool in ("mkimage", "burn", "verify"):
        page = os.path.join(prefix, "share", "man", "man1", tool + ".1")
        assert os.path.getsize(page) > 1000, page


if __name__ == "__main__":
    sys.exit(main([programs_of_others]))
