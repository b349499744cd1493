#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# stress.sh - stress-ng in ring 3, on two processors, while the echo server serves
#
#   stress.sh BUILD KERNEL INITRD OUT
#
# KERNEL is a bzImage with the echo server, INITRD has stress-ng on it.  Every stressor
# must end well, the server's totals be right, the kernel not complain, and the trace
# conform.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../system/lib.sh
. "$(dirname "$0")/../system/lib.sh"

[ $# -eq 4 ] || usage "BUILD KERNEL INITRD OUT"
BUILD=$1 KERNEL=$2 INITRD=$3 OUT=$4
suite
need_guest
SMP=2 MEMORY=512 LIMIT=1800

# What enters the kernel in as many ways as there are
STRESSORS=cpu,vm,mmap,brk,fault,stack,bigheap,fork,vfork,clone,exec,pthread,switch,yield,
STRESSORS+=futex,sem,mutex,pipe,signal,sigsegv,sigfpe,sigtrap,sigpending,sigsuspend,
STRESSORS+=sigq,kill,timer,timerfd,itimer,nanosleep,poll,eventfd,membarrier,madvise,
STRESSORS+=mprotect,munmap,userfaultfd,get,syscall,zombie

CMDLINE="ukl.seconds=${SECONDS_EACH:-2} ukl.stressors=$STRESSORS"
guest_record
guest_start stress
guest_finish stress
pass_lines 's/^UKL-STRESS: //p'
pass "the server's totals are right after $PASSED stressors"
judge
