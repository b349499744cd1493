#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# gdb-scripts.sh - the ukl-* commands where there is no replay
#
#   gdb-scripts.sh BUILD KERNEL OUT
#
# KERNEL is a bzImage with libc linked in.  Without a target, with vmlinux alone and
# without, every command has help and either does its work or says in one sentence what
# is missing; none shows a Python error.  On a live guest and on a core those that make
# sense there work; ukl-sigframe and the rest of a signal are shown in a replay.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="BUILD KERNEL OUT"
arguments "$@"
suite
need_guest
SCRIPTS=$(cd "$(dirname "$0")/../../gdb-scripts" && pwd)
UKL=$(realpath "$BUILD/ukl")
export UKL

COMMANDS="$(sed -n 's/.*__init__("\(ukl-[a-z]*\)".*/\1/p' "$SCRIPTS"/ukl/*.py)"
FUNCTIONS="$(sed -n 's/.*__init__("\(ukl_[a-z]*\)".*/\1/p' "$SCRIPTS"/ukl/*.py)"

# What GDB says to the words, into $OUT/said
ask() { # WORD...
	timeout "$LIMIT" gdb -nx -q -batch -ex "source $SCRIPTS/ukl-gdb.py" "$@" \
		</dev/null >"$OUT/said" 2>&1 || :
	! grep -q Traceback "$OUT/said" || die "a command broke; see $OUT/said"
}

expect() { # PATTERN WHAT
	grep -qE "$1" "$OUT/said" || {
		tail -n 25 "$OUT/said" >&2
		die "$2: GDB did not say \"$1\"; see $OUT/said"
	}
	pass "$2"
}

# Has GDB execute a line for each command, with or without vmlinux; as many lines come
# back, at least, as words say: one sentence each, or some lines of help.
each() { # FORMAT COMPARISON [VMLINUX]
	local command words=()
	for command in $COMMANDS; do
		# shellcheck disable=SC2059 # the format is what varies
		words+=(-ex "$(printf "$1" "$command")")
	done
	ask ${3:+"$3"} "${words[@]}"
	! grep -qE 'Undefined|not documented' "$OUT/said" &&
		test "$(grep -c . "$OUT/said")" "$2" "$(wc -w <<<"$COMMANDS")"
}

without_target() {
	mkdir -p "$OUT"
	each "help %s" -ge || die "a command has no help; see $OUT/said"
	each "%s" -eq || die "a command says more or less than a sentence; see $OUT/said"
	each "%s" -eq "$VMLINUX" || die "the same with vmlinux; see $OUT/said"
	pass "$(wc -w <<<"$COMMANDS") commands have help, and say what is missing"
	ask "$VMLINUX" -ex 'print $ukl_mode()' -ex 'print $_streq($ukl_side(), "unknown")'
	expect '= -1' "\$ukl_mode() without a target"
	expect '= 1' "\$ukl_side() without a target"
	[ "$(wc -w <<<"$FUNCTIONS")" -eq 3 ] || die "another number of functions is tested here"
	ask -ex "ukl-explain SE-flip-on-kstack"
	expect "SE-flip-on-kstack" "ukl-explain needs no target"
	ask -ex "ukl-trace $OUT/nothing"
	expect "nothing" "ukl-trace names what is not there"
}

# A guest that stands at its first system call from the application
live() {
	local gate
	gate=$(symbol ukl_entry_SYSCALL_64)
	ask "$VMLINUX" -ex "target remote | exec qemu-system-x86_64 -M q35 -cpu max,-la57 \
-m 256 -display none -monitor none -serial null -no-reboot -nic none -S -gdb stdio \
-kernel $KERNEL -initrd $INITRD -append 'nokaslr panic=-1 quiet ukl.scenario=twin \
ukl.program=libc ukl.args=signals'" -ex "hbreak *$gate" -ex continue -ex ukl-where \
		-ex ukl-stacks -ex 'stepi' -ex 'ukl-where' -ex kill
	expect "^side   gate: CPL 0" "a live guest: ukl-where at the gate"
	expect "^stack .*in the user half: the program's" "... on the application's stack"
	expect "^flag   2, application: the flag agrees" "... with its flag"
	expect "the entry stack" "ukl-stacks knows the CPU's stacks"
}

# What GDB does with a guest of "make gdb": in the application's second system call it puts
# another word into the registers that the gate has saved.  The model must see that as soon
# as the recorder does, and tell it once.  No "continue" steps off a breakpoint, see
# docs/CAVEATS.md; ukl-next does.
SESSION=("thbreak *ukl_entry_SYSCALL_64" continue ukl-where "ukl-transitions 2"
	"thbreak *(long)&__ukl_seam_in_end" continue "thbreak *ukl_entry_SYSCALL_64" continue
	ukl-check "print \$ukl_depth()" lx-version "print \$lx_current().comm"
	"list do_exit" "list main" "list vfprintf" "ukl-goto 1"
	"ukl-check on" "ukl-next sys_enter" "set ((struct pt_regs *)\$rdi)->dx = 0x5eed"
	ukl-next ukl-next "ukl-check off" stepi kill)

