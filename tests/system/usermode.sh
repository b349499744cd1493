#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# usermode.sh - a program makes the same calls in ring 0 as under qemu-user on this machine
#
#   usermode.sh BUILD OUT
#
# Each program runs linked into the kernel, in a guest, and as an ordinary program with
# the same arguments, environment and standard input. ukl diff --syscalls must find
# no other differences between the two traces than those of docs/user-mode.md; and it must
# find those that are put in.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD OUT"
arguments "$@"
suite
BUILD=$(realpath "$BUILD")
mkdir -p "$OUT"
ROOT=$(realpath "$OUT")
RUNS=1

# Lua's tests but for os.lua, which reads the machine's time zone, and io.lua, which reads
# pipes: in what portions is the scheduler's to say.  Files instead.
LUA='for _, s in ipairs{"math", "string", "table", "meta", "coroutine", "load", "gc",
	"control", "error"} do dofile(s .. ".lua") end
local f = assert(io.open("numbers", "w+"))
for i = 1, 3000 do f:write(i, "\n") end
f:seek("set", 10)
for line in f:lines() do assert(tonumber(line)) end
print(f:seek("end"), os.remove("numbers"), io.open("numbers"))'

# ring0 NAME IMAGE OPTIONS [ARGUMENT...]: $ROOT/NAME has trace and program.out then
ring0() {
	local name=$1 image=$2 options=$3 status=0
	shift 3
	OUT=$ROOT/$name
	mkdir -p "$OUT"
	# shellcheck disable=SC2086 # words
	tests/system/run.sh --quiet --timeout "$LIMIT" $options "$BUILD" \
		"$BUILD/kernel/images/$image/bzImage" "$OUT" "$@" >"$OUT/log" 2>&1 ||
		{ tail -n 5 "$OUT/log" >&2; die "$name in ring 0: status $?; see $OUT/log"; }
}

# user TRACE PROGRAM [ARGUMENT...]: in the directory, with the descriptors, the name and
# the environment that the guest gives; its output goes to TRACE.out
user() {
	local trace=$1 program=$2 fd
	shift 2
	rm -rf "$trace"
	(
		cd "$ROOT/directory"
		for fd in {3..19}; do
			eval "exec $fd>&-"
		done
		exec env -i PATH=/bin timeout "$LIMIT" "$BUILD/ukl" record --user --argv0 /UKL \
			--out "$trace" "$program" "$@"
	) </dev/null >"$trace.out" 2>"$trace.err"
}

same_output() { # NAME SED: what may differ in it
	diff <(sed -E "$2" "$OUT/program.out") <(sed -E "$2" "$OUT/user.out") ||
		die "$1: ring 0 and user mode print something else"
}

same_calls() {
	"$BUILD/ukl" diff --syscalls "$OUT/trace" "$OUT/user" >"$OUT/diff"
}

# compare NAME STEPS SED IMAGE OPTIONS PROGRAM [ARGUMENT...]: equal but for the differences
# that are documented, in at least that many steps.  Where the scheduler decides what a
# program does, the run in ring 0 must be one of RUNS that an ordinary program has.
compare() {
	local name=$1 least=$2 sed=$3 image=$4 options=$5 program=$6 steps run
	shift 6
	ring0 "$name" "$image" "$options" "$@"
	for ((run = 0; run < RUNS; run++)); do
		user "$OUT/user" "$BUILD/apps/$program" "$@" ||
			{ tail -n 5 "$OUT/user.err" >&2; die "$name in user mode: status $?"; }
		same_output "$name" "$sed"
		! same_calls || break
	done
	[ "$run" -lt "$RUNS" ] || { cat "$OUT/diff"; die "$name: the calls part"; }
	steps=$(sed -nE 's/.* ([0-9]+) steps the same; 0 part$/\1/p' "$OUT/diff")
	[ "$steps" -ge "$least" ] || die "$name: only $steps steps, where $least are expected"
	pass "$name: they print the same $(wc -l <"$OUT/program.out") lines"
	pass "$name: $(tail -n 1 "$OUT/diff" | sed 's/; .*//') in ring 0 and in user mode"
	rm -rf "$OUT/initramfs.cpio.gz"
}

# parts WHAT LINE: it is found that this was put in
parts() {
	local status=0
	"$BUILD/ukl" diff --syscalls "$OUT/trace" "$OUT/changed" >"$OUT/diff" || status=$?
	{ [ "$status" -eq 1 ] && grep -q "$2" "$OUT/diff"; } ||
		{ cat "$OUT/diff"; die "not found: $1"; }
	pass "found: $1"
}

need_file "$BUILD/qemu-user/qemu-x86_64" "make qemu-user builds it"
rm -rf "$ROOT/directory"
cp -r apps/ports/lua "$ROOT/directory"

compare count 600 's/=0x7[0-9a-f]*/=ADDRESS/g' count "" count/count-rt \
	calls=300 faults=30 stack=10
user "$OUT/changed" "$BUILD/apps/count/count-rt" calls=301 faults=30 stack=10
parts "a call too many" '^  > B .* getppid()$'

compare calls 50 "" probe "" probe/probe calls
compare libc 600 "" libc "--smp 2" libc/libc plain malloc setjmp signals faults processes
# A thread may be cancelled before its first call or behind it: of five kinds of runs that
# user mode has, the rarest is one in forty.
RUNS=200
compare threads 200 "" libc "" libc/libc threads
RUNS=1

compare lua 10000 "" port-lua "--memory 512 --files apps/ports/lua" port-lua/program -W -e "$LUA"
echo "-- one line more" >>"$ROOT/directory/table.lua"
user "$OUT/changed" "$BUILD/apps/port-lua/program" -W -e "$LUA"
parts "another result" '^  > B .* read = 0x'

status=0
"$BUILD/ukl" check "$OUT/user" >"$OUT/verdict" || status=$?
{ [ "$status" -eq 3 ] && grep -q "(a user-mode trace: .* every invariant is vacuous)" "$OUT/verdict"; } ||
	{ cat "$OUT/verdict"; die "ukl check of a user-mode trace: status $status"; }
pass "ukl check says that of a user-mode trace nothing can be judged"
rm -rf "$ROOT"/*/trace "$ROOT"/*/user "$ROOT"/*/changed
