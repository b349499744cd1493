#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# series.sh - ukl-kernel/series.sh on a kernel of four files: it applies what the
# patches say, exports what the tree holds, touches only what changes, names what does
# not fit, and loses nobody's work

series=$(cd "$(dirname "$0")/../../ukl-kernel" && pwd)/series.sh
# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
tree=$dir/tree patches=$dir/patches out=$dir/out
# Somebody's own settings, which must not reach commits and patches.
export HOME=$dir GIT_AUTHOR_DATE="2020-02-02 02:02:02 +0000"
unset XDG_CONFIG_HOME
git config --global user.name "Somebody"
git config --global format.signOff true
git config --global diff.noprefix true
git config --global commit.gpgSign true

run() { # WHAT ARGUMENT...: must succeed
	local what=$1
	shift
	"$series" "$@" >"$out" 2>&1
	result $? "$what"
}

refused() { # WORDS ARGUMENT...: status 2, and these words
	local words=$1
	shift
	"$series" "$@" >"$out" 2>&1
	[ $? -eq 2 ] && grep -q -- "$words" "$out"
	result $? "refused: $words"
}

# What the command says is shown if it fails; $out stays, for it to look into.
holds() { # NAME COMMAND...
	local name=$1
	shift
	"$@" >>"$out" 2>&1
	result $? "$name"
}

in_tree() {
	git -C "$tree" "$@"
}

commit() { # MESSAGE FILE: as a developer would
	in_tree add -f "$2"
	in_tree -c commit.gpgSign=false commit -q --no-verify -m "$1" -- "$2"
}

tip() {
	in_tree rev-parse "refs/heads/${1:-ukl}"
}

# kernel VERSION PATCHLEVEL TARBALL
kernel() {
	rm -rf "$dir/linux"
	mkdir -p "$dir/linux/kernel"
	printf 'VERSION = %s\nPATCHLEVEL = %s\nSUBLEVEL = 9\n' "$1" "$2" >"$dir/linux/Makefile"
	printf '/*\n.*\n' >"$dir/linux/.gitignore"
	seq 1 40 >"$dir/linux/kernel/fork.c"
	seq 1 40 >"$dir/linux/kernel/exit.c"
	tar -C "$dir" -cJf "$3" linux
}

echo 1..46
kernel 6 12 "$dir/linux.tar.xz"
kernel 6 13 "$dir/newer.tar.xz"
echo "no archive" >"$dir/broken.tar.xz"
: >"$dir/notes"
tar -C "$dir" -cJf "$dir/other.tar.xz" ./notes
mkdir "$patches"

# --- unpack --------------------------------------------------------------------

refused "no such kernel tarball" unpack "$dir/nothing.tar.xz" "$tree"
refused "holds Linux 6.13" unpack "$dir/newer.tar.xz" "$tree"
refused "cannot be unpacked" unpack "$dir/broken.tar.xz" "$tree"
refused "no kernel" unpack "$dir/other.tar.xz" "$tree"
holds "nothing is left of what was refused" test ! -e "$tree" -a ! -e "$tree.new"
run "unpack" unpack "$dir/linux.tar.xz" "$tree"
holds "... as a commit on branch base" test "$(in_tree log --format=%s base)" = \
	"Linux 6.12.9, as unpacked"
holds "... with all files in it" test "$(in_tree ls-files | wc -l)" -eq 4
echo new >"$tree/new.c"
holds "... and new files are seen" test "$(in_tree status --porcelain)" = "?? new.c"
rm "$tree/new.c"

# --- export and apply ----------------------------------------------------------

in_tree checkout -q -b ukl
sed -i 's/^7$/seven/' "$tree/kernel/fork.c"
commit $'fork: seven [in words]\n\nThe number was a number.\n\n\tindented  code\n\nMore.' \
	kernel/fork.c
printf 'new\n' >"$tree/kernel/ukl.c"
commit $'ukl: a new file' kernel/ukl.c
sed -i 's/^30$/thirty/' "$tree/kernel/exit.c"
in_tree add kernel/exit.c
in_tree -c commit.gpgSign=false commit -q --author "Zoë <zoe@localhost>" \
	-m "[RFC] exit: thirty, in a subject that is long enough for git to break it into two"
content=$(in_tree rev-parse 'ukl^{tree}')
run "export" export "$tree" base ukl "$patches"
holds "... a patch a commit" test "$(find "$patches" -name '*.patch' | wc -l)" -eq 3
holds "... with the user's settings left out" \
	bash -c "! grep -l -e Signed-off-by -e '^+++ kernel' '$patches'/*.patch"
cp -r "$patches" "$dir/first"
run "export again" export "$tree" base ukl "$patches"
holds "... gives the same bytes" diff -r "$dir/first" "$patches"

