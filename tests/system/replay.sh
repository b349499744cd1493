#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# replay.sh - does a recorded run repeat exactly, and does GDB stand where the trace says?
#
#   replay.sh [--demo] [--runs N] BUILD KERNEL OUT
#
# KERNEL is a bzImage with count linked in: nothing comes from outside, and N recordings
# must be equal; with --demo it has the echo server, and the host sends, too.  N replays
# must be equal to the recording, event by event.  Then GDB goes to events spread over
# the trace, forwards, and to one backwards, and must find RIP, RSP and the other
# registers as "ukl dump" has them; without --demo it does everything else the commands
# promise.  How long the way to an event took at most is shown, and may not be more than
# SECONDS_MAX, if that is set.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--demo] [--runs N] BUILD KERNEL OUT"
DEMO=0 RUNS=3
SECONDS_MAX=${SECONDS_MAX:-$LIMIT}
REPLAYABLE=1
arguments "$@"
suite
need_guest
UKL=$BUILD/ukl
TRACE=$OUT/trace

# The trace's events, without what tells one recording from the other
events_of() { # TRACE
	"$UKL" dump --assemble "$1" | grep -v '^env '
}

record_count() {
	NET=0
	CMDLINE="ukl.args=calls=200,faults=60,stack=60,ticks=20,spawn=3"
	guest_record
	guest_start count
	guest_finish count
}

record_demo() {
	CMDLINE="ukl.connections=8 ukl.bytes=20000 ukl.host_connections=4 ukl.host_bytes=50000"
	guest_record
	guest_start demo
	guest_await "UKL-GUEST: ready for host traffic" "the server never became ready"
	"$BUILD/apps/echo/echo-client" -h 127.0.0.1 -p "$HOST_PORT" -s 1 -t "$LIMIT" \
		-c 4 -b 50000 || die "the client on the host failed"
	guest_finish demo
}

# Equal to the first recording, whose events are in $OUT/events
equal() { # TRACE WHAT
	events_of "$1" | cmp -s - "$OUT/events" ||
		die "$2 differs; 'ukl dump' of $1 and $TRACE shows where"
}

repeat_recording() {
	local i
	for ((i = 2; i <= RUNS; i++)); do
		mv "$TRACE" "$OUT/first"
		record_count
		equal "$TRACE" "recording $i"
		rm -rf "$TRACE"
		mv "$OUT/first" "$TRACE"
	done
	pass "$RUNS recordings of one run are equal, $(wc -l <"$OUT/events") events"
}

repeat_replay() {
	local i
	for ((i = 1; i <= RUNS; i++)); do
		rm -rf "$OUT/again"
		timeout "$LIMIT" "$UKL" replay --record "$OUT/again" "$TRACE" ||
			die "replay $i did not end"
		equal "$OUT/again" "replay $i"
		rm -rf "$OUT/again"
	done
	pass "$RUNS replays are equal to the recording"
}

# --- GDB --------------------------------------------------------------------------------

# Has GDB execute the commands; what it says is in $OUT/gdb.
gdb_says() { # OPTION-OR-COMMAND...
	local words=() word
	for word; do
		case $word in
		--event=* | --violation=*) words+=("${word%%=*}" "${word#*=}") ;;
		*) words+=(--ex "$word") ;;
		esac
	done
	timeout "$LIMIT" "$UKL" replay --batch "${words[@]}" "$TRACE" </dev/null \
		>"$OUT/gdb" 2>"$OUT/gdb.err" || die "GDB failed; see $OUT/gdb, $OUT/gdb.err"
	! grep -q Traceback "$OUT/gdb.err" || die "a command broke; see $OUT/gdb.err"
}

said() { # PATTERN WHAT
	grep -qE "$1" "$OUT/gdb" || die "$2: GDB did not say \"$1\"; see $OUT/gdb"
	pass "$2"
}

