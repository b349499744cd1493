#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# configs.sh - kernels configured otherwise: do they build, boot and stay quiet?
#
#   configs.sh BUILD TREE OUT [NAME...]
#
# NAME.config, beside this file, is a fragment on top of ukl-kernel/config; without
# names all of them are taken.  TREE is the patched kernel tree; what is committed and
# checked out there is built in a second worktree under OUT.  Each configuration must
#
#   - take all its options, and build without a word from compiler, objtool or ld;
#   - boot with each application, twice as a pair with its ring-3 twin where it has one,
#     on two processors, recorded; the trace must conform;
#   - complain of nothing in the kernel's log, all of which is on the console.
#
# Lines of the fragment that begin with "#:" say what to do with the kernel:
#
#   #: whole			without the fragment "lean", which takes out much
#   #: apps A B...		the applications (count libc probe)
#   #: memory MB		of each guest (512)
#   #: boot WHAT A,B WORDS...	boot A and B with these words; -cpu=MODEL is QEMU's.
#				Without such a line: "boot plain", all applications
#   #: expect WHAT REGEX	what the console must say in that boot, so that it is
#				known that the option was at work
#   #: dies PROVOKE REGEX	"provoke PROVOKE" must end the machine, saying this
#   #: warns PROVOKE REGEX	it must not, but this complaint must be noticed
#   #: without-ukl		/UKL is the ring-3 program probe; nothing to record.  Code
#				of the files that the patches touch must be as without them
#
# JOBS=N changes how many of make's jobs run at a time.
# What passed with the same inputs is not run again; OUT/NAME/row is its row of the
# table that is shown at the end.  Exit status 0: all passed.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

