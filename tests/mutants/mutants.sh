#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mutants.sh - is every bug of the mutants found, and by the invariant meant?
#
#   mutants.sh [--replay] BUILD IMAGES OUT [MUTANT...]
#
# IMAGES holds the mutant kernel with each application linked in: IMAGES/APP/bzImage.
# Boots each workload of the catalogue once without a mutant, which must conform, and
# its workload with each mutant of the catalogue (or those named), and has the traces
# judged.  Many mutants crash or hang the guest; that is theirs to do, and what was
# recorded until then, or up to MIB_EACH, is judged; the trace is kept of one that
# escaped or that was named.  JOBS guests run at a time, 2 if it is not set.  One line each, in the order
# in which they end:
#
#   MUTANT  caught by ID, ... (meant | instead of IDS); event N | ESCAPED
#
# where event N is the first that violates anything, and the IDs all that it violates.
# What is known from an earlier time, with the same kernel, recorder, checker and line of
# the catalogue, is told and not run again.
#
# With --replay each mutant that is caught is replayed, too: GDB, sent to the first
# violation, must stand on its instruction, and ukl-where must name the side.
#
# Exit status: 0 all caught; 1 one escaped, or the kernel without mutant does not
# conform; 2 usage.  Deterministic: the guests run under icount.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

DETERMINISTIC=--icount
[ "${1-}" != --replay ] || { DETERMINISTIC=--replayable && shift; }
[ $# -ge 3 ] || usage "[--replay] BUILD IMAGES OUT [MUTANT...]"
BUILD=$1 IMAGES=$2 TOP=$3
shift 3
NAMED=" $* "
CATALOGUE=$(dirname "$0")/catalogue
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
SECONDS_EACH=${SECONDS_EACH:-60}
MIB_EACH=${MIB_EACH:-256}
JOBS=${JOBS:-2}
suite
need_file "$INITRD" "make $INITRD builds it"

# The catalogue's lines: workloads (with $1 "workload"), or mutants
lines() { # [workload]
	awk -v which="${1-}" '/^#/ || !NF { next }
		which == "" && $1 != "workload"
		which != "" && $1 == which { $1 = ""; print }' "$CATALOGUE"
}

# Boots the workload with the mutant, or "none", into $OUT; it may end as it likes.
run() { # WORKLOAD MUTANT
	local image words
	read -r _ image words < <(lines workload | grep "^ *$1 ")
	case $words in
	*%*)	words=${words//%/$2} ;;
	*)	[ "$2" = none ] || words+=" ukl.mutant=$2" ;;
	esac
	mkdir -p "$OUT"
	rm -rf "$OUT/trace"
	"$BUILD/ukl" record --out "$OUT/trace" --kernel "$IMAGES/$image/bzImage" \
		--vmlinux "$IMAGES/$image/vmlinux" \
		--initrd "$INITRD" "$DETERMINISTIC" --timeout "$SECONDS_EACH" \
		--max-size "$MIB_EACH" \
		--append "$words" </dev/null >"$OUT/console.log" 2>"$OUT/stderr" || :
	[ -d "$OUT/trace" ] || die "$OUT: nothing was recorded; see $OUT/stderr"
}

# What the first event that violates anything violates: "EVENT ID ID..."; or nothing
first_violations() {
	"$BUILD/ukl" check --max-violations 20 --format=json "$OUT/trace" >"$OUT/verdict.json" || :
	sed -n 's/^{"type": "violation".* "id": "\([^"]*\)", "event": \([0-9]*\),.*/\2 \1/p' \
		"$OUT/verdict.json" |
		awk 'NR == 1 { event = $1; printf "%s", $1 } $1 == event { printf " %s", $2 }'
}

# Tells the verdict and keeps it in $OUT/result: the word, what it is about, what was told.
end() { # RESULT WORDS
	echo "$2"
	[ "$1" = escaped ] || [ "$NAMED" != "  " ] || rm -rf "$OUT/trace"
	printf '%s\n' "$1" "$ABOUT" "$2" >"$OUT/result"
}

# Is there a verdict about the same that is newer than all that makes it?
known() { # NAME IMAGE ABOUT
	local result=$TOP/$1/result input told
	for input in "$IMAGES/$2/bzImage" "$INITRD" "$BUILD/ukl" "$BUILD"/traces/recorder-v?.so \
			"$0"; do
		[ "$result" -nt "$input" ] || return 1
	done
	[ "$(sed -n 2p "$result")" = "$3" ] || return 1
	[ "$NAMED" = "  " ] || [ -d "$TOP/$1/trace" ] || return 1
	told=$(sed -n 3p "$result")
	echo "$told  [known]"
}

clean_kernel() { # WORKLOAD
	OUT=$TOP/none-$1
	run "$1" none
	"$BUILD/ukl" check "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "$1: the mutant kernel without a mutant does not conform"; }
	end passed "ok: without a mutant the kernel conforms under $1"
}

