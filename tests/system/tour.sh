#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tour.sh - does docs/debugging.md show what its commands print?
#
#   tour.sh [--write] BUILD IMAGES OUT
#
# IMAGES holds the mutant kernel with each application linked in.  Records the page's
# mutant, executes the page's commands ("    $ COMMAND", "    (gdb) COMMAND", all of the
# latter in one session that the "ukl replay" before them begins), and compares what
# they print with the page, where numbers may differ.  --write puts it into the page.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

USAGE="[--write] BUILD IMAGES OUT"
WRITE=0
MUTANT=gate_drops_rdx
arguments "$@"
suite
PAGE=$(dirname "$0")/../../docs/debugging.md
CATALOGUE=$(dirname "$0")/../mutants/catalogue
INITRD=${INITRD:-$BUILD/guest/initramfs.cpio.gz}
TRACE=$OUT/trace

record() {
	local workload image words
	workload=$(awk -v name="$MUTANT" '$1 == name { print $2 }' "$CATALOGUE")
	read -r _ _ image words < <(grep "^workload $workload " "$CATALOGUE")
	need_file "$IMAGES/$image/bzImage" "make mutant-kernel builds it"
	mkdir -p "$OUT"
	timeout "$LIMIT" "$BUILD/ukl" record --replayable --out "$TRACE" \
		--kernel "$IMAGES/$image/bzImage" --vmlinux "$IMAGES/$image/vmlinux" \
		--initrd "$INITRD" --append "$words ukl.mutant=$MUTANT" \
		</dev/null >"$OUT/console.log" 2>"$OUT/stderr" || :
	grep -q "UKL: mutant $MUTANT" "$OUT/console.log" ||
		die "the mutant was not switched on; see $OUT/console.log, $OUT/stderr"
}

# All GDB commands of the page in one session, each behind a mark, into $OUT/session;
# what comes before the first one is what "ukl replay" itself prints.
session() {
	local words=() command n=0
	while IFS= read -r command; do
		words+=(--ex "echo @@$n\\n" --ex "$command")
		n=$((n + 1))
	done < <(sed -n 's/^    (gdb) //p' "$PAGE")
	[ "$n" -gt 0 ] || die "$PAGE has no command for GDB"
	timeout "$LIMIT" "$BUILD/ukl" replay --batch --violation 1 "${words[@]}" \
		--ex "echo @@$n\\n" "$TRACE" </dev/null >"$OUT/session" 2>"$OUT/session.err" ||
		die "GDB failed; see $OUT/session.err"
	grep -q "^@@$n$" "$OUT/session" || die "GDB ended early; see $OUT/session.err"
}

# What GDB printed behind mark N, or before the first one (-1)
behind() { # N
	awk -v n="$1" -v at=-1 '/^@@/ { at = substr($0, 3) + 0; next } at == n' "$OUT/session"
}

# Indented, no blanks at the end of a line, no empty lines; no source lines either, for
# which the kernel's tree would have to be there
shown() {
	sed -E '/^[0-9]+\t/d; s/[[:blank:]]*$//; /^$/d; s/^/    /'
}

# The page as it should be: what stood behind a command is replaced
page() {
	local line n=0 command skip=0
	while IFS= read -r line; do
		case $line in
		"    \$ "*)
			echo "$line"
			command=${line#"    \$ "}
			case $command in
			*"ukl replay "*) behind -1 | shown ;;
			*) (eval "$command") 2>&1 | shown || : ;;
			esac
			skip=1 ;;
		"    (gdb) "*)
			echo "$line"
			behind "$n" | shown
			n=$((n + 1)) skip=1 ;;
		"    "*)
			[ "$skip" -eq 1 ] || echo "$line" ;;
		*)
			skip=0
			echo "$line" ;;
		esac
	done <"$PAGE"
}

# Addresses, numbers of events, lines and times differ from build to build.
alike() {
	sed -E 's/(0x)?[0-9a-f]*[0-9][0-9a-f]*/N/g; s/ +/ /g' "$1"
}

record
session
page >"$OUT/page"
if [ "$WRITE" -eq 1 ]; then
	cp "$OUT/page" "$PAGE"
	pass "$PAGE was written"
	exit
fi
diff <(alike "$PAGE") <(alike "$OUT/page") >"$OUT/diff" ||
	{ head -20 "$OUT/diff"; die "$PAGE shows something else; 'tour.sh --write' renews it"; }
pass "$(grep -cE '^    ([$]|\(gdb\)) ' "$PAGE") commands print what $PAGE shows"
