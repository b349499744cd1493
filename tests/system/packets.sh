#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# packets.sh - count a trace's events without the project's reader
#
#   packets.sh TRACE
#
# Walks the packet headers of every stream_N by their sizes, as ukl_trace.h gives
# them, and prints the number of packets that lie whole within the file and the
# sum of their n_events.  Knows nothing of events, so it can contradict the reader.
set -euo pipefail

MAGIC=3254525889 # 0xc1fc1fc1
HEADER=88

# field FILE OFFSET BYTES: a little-endian unsigned number
field() {
	od -An -v -t "u$3" -j "$2" -N "$3" --endian=little "$1" | tr -d ' '
}

packets=0 events=0
for stream in "$1"/stream_*; do
	size=$(stat -c %s "$stream")
	at=0
	while ((at + HEADER <= size)); do
		[ "$(field "$stream" "$at" 4)" = "$MAGIC" ] || break
		length=$(($(field "$stream" $((at + 48)) 8) / 8))
		((length >= HEADER && at + length <= size)) || break
		events=$((events + $(field "$stream" $((at + 80)) 4)))
		packets=$((packets + 1))
		at=$((at + length))
	done
done
echo "$packets $events"