# Is one of the comma-separated IDs $1 among the words $2?
meant() { # IDS WORDS
	local id
	for id in ${1//,/ }; do
		[[ " $2 " == *" $id "* ]] && return 0
	done
	return 1
}

# Which side an instruction belongs to, by the symbols of $VMLINUX alone
side_at() { # PC
	nm "$VMLINUX" | awk -v pc="${1#0x}" '
		$3 ~ /^__ukl_(text|seam_in|seam_out)_(start|end)$/ { at[$3] = $1 }
		function within(what) {
			return pc >= at["__ukl_" what "_start"] && pc < at["__ukl_" what "_end"]
		}
		END { print within("text") ? "app" :
			within("seam_in") || within("seam_out") ? "gate" :
			pc ~ /^[89a-f].{15}$/ ? "kernel" : "user" }'
}

# The program counter of an event, or nothing
pc_of() { # EVENT
	"$BUILD/ukl" dump --no-state --from "$1" --to "$1" "$OUT/trace" |
		sed -n 's/.* pc=\(0x[0-9a-f]*\).*/\1/p'
}

# Sends GDB to the first violation; an event that has no place is reached by the one
# before it.
stands_on() { # EVENT
	local event=$1 pc said=$OUT/gdb
	pc=$(pc_of "$event")
	while [ -z "$pc" ]; do
		event=$((event - 1))
		pc=$(pc_of "$event")
	done
	timeout "$LIMIT" "$BUILD/ukl" replay --batch --violation 1 --ex ukl-where \
		"$OUT/trace" </dev/null >"$said" 2>&1 || :
	grep -q "^event $event, reached" "$said" && grep -q "^place  $pc " "$said" &&
		grep -q "^side   $(side_at "$pc"): " "$said"
}

# The same as a result: whether, and how long it took
replayed() { # EVENT
	[ "$DETERMINISTIC" = --replayable ] || return 0
	if stands_on "$1"; then
		told+="; GDB on it, $(sed -n 's/.*reached //p; s/^side   \([a-z]*\):.*/, \1/p' \
			"$OUT/gdb" | paste -sd '')"
	else
		result=astray
		told+="; GDB is NOT on it, see $OUT/gdb"
	fi
}

judge_mutant() { # MUTANT WORKLOAD MEANT WHAT IMAGE
	local ids='' event='' result told
	OUT=$TOP/$1
	VMLINUX=$IMAGES/$5/vmlinux
	run "$2" "$1"
	grep -q ": mutant $1" "$OUT/console.log" ||
		die "$1: it was not switched on; see $OUT/console.log"
	read -r event ids < <(first_violations) || :
	if [ -z "$ids" ]; then
		result=escaped
		told="ESCAPED  ($4)"
	elif meant "$3" "$ids"; then
		result=meant
		told="caught by ${ids// /, }, meant; event $event"
	else
		result=caught
		told="caught by ${ids// /, } instead of $3; event $event"
	fi
	[ -z "$ids" ] || replayed "$event"
	end $result "$(printf '%-20s %s' "$1" "$told")"
}

# Runs the words as soon as fewer than $JOBS others run.  What ends without having
# said its result has failed.
start() {
	while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do
		wait -n || :
	done
	"$@" &
}

chosen() { # MUTANT, of those named
	[ "$NAMED" = "  " ] || [[ "$NAMED" == *" $1 "* ]]
}

results() { # RESULT...: which ended so
	local result word
	for result in "${RESULTS[@]}"; do
		read -r word 2>/dev/null <"$result" || continue
		[[ " $* " != *" $word "* ]] || basename "$(dirname "$result")"
	done
}

# One run, unless its verdict is known.  IMAGE is the one of its workload.
queue() { # NAME IMAGE ABOUT COMMAND...
	local name=$1 image=$2
	ABOUT=$3
	shift 3
	RESULTS+=("$TOP/$name/result")
	known "$name" "$image" "$ABOUT" && return
	rm -f "$TOP/$name/result"
	start "$@"
}

RESULTS=() WORKLOADS=' '
while read -r mutant workload meant _ what; do
	chosen "$mutant" || continue
	line=$(lines workload | grep "^ *$workload ") ||
		die "$workload: no such workload in $CATALOGUE"
	read -r _ image _ <<<"$line"
	[[ "$WORKLOADS" == *" $workload "* ]] || {
		WORKLOADS+="$workload "
		queue "none-$workload" "$image" "$line" clean_kernel "$workload"
	}
	queue "$mutant" "$image" "$mutant $meant $line" \
		judge_mutant "$mutant" "$workload" "$meant" "$what" "$image"
done < <(lines)
[ ${#RESULTS[@]} -gt 0 ] || die "no such mutant in $CATALOGUE: $*"
wait
PASSED=$(results passed meant caught | wc -l)
ESCAPED=$(results escaped | xargs)
note "$(results meant caught escaped | wc -l) mutants," \
	"$(results meant caught | wc -l) caught, $(results meant | wc -l) of them by the" \
	"invariant meant"
[ -z "$ESCAPED" ] || die "escaped: $ESCAPED"
[ "$PASSED" -eq "${#RESULTS[@]}" ] || die "$((${#RESULTS[@]} - PASSED)) runs failed"