# Events that have a place, one in each of N parts of the trace
spread() { # N
	"$UKL" dump --no-state "$TRACE" | awk -v n="$1" '
		/ pc=/ { order[++count] = $1 }
		END { for (i = 0; i < n; i++) print order[1 + int((i + 0.5) * count / n)] }'
}

# The commands that show where the machine stands, as one line
SHOW='printf "stands rip=0x%lx rsp=0x%lx rbx=0x%lx rbp=0x%lx r12=0x%lx\n", '
SHOW+='(unsigned long)$rip, (unsigned long)$rsp, $rbx, (unsigned long)$rbp, $r12'

# What "ukl dump" has for the event, in the words of that line; "-": it does not tell.
# Only where no frame is sampled are the slots the live registers.
wanted() { # N
	"$UKL" dump --state --from "$1" --to "$1" "$TRACE" | awk '
		function word(name) {
			return match($0, " " name "=0x[0-9a-f]+") ?
				substr($0, RSTART + length(name) + 2, RLENGTH - length(name) - 2) : "-"
		}
		{ live = $5 ~ /^(gate_in|int_in|int_out|app_in|user_in|user_out)$/
		  rsp = word("rsp")
		  if (rsp == "-" && $5 ~ /^(gate_in|app_in)$/) rsp = word("%sp")
		  print "rip=" word("pc"), "rsp=" rsp, "rbx=" (live ? word("%bx") : "-"),
			"rbp=" (live ? word("%bp") : "-"), "r12=" (live ? word("%r12") : "-") }'
}

# Do the words agree, but for those that the trace does not tell?
agree() { # WANTED FOUND
	local want have=() i=0
	read -ra have <<<"$2"
	for want in $1; do
		[[ $want == *=- ]] || [ "$want" = "${have[i]-}" ] || return 1
		i=$((i + 1))
	done
}

