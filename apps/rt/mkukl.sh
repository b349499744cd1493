#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mkukl.sh - join an application's objects into the one that vmlinux links
#
#   mkukl.sh OUTPUT OBJECT...
#
# Promises that OUTPUT (a) enters the kernel only through the gates, the first
# by a five-byte direct call and the second by a direct jmp; (b) has no SYSCALL,
# SYSENTER or INT instruction, which at CPL 0 would wreck the machine, none
# that only ring 0 may execute, and none that uses GS, the kernel's own; (c) needs nothing but the gates and the bounds of
# the TLS template and the constructors' tables; (d) has only sections that the
# kernel's linker script places; (e) can be linked at the kernel's addresses.
# Otherwise it says why, exits with 1 and leaves no OUTPUT.  All names
# in OUTPUT carry the prefix ukl_, all allocated sections the prefix .ukl; only
# ukl__start is global, so that no name of the application can be taken for one of
# the kernel's, or the other way round.
# OBJECT may be an archive, or an option of ld such as --start-group.
#
# LD, OBJCOPY, OBJDUMP and NM may name other binutils.
set -eu

LD=${LD:-ld} OBJCOPY=${OBJCOPY:-objcopy} OBJDUMP=${OBJDUMP:-objdump} NM=${NM:-nm}
here=$(dirname "$0")
out=$1
shift
joined=$out.joined
trap 'rm -f "$joined" "$joined.2"' EXIT
rm -f "$out"

fail() {
	echo "mkukl: $out: $1" >&2
	exit 1
}

OTHER_MODEL="compiled for another code model; compile with -fno-PIC -mcmodel=kernel \
-ftls-model=local-exec (ukl-cc does)"

"$LD" -r -d --force-group-allocation -T "$here/merge.lds" -o "$joined" "$@"
# the assembler names this table beside TLS debugging information; real uses stay
"$OBJCOPY" --strip-symbol=_GLOBAL_OFFSET_TABLE_ "$joined" 2> /dev/null ||
	fail "needs a global offset table: $OTHER_MODEL"

# (c) a name nobody defines would otherwise surface, prefixed, in the kernel's link
missing=$("$NM" -u "$joined" | awk '
	$1 == "U" && $2 !~ /^(entry_SYSCALL_64(_jump)?|__tls_(data_start|data_end|bss_end|align)|__(preinit|init|fini)_array_(start|end))$/ {
		printf "%s%s", sep, $2; sep = " " }')
case " $missing " in
*" dlopen "*|*" dlsym "*) fail "calls dlopen() or dlsym(): there is no dynamic linker in a \
UKL application; configure the program without run-time loading" ;;
*" __gxx_personality_v0 "*|*" _Unwind_"*|*" __cxa_"*) fail "needs a C++ runtime and its \
exceptions ($missing): there is no unwinder in a UKL application" ;;
esac
[ -z "$missing" ] || fail "undefined: $missing (neither the application nor its \
libraries define them; add them there)"

# A weak name that nobody defines is 0, here and now.
weak=$("$NM" -u "$joined" | awk '$1 == "w" || $1 == "v" { print "--defsym=" $2 "=0" }')
if [ -n "$weak" ]; then
	# shellcheck disable=SC2086 # one option a word
	"$LD" -r -T "$here/merge.lds" $weak -o "$joined.2" "$joined"
	mv "$joined.2" "$joined"
fi

# (d)
strange=$("$OBJDUMP" -h "$joined" | awk '
	$1 ~ /^[0-9]+$/ { name = $2; size = $3; next }
	/ALLOC/ && size !~ /^0+$/ && name !~ /^\.(text|rodata|data|bss|tdata|tbss|(pre)?init_array|fini_array)$/ {
		printf "%s%s", sep, name; sep = " " }')
[ -z "$strange" ] || fail "sections the kernel's linker script does not place: $strange"

# (e): what only another code model makes.  There is no GOT; text is in the upper
# half of the address space, which a zero-extended 32-bit address cannot name.
model=$("$OBJDUMP" -r "$joined" | awk '
	/^RELOCATION RECORDS FOR/ { section = substr($4, 2, length($4) - 3); next }
	section ~ /^\.debug/ { next }
	$2 ~ /^R_X86_64_(32|GOT.*|.*GOTPCREL.*|TLSGD|TLSLD|DTP.*|PLTOFF64|PC64|TLSDESC.*)$/ {
		print $2 " against " $3 " in " section; exit }')
case "$model" in
*" __bid_"*) fail "uses decimal floating point: what libgcc has for that is compiled \
for shared objects only ($model)" ;;
?*) fail "$model: $OTHER_MODEL" ;;
esac

# (a), (b): every relocation against a gate must belong to an E8 call or E9 jmp
total=$("$OBJDUMP" -r "$joined" | awk '$3 ~ /^entry_SYSCALL_64(_jump)?([-+]|$)/ { n++ }
	END { print n + 0 }')
complaint=$("$OBJDUMP" -dr -w "$joined" | awk -v total="$total" '
	/^[0-9a-f]+ <.*>:$/ { where = $2 }
	/^ *[0-9a-f]+:\t/ {
		split($0, part, "\t")
		bytes = part[2]; insn = part[3]
		if (insn ~ /^(syscall|sysenter|sysret|sysexit|int |iret|hlt|cli|sti|clac|stac|in |out |ins[bwl] |outs[bwl] |lgdt|lidt|lldt|ltr|lmsw|clts|invd|invlpg|wbinvd|rdmsr|wrmsr|swapgs|wrgsbase|xsetbv|mov[a-z]* .*%[cd]r[0-9])/)
			print "instruction \"" insn "\" in " where " " part[1] \
			      " is not for an application in ring 0"
		if (insn ~ /%gs:|^lgs |^pop +%gs|^mov .*,%gs$/)
			print "instruction \"" insn "\" in " where " " part[1] \
			      " uses GS, which in ring 0 is the kernel\47s; a thread has %fs"
	}
	/R_X86_64.*entry_SYSCALL_64_jump([-+ \t]|$)/ {
		if (bytes ~ /^e9 / && insn ~ /^jmp /) good++
		else print "entry_SYSCALL_64_jump is not reached by a jmp: " where
		next
	}
	/R_X86_64.*entry_SYSCALL_64([-+ \t]|$)/ {
		if (bytes ~ /^e8 / && insn ~ /^call /) good++
		else print "entry_SYSCALL_64 is not reached by a direct call: " where
	}
	END { if (good != total)
		print total - good " references to a gate are neither call nor jmp" }')
[ -z "$complaint" ] || fail "$complaint"
[ "$total" -gt 0 ] || fail "no call of entry_SYSCALL_64: no C library is linked in"

"$OBJCOPY" --keep-global-symbol=_start "$joined"
"$OBJCOPY" --prefix-symbols=ukl_ --prefix-alloc-sections=.ukl "$joined" "$out"
