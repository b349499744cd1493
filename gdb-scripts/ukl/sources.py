# SPDX-License-Identifier: GPL-2.0-or-later
#
# sources.py - where the sources of what GDB shows are, and the kernel's own lx-* commands
#
# Whoever built a kernel here, its debug information names files from the top of this
# repository and from the objects of the kernel's tree, two directories above an image's.

import os

import gdb

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LX = "vmlinux-gdb.py"       # of kbuild, if it was asked for


def objects():
    """The directory of the kernel's objects, or None for an image without its tree."""
    image = gdb.current_progspace().filename
    path = image and os.path.join(os.path.dirname(image), "..", "..", "tree", "obj")
    return os.path.realpath(path) if path and os.path.isdir(path) else None


def find():
    """Tells GDB.  What the user has said comes first."""
    said = gdb.parameter("directories")
    below = objects()
    gdb.execute("set directories " + ":".join(filter(None, [said, TOP, below])))
    if below and os.path.exists(os.path.join(below, LX)):
        gdb.execute("source " + os.path.join(below, LX))


find()
