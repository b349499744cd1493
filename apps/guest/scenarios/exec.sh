# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# exec - who may start the application, and what a refused start leaves behind
# shellcheck source=/dev/null
. /scenarios/lib.sh

# expect STATUS WHAT COMMAND...: the command ends with that status
expect() {
	wanted=$1 what=$2
	shift 2
	status=0
	"$@" >/run/out 2>&1 || status=$?
	[ "$status" -eq "$wanted" ] || { cat /run/out; fail "$what: status $status, not $wanted"; }
	say "exec: $what: status $status, as it should be"
}

# Without privilege the application must not even begin.
silent() {
	if grep -q '^count:' /run/out; then fail "$1: the application ran"; fi
}

mkdir -p /etc
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >/etc/passwd

expect 126 "unprivileged" su nobody -c '/UKL calls=1'
silent "unprivileged"
# shellcheck disable=SC2016 # nobody's shell is to expand it
expect 0 "an ordinary program afterwards" su nobody -c 'test "$(id -u)" -eq 65534'
expect 0 "privileged" /UKL calls=10
chmod -x /UKL
expect 126 "not executable" sh -c '/UKL calls=1'
silent "not executable"
chmod +x /UKL
mv /UKL /elsewhere
expect 127 "no file of that name" sh -c '/UKL calls=1'
mv /elsewhere /UKL
expect 0 "again, with its data as linked" /UKL calls=10 faults=5