# "make gdb": the command that it shows connects.
interactive() {
	local command
	rm -rf "$OUT/session"
	mkdir -p "$OUT/session"
	mkfifo "$OUT/console" 2>/dev/null || :
	TMUX='' timeout "$LIMIT" "$SCRIPTS/session.sh" "$BUILD" "$KERNEL" "$OUT/session" libc \
		ukl.scenario=twin ukl.program=libc ukl.args=signals \
		</dev/null >"$OUT/console" 2>"$OUT/stderr" &
	GUEST_PID=$!
	exec 3<"$OUT/console"
	rm "$OUT/console"
	: >"$OUT/console.log"
	guest_await "^gdb: in another terminal: " "make gdb shows no command"
	command=${LINE#*: in another terminal: }
	until [ -S "$OUT/session/socket" ]; do
		kill -0 "$GUEST_PID" 2>/dev/null || die "the guest is not there; see $OUT/stderr"
		read -rt 0.1 <> <(:) || :
	done
	eval "timeout $LIMIT env $command -nx -batch $(printf ' -ex %q' "${SESSION[@]}")" \
		</dev/null >"$OUT/said" 2>&1 || :
	guest_kill
	! grep -q Traceback "$OUT/said" || die "a command broke; see $OUT/said"
	expect "^side   gate: CPL 0" "make gdb: GDB is on the guest"
	expect "^   [0-9]+ [0-9]+ 0 .* pc=0x" "... and sees the trace as it grows"
	expect "^trace recording events" "... of which nothing is kept back"
	expect "^the machine is as the model has it" "ukl-check compares a live guest"
	expect "^\\\$1 = 0" "\$ukl_depth() on a live guest"
	expect "^Linux version 6" "the kernel's own lx-version beside ours"
	expect '^\$2 = "UKL"' "... and its \$lx_current()"
	expect "void __noreturn do_exit\(long code" "the kernel's source"
	expect "int main\(int argc, char" "... the application's"
	expect "int vfprintf\(FILE" "... and the C library's"
	expect "^this is no replay; start one" "ukl-goto wants a replay"
	expect "^sys_enter: 0x.*ukl_entry_SYSCALL_64" "ukl-next on a live guest"
	expect "^violation SE-args " "ukl-check on: what was done to the guest is a violation"
	expect "^violation   dx: expected 0x[0-9a-f]+, found 0x5eed" "... with what was done"
	expect "^ukl-check: .*, 1 violations \(\+1\); the machine is as" "... which is new"
	expect "^ukl-check: .*, 1 violations \(\+0\); " "... and is not new at the next stop"
	[ "$(grep -c "^violation SE-args " "$OUT/said")" -eq 1 ] ||
		die "the violation was told again; see $OUT/said"
	[ "$(grep -c "^ukl-check: " "$OUT/said")" -eq 4 ] ||
		die "ukl-check off does not end it; see $OUT/said"
	rm -rf "$OUT/session"
}

# "make gdb" under tmux: GDB comes up beside the guest.  What is typed waits in the pane
# until GDB reads it; its last word lets us on.
in_tmux() {
	local tmux=(tmux -f /dev/null -L "ukl-$$") word
	rm -rf "$OUT/tmux"
	TERM=screen "${tmux[@]}" set-hook -g after-split-window 'wait-for -S split' \; \
		new-session -d -x 160 -y 50 "exec $SCRIPTS/session.sh $BUILD $KERNEL $OUT/tmux libc \
		ukl.scenario=twin ukl.program=libc ukl.args=signals"
	timeout "$LIMIT" "${tmux[@]}" wait-for split ||
		{ "${tmux[@]}" kill-server; die "tmux shows no second pane"; }
	for word in "set confirm off" "thbreak *ukl_entry_SYSCALL_64" continue ukl-where \
		"shell ${tmux[*]} wait-for -S there"; do
		"${tmux[@]}" send-keys -t :.1 "$word" Enter
	done
	timeout "$LIMIT" "${tmux[@]}" wait-for there ||
		{ "${tmux[@]}" kill-server; die "no answer from GDB under tmux"; }
	"${tmux[@]}" capture-pane -p -J -t :.1 >"$OUT/said"
	"${tmux[@]}" send-keys -t :.1 kill Enter quit Enter
	# The server goes with its last pane, and whoever waits for it.
	timeout "$LIMIT" "${tmux[@]}" wait-for end 2>/dev/null || :
	! "${tmux[@]}" kill-server 2>/dev/null || die "the session does not end with its guest"
	expect "^side +gate: CPL 0" "make gdb under tmux: GDB is on the guest, in a pane beside it"
	rm -rf "$OUT/tmux"
}

signal_frame() {
	local trace=$OUT/trace start
	rm -rf "$trace"
	"$UKL" record --replayable --out "$trace" --kernel "$KERNEL" --vmlinux "$VMLINUX" \
		--initrd "$INITRD" --timeout "$LIMIT" \
		--append "ukl.scenario=twin ukl.program=libc ukl.args=signals" \
		</dev/null >"$OUT/console.log" 2>"$OUT/stderr"
	# The application at the first instruction of a handler
	start=$("$UKL" dump --no-state --class sig_start,app_in "$trace" | awk '
		function word(name) {
			return match($0, " " name "=0x[0-9a-f]+") ?
				substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2) : ""
		}
		$5 == "sig_start" { handler = word("handler") }
		$5 == "app_in" && word("pc") == handler && !n++ { print $1 }')
	[ -n "$start" ] || die "no handler of the application's was started"
	timeout "$LIMIT" "$UKL" replay --batch --event "$start" --ex ukl-sigframe \
		--ex ukl-where "$trace" </dev/null >"$OUT/said" 2>&1
	rm -rf "$trace"
	expect "^signal frame at 0x" "ukl-sigframe at a handler's start"
	expect "^  interrupted app: 0x" "... tells whom the signal interrupted"
	expect "^  returns to 0x.*ukl_" "... and where the handler returns to"
}

without_target
live
interactive
in_tmux
signal_frame
