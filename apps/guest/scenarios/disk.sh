# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# disk - the application with an ext4 file system on the first virtio disk
#
#   /run.d/files/disk.sh	what to do: run in that directory with the words of ukl.args,
#			$PROGRAM the application, $DISK where the disk is mounted
#   /run.d/files/program	the application as ring 3 runs it
# shellcheck source=/dev/null
. /scenarios/lib.sh

DISK=/mnt PROGRAM=/UKL
export DISK PROGRAM
mkdir -p "$DISK"
mount -t ext4 /dev/vda "$DISK" || fail "no ext4 on /dev/vda"
cd /run.d/files || fail "no /run.d/files"
# shellcheck disable=SC2046 # one word each
sh ./disk.sh $(param args '' | tr ',' ' ') || fail "disk.sh ended with status $?"
umount "$DISK" || fail "$DISK is still in use"