[ $# -ge 3 ] || usage "BUILD TREE OUT [NAME...]"
BUILD=$(realpath "$1") TREE=$(realpath "$2") TOP=$3
shift 3
HERE=$(realpath "$(dirname "$0")")
BASE=$HERE/../../ukl-kernel/config
CONFIG_CHECK=$HERE/../../ukl-kernel/config-check.sh
COUNT_WORDS=calls=3000,jumps=200,faults=500,stack=200,grow=100,ticks=20,spawn=5
mkdir -p "$TOP"
TOP=$(realpath "$TOP")
WORK=$TOP/tree
INITRD=$BUILD/guest/initramfs.cpio.gz
SMP=2 LIMIT=1800

# directive KEY: the lines "#: KEY ..." of the configuration $NAME, without the key
directive() {
	sed -n "s/^#: $1 *//p" "$HERE/$NAME.config"
}

has() { # DIRECTIVE
	grep -qx "#: $1" "$HERE/$NAME.config"
}

kmake() {
	"$HERE/../../ukl-kernel/kbuild.sh" "$WORK" "obj-$NAME" "$@"
}

# BUILD

check_out() {
	git -C "$TREE" worktree prune
	[ -e "$WORK" ] || git -C "$TREE" worktree add -q -f --detach "$WORK" HEAD
	git -C "$WORK" checkout -q --detach "$(git -C "$TREE" rev-parse HEAD)"
}

configure() {
	local lean=$HERE/lean
	! has whole || lean=
	mkdir -p "$WORK/obj-$NAME"
	(cd "$WORK" && scripts/kconfig/merge_config.sh -m -Q -O "$DIR" "$BASE" \
		${lean:+"$lean"} "$HERE/$NAME.config") >"$DIR/merge.log"
	kmake KCONFIG_ALLCONFIG="$DIR/.config" allnoconfig >"$DIR/kconfig.log" 2>&1 ||
		die "$NAME: Kconfig failed; see $DIR/kconfig.log"
	"$CONFIG_CHECK" "$DIR/.config" "$WORK/obj-$NAME/.config"
	cp "$WORK/obj-$NAME/.config" "$DIR/.config"
}

# Objects that an earlier run left are not compiled again, so what was said of them is kept
# beside them.  If that was anything they go; ccache repeats the compiler's warnings.
# That make was interrupted is said of no object.
only_quiet_objects() {
	local said=$WORK/obj-$NAME/said
	[ ! -e "$said" ] || sed -Ei -e '/^(Terminated|make failed)$/d' \
		-e '/^make.*\*\*\* (Deleting file .*|\[.*\] (Terminated|Interrupt))$/d' "$said"
	[ ! -s "$said" ] || rm -rf "$WORK/obj-$NAME"
}

build() { # APP
	local said=$WORK/obj-$NAME/said
	mkdir -p "$DIR/$1"
	cmp -s "$BUILD/apps/$1/ukl.o" "$WORK/obj-$NAME/ukl.o" ||
		cp "$BUILD/apps/$1/ukl.o" "$WORK/obj-$NAME/ukl.o"
	kmake vmlinux bzImage >>"$said" 2>&1 || echo "make failed" >>"$said"
	[ ! -s "$said" ] || {
		cp "$said" "$DIR/$1/build.log"
		tail -n 20 "$DIR/$1/build.log" >&2
		die "$NAME: the build with $1 says something; see $DIR/$1/build.log"
	}
	cp "$WORK/obj-$NAME/vmlinux" "$WORK/obj-$NAME/arch/x86/boot/bzImage" "$DIR/$1/"
}

# Its instructions and what they refer to; the names of places in it are none of either.
code() { # OBJECT
	objdump -dr "$1" | sed '1,2d; s/<[^>]*>//'
}

# The sources that the patches touch, compiled here and from the unpatched tree
same_code() {
	local object objects=() differ=()
	while read -r object; do
		[ ! -e "$WORK/obj-$NAME/$object" ] || objects+=("$object")
	done < <(git -C "$WORK" diff --name-only base HEAD -- '*.c' '*.S' |
		sed 's/\.[cS]$/.o/')
	(cd "$WORK/obj-$NAME" && cp --parents "${objects[@]}" "$DIR")
	git -C "$WORK" checkout -q --detach base
	kmake "${objects[@]}" >"$DIR/base.log" 2>&1 || die "$NAME: see $DIR/base.log"
	check_out
	for object in "${objects[@]}"; do
		cmp -s <(code "$DIR/$object") <(code "$WORK/obj-$NAME/$object") ||
			differ+=("$object")
	done
	[ ${#differ[@]} -eq 0 ] || die "$NAME: code differs from the unpatched: ${differ[*]}"
	pass "$NAME: ${#objects[@]} objects have the code of the unpatched kernel"
}

# BOOT

# What the words of a boot line give: CMDLINE and QEMU_ARGS
guest_words() { # WORD...
	local word
	CMDLINE="no_timer_check loglevel=8" QEMU_ARGS=()
	for word; do
		case $word in
		-cpu=*) QEMU_ARGS+=(-cpu "${word#-cpu=}") ;;
		*) CMDLINE+=" $word" ;;
		esac
	done
}

# Sets the variables for a guest with APP in the directory WHAT-APP.
prepare() { # APP WHAT
	OUT=$DIR/$2-$1 KERNEL=$DIR/$1/bzImage
	mkdir -p "$OUT"
	need_guest
	RECORD=0
}

said() { # WHAT REGEX
	grep -qE "$2" "$OUT/console.log" ||
		die "$NAME, $1: nothing says \"$2\"; see $OUT/console.log"
}

expected() { # WHAT
	local what regex
	said "$1" "smp: Brought up 1 node, $SMP CPUs"
	while read -r what regex; do
		[ "$what" != "$1" ] || said "$what" "$regex"
	done < <(directive expect)
}

run_guest() { # APP
	local scenario=twin
	case $1 in
	count) scenario=count CMDLINE="ukl.args=$COUNT_WORDS $CMDLINE" ;;
	echo) scenario=demo ;;
	kdata) scenario=kdata && guest_disk disk 1 ;;
	provoke) scenario=provoke ;;
	*)
		CMDLINE+=" ukl.program=$1"
		guest_swap_disk
		guest_disk disk 1
		;;
	esac
	guest_start "$scenario"
	guest_finish "$scenario"
	[ "$scenario" != twin ] || grep -q '^UKL-TWIN: .* ok$' "$OUT/console.log" ||
		die "$NAME, $1 shows nothing; see $OUT/console.log"
}

conforms() { # WHAT APP
	local events
	if [ "$RECORD" -eq 0 ]; then
		pass "$NAME, $1: $2 works, the kernel's log is clean"
		return
	fi
	"$BUILD/ukl" check "$OUT/trace" >"$OUT/verdict" ||
		{ cat "$OUT/verdict"; die "$NAME, $1: $2 does not conform"; }
	events=$(sed -nE 's/^ *([0-9]+) events on .*/\1/p' "$OUT/verdict")
	EVENTS=$((EVENTS + events))
	pass "$NAME, $1: $2 works, $events events conform, the kernel's log is clean"
	rm -rf "$OUT/trace"
}

