# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# lib.sh - what the tests that boot a guest share; sourced, never run
#
# A guest is one QEMU, started by guest_start and reaped by its pid.  Its console
# comes through a fifo: guest_expect blocks on it, each read bounded, and copies
# every line to $OUT/console.log.  Nothing sleeps.  Whatever ends the script, the
# guest is ended too.
#
# Callers set: OUT (directory for everything), KERNEL (a bzImage), BUILD; they may
# set INITRD, SMP, MEMORY, CMDLINE (more words), QEMU_ARGS (array), LIMIT (seconds for
# the whole guest), ICOUNT (not empty: deterministic), REPLAYABLE (the same, and more),
# NET (0: a recorded deterministic guest has no network).  guest_record has the guest
# recorded into $OUT/trace.

# A test suite calls suite first and pass for each thing shown; its last line is then
# "TEST: P passed, F failed", however it ends.

TEST=${TEST:-$(basename "$0" .sh)}
SUITE=0 PASSED=0
SMP=1 NET=1 MEMORY=256 LIMIT=300 CMDLINE='' ICOUNT='' REPLAYABLE='' RECORD=0
QEMU_ARGS=()
GUEST_PID=
HOST_PORT=

die() {
	echo "$TEST: $*" >&2
	exit 1
}

note() {
	echo "$TEST: $*"
}

suite() {
	SUITE=1
	trap on_exit EXIT
}

pass() { # WHAT
	PASSED=$((PASSED + 1))
	note "ok: $*"
}

# What a script has to tidy up itself; it may define this anew.
cleanup() {
	:
}

# Whatever ends the script: no guest is left behind, and a suite says how it went.
on_exit() {
	local status=$?
	cleanup
	guest_kill
	[ "$SUITE" -eq 0 ] || note "$PASSED passed, $((status != 0)) failed"
	exit "$status"
}

# Each line that a sed script prints of what the guest said is a thing shown.
pass_lines() { # SCRIPT
	local line
	while read -r line; do
		pass "$line"
	done < <(sed -nE "$1" "$OUT/console.log")
	[ "$PASSED" -gt 0 ] || die "nothing was shown; see $OUT/console.log"
}

usage() { # TEXT
	echo "usage: $TEST.sh $1" >&2
	exit 2
}