stands_everywhere() { # N
	local order commands=() orders=() lines=() i
	mapfile -t orders < <(spread "$1")
	orders+=("${orders[$(($1 / 2))]}")		# and back
	for order in "${orders[@]}"; do
		commands+=("ukl-goto $order" "$SHOW")
	done
	gdb_says "${commands[@]}"
	mapfile -t lines < <(sed -n 's/^stands //p' "$OUT/gdb")
	for ((i = 0; i < ${#orders[@]}; i++)); do
		agree "$(wanted "${orders[i]}")" "${lines[i]-}" ||
			die "event ${orders[i]}: the trace has $(wanted "${orders[i]}")," \
				"GDB ${lines[i]-nothing}"
	done
	pass "GDB stands where the trace says at ${#orders[@]} events, the last one earlier"
	sed -n 's/.*reached in \([0-9.]*\) s$/\1/p' "$OUT/gdb" | sort -n | tail -n 1 >"$OUT/slowest"
	awk -v max="$SECONDS_MAX" '$1 > max { exit 1 }' "$OUT/slowest" ||
		die "the way to an event took $(cat "$OUT/slowest") s"
	pass "the longest way took $(cat "$OUT/slowest") s"
}

# The n-th event of a class
nth() { # CLASS N
	"$UKL" dump --no-state --class "$1" "$TRACE" | awk -v n="$2" 'NR == n { print $1 }'
}

# The word of an event's line
word_of() { # N WORD
	"$UKL" dump --state --from "$1" --to "$1" "$TRACE" |
		sed -n "s/.* $2=\(0x[0-9a-f]*\).*/\1/p"
}

# The first event of a class from one on
after() { # N CLASS
	"$UKL" dump --no-state --class "$2" --from "$1" "$TRACE" | awk 'NR == 1 { print $1 }'
}

commands() {
	local enter write app int next
	enter=$(nth sys_enter 50)
	write=$(nth mode_write 101)
	app=$(nth app_in 60)
	next=$(after "$app" sys_enter)
	int=$("$UKL" dump --no-state --class int_in "$TRACE" | awk '$4 == "app" && !n++ { print $1 }')

	gdb_says --event="$enter" ukl-where ukl-check ukl-frames ukl-stacks "ukl-transitions 3" \
		"print \$_streq(\$ukl_side(), \"kernel\")" \
		"printf \"functions %d %d\\n\", \$ukl_mode(), \$ukl_depth()" \
		"print *(struct pt_regs *)\$rdi" "ukl-explain SE-gs-live" \
		"ukl-check on" "ukl-next gate_in" "ukl-next switch" stepi
	said "^side   kernel: CPL 0" "ukl-where: the side, and why"
	said "^stack .* on the task's kernel stack, 0x" "ukl-where: the stack"
	said "^flag   1, kernel: the flag agrees" "ukl-where: the flag agrees"
	said "^trace  at event $enter, sys_enter" "ukl-where: the place in the trace"
	said "^the machine is as the model has it" "ukl-check: the model agrees"
	said "^context syscall .*from=app" "ukl-frames: the open context"
	said "^  => 0x.* the task's kernel stack" "ukl-stacks: the one in use"
	said "^=> $enter .*sys_enter" "ukl-transitions: marks the place"
	said "^\\\$1 = 1" "\$ukl_side()"
	said "^functions 1 1" "\$ukl_mode() and \$ukl_depth()"
	said "= the application's, at 0x" "a pt_regs is marked as the application's"
	said "SE-gs-live" "ukl-explain explains"
	[ "$(grep -c "^ukl-check: .*, 0 violations (+0); the machine is as the model has it$" \
		"$OUT/gdb")" -eq 4 ] ||
		die "ukl-check differs at the gate, or while tasks are switched; see $OUT/gdb"
	pass "ukl-check on: at each stop"

	gdb_says --event="$app" ukl-where "ukl-next sys_enter" "ukl-prev" "ukl-prev gate_in" \
		reverse-stepi ukl-where
	said "^side   app: RIP lies in the application's text" "ukl-where in the application"
	said "^flag   2, application: the flag agrees" "... and its flag"
	said "^trace  at event $app, app_in" "... and its place"
	said "^event $next, reached" "ukl-next CLASS"
	said "^event $((next - 1)), reached" "ukl-prev"
	said "^event $(after "$app" gate_in), reached" "ukl-prev CLASS"
	said "^trace  behind event" "reverse-stepi is one instruction before"

	gdb_says --event="$write" "ukl-break sys_leave if \$ukl_mode() == 1" reverse-continue \
		"printf \"back %d 0x%lx\\n\", \$ukl_mode(), (unsigned long)\$rip" delete \
		"watch *(unsigned int *)($(word_of "$write" task) + (unsigned long)&__ukl_off_task_mode)" \
		reverse-continue "ukl-where"
	said "^back 1 $(word_of "$(nth sys_leave 1)" pc)" "ukl-break, and back to it"
	said "^trace  (at|behind) event .*(mode_write|ctrl)" "back to the last store to ukl_mode"

	gdb_says --event="$int" ukl-where "ukl-frames all"
	said "^side   kernel" "at an interrupt of the application"
	said "THE FLAG DISAGREES, or an event has just interrupted" "... the flag is behind"
}

# Refusals: what cannot be replayed is not tried.
refusals() {
	local kept=$TRACE/.replay/sums
	cp "$kept" "$OUT/sums"
	sed 's/^......../00000000/' "$OUT/sums" >"$kept"
	! "$UKL" replay --record "$OUT/again" "$TRACE" 2>"$OUT/refused" ||
		die "a kernel that has changed was replayed"
	cp "$OUT/sums" "$kept"
	grep -q "is not what was recorded any more" "$OUT/refused" || die "see $OUT/refused"
	pass "files that have changed are refused"
}

if [ "$DEMO" -eq 1 ]; then record_demo; else record_count; fi
conforms "the recording"
events_of "$TRACE" >"$OUT/events"
[ "$DEMO" -eq 1 ] || repeat_recording
repeat_replay
stands_everywhere 12
[ "$DEMO" -eq 1 ] || { commands; refusals; }
rm -rf "$OUT/events" "$TRACE"