boot() { # WHAT APPS WORD...
	local what=$1 apps=$2 app
	shift 2
	for app in ${apps//,/ }; do
		prepare "$app" "$what"
		guest_words "$@"
		has without-ukl || guest_record
		run_guest "$app"
		expected "$what"
		conforms "$what" "$app"
	done
}

boots() {
	local what apps words lines
	lines=$(directive boot)
	[ -n "$lines" ] || lines="plain $(apps | tr ' ' ,)"
	while read -r what apps words <&4; do
		# shellcheck disable=SC2086 # the words are meant to be split
		boot "$what" "$apps" $words
	done 4<<<"$lines"
}

# What must go wrong, and be told
provoked() { # dies|warns
	local what regex
	while read -r what regex <&4; do
		prepare provoke "$what"
		guest_words "ukl.args=${what//:/,}"
		guest_start provoke
		guest_expect "$regex" || { guest_reap; guest_report; die \
			"$NAME: provoked by $what, the kernel did not say \"$regex\""; }
		pass "$NAME: $what is told: ${LINE##*\] }"
		"end_$1"
	done 4< <(directive "$1")
}

end_dies() {
	guest_expect "Kernel panic - not syncing" || die "$NAME: $what: no panic"
	if guest_expect "UKL-GUEST: scenario provoke"; then
		die "$NAME: the machine survived $what"
	fi
	guest_reap
}

end_warns() {
	guest_end provoke
	guest_complaints || die "$NAME: $what would pass unnoticed"
}

# ONE CONFIGURATION

apps() {
	local apps
	apps=$(directive apps)
	echo "${apps:-count libc probe}"
}

# Everything that the result depends on
key() {
	{
		git -C "$TREE" rev-parse HEAD
		cat "$HERE/$NAME.config" "$HERE/lean" "$BASE" "$0" "$HERE/../system/lib.sh" \
			"$INITRD" "$BUILD/ukl" "$BUILD"/traces/recorder-v*.so
		for app in $(apps); do cat "$BUILD/apps/$app/ukl.o"; done
	} | sha256sum | cut -c1-16
}

configuration() {
	local memory app start=$SECONDS built
	memory=$(directive memory)
	MEMORY=${memory:-512} EVENTS=0
	rm -rf "$DIR"
	mkdir -p "$DIR"
	only_quiet_objects
	configure
	for app in $(apps); do build "$app"; done
	pass "$NAME: builds with $(apps), and no tool warns"
	built=$((SECONDS - start))
	if has without-ukl; then
		same_code
		INITRD=$BUILD/guest/initramfs-plain-probe.cpio.gz
	fi
	boots
	provoked dies
	provoked warns
	printf '%s %d %d %d %d\n' "$INPUTS" "$built" $((SECONDS - start - built)) \
		"$PASSED" "$EVENTS" >"$DIR/row"
	rm -rf "$WORK/obj-$NAME"
}

# NAME, unless it passed before.  In a process of its own, which its first failure ends;
# not to be called where "set -e" is suspended (if, ||), or failures are passed over.
run() {
	DIR=$TOP/$NAME INPUTS=$(key)
	row && [ "$KEY" = "$INPUTS" ] && { note "$NAME: passed before"; return 0; }
	set +e
	(set -e; SUITE=0 PASSED=0; configuration)
	set -e
}

# The row of NAME in variables; fails if there is none
row() {
	read -r KEY BUILT RAN CHECKS EVENTS 2>/dev/null <"$TOP/$NAME/row"
}

table() { # NAME...
	local format='%-12s %8s %8s %8s %10s\n' failed=0
	# shellcheck disable=SC2059 # one format for all
	printf "$format" configuration "build, s" "runs, s" passed events
	for NAME; do
		# shellcheck disable=SC2059
		if row; then
			printf "$format" "$NAME" "$BUILT" "$RAN" "$CHECKS" "$EVENTS"
			PASSED=$((PASSED + CHECKS))
		else
			printf "$format" "$NAME" - - failed -
			failed=$((failed + 1))
		fi
	done
	note "$PASSED passed, $failed failed"
	[ "$failed" -eq 0 ]
}

main() { # [NAME...]
	if [ $# -eq 0 ]; then
		mapfile -t all < <(cd "$HERE" && printf '%s\n' *.config | sed 's/\.config$//')
		set -- "${all[@]}"
	fi
	for NAME; do
		need_file "$HERE/$NAME.config" "there is no such configuration"
	done
	check_out
	for NAME; do
		run
	done
	table "$@"
}

main "$@"
exit
