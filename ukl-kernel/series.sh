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

# The user's own git settings must change neither commits nor exported patches.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null

in_tree() {
	git -C "$tree" -c gc.auto=0 -c core.abbrev=12 "$@"
}

# $1 as a repository of its own: unpacked, checked and committed, or nothing said.
fill() {
	local tarball=$1 new=$2 version
	tar -xf "$tarball" -C "$new" --strip-components=1 || die "$tarball: cannot be unpacked"
	[ -r "$new/Makefile" ] || die "$tarball: holds no Makefile at its top, so no kernel"
	version=$(sed -n 's/^VERSION = //p; s/^PATCHLEVEL = //p' "$new/Makefile" | head -2 | paste -sd.)
	[ "$version" = 6.12 ] || die "$tarball: holds Linux $version; the patches are for 6.12.y"
	# Debian's .gitignore hides every new file at the top; ours hides the build.
	touch "$new/.gitignore"
	sed -i '/^\/\*$/d' "$new/.gitignore"
	echo "/obj/" >> "$new/.gitignore"
	git init -q -b base "$new"
	tree=$new
	in_tree config user.name "UKL reference model"
	in_tree config user.email "ukl@localhost"
	in_tree config gc.auto 0
	in_tree config advice.addIgnoredFile false
	in_tree add -A -f .
	in_tree commit -q -m "Linux $version.$(sed -n 's/^SUBLEVEL = //p' "$new/Makefile"), as unpacked"
}

# An older tree gives way only to a whole new one, and only if it can be made again.
unpack() {
	local tarball=$1 final=$tree branch
	[ -r "$tarball" ] || die "$tarball: no such kernel tarball; install linux-source-6.12 or set LINUX_TARBALL="
	if [ -e "$tree/.git" ]; then
		refuse_to_lose_changes
		for branch in $(in_tree for-each-ref --format='%(refname:short)' refs/heads); do
			[ "$branch" = base ] || refuse_to_lose_commits "$branch"
		done
	fi
	echo "  UNPACK  $tarball"
	rm -rf "$final.new"
	mkdir -p "$final.new"
	# shellcheck disable=SC2064 # the name is meant to be expanded now
	trap "rm -rf '$final.new'" EXIT
	fill "$tarball" "$final.new"
	rm -rf "$final"
	mv "$final.new" "$final"
}

# What stands in the files but in no commit, or in a commit but on no branch
refuse_to_lose_changes() {
	[ -z "$(in_tree status --porcelain --untracked-files=no)" ] ||
		die "$tree: has uncommitted changes; commit and 'make export-patches', or discard them"
	in_tree symbolic-ref -q HEAD > /dev/null ||
		[ -n "$(in_tree for-each-ref --contains=HEAD refs/heads refs/ukl)" ] ||
		die "$tree: is on a commit that is on no branch; finish the rebase, or check out a branch"
}

# What stands in commits but not in the patches, wherever HEAD is
refuse_to_lose_commits() {
	local branch=$1 applied
	in_tree rev-parse -q --verify "refs/heads/$branch" > /dev/null || return 0
	applied=$(in_tree rev-parse -q --verify "refs/ukl/applied/$branch" || true)
	[ "$applied" = "$(in_tree rev-parse "refs/heads/$branch")" ] ||
		die "$tree: has commits on '$branch' that were not exported; run 'make export-patches', or drop them with 'git checkout $branch && git reset --hard ${applied:-base}' there"
}

# One patch onto the commit $1 by way of a private index; prints the new commit.
commit_patch() {
	local parent=$1 patch=$2 mail=$3
	git mailinfo -b "$mail/msg" "$mail/diff" < "$patch" > "$mail/info"
	GIT_INDEX_FILE=$mail/index in_tree read-tree "$parent"
	if ! GIT_INDEX_FILE=$mail/index in_tree apply --cached --whitespace=nowarn "$mail/diff" 2> "$mail/err"; then
		echo "series.sh: $(basename "$patch") does not apply to $tree:" >&2
		sed -e 's/^error: patch failed: \(.*\):\([0-9]*\)$/error: hunk at \1, line \2/' \
			-e '/: patch does not apply$/d; s/^error:/series.sh:  /' "$mail/err" >&2
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
	refuse_to_lose_changes
	refuse_to_lose_commits "$branch"
	mail=$(mktemp -d)
	# shellcheck disable=SC2064 # $mail is meant to be expanded now
	trap "rm -rf '$mail'" EXIT
	commit=$(in_tree rev-parse "$from")
	for patch in "$dir"/*.patch; do
		[ -r "$patch" ] || die "$dir: holds no patches"
		echo "  PATCH   $(basename "$patch")"
		commit=$(commit_patch "$commit" "$patch" "$mail") || exit 2
	done
	in_tree checkout -q -B "$branch" "$commit"
	in_tree update-ref "refs/ukl/applied/$branch" "$commit"
}

# The old patches go when the new ones are written, not before.
export_series() {
	local from=$1 branch=$2 dir=$3 new
	[ -z "$(in_tree status --porcelain --untracked-files=no)" ] ||
		die "$tree: has uncommitted changes; commit them first"
	[ "$(in_tree symbolic-ref --short -q HEAD)" = "$branch" ] ||
		die "$tree: '$branch' is not checked out; finish the rebase, or check it out"
	[ -n "$(in_tree rev-list "$from..$branch")" ] ||
		die "$tree: there are no commits from '$from' to '$branch' to export"
	new=$(mktemp -d "$dir/.export.XXXXXX")
	# shellcheck disable=SC2064 # the name is meant to be expanded now
	trap "rm -rf '$new'" EXIT
	in_tree format-patch -q --no-signature --zero-commit -N --no-numbered \
		-o "$(realpath "$new")" "$from..$branch"
	rm -f "$dir"/*.patch
	mv "$new"/*.patch "$dir"
	in_tree update-ref "refs/ukl/applied/$branch" "$branch"
	find "$dir" -name '*.patch' | sort
}

worktree() {
	local dir branch=$2
	dir=$(realpath -m "$1")		# git would take it from the tree's point of view
	if [ -e "$dir" ]; then
		git -C "$dir" rev-parse -q --verify HEAD > /dev/null 2>&1 ||
			die "$dir: belongs to a kernel tree that was unpacked anew; remove it"
		return 0
	fi
	refuse_to_lose_commits "$branch"
	in_tree worktree prune
	in_tree worktree add -q -f -B "$branch" "$dir" base
	in_tree update-ref "refs/ukl/applied/$branch" base
}

verb=${1:-}
case "$verb:$#" in
unpack:3)   tree=$3; unpack "$2" ;;
apply:5)    tree=$2; apply "$3" "$4" "$5" ;;
export:5)   tree=$2; export_series "$3" "$4" "$5" ;;
worktree:4) tree=$2; worktree "$3" "$4" ;;
*)          die "usage: unpack TARBALL TREE | apply TREE BRANCH FROM DIR | export TREE FROM BRANCH DIR | worktree TREE DIR BRANCH" ;;
esac
