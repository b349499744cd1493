#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fault.sh - every allocation and every call of the system fails once, in every verb
#
#   fault.sh BUILD [PATTERN]
#
# BUILD holds a ukl under sanitizers, ukl_assemble and fault.so; runs.c says what is
# asked of a run with a failure in it.  What a verb leaves behind is looked at, too: a
# file is the old one or a whole new one, a trace that is no whole one does not look
# like one.  With PATTERN only command lines that match it.
#
# Exit status: 0 all is well; 1 something is not, named.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

[ $# -ge 1 ] || usage "BUILD [PATTERN]"
suite
BUILD=$(cd "$1" && pwd)
PATTERN=${2-}
ukl=$BUILD/ukl
fixtures=$PWD/tests/fixtures
asan=$(${CC:-gcc} -print-file-name=libasan.so)
if [ -w /dev/shm ]; then export TMPDIR=/dev/shm; fi
scratch=$(mktemp -d)
cleanup() {
	rm -rf "$scratch"
}
cd "$scratch"
# Where "ukl check -" unpacks; nothing may stay there.
export TMPDIR=$scratch/tmp
mkdir tmp
export ASAN_OPTIONS=verify_asan_link_order=0:abort_on_error=1:allocator_may_return_null=1
export UBSAN_OPTIONS=abort_on_error=1

trace() { # NAME FIXTURE [SED]
	awk -f "$fixtures/expand.awk" "$fixtures/$2" "$fixtures/base.trace" | sed "${3-}" >text
	"$BUILD/tests/ukl_assemble" text "$1"
}

# faults KIND ARGUMENT...: in "ukl ARGUMENT...", by the environment of runs.c
faults() {
	local kind=$1 said
	shift
	said=$(LD_PRELOAD="$BUILD/tests/fault.so $asan" FAULT=$kind "$ukl" "$@" <"$INPUT") || {
		note "in ukl $*:"
		die "$(head -n 40 <<<"$said")"
	}
	# Not every verb reads anything that could be interrupted.
	if [ "$said" = 0 ]; then
		[ "$kind" = interrupted ] || die "no $kind failed in ukl $*"
	else
		pass "$said $kind, ukl $*"
	fi
	rmdir tmp || die "files stay behind in TMPDIR"
	mkdir tmp
}

INPUT=/dev/null
each() { # ARGUMENT...: all kinds
	local kind
	[[ "$*" == *$PATTERN* ]] || return 0
	for kind in memory calls short interrupted; do
		faults "$kind" "$@"
	done
}

# left BEFORE AFTER ARGUMENT...: the same, with commands before and behind each run
left() {
	export FAULT_BEFORE=$1 FAULT_AFTER=$2
	shift 2
	each "$@"
	unset FAULT_BEFORE FAULT_AFTER
}

trace good SE-args.pass
trace bad SE-args.fail
trace torn SE-args.fail '$a torn'
trace two SE-args.fail 's/^packet.*//; 1i streams 2'
tar -cf good.tar good

# A program of one function stands for vmlinux, where a store happens that no kernel declares.
printf 'int main(void)\n{\n\treturn 0;\n}\n' >v.c
${CC:-gcc} -g -no-pie -Wl,--build-id -o vmlinux v.c
at=0x$(nm vmlinux | awk '$3 == "main" { print $1 }')
trace lines MF-writers.stray.fail "s/stray_write pc=[^ ]*/stray_write pc=$at/"

each version
each help check
each list
each list --format=json SE
each describe SE-args
each describe --format=markdown --passing good --failing bad SE-args
each stats good
each stats --format=json torn
each dump good
each dump --assemble two
each dump --state --disassemble --lines --vmlinux vmlinux lines
for format in text json ktap junit; do
	each check --format=$format bad
done
each check good
each check torn
each check two
each check --quiet good bad
each check --vmlinux vmlinux lines
INPUT=good.tar
each check -
INPUT=/dev/null
each state --event 60 bad
each state bad
each diff good bad
each diff --syscalls good good
each explore --depth 1
each explore --emit call,irq,return,nmi,return
each explore --moves

"$ukl" check --quiet --coverage once good
cp once twice
"$ukl" check --quiet --coverage twice good
each cover once
each cover --format=json good
each cover --format=dot once

# The file is either of two, and the new one if the verb said so; nothing else is there.
either() { # FILE OLD NEW: a command for FAULT_AFTER; OLD may be none
	echo "[ ! -e $1.part ] && { cmp -s $1 $3 || { [ \$1 -ne 0 ] && cmp -s $1 $2; }; }"
}
left 'rm -f new; touch none' "[ -e new ] || cp none new; $(either new none once)" \
	check --quiet --coverage new good
left 'cp once new' "$(either new once twice)" check --quiet --coverage new good
left 'cp twice new' "$(either new twice once)" cover --save new once

# A reduced trace violates what it should, or cannot be mistaken for one.
"$ukl" reduce bad --out reduced >/dev/null
left 'rm -rf small' "$ukl check --quiet small 2>/dev/null; s=\$?
	[ \$s -eq 1 ] || { [ \$1 -ne 0 ] && [ \$s -ne 0 ]; }" reduce reduced --out small
[ "$PASSED" -gt 0 ] || die "no command line matches '$PATTERN'"
