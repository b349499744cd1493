# SPDX-License-Identifier: GPL-2.0-or-later
#
# ukl-gdb.py - loads the ukl-* commands into GDB: "source gdb-scripts/ukl-gdb.py"
#
# Needs no target, no symbols and no trace to load.  Works beside the kernel's own lx-*
# commands, and loads those of a kernel that was built here and is loaded.

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

# pylint: disable=wrong-import-position,unused-import
import ukl.sources
import ukl.where
import ukl.replay
import ukl.stops
import ukl.model
import ukl.stacks
import ukl.frames
