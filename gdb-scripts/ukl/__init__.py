# SPDX-License-Identifier: GPL-2.0-or-later
#
# The ukl-* commands, by what they ask:
#
#   trace.py    the trace, through the program ukl: nothing here reads it itself
#   sources.py  where sources are, and the kernel's own lx-* commands
#   machine.py  the machine that GDB shows: registers, symbols, current task
#   replay.py   ukl-trace, ukl-replay, ukl-goto, ukl-next, ukl-prev
#   where.py    ukl-where, ukl-transitions, $ukl_side(), $ukl_mode()
#   stops.py    ukl-break
#   model.py    ukl-check, ukl-explain, ukl-frames, $ukl_depth()
#   stacks.py   ukl-stacks
#   frames.py   ukl-sigframe, how a pt_regs is printed
