#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# series.sh - keep an unpacked kernel tree and a directory of patches in step
#
#   series.sh unpack TARBALL TREE         unpack, and commit as branch "base"
#   series.sh apply  TREE BRANCH FROM DIR put DIR/*.patch on FROM as BRANCH, check it out
#   series.sh export TREE FROM BRANCH DIR write the commits FROM..BRANCH to DIR
#   series.sh worktree TREE DIR BRANCH    a second checkout of the same repository
#
# The tree is an ordinary git repository: edit, commit, amend and rebase in it as
# you like, then export.  apply touches only files whose content changes, so that
# the next build is incremental, and it refuses to drop work that was not exported.
set -euo pipefail

die() {
	echo "series.sh: $*" >&2
	exit 2
}

in_tree() {
	git -C "$tree" -c gc.auto=0 "$@"
}

unpack() {
	local tarball=$1 version
	[ -r "$tarball" ] || die "$tarball: no such kernel tarball; install linux-source-6.12 or set LINUX_TARBALL="
	rm -rf "$tree"
	mkdir -p "$tree"
	echo "  UNPACK  $tarball"
	tar -xf "$tarball" -C "$tree" --strip-components=1 || die "$tarball: cannot be unpacked"
	version=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$tree/Makefile" | head -2 | paste -sd.)
	[ "$version" = 6.12 ] || die "$tarball: holds Linux $version; the patches are for 6.12.y"
	# Debian's .gitignore hides every new file at the top; ours hides the build.
	sed -i '/^\/\*$/d' "$tree/.gitignore"
	echo "/obj/" >> "$tree/.gitignore"
	git init -q -b base "$tree"
	in_tree config user.name "UKL reference model"
	in_tree config user.email "ukl@localhost"
	in_tree config gc.auto 0
	in_tree config advice.addIgnoredFile false
	in_tree add -A -f .
	in_tree commit -q -m "Linux $version.$(sed -n 's/^SUBLEVEL = //p' "$tree/Makefile"), as unpacked"
}

# Committed or not, is there anything that the patches do not hold?
refuse_to_lose_work() {
	local branch=$1 applied
	in_tree rev-parse -q --verify "$branch" > /dev/null || return 0
	[ "$(in_tree symbolic-ref --short -q HEAD)" = "$branch" ] || return 0
	[ -z "$(in_tree status --porcelain --untracked-files=no)" ] ||
		die "$tree: has uncommitted changes; commit and 'make export-patches', or discard them"
	applied=$(in_tree rev-parse -q --verify "refs/ukl/applied/$branch" || true)
	[ -z "$applied" ] || [ "$applied" = "$(in_tree rev-parse "$branch")" ] ||
		die "$tree: has commits on '$branch' that were not exported; run 'make export-patches', or 'git reset --hard refs/ukl/applied/$branch' there"
}

# One patch onto the commit $1 by way of a private index; prints the new commit.
commit_patch() {
	local parent=$1 patch=$2 mail=$3
	git mailinfo "$mail/msg" "$mail/diff" < "$patch" > "$mail/info"
	in_tree read-tree --index-output="$mail/index" "$parent"
	if ! GIT_INDEX_FILE=$mail/index in_tree apply --cached --whitespace=nowarn "$mail/diff" 2> "$mail/err"; then
		echo "series.sh: $(basename "$patch") does not apply to $tree:" >&2
		sed -n 's/^error: patch failed: \(.*\):\([0-9]*\)$/series.sh:   hunk at \1, line \2/p; /No such file/s/^error/series.sh:  /p' "$mail/err" >&2
		return 1
	fi
	{
		sed -n 's/^Subject: //p' "$mail/info"
		echo
		cat "$mail/msg"
	} > "$mail/full"
	GIT_AUTHOR_NAME=$(sed -n 's/^Author: //p' "$mail/info") \
	GIT_AUTHOR_EMAIL=$(sed -n 's/^Email: //p' "$mail/info") \
	GIT_AUTHOR_DATE=$(sed -n 's/^Date: //p' "$mail/info") \
		in_tree commit-tree -p "$parent" -F "$mail/full" \
		"$(GIT_INDEX_FILE=$mail/index in_tree write-tree)"
}

apply() {
	local branch=$1 from=$2 dir=$3 commit patch mail
	refuse_to_lose_work "$branch"
	mail=$(mktemp -d)
	# shellcheck disable=SC2064 # $mail is meant to be expanded now
	trap "rm -rf '$mail'" EXIT
	commit=$(in_tree rev-parse "$from")
	for patch in "$dir"/*.patch; do
		echo "  PATCH   $(basename "$patch")"
		commit=$(commit_patch "$commit" "$patch" "$mail") || exit 2
	done
	in_tree checkout -q -B "$branch" "$commit"
	in_tree update-ref "refs/ukl/applied/$branch" "$commit"
}

export_series() {
	local from=$1 branch=$2 dir=$3
	[ -z "$(in_tree status --porcelain --untracked-files=no)" ] ||
		die "$tree: has uncommitted changes; commit them first"
	rm -f "$dir"/*.patch
	in_tree format-patch -q --no-signature --zero-commit -N --no-numbered \
		-o "$(realpath "$dir")" "$from..$branch"
	in_tree update-ref "refs/ukl/applied/$branch" "$branch"
	find "$dir" -name '*.patch' | sort
}

worktree() {
	local dir=$1 branch=$2
	[ ! -e "$dir" ] || return 0
	in_tree worktree prune
	in_tree worktree add -q -f -B "$branch" "$dir" base
}

verb=${1:-}
case "$verb:$#" in
unpack:3)   tree=$3; unpack "$2" ;;
apply:5)    tree=$2; apply "$3" "$4" "$5" ;;
export:5)   tree=$2; export_series "$3" "$4" "$5" ;;
worktree:4) tree=$2; worktree "$3" "$4" ;;
*)          die "usage: unpack TARBALL TREE | apply TREE BRANCH FROM DIR | export TREE FROM BRANCH DIR | worktree TREE DIR BRANCH" ;;
esac
