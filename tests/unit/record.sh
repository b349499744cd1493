#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# record.sh - ukl record: its words for QEMU, its refusals, its exit status
#
# QEMU is a shell script here.  It says the version in $dir/version, supports
# plugins if $dir/plugins exists, and then does what $dir/run says.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
: "${UKL:?}"
# The verb gives its words back by ending.
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"

# A build directory with files that only have to exist.
mkdir -p "$dir/b/traces" "$dir/b/kernel/images/echo" "$dir/b/guest"
cp "$UKL" "$dir/b/ukl" || exit 2
touch "$dir/b/traces/recorder-v4.so" "$dir/b/traces/recorder-v7.so" \
	"$dir/b/kernel/images/echo/bzImage" "$dir/b/kernel/images/echo/vmlinux" \
	"$dir/b/guest/initramfs.cpio.gz" "$dir/plugins"
cat >"$dir/qemu" <<END
#!/bin/sh
case \$1 in
--version) echo "QEMU emulator version \$(cat "$dir/version")"; exit ;;
-plugin) [ -e "$dir/plugins" ]; exit ;;
esac
. "$dir/run"
END
chmod +x "$dir/qemu"
echo 10.0.2 >"$dir/version"
echo 'exit 0' >"$dir/run"

expect() {	# expect STATUS WORDS ARGUMENT...
	want=$1 words=$2
	shift 2
	"$dir/b/ukl" record --qemu "$dir/qemu" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ "$status" -eq "$want" ] &&
		{ [ -z "$words" ] || grep -q -e "$words" "$dir/out" "$dir/err"; }
	result $? "$(echo "$*" | sed "s,$dir/,,g"): status $want, \"$words\""
}

ends() {	# ends STATUS TEXT WORDS: what QEMU does, and what becomes of it
	echo "$2" >"$dir/run"
	expect "$1" "$3" --timeout 20
}

echo "1..$(($(grep -c '^expect ' "$0") + $(grep -c '^ends ' "$0") + 3))"

expect 0 "^usage: ukl record" --help
expect 2 "see 'ukl record --help'" --frobnicate
expect 2 "lacks its value" --out
expect 2 "not 'x'" --smp x
expect 2 "not '0'" --timeout 0
expect 2 "not '1k'" --max-size 1k
expect 2 "go after --" bzImage
expect 2 "not '5555'" --hostfwd 5555
expect 2 "not '5555:70000'" --hostfwd 5555:70000
expect 2 "wants NAME=VALUE" --plugin-option prove
expect 2 "no such.*make kernel\|make kernel" --kernel "$dir/nothing"
expect 2 "initial file system" --initrd "$dir/nothing"
expect 2 "there is no $dir/nothing.*bookworm-backports" --qemu "$dir/nothing"

expect 0 "recorder-v4.so,vmlinux=" --print-command
expect 0 ",qemu=10.0.2,tool=" --print-command
expect 0 "[-]M q35 -cpu max,-la57 -m 256 -accel tcg -nographic -no-reboot" --print-command
expect 0 "out=a,,b" --print-command --out a,b
expect 0 "nokaslr panic=-1 quiet it'\\\\''s'" --print-command --append "it's"
expect 0 "[-]icount shift=3,sleep=off -seed 7 -rtc base=2026-01-01,clock=vm .*-nic none" \
	--print-command --icount --seed 7
expect 0 "tcg=single" --print-command --icount --smp 2
expect 0 "thread=multi" --print-command --smp 2
expect 0 "hostfwd=tcp:127.0.0.1:5555-:7" --print-command --icount --hostfwd 5555:7
expect 0 "rr=record,rrfile=a/.replay/log .*clock=exact" --print-command --replayable --out a
expect 0 "sleep=on.*-netdev user,id=net,hostfwd=tcp:127.0.0.1:5555-:7 .*filter-replay" \
	--print-command --replayable --hostfwd 5555:7
