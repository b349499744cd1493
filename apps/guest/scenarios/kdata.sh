# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# kdata - the application kdata, whose static data lies in the kernel half
#
# Twice: a run that ended gives way to the next.  Needs a disk, which it writes to.
# shellcheck source=/dev/null
. /scenarios/lib.sh

[ -b /dev/vda ] || fail "no disk: give the guest a virtio-blk disk"

address() { # SYMBOL
	sed -n "s/^\([0-9a-f]*\) . $1\$/\1/p" /proc/kallsyms
}
start=$(address __ukl_data_start) end=$(address __ukl_data_end)
[ -n "$start$end" ] || fail "static data is not in the kernel half"

echo "no program" >/tmp/noprogram
chmod +x /tmp/noprogram

for run in first second; do
	/UKL "$start" "$end" /dev/vda /tmp/noprogram || fail "$run run: status $?"
	say "kdata: $run run: ok"
done
