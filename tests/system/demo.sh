#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# demo.sh - boot, real traffic from the guest and from the host, judge the trace
#
#   demo.sh [--suite] [--smp N] [--icount] [--plain] BUILD KERNEL OUT
#
# BUILD is the build directory, KERNEL a bzImage with the echo server (its vmlinux
# beside it), OUT a directory for console.log and trace/.  --plain runs QEMU
# without the recorder and judges nothing; --suite counts what was shown.  Exit
# status: the checker's; 1 if the guest or a client failed; 2 usage.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

CONNECTIONS=8 BYTES=20000
HOST_CONNECTIONS=4 HOST_BYTES=50000
USAGE="[--suite] [--smp N] [--icount] [--plain] BUILD KERNEL OUT"
PLAIN=0 say=note
arguments "$@"
[ "$SUITE" -eq 0 ] || { suite; say=pass; }
need_guest
need_file "$BUILD/apps/echo/echo-client" "make $BUILD/apps/echo/echo-client builds it"

CMDLINE="ukl.connections=$CONNECTIONS ukl.bytes=$BYTES"
CMDLINE+=" ukl.host_connections=$HOST_CONNECTIONS ukl.host_bytes=$HOST_BYTES"

[ "$PLAIN" -eq 1 ] || guest_record
guest_start demo
guest_await "UKL-GUEST: ready for host traffic" "the server never became ready"
"$BUILD/apps/echo/echo-client" -h 127.0.0.1 -p "$HOST_PORT" -s 1 -t "$LIMIT" \
	-c "$HOST_CONNECTIONS" -b "$HOST_BYTES" || die "the client on the host failed"
guest_finish demo
"$say" "guest and host traffic compared, payloads equal"
[ "$PLAIN" -eq 1 ] || judge
