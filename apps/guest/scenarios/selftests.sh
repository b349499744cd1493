# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# selftests - the kernel's selftests, with the application at work all the while
#
#   ukl.only=DIR,DIR	those of these directories alone
#
# Reads /selftests/list; prints a line for each test, "UKL-SELFTEST: DIR COMMAND: RESULT",
# and leaves what they said in a tar archive on /dev/vda, a file a test, in their order.
# shellcheck source=/dev/null
. /scenarios/lib.sh

only=$(param only '')
logs=/run/logs
number=1000

# What the tests expect of a machine
mkdir -p "$logs" /dev/shm /dev/pts /dev/hugepages /dev/mqueue /etc
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /tmp
mount -t devpts devpts /dev/pts
mount -t hugetlbfs hugetlbfs /dev/hugepages
mount -t mqueue mqueue /dev/mqueue 2>/dev/null || :
echo 24 >/proc/sys/vm/nr_hugepages
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >/etc/passwd
ulimit -c 0

# One run after the other, until the file is gone; a run that fails is kept.
application() {
	while [ -e /run/go ]; do
		/UKL calls=200 faults=20 stack=10 ticks=20 spawn=1 >/run/application 2>&1 ||
			cp /run/application /run/application.failed
		echo >>/run/application.runs
	done
}

word() { # STATUS
	case $1 in
	0) echo pass ;;
	4) echo skip ;;
	126 | 127) echo missing ;;
	137) echo timeout-or-killed ;;
	*) echo "fail-$1" ;;
	esac
}

run() { # DIR SECONDS COMMAND...
	dir=$1 limit=$2
	shift 2
	number=$((number + 1))
	log=$logs/$number
	echo "$dir $*" >"$log"
	status=0
	(cd "/selftests/$dir" && exec timeout -s KILL "$limit" "$@") \
		</dev/null >>"$log" 2>&1 || status=$?
	result=$(word "$status")
	printf '\nUKL-STATUS %s\n' "$result" >>"$log"
	echo "UKL-SELFTEST: $dir $*: $result"
}

touch /run/go
application &
application=$!
while read -r dir limit command; do
	case ,${only:-$dir}, in
	,, | ,'#'*) continue ;;
	*,"$dir",*) ;;
	*) continue ;;
	esac
	program=${command%% *} args=
	[ "$program" = "$command" ] || args=${command#* }
	for found in $(cd "/selftests/$dir" && echo $program); do
		# shellcheck disable=SC2086 # the words are meant to be split
		run "$dir" "$limit" "$found" $args
	done
done </selftests/list
rm /run/go
wait "$application"
tar -C "$logs" -cf - . | dd of=/dev/vda bs=64k conv=notrunc 2>/dev/null
say "selftests: $(wc -l </run/application.runs) runs of the application meanwhile"
[ ! -e /run/application.failed ] || { cat /run/application.failed; fail "the application"; }
