#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh - a user's own program in ring 0: its output, its status, the verdict
#
#   run.sh [OPTION]... BUILD KERNEL OUT [ARGUMENT...]
#
#   --smp N, --memory MB, --timeout SECONDS	the guest
#   --stdin FILE		standard input; without it, end of file
#   --files PATH		a file, or the files of a directory, for the working
#				directory; may be repeated
#   --scenario NAME		another of the guest's scenarios than run
#   --quiet			of the verdict, its first line only
#
# KERNEL is a bzImage with the program linked in.  Its standard output and error come
# out of this script's, as they come; they are also in OUT/program.out and .err, and
# its exit status is in OUT/status (128 and the signal's number, if one ended it).
#
# Exit status: 0 the program ended with 0 and the trace conforms; 1 the trace violates
# or 3 is inconclusive, as of ukl check, whatever the program did; 4 the trace conforms
# and the program failed; 2 trouble: the guest did not boot, or did not end in time, or
# the kernel complained.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

die() {
	echo "run: $*" >&2
	exit 2
}

PROGRAM_FAILED=4
USAGE="[--smp N] [--memory MB] [--timeout SECONDS] [--stdin FILE] [--files PATH]..."
USAGE+=" [--scenario NAME] [--quiet] BUILD KERNEL OUT [ARGUMENT...]"
stdin=/dev/null files=() quiet=0 scenario=run writers=() readers=()
while [[ ${1-} == --* ]]; do
	case $1 in
	--smp) SMP=$2; shift ;;
	--memory) MEMORY=$2; shift ;;
	--timeout) LIMIT=$2; shift ;;
	--stdin) stdin=$2; shift ;;
	--files) files+=("$2"); shift ;;
	--scenario) scenario=$2; shift ;;
	--quiet) quiet=1 ;;
	*) usage "$USAGE" ;;
	esac
	shift
done
[ $# -ge 3 ] || usage "$USAGE"
[[ $LIMIT =~ ^[1-9][0-9]*$ ]] || die "--timeout wants a number of seconds, not '$LIMIT'"
BUILD=$1 KERNEL=$2 OUT=$3
shift 3
base=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
INITRD=$OUT/initramfs.cpio.gz

# Through a file, because the kernel's command line keeps neither quotes nor blanks.
quoted() { # ARGUMENT...: as words for a shell
	local argument
	printf 'set --'
	for argument; do
		printf " '%s'" "${argument//\'/\'\\\'\'}"
	done
	echo
}

pack_initrd() {
	local tree=$OUT/tree path
	rm -rf "$tree"
	mkdir -p "$tree/run.d/files"
	quoted "$@" > "$tree/run.d/arguments"
	cat "$stdin" > "$tree/run.d/stdin" || die "$stdin: cannot be read"
	for path in "${files[@]}"; do
		[ -e "$path" ] || die "$path: no such file or directory"
		[ ! -d "$path" ] || path+=/.
		cp -r "$path" "$tree/run.d/files/"
	done
	{ cat "$base"; apps/guest/pack.sh "$tree"; } > "$INITRD"
	rm -rf "$tree"
}

# A fifo each way out: open_port NAME FILE.  This script writes to it, too, without ever
# doing so: a guest that does not get as far as to open it is its end all the same.
open_port() {
	local writer
	rm -f "$OUT/$1.fifo"
	mkfifo "$OUT/$1.fifo"
	tee "$OUT/$2" < "$OUT/$1.fifo" &
	readers+=("$!")
	exec {writer}> "$OUT/$1.fifo"
	writers+=("$writer")
	QEMU_ARGS+=(-chardev "file,id=$1,path=$OUT/$1.fifo"
		-device "virtserialport,chardev=$1,name=$1")
}

# All that the guest has said is told, once it has ended.
close_ports() {
	local writer
	for writer in "${writers[@]}"; do
		exec {writer}>&-
	done
	wait "${readers[@]}"
}

# Whatever ends the script: nobody is left who copies.
cleanup() {
	guest_kill
	close_ports || :
}

tell_status() {
	local status=$1
	if [ "$status" -gt 128 ] && kill -l $((status - 128)) > /dev/null 2>&1; then
		note "the program was ended by SIG$(kill -l $((status - 128)))"
	else
		note "the program ended with status $status"
	fi
}

check() {
	local status=0
	"$BUILD/ukl" check "$OUT/trace" > "$OUT/verdict" || status=$?
	if [ "$quiet" -eq 1 ] && [ "$status" -eq 0 ]; then
		head -n 1 "$OUT/verdict"
	else
		cat "$OUT/verdict"
	fi
	return "$status"
}

mkdir -p "$OUT"
need_file "$base" "make $base builds it"
rm -f "$OUT/status"
pack_initrd "$@"
need_guest
guest_record
QEMU_ARGS+=(-device virtio-serial-pci)
open_port stdout program.out
open_port stderr program.err >&2
guest_start "$scenario"
guest_expect "UKL-GUEST: run: status [0-9]+" ||
	{ guest_kill; guest_report; die "the guest ended before the program did (status" \
		"$GUEST_STATUS, limit $LIMIT s); see $OUT/console.log"; }
program=${LINE##* }
guest_finish "$scenario"
close_ports || die "the program's output could not be copied to $OUT"
echo "$program" > "$OUT/status"
tell_status "$program"
check || exit
[ "$program" -eq 0 ] || exit "$PROGRAM_FAILED"