refused "holds Linux 6.13" unpack "$dir/newer.tar.xz" "$tree"
holds "... and the tree is still there" test "$(in_tree rev-parse 'ukl^{tree}')" = "$content"
run "unpack over a tree that is exported" unpack "$dir/linux.tar.xz" "$tree"
holds "... gives a fresh one" test "$(in_tree branch --format='%(refname)')" = refs/heads/base
# Temporary files may lie on another file system than the tree.
other=$(stat -c '%d %n' /tmp /dev/shm 2>/dev/null |
	awk -v d="$(stat -c %d "$dir")" '$1 != d { print $2; exit }')
TMPDIR=${other:-$dir} run "apply" apply "$tree" ukl base "$patches"
holds "... the same content" test "$(in_tree rev-parse 'HEAD^{tree}')" = "$content"
holds "... the same authors" test "$(in_tree log --format=%an -1)" = "Zoë"
"$series" export "$tree" base ukl "$patches" >/dev/null
holds "apply and export: the same bytes" diff -r "$dir/first" "$patches"

# --- only what changed is touched ------------------------------------------------

find "$tree/kernel" "$tree/Makefile" -type f -exec touch -d @1000000000 {} +
in_tree status >/dev/null # tells git that nothing but the times changed
sed -i 's/^+thirty/+three tens/' "$patches"/0003-*.patch
run "apply again, one patch changed" apply "$tree" ukl base "$patches"
holds "... touches that file only" test "kernel/exit.c" = \
	"$(cd "$tree" && find . -name .git -prune -o -type f -newermt @1000000001 -printf '%P\n' |
		grep -v gitignore)"
holds "... and changes it" grep -qx "three tens" "$tree/kernel/exit.c"

# --- what does not fit is named --------------------------------------------------

before=$(tip)
cp -r "$patches" "$dir/bad"
sed -i 's/^-30$/-31/' "$dir"/bad/0003-*.patch
refused "0003-.*does not apply" apply "$tree" ukl base "$dir/bad"
holds "... with the file and line of the hunk" grep -q "hunk at kernel/exit.c, line 27$" "$out"
"$series" apply "$tree" ukl base "$dir/bad" >"$out" 2>&1
holds "... and the tree is as it was" test "$(tip)" = "$before" -a -z "$(in_tree status --porcelain)"
sed -i 's,kernel/exit.c,kernel/gone.c,' "$dir"/bad/0003-*.patch
refused "kernel/gone.c: does not exist" apply "$tree" ukl base "$dir/bad"
sed -i '/^@@/,$d' "$dir"/bad/0003-*.patch
refused "0003-.*does not apply" apply "$tree" ukl base "$dir/bad"
holds "... and says why" grep -q "^series.sh:   [a-z]" "$out"
mkdir "$dir/none"
refused "holds no patches" apply "$tree" ukl base "$dir/none"

# --- nobody's work is lost -------------------------------------------------------

echo work >>"$tree/kernel/fork.c"
refused "uncommitted changes" apply "$tree" ukl base "$patches"
refused "uncommitted changes" export "$tree" base ukl "$patches"
refused "uncommitted changes" unpack "$dir/linux.tar.xz" "$tree"
commit "work" kernel/fork.c
work=$(tip)
refused "commits on 'ukl' that were not exported" apply "$tree" ukl base "$patches"
in_tree checkout -q base
refused "commits on 'ukl' that were not exported" apply "$tree" ukl base "$patches"
refused "commits on 'ukl' that were not exported" unpack "$dir/linux.tar.xz" "$tree"
refused "not checked out" export "$tree" base ukl "$patches"
in_tree checkout -q --detach ukl
echo more >>"$tree/kernel/fork.c"
in_tree -c commit.gpgSign=false commit -qam "on no branch"
refused "on no branch" apply "$tree" other base "$patches"
in_tree checkout -q ukl
refused "no commits from 'ukl' to 'ukl'" export "$tree" ukl ukl "$patches"
holds "the work is still there, and the patches are" \
	test "$(tip)" = "$work" -a "$(find "$patches" -name '*.patch' | wc -l)" -eq 3

# --- a second checkout -----------------------------------------------------------

"$series" export "$tree" base ukl "$patches" >/dev/null
run "worktree" worktree "$tree" "$dir/second" mutants
run "... takes patches" apply "$dir/second" mutants base "$dir/first"
holds "... and leaves the first one alone" test "$(tip)" = "$work" -a "$(tip mutants)" != "$work"
(cd "$dir" && "$series" worktree "$tree" third other) >/dev/null
holds "one named from here lies here" test -f "$dir/third/Makefile"
finish
