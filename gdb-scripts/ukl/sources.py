# SPDX-License-Identifier: GPL-2.0-or-later
#
# sources.py - where the sources of what GDB shows are, and the kernel's own lx-* commands
#
# Whoever built a kernel here, its debug information names files from the top of this
# repository and from the objects of the kernel's tree, two directories above an image's.

import os
import sys

import gdb

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LX = "vmlinux-gdb.py"       # made by kbuild if it is asked for


def objects():
    """The directory of the kernel's objects, or None for an image without its tree."""
    image = gdb.current_progspace().filename
    path = image and os.path.join(os.path.dirname(image), "..", "..", "tree", "obj")
    return os.path.realpath(path) if path and os.path.isdir(path) else None


def source(script):
    """GDB's source, which leaves __file__ as it is if a script that is being read has it."""
    main = vars(sys.modules["__main__"])
    kept = main.pop("__file__", None)
    gdb.execute("source " + script)
    if kept:
        main["__file__"] = kept


def find():
    """Tells GDB.  What the user has said comes first."""
    below = objects()
    gdb.execute("set directories " + ":".join(
        filter(None, [gdb.parameter("directories"), TOP, below])))
    lx = below and os.path.join(below, LX)
    if lx and os.path.exists(lx):
        source(lx)


find()
