#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# session.sh - an interactive session: a recorded guest that waits for GDB
#
#   session.sh BUILD KERNEL OUT APP [WORD...]
#
# The guest boots KERNEL with the WORDS on its command line (without any: a shell, where
# "/UKL" starts the application) and stops before its first instruction.  Its console is
# this terminal; for the other one the command that starts GDB is shown.  Under tmux
# both are started, side by side.  The guest's trace is OUT/trace, to which each event is
# written at once: the ukl-* commands that speak of events mean those until here.  The
# kernel's own lx-* commands are there, too, if its tree is.
set -euo pipefail

[ $# -ge 4 ] || { echo "usage: session.sh BUILD KERNEL OUT APP [WORD...]" >&2; exit 2; }
BUILD=$(realpath "$1") KERNEL=$(realpath "$2")
mkdir -p "$3"
OUT=$(realpath "$3") APP=$4
shift 4
HERE=$(cd "$(dirname "$0")" && pwd)
SOCKET=$OUT/socket

GUEST=("$BUILD/ukl" record --out "$OUT/trace" --app "$APP" --kernel "$KERNEL"
	--initrd "$BUILD/guest/initramfs.cpio.gz" --append "${*:-ukl.scenario=shell}"
	--plugin-option write=events -- -S -gdb "unix:$SOCKET,server=on,wait=off")
GDB=(gdb -q "$(dirname "$KERNEL")/vmlinux" -ex "source $HERE/ukl-gdb.py"
	-ex "set remotetimeout 60" -ex "target remote $SOCKET" -ex "ukl-trace $OUT/trace")

rm -f "$SOCKET"
if [ -n "${TMUX-}" ]; then
	# GDB waits for the guest's socket, which comes at once or never.
	tmux split-window -h "timeout 20 bash -c 'until [ -S $SOCKET ]; do read -rt 0.1 <> <(:); done';\
		UKL=$BUILD/ukl ${GDB[*]@Q}"
else
	printf 'gdb: in another terminal: UKL=%q ' "$BUILD/ukl"
	printf '%s\n' "${GDB[*]@Q}"
fi
exec "${GUEST[@]}"
