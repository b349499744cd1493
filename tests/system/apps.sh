#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# apps.sh - the applications and their runtime, without a guest
#
#   apps.sh BUILD
#
# Runs the very objects that go into vmlinux as ordinary processes (apps/rt/
# native.S is the gate) and shows that mkukl.sh refuses what would wreck a kernel.
# Exit status: 0 all is well; 1 something is not, named.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "BUILD"
suite
BUILD=$1
MKUKL=apps/rt/mkukl.sh
scratch=$(mktemp -d)
server=
cleanup() {
	rm -rf "$scratch"
	[ -z "$server" ] || kill "$server"
}

# --- the counter: what it announces is what it does --------------------------

out=$("$BUILD/apps/count/count-rt" calls=1000 jumps=17 faults=300 stack=31 grow=40 \
	ticks=3) || die "count ended with status $?: $out"
[ "$(grep -c '^count: done' <<<"$out")" -eq 6 ] || die "count: not six phases: $out"
grep -q '^count: data=fresh bss=fresh tls=fresh$' <<<"$out" || die "stale data: $out"
# 1000 in the phases, 20 for fixtures and 36 for announcements; setrlimit if needed
grep -Eq '^count: total calls=105[67] jumps=17$' <<<"$out" || die "totals: $out"
pass "count makes and announces its phases on the UKL runtime"

status=0
"$BUILD/apps/count/count-rt" calls=0 2>"$scratch/err" || status=$?
[ "$status" -eq 2 ] || die "count calls=0 ended with $status where 2 is due"
pass "count refuses calls=0"

# --- the echo server against the client --------------------------------------

mkfifo "$scratch/server"
exec 4<>"$scratch/server"
timeout 60 "$BUILD/apps/echo/echo-rt" -c 21 0 >&4 4>&- &
server=$!
read -r -t 20 line <&4 || die "the server does not say that it listens"
port=${line##* }
"$BUILD/apps/echo/echo-client" -p "$port" -c 20 -b 300000 >"$scratch/client" ||
	die "the client failed"
grep -q 'connections=20 bytes=6000000: all equal' "$scratch/client" ||
	die "the client said: $(cat "$scratch/client")"
"$BUILD/apps/echo/echo-client" -p "$port" -c 1 -b 0 >/dev/null || die "an empty stream"
wait "$server" || die "the server ended with status $?"
server=
read -r -t 20 line <&4 || die "the server printed no totals"
[ "$line" = "echo: connections=21 bytes=6000000" ] || die "the server's totals: $line"
pass "echo returns 6 MB over 20 connections, with backpressure, and counts them"

status=0
"$BUILD/apps/echo/echo-client" -p "$port" -c 1 2>/dev/null || status=$?
[ "$status" -eq 1 ] || die "the client ended with $status without a server"
pass "the client fails when nobody listens"

# --- what mkukl.sh refuses ---------------------------------------------------

objects=("$BUILD"/apps/rt/{start,init,posix,string,stdio}.o "$BUILD/apps/count/count.o")

# refuse WHAT EXPECTED-WORDS ASSEMBLY: joins the runtime with a bad object
refuse() {
	printf '%s\n.section .note.GNU-stack\n' "$3" | as -o "$scratch/bad.o" -
	if "$MKUKL" "$scratch/ukl.o" "${objects[@]}" "$scratch/bad.o" \
			2>"$scratch/err"; then
		die "mkukl.sh accepts $1"
	fi
	grep -q "$2" "$scratch/err" || die "$1: mkukl.sh says $(cat "$scratch/err")"
	[ ! -e "$scratch/ukl.o" ] || die "$1: mkukl.sh leaves an object behind"
	pass "mkukl.sh refuses $1"
}

refuse "an undefined symbol" "undefined: nobody" "call nobody"
refuse "SYSCALL" 'instruction "syscall' "bad: syscall"
refuse "INT" 'instruction "int' "bad: int \$0x80"
refuse "an indirect call of the gate" "not reached by a direct call" \
	"bad: mov \$entry_SYSCALL_64, %rax; call *%rax"
refuse "a jump to the call gate" "not reached by a direct call" \
	"bad: jmp entry_SYSCALL_64"
refuse "a call of the jump gate" "not reached by a jmp" \
	"bad: call entry_SYSCALL_64_jump"
refuse "a pointer to the gate" "are neither call nor jmp" \
	".data; .quad entry_SYSCALL_64"
refuse "a section that nobody places" "does not place: .ctors" \
	'.section .ctors,"aw"; .quad 0'