# Reads a script's arguments as its USAGE has them: [--name] sets NAME to 1, [--name WORD]
# and then each plain word sets what it is called; [WORD...] leaves the others in REST.
arguments() {
	local name value plain
	while [[ ${1-} == --* ]]; do
		name=${1#--} value=1
		if [[ $USAGE == *"[$1 "* ]] && [ $# -gt 1 ]; then
			value=$2
			shift
		elif [[ $USAGE != *"[--$name]"* ]]; then
			usage "$USAGE"
		fi
		printf -v "${name^^}" %s "$value"
		shift
	done
	read -ra plain <<<"${USAGE##*\] }"
	for name in "${plain[@]}"; do
		[[ $name != "["* ]] || break
		[ $# -gt 0 ] || usage "$USAGE"
		printf -v "$name" %s "$1"
		shift
	done
	REST=("$@")
	[ $# -eq 0 ] || [[ $USAGE == *"...]" ]] || usage "$USAGE"
}

need_file() {
	[ -s "$1" ] && return
	echo "$TEST: $1 is missing: $2" >&2
	exit 2
}

# The files that every recorded or plain guest needs; sets VMLINUX.
need_guest() {
	INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
	need_file "$KERNEL" "make kernel builds it"
	need_file "$INITRD" "make $INITRD builds it"
	VMLINUX=$(dirname "$KERNEL")/vmlinux
}

# Gives the next guest another virtio disk, $OUT/NAME; sparse: takes room as it is used.
guest_disk() { # NAME MB
	mkdir -p "$OUT"
	truncate -s "$2M" "$OUT/$1"
	QEMU_ARGS+=(-drive "file=$OUT/$1,format=raw,if=virtio,cache=unsafe")
}

# The first disk, to swap to
guest_swap_disk() {
	guest_disk swap 128
}

# Has the next guest recorded into a new $OUT/trace.
guest_record() {
	need_file "$BUILD/ukl" "make builds it"
	need_file "$VMLINUX" "make kernel puts it beside $KERNEL"
	rm -rf "$OUT/trace"
	RECORD=1
}

# babeltrace2, a reader that is not ours, finds the same number of events.
second_reader() {
	local ours theirs
	ours=$("$BUILD/ukl" stats "$OUT/trace" |
		awk '$1 == "events" && !seen++ { print $2 }')
	theirs=$(babeltrace2 "$OUT/trace" 2>"$OUT/babeltrace.stderr" | wc -l)
	[ "$ours" = "$theirs" ] ||
		die "ukl stats counts $ours events, babeltrace2 $theirs"
	pass "babeltrace2 counts the same $ours events"
}

# ukl check; what a trace that conforms has exercised is noted for "make cover".
check_trace() { # ARG...
	mkdir -p "$BUILD/coverage"
	"$BUILD/ukl" check --coverage "$BUILD/coverage/$TEST" "$@"
}

# One of several traces of a suite: its verdict is shown if it is not "conforms".
conforms() { # WHAT
	check_trace --verbose "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "$1: the trace does not conform"; }
	pass "$1: the trace conforms"
}

# How many interrupts and exceptions of that vector hit that side, or any
struck() { # VECTOR [SIDE]
	"$BUILD/ukl" dump --no-state --class int_in "$OUT/trace" |
		awk -v vector="vector=$1" -v side="${2-}" \
			'index($0, " " vector " ") && (side == "" || $4 == side)' | wc -l
}

# Judges $OUT/trace, shows the verdict, ends the script with the checker's status.
judge() {
	local status=0
	[ "$SUITE" -eq 0 ] || second_reader
	check_trace "$OUT/trace" | tee "$OUT/verdict" || status=$?
	[ "$SUITE" -eq 0 ] || [ "$status" -ne 0 ] || pass "the trace conforms"
	exit "$status"
}

# symbol NAME: its address in $VMLINUX, 0x and 16 digits
symbol() {
	local address
	address=$(nm "$VMLINUX" | awk -v name="$1" '$3 == name { print "0x" $1 }')
	[ -n "$address" ] || die "$VMLINUX has no symbol $1"
	echo "$address"
}

# A TCP port of 127.0.0.1 on which nobody listens now.  Below 32768, so that no
# outgoing connection takes it before QEMU does.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		if ! (exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
}

# The next guest has a monitor; monitor_open, once it runs, opens it as descriptor 5.
guest_monitor() {
	MONITOR_PORT=$(free_port)
	QEMU_ARGS+=(-monitor "tcp:127.0.0.1:$MONITOR_PORT,server=on,wait=off")
}

monitor_open() {
	exec 5<>"/dev/tcp/127.0.0.1/$MONITOR_PORT"
}

# Ends the guest if it is still there and collects its status in GUEST_STATUS.
guest_reap() {
	[ -n "$GUEST_PID" ] || return 0
	GUEST_STATUS=0
	wait "$GUEST_PID" || GUEST_STATUS=$?
	GUEST_PID=
	exec 3<&-
}

guest_kill() {
	[ -n "$GUEST_PID" ] || return 0
	kill "$GUEST_PID" 2>/dev/null || :
	guest_reap
}

# The words that start a guest, in GUEST_COMMAND.  "quiet" alone would hide warnings.
guest_command() { # SCENARIO
	# On a loaded host timers are late: without the check for that, which panics.  A
	# guest also measures the TSC wrongly there, and takes the jump of its clock to
	# the right time for a stall; who needs the TSC says so.
	local append="no_timer_check loglevel=5 ukl.scenario=$1 $CMDLINE"
	[[ $append == *tsc=* ]] || append="tsc=unstable $append"
	local forward="tcp:127.0.0.1:$HOST_PORT-:5555" net=(--hostfwd "$HOST_PORT:5555")
	[ "$NET" -eq 1 ] || net=()
	if [ "$RECORD" -eq 1 ]; then
		GUEST_COMMAND=("$BUILD/ukl" record --out "$OUT/trace" --kernel "$KERNEL"
			--vmlinux "$VMLINUX" --initrd "$INITRD" --append "$append"
			--smp "$SMP" --memory "$MEMORY" "${net[@]}"
			--timeout "$LIMIT" ${ICOUNT:+--icount}
			${REPLAYABLE:+--replayable} -- "${QEMU_ARGS[@]}")
	else
		GUEST_COMMAND=(qemu-system-x86_64 -M q35 -cpu "max,-la57" -m "$MEMORY"
			-smp "$SMP" -nographic -no-reboot
			-nic "user,model=virtio-net-pci,hostfwd=$forward"
			-kernel "$KERNEL" -initrd "$INITRD"
			-append "console=ttyS0 nokaslr panic=-1 quiet $append"
			"${QEMU_ARGS[@]}")
	fi
}

# guest_start SCENARIO
guest_start() {
	mkdir -p "$OUT"
	HOST_PORT=$(free_port)
	guest_command "$1"
	printf '%q ' "${GUEST_COMMAND[@]}" >"$OUT/command"
	rm -f "$OUT/console"
	mkfifo "$OUT/console"
	timeout --kill-after=30 $((LIMIT + 30)) "${GUEST_COMMAND[@]}" \
		</dev/null >"$OUT/console" 2>"$OUT/stderr" &
	GUEST_PID=$!
	trap on_exit EXIT
	exec 3<"$OUT/console"
	rm "$OUT/console"
	: >"$OUT/console.log"
}

# guest_expect PATTERN: reads the console until a line matches the extended
# regular expression; LINE is that line.  Fails at the end of the console.
guest_expect() {
	local status
	while :; do
		status=0
		IFS= read -r -t "$LIMIT" LINE <&3 || status=$?
		[ "$status" -eq 0 ] || break
		LINE=${LINE%$'\r'}
		printf '%s\n' "$LINE" >>"$OUT/console.log"
		[[ $LINE =~ $1 ]] && return 0
		case $LINE in
		*"UKL-GUEST: failed"*) note "guest: ${LINE#*UKL-GUEST: }" >&2 ;;
		esac
	done
	[ -z "$LINE" ] || printf '%s\n' "$LINE" >>"$OUT/console.log"
	return 1
}

# The same for a line that must come; why it did not.
guest_await() { # PATTERN WHY
	guest_expect "$1" || { guest_kill; guest_report; die "$2"; }
}

# What the kernel complained of (BUG, WARNING, Oops, stall), into $OUT/complaints; false if
# there is nothing.  Its advice on the processor's microcode ("WARNING: See https:...") is
# no complaint.
guest_complaints() {
	grep -nE '(BUG|WARNING|Oops|UBSAN|Call Trace)[: ]|INFO: .*(stall|lock)' \
		"$OUT/console.log" | grep -v 'WARNING: See https:' >"$OUT/complaints"
}

# The scenario's verdict, then the end of the guest.
guest_end() { # SCENARIO
	guest_expect "UKL-GUEST: scenario $1: (ok|failed)" ||
		{ guest_kill; guest_report; die "the guest ended without a verdict" \
			"(status $GUEST_STATUS); see $OUT/console.log, $OUT/stderr"; }
	[[ $LINE == *": ok" ]] ||
		{ guest_report; die "scenario $1 failed; see $OUT/console.log"; }
	guest_expect "^this pattern matches no line: read to the end$" || :
	guest_reap
	[ "$GUEST_STATUS" -eq 0 ] ||
		{ guest_report; die "QEMU ended with status $GUEST_STATUS"; }
}

# The same; a kernel that complained on the way fails the test even if the scenario went well.
guest_finish() { # SCENARIO
	guest_end "$1"
	if guest_complaints; then
		die "the kernel complained: $(head -1 "$OUT/complaints")"
	fi
}

guest_report() {
	tail -n 15 "$OUT/console.log" >&2 || :
	tail -n 5 "$OUT/stderr" >&2 || :
}
