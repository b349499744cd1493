# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash disable=SC3045
#
# machine - a target for what the host injects: the probe in ring 0, then in ring 3
#
#   ukl.row=ROW ukl.count=N	each tells that row of /proc/interrupts until it is N more
#   ukl.spin=PROGRAM		instead: this one computes until the machine ends
#
# The kernel is silent meanwhile, so that its lines do not cut the program's in two; then
# it says all that is not about what was injected.
# shellcheck source=/dev/null
. /scenarios/lib.sh

row=$(param row '')
spin=$(param spin '')
if [ -n "$spin" ]; then
	"$spin" -spin
	fail "$spin ended with status $?"
fi
printk=$(cat /proc/sys/kernel/printk)
echo 0 >/proc/sys/kernel/printk
for program in /UKL /bin/probe; do
	"$program" -storm "$row" "$(param count 100)" || fail "$program ended with status $?"
done
echo "$printk" >/proc/sys/kernel/printk
dmesg | grep -vE 'NMI received for unknown reason|Dazed and confused' || :