expect 2 "one virtual CPU" --replayable --smp 2
expect 2 "no QEMU arguments, such as .-drive" --replayable -- -drive file=x
expect 2 "no use without the recorder" --replayable --no-plugin
expect 0 ",writers=prove" --print-command --plugin-option writers=prove
expect 0 " -s -S\$" --print-command -- -s -S
echo 11.1.3 >"$dir/version"
expect 0 "recorder-v7.so" --print-command
echo 11.0.1 >"$dir/version"
expect 2 "QEMU 11.0.1, but recording needs" --print-command
echo "7.2.9 (Debian)" >"$dir/version"
expect 2 "QEMU 7.2.9 (Debian), but recording needs.*bookworm-backports" --print-command
expect 0 "[-]kernel" --print-command --no-plugin
expect 2 "wants a program" --user
expect 2 "[-]-smp is about a machine" --user --smp 2 /bin/sh
expect 2 "[-]-argv0 is for a program" --argv0 sh
expect 2 "the program $dir/nothing cannot be read" --user "$dir/nothing"
expect 2 "$dir/version is not a program for x86-64" --user "$dir/version"
expect 2 "$dir is not a program for x86-64" --user "$dir"
echo 10.0.2 >"$dir/version"
rm "$dir/plugins"
expect 2 "without TCG plugins.*enable-plugins" --print-command
touch "$dir/plugins"
rm "$dir/b/traces/recorder-v4.so"
expect 2 "make recorder" --print-command
touch "$dir/b/traces/recorder-v4.so"

ends 0 "exit 0" ""
ends 2 "exit 1" ""
ends 33 "exit 33" ""
ends 2 'kill -9 $$' "ended by signal 9.*torn"

expect 0 "/qemu -cpu max -0 name -plugin .*/recorder-v4.so,out=trace,app=sh,qemu=10.0.2,tool=[^,]* /bin/sh -c x\$" \
	--print-command --user --argv0 name /bin/sh -c x
echo 'exit 1' >"$dir/run"
expect 1 "" --user /bin/sh
echo 'kill -SEGV $$' >"$dir/run"
expect 139 "" --user /bin/sh

# A time limit, and a signal, reach QEMU as SIGTERM; then it can close the trace.
cat >"$dir/run" <<END
cat "$dir/never" &
trap 'kill \$!; echo closed >"$dir/closed"; exit 0' TERM
echo ready >"$dir/ready"
wait
END
mkfifo "$dir/ready" "$dir/never"
cat "$dir/ready" >"$dir/said" &
rm -f "$dir/closed"
"$dir/b/ukl" record --qemu "$dir/qemu" --timeout 1 >"$dir/out" 2>"$dir/err" </dev/null
status=$?
wait
[ "$status" -eq 2 ] && [ -s "$dir/closed" ] && grep -q "within 1 seconds" "$dir/err"
result $? "the time limit ends QEMU by SIGTERM"

# Two files of the trace are as large as allowed only together.
mkdir -p "$dir/trace"
rm -f "$dir/closed"
truncate -s 1M "$dir/trace/stream_0"
sed -i "s|^echo ready.*|truncate -s 2M '$dir/trace/stream_1'|" "$dir/run"
"$dir/b/ukl" record --qemu "$dir/qemu" --out "$dir/trace" --max-size 3 --timeout 60 \
	>"$dir/out" 2>"$dir/err" </dev/null
status=$?
[ "$status" -eq 2 ] && [ -s "$dir/closed" ] && grep -q "trace has 3 MiB or more" "$dir/err"
result $? "the size of the trace ends QEMU by SIGTERM"

sed -i "s|^truncate.*|echo ready >'$dir/ready'|" "$dir/run"
rm -f "$dir/closed"
"$dir/b/ukl" record --qemu "$dir/qemu" >"$dir/out" 2>"$dir/err" </dev/null &
pid=$!
cat "$dir/ready" >"$dir/said"
kill -TERM "$pid"
wait "$pid"
status=$?
[ "$status" -eq 0 ] && [ -s "$dir/closed" ] && [ "$(cat "$dir/said")" = ready ]
result $? "SIGTERM goes on to QEMU, whose status is reported"

finish
