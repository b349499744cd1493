#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# replay.sh - ukl replay: what it refuses, what it starts, its exit status
#
# QEMU and GDB are shell scripts here.  QEMU says the version in $dir/version; "ukl
# record" leaves with it what belongs beside a trace, which is then written by hand.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
: "${UKL:?}" "${UKL_ASSEMBLE:?}"
# The verb gives its words back by ending.
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"

QEMU=10.0.2
TRACE=$dir/trace
mkdir -p "$dir/b/traces"
cp "$UKL" "$dir/b/ukl" || exit 2
touch "$dir/b/traces/recorder-v4.so"
echo kernel >"$dir/bzImage"
echo files >"$dir/initrd"
cp "$UKL" "$dir/vmlinux"	# it has a build-id and symbols
cat >"$dir/qemu" <<END
#!/bin/sh
case \$1 in
--version) echo "QEMU emulator version \$(cat "$dir/version")"; exit ;;
-plugin) exit 0 ;;
esac
echo "qemu \$*"
END
cat >"$dir/gdb" <<END
#!/bin/sh
echo "gdb \$*"
exit 7
END
chmod +x "$dir/qemu" "$dir/gdb"
echo "$QEMU" >"$dir/version"

assemble() { # COUNT: a trace of four events
	{
		sed -n '/^layout /p' "$(dirname "$0")/../fixtures/base.trace"
		echo "env clock \"insn\""
		echo "env count \"$1\""
		echo "env qemu \"$QEMU\""
		echo "env vmlinux \"$dir/vmlinux\""
		echo "env build_id \"$(readelf -n "$dir/vmlinux" | sed -n 's/.*Build ID: //p')\""
		for word in app writers from edges tool; do echo "env $word \"\""; done
		for time in 1 2 3; do
			echo "$time 0 kernel ctrl pc=0xffffffff81000000 reg=1 value=$time"
		done
	} >"$dir/text"
	"$UKL_ASSEMBLE" "$dir/text" "$TRACE"
}

try() {	# try STATUS WORDS ARGUMENT...
	want=$1 words=$2
	shift 2
	"$dir/b/ukl" replay --gdb "$dir/gdb" "$@" "$TRACE" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ "$status" -eq "$want" ] && grep -q -e "$words" "$dir/out" "$dir/err"
}

expect() { # the same as a test
	try "$@"
	result $? "$(shift 2; echo "$*" | sed "s,$dir/,,g"): status $1, \"$2\""
}

# One sentence, and nothing was started.
refuses() { # WORDS ARGUMENT...
	words=$1
	shift
	try 2 "$words" "$@" && [ "$(wc -l <"$dir/err")" -eq 1 ] && [ ! -s "$dir/out" ]
	result $? "refused: $(echo "$* \"$words\"" | sed "s,$dir/,,g")"
}

echo "1..$(($(grep -cE '^.?(expect|refuses) ' "$0") + 1))"	# one is in a loop of two

"$dir/b/ukl" record --replayable --qemu "$dir/qemu" --kernel "$dir/bzImage" --out "$TRACE" \
	--vmlinux "$dir/vmlinux" --initrd "$dir/initrd" >"$dir/out" 2>"$dir/err" || exit 2
assemble exact || exit 2
refuses "has lost what was in its directory .replay; record it again"
touch "$TRACE/.replay/log"

# What is there is replayed, and the status is GDB's or QEMU's.
expect 7 "ukl-goto 2" --event 2 --batch
expect 0 "qemu .*rr=replay,rrfile=.*recorder-v4.so,clock=exact" --record "$dir/again"
expect 0 "qemu .*-S -gdb stdio" --stub

refuses "there is no event 4 in .*'ukl stats' tells" --event 4
refuses "has not so many violations; 'ukl check' shows" --violation 1
refuses "the first is number 1" --violation 0
refuses '"-1" is not a number' --event -1

echo 10.0.3 >"$dir/version"
refuses "recorded by another QEMU, 10.0.2; no other can" --event 1
refuses "recorded by another QEMU, 10.0.2; no other can" --stub
echo "$QEMU" >"$dir/version"

for file in bzImage initrd; do
	cp "$dir/$file" "$dir/kept"
	echo more >>"$dir/$file"
	refuses "$file is not what was recorded any more; record again" --event 1
	cp "$dir/kept" "$dir/$file"
done
mv "$dir/bzImage" "$dir/kept"
refuses "bzImage is not what was recorded any more"
mv "$dir/kept" "$dir/bzImage"
: >"$TRACE/.replay/sums.new"
mv "$TRACE/.replay/sums" "$dir/kept" && mv "$TRACE/.replay/sums.new" "$TRACE/.replay/sums"
refuses "has lost what was in its directory .replay"
mv "$dir/kept" "$TRACE/.replay/sums"

refuses "qemu: not a 64-bit ELF file" --vmlinux "$dir/qemu"
refuses "is not the kernel that was recorded; name the right one" --vmlinux "$UKL_ASSEMBLE"
mv "$dir/vmlinux" "$dir/kept"
refuses "vmlinux"
mv "$dir/kept" "$dir/vmlinux"

rm "$dir/b/traces/recorder-v4.so"
refuses "recorder-v4.so cannot be read; build it with 'make recorder'" --record "$dir/again"
expect 7 "ukl-goto 1" --event 1
refuses "cannot be run; install Debian's gdb" --gdb "$dir/nothing"
mv "$dir/qemu" "$dir/kept"
refuses "there is no $dir/qemu" --event 1
mv "$dir/kept" "$dir/qemu"

assemble blocks || exit 2
refuses "trace cannot be replayed; record it with --replayable" --event 1
finish
