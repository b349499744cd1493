#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cli.sh - the command line of ukl: dump, stats, help; exit statuses and sentences

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
ukl=${UKL:?} asm=${UKL_ASSEMBLE:?}
need_program "$ukl"

expect() {	# expect STATUS WORDS ARGUMENT...: run ukl, look for words anywhere
	want=$1 words=$2
	shift 2
	"$ukl" "$@" >"$dir/out" 2>"$dir/err"
	[ $? -eq "$want" ] && grep -q -- "$words" "$dir/out" "$dir/err"
	result $? "ukl $(echo "$*" | sed "s,$dir/,,g"): status $want, \"$words\""
}

expect_quiet() {	# the same, and nothing on stderr
	expect "$@"
	[ ! -s "$dir/err" ]
	result $? "... and nothing on stderr"
}

cat >"$dir/text" <<'END'
env app "echo"
env clock "insn"
layout app_text_start 0xffffffff90000000
layout gate_call 0xffffffff81a00000
streams 2
packet 1024
set 0 %cr4=0x300000
100 0 app gate_in pc=gate_call ret=app_text_start+0x10 swapgs=3 %sp=0x7fffe000 %mode=2
+   0 kernel sys_enter frame=-1 %ax=39
+5  1 kernel int_in vector=14 error=4
+   1 kernel task comm0='swapper/' comm1='1'
+   0 app app_in pc=app_text_start %ax=-38
END
"$asm" "$dir/text" "$dir/t" 2>"$dir/err" || exit 2
sed 's/^packet.*/torn/' "$dir/text" >"$dir/text2"
"$asm" "$dir/text2" "$dir/torn" || exit 2
{ cat "$dir/text"; echo "discard 0 3"; } >"$dir/text3"
"$asm" "$dir/text3" "$dir/lost" || exit 2
mkdir "$dir/empty"

plan=$(grep -c '^expect ' "$0") two=$(grep -c '^expect_quiet ' "$0")
echo "1..$((plan + 2 * two + 8))"

expect_quiet 0 "usage: ukl VERB" --help
expect_quiet 0 "usage: ukl VERB" help
expect_quiet 0 "usage: ukl dump" dump --help
expect_quiet 0 "usage: ukl dump" help dump
expect_quiet 0 "usage: ukl stats" stats --help
expect_quiet 0 "^ukl [0-9]" --version
expect_quiet 0 "^ukl [0-9]" version
expect 2 "usage: ukl VERB"
expect 2 "not a verb" frobnicate
expect 2 "not a verb" help frobnicate
expect 2 "not an option" dump --frobnicate "$dir/t"
expect 2 "needs a value" dump --from
expect 2 "not a number" dump --from x "$dir/t"
expect 2 "no class \"nothing\"" dump --class task,nothing "$dir/t"
expect 2 "give one trace" dump
expect 2 "give one trace" stats "$dir/t" "$dir/t"
expect 2 "neither text nor json" stats --format=xml "$dir/t"
expect 2 "not a trace" stats "$dir/empty"
expect 2 "No such file" stats "$dir/nothing"
expect 2 "No such file" dump --vmlinux "$dir/nothing" "$dir/t"
expect 2 "No such file" check --vmlinux "$dir/nothing" "$dir/t"
expect_quiet 0 "state      complete" stats "$dir/t"
expect_quiet 0 "\"state\": \"complete\"" stats --format=json "$dir/t"
expect 3 "state      torn" stats "$dir/torn"
expect 3 "without its closing packet" dump "$dir/torn"
expect 3 "3 events were lost" dump "$dir/lost"
expect 3 "discarded  3" stats "$dir/lost"
expect_quiet 0 "^0 100 0 app gate_in pc=0xffffffff81a00000" dump "$dir/t"
expect_quiet 0 "vector=0xe <#PF>" dump --from 2 --to 2 "$dir/t"
expect_quiet 0 "comm1=0x31 <\"swapper/1\">" dump --class task "$dir/t"
expect_quiet 0 "%ax=0xffffffffffffffda" dump --cpu 0 --from 1 "$dir/t"
expect_quiet 0 "%cr4=0x300000" dump --state --class app_in "$dir/t"

"$ukl" dump --class app_in "$dir/t" >"$dir/out"
! grep -q cr4 "$dir/out"
result $? "a slot that did not change is not printed"
[ "$("$ukl" dump --from 1 --to 3 "$dir/t" | wc -l)" -eq 3 ]
result $? "--from and --to include their events"

"$ukl" dump --assemble "$dir/t" >"$dir/again" && "$asm" "$dir/again" "$dir/t2" &&
	"$ukl" dump "$dir/t" >"$dir/out" && "$ukl" dump "$dir/t2" | cmp - "$dir/out"
result $? "dump --assemble and ukl_assemble: the same events"
"$ukl" dump --assemble "$dir/t2" | cmp - "$dir/again"
result $? "dump --assemble and ukl_assemble: the same text"

"$ukl" dump --assemble "$dir/torn" 2>"$dir/err" | grep -qx torn
result $? "dump --assemble says that a trace is torn"

# A program of one function stands for vmlinux: names, instructions, lines.
cat >"$dir/v.c" <<'END'
int target(int x)
{
	return x + 1;
}
int main(void)
{
	return target(1);
}
END
(cd "$dir" && ${CC:-gcc} -g -O1 -no-pie -fcf-protection=none -Wl,--build-id \
	-o vmlinux "$dir/v.c") || exit 2
${CC:-gcc} -g -O2 -no-pie -Wl,--build-id -o "$dir/other" "$dir/v.c" || exit 2
id=$(readelf -n "$dir/vmlinux" | sed -n 's/.*Build ID: //p')
at=0x$(nm "$dir/vmlinux" | awk '$3 == "target" { print $1 }')
{ echo "env vmlinux \"$dir/vmlinux\""; echo "env build_id \"$id\""
  echo "1 0 app app_edge pc=$at target=$at+2"; } >"$dir/text4"
"$asm" "$dir/text4" "$dir/v" || exit 2
expect_quiet 0 "pc=0x[0-9a-f]* <target> target=0x[0-9a-f]* <target+0x2>" dump "$dir/v"
expect_quiet 0 "; lea eax, \[rdi + 1\]" dump --disassemble "$dir/v"
expect_quiet 0 "@ v.c:[23]$" dump --lines "$dir/v"
expect 0 "its build-id is .* recorded with $id" dump --vmlinux "$dir/other" "$dir/v"
expect 2 "its build-id is .* recorded with $id" check --vmlinux "$dir/other" "$dir/v"
cp "$dir/other" "$dir/vmlinux"
expect 0 "left aside" dump "$dir/v"
! grep -q '<target>' "$dir/out"
result $? "names of another kernel are not believed"
rm "$dir/vmlinux"
expect 0 "going on without names" dump "$dir/v"

tar -C "$dir" -cf - t | "$ukl" stats - 2>"$dir/err" | grep -q "state      complete"
result $? "a trace from a pipe"
"$ukl" dump "$dir/t" >/dev/full 2>"$dir/err"
[ $? -eq 2 ] && grep -q "No space left" "$dir/err"
result $? "a full disk under stdout is told"
finish
