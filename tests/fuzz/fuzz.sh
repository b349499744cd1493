#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz.sh - runs fuzz targets, replays what they found, packs it for git
#
#   fuzz.sh --seconds N BUILD TARGET...
#   fuzz.sh --replay BUILD TARGET...
#   fuzz.sh --pack BUILD TARGET...
#
# Inputs: seeds in BUILD/fuzz/seeds/TARGET, made of the fixtures; the corpus, inputs
# that reach what seeds do not, in tests/fuzz/corpus/TARGET.tar.xz; finds, inputs that
# broke something once, in tests/fuzz/finds/TARGET, each named after its bug.  Fuzzing
# goes on from what it reached before, in BUILD/fuzz/reached/TARGET, and leaves what
# breaks in BUILD/fuzz/broken/TARGET.
#
# Exit status: 0 all is well; 1 something broke, named.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

SECONDS_EACH=
case "${1-}" in
--seconds) SECONDS_EACH=$2; how=run; shift 2 ;;
--replay)  how=replay; shift ;;
--pack)    how=pack; shift ;;
*)         usage "--seconds N | --replay | --pack BUILD TARGET..." ;;
esac
[ $# -ge 2 ] || usage "--seconds N | --replay | --pack BUILD TARGET..."
BUILD=$(cd "$1" && pwd)
shift
here=$PWD/tests/fuzz
fuzz=$BUILD/fuzz
export ASAN_OPTIONS=abort_on_error=1 UBSAN_OPTIONS=abort_on_error=1:print_stacktrace=1
MEGABYTES=2048	# that no input may make the program use

unpack() { # TARGET
	rm -rf "$fuzz/corpus/$1"
	mkdir -p "$fuzz/corpus/$1"
	[ ! -e "$here/corpus/$1.tar.xz" ] ||
		tar -C "$fuzz/corpus/$1" -xJf "$here/corpus/$1.tar.xz"
}

# Directories of inputs that are there
inputs() { # TARGET
	local dir
	for dir in "$fuzz/seeds/$1" "$fuzz/corpus/$1" "$here/finds/$1"; do
		[ ! -d "$dir" ] || echo "$dir"
	done
}

replay() { # TARGET
	local dirs want said
	unpack "$1"
	mapfile -t dirs < <(inputs "$1")
	want=$(find "${dirs[@]}" -type f | wc -l)
	said=$("$BUILD/asan/fuzz/$1" "${dirs[@]}" 2>&1) || die "$1: $said"
	[ "$said" = "$want inputs" ] && [ "$want" -gt 0 ] ||
		die "$1: $want inputs, of which it says: $said"
	pass "$1: $said"
}

run() { # TARGET
	local dirs
	unpack "$1"
	mapfile -t dirs < <(inputs "$1")
	mkdir -p "$fuzz/reached/$1" "$fuzz/broken/$1"
	note "$1: $SECONDS_EACH seconds; log: $fuzz/$1.log"
	"$BUILD/fuzzer/fuzz/$1" -max_total_time="$SECONDS_EACH" -max_len=65536 -timeout=20 \
		-rss_limit_mb=$MEGABYTES -print_final_stats=1 \
		-artifact_prefix="$fuzz/broken/$1/" "$fuzz/reached/$1" "${dirs[@]}" 2>&1 |
		tee "$fuzz/$1.log" | grep --line-buffered -E '^#[0-9]+	(pulse|DONE)|^stat::|SUMMARY' ||
		true
	grep -q '^#[0-9]*	*DONE' "$fuzz/$1.log" ||
		die "$1: something broke, see the end of $fuzz/$1.log"
}

# The same bytes for the same inputs
pack() { # TARGET
	local dirs
	unpack "$1"
	mapfile -t dirs < <(inputs "$1")
	rm -rf "$fuzz/merged/$1"
	mkdir -p "$fuzz/merged/$1" "$here/corpus" "$fuzz/reached/$1"
	cp -r "$fuzz/seeds/$1/." "$fuzz/merged/$1"
	"$BUILD/fuzzer/fuzz/$1" -merge=1 -max_len=65536 "$fuzz/merged/$1" "${dirs[@]}" "$fuzz/reached/$1" \
		>"$fuzz/$1.merge.log" 2>&1 || die "see $fuzz/$1.merge.log"
	(cd "$fuzz/seeds/$1" && find . -type f) | (cd "$fuzz/merged/$1" && xargs rm -f)
	tar -C "$fuzz/merged/$1" --sort=name --owner=0 --group=0 --numeric-owner --mode=0644 \
		--mtime=@0 -cf - . | xz -9e >"$here/corpus/$1.tar.xz"
	note "$1: $(find "$fuzz/merged/$1" -type f | wc -l) inputs, $(stat -c %s "$here/corpus/$1.tar.xz") bytes"
}

[ $how != replay ] || suite
for target in "$@"; do
	$how "$target"
done
