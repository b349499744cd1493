#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cc.sh - ukl-cc as makefiles use it, and what it refuses; boots nothing
#
#   cc.sh BUILD
#
# Exit status: 0 all is well; 1 something is not, named.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "BUILD"
suite
BUILD=$(cd "$1" && pwd)
CC=$PWD/ukl-kernel/libc/ukl-cc
export UKL_LIBC=$BUILD/libc/musl
need_file "$UKL_LIBC/lib/libc.a" "make libc builds it"
scratch=$(mktemp -d)
cleanup() {
	rm -rf "$scratch"
}
cd "$scratch"

# An application: one object with one global symbol, the entry point.
is_application() { # FILE
	[ "$(nm -g --defined-only "$1" | awk '{ print $3 }')" = ukl__start ]
}

# --- as a makefile uses it -----------------------------------------------------

mkdir project
cat > project/lib.c <<'C'
#include "lib.h"
int twice(int n) { return NUMBER * n; }
C
echo '#define NUMBER 2
int twice(int n);' > project/lib.h
cat > project/main.c <<'C'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include "lib.h"
static void *thread(void *arg) { return arg; }
int main(int argc, char **argv)
{
	pthread_t t;
	void *result;
	pthread_create(&t, 0, thread, argv);
	pthread_join(t, &result);
	printf("%d %.3f %d\n", twice(argc), sqrt(argc), result == argv);
	return 0;
}
C
cat > project/Makefile <<'M'
DESTDIR =
prog: main.o liblib.a
	$(CC) -s -Wl,-O1,--as-needed -Wl,-rpath -Wl,/lib -o $@ main.o -L. -llib -lm -lpthread
liblib.a: lib.o
	ar rcs $@ $^
%.o: %.c
	$(CC) -O2 -Wall -MMD -MP -fPIC -c -o $@ $<
check: prog
	./prog a b
install: prog
	install -D -s prog $(DESTDIR)/bin/prog
-include main.d lib.d
M
make -s -C project CC="$CC" prog check install DESTDIR="$scratch/root" > out 2>&1 ||
	die "a project with an archive does not build: $(cat out)"
grep -qx '6 1.732 1' out || die "its check says: $(cat out)"
pass "a makefile compiles, archives, links and checks; -fPIC, -s and -Wl do no harm"

"$CC" --object ukl.o root/bin/prog && is_application ukl.o ||
	die "a program installed and stripped holds no application"
pass "the application is still in a program that was installed and stripped"

make -s -C project CC="$CC" prog > out && [ ! -s out ] || die "built again: $(cat out)"
find project -type f -exec touch -d '-1 hour' {} +
touch project/lib.h
make -n -C project CC="$CC" prog > out
grep -q 'main.o main.c' out ||
	die "-MMD does not make main.o depend on lib.h"
pass "-MMD names the headers, and only they cause another compilation"

(cd project && "$CC" -MMD -O2 -o ../joint main.c lib.c -lm) && [ "$(./joint)" = "2 1.000 1" ] &&
	grep -q '^../joint:.*lib.h' joint-lib.d || die "compiling and linking in one go"
pass "several sources are compiled and linked in one go, with their dependencies"

(cd project && "$CC" -o ../ukl2.o main.c lib.c) && is_application ukl2.o ||
	die "-o NAME.o is no application"
pass "-o NAME.o is the application alone"

echo 'int main(void) { return __UKL__ - 1; }' | "$CC" -x c -o stdin - && ./stdin ||
	die "a source from standard input"
[[ $("$CC" --version) == gcc* ]] && "$CC" -E -x c - < /dev/null > out || die "--version or -E"
pass "sources from standard input, --version, -E"

cat > configure.c <<'C'
#include <stdlib.h>
int main(void) { return malloc(0) ? 0 : 1; }
C
"$CC" configure.c && ./a.out || die "what a configure script compiles does not run"
pass "what a configure script compiles runs where it was compiled"

# --- what it refuses ------------------------------------------------------------

# refuses WHAT WORDS COMMAND...: status 1, the words, and no prog
refuses() {
	local what=$1 words=$2 status=0
	shift 2
	rm -f prog
	"$@" > out 2>&1 || status=$?
	[ "$status" -eq 1 ] || die "$what: status $status: $(cat out)"
	grep -q -e "$words" out || die "$what: it says $(cat out)"
	[ ! -e prog ] || die "$what: leaves a program behind"
	pass "refuses $what"
}

refuses_source() { # WHAT WORDS SOURCE
	echo "$3" > bad.c
	refuses "$1" "$2" "$CC" -O1 -o prog bad.c
}

echo 'extern int far; int main(void) { return far; } int far;' > large.c
gcc -fPIC -mcmodel=large -c -o large.o large.c
refuses "an object of the wrong code model" "compiled for another code model" \
	"$CC" -o prog large.o
echo 'int far; int *where(void) { return &far; } int main(void) { return !where(); }' > small.c
gcc -O1 -fno-pic -fno-pie -mcmodel=small -c -o small.o small.c
refuses "an absolute address of 32 bits" "R_X86_64_32 .*another code model" \
	"$CC" -o prog small.o
gcc -m32 -c -o m32.o -x c - <<< 'int main(void) { return 0; }'
refuses "an object for another machine" "i386" "$CC" -o prog m32.o
refuses_source "a missing symbol" "undefined: nobody" \
	'int nobody(void); int main(void) { return nobody(); }'
refuses_source "dlopen()" "no dynamic linker" '#include <dlfcn.h>
int main(void) { return !dlopen("libm.so", RTLD_NOW); }'
refuses_source "a SYSCALL instruction" 'instruction "syscall" in <main>.*ring 0' \
	'int main(void) { asm volatile("syscall"); return 0; }'
refuses_source "an instruction that only ring 0 has" 'instruction "cli" in <main>' \
	'int main(void) { asm volatile("cli"); return 0; }'
refuses_source "memory at %gs" 'instruction "mov .*%gs:.*in <main>.*GS.*the kernel.s' \
	'int main(void) { long w; __asm__("mov %%gs:8, %0" : "=r"(w)); return w != 0; }'
refuses_source "a selector for %gs" 'instruction "mov .*,%gs" in <main>.*the kernel.s' \
	'int main(int argc, char **argv) { __asm__("mov %0, %%gs" : : "r"(argc)); return !argv; }'
refuses_source "decimal floating point" "decimal floating point" \
	'int main(int c, char **v) { volatile _Decimal64 d = c; return (int)(d / 3); }'
cat > throws.s <<'S'
	.globl main
main:	.cfi_startproc
	.cfi_personality 0x3, __gxx_personality_v0
	call __cxa_throw
	ret
	.cfi_endproc
S
refuses "C++ exceptions" "no unwinder" "$CC" -o prog throws.s
echo '#include <iostream>' > source.cc
refuses "a C++ source" "neither C++'s runtime nor" "$CC" -c source.cc
refuses "a shared object" "shared object cannot be part" "$CC" -o prog small.c libm.so.6
refuses "-shared" "no dynamic linker" "$CC" -shared -o prog small.c
refuses "a library that is not there" "no libnothere.a" "$CC" -o prog small.c -lnothere
refuses "an option that its link does not have" "no such option" \
	"$CC" -Wl,--version-script=x -o prog small.c
refuses "options in a file" "not read" "$CC" -o prog small.c @options
refuses "a missing source" "No such file" "$CC" -o prog missing.c
refuses "nothing to do" "no input files" "$CC" -O2
gcc -o ordinary configure.c
refuses "an ordinary program as the source of an application" "holds no application" \
	"$CC" --object prog ordinary

# --- libgcc ----------------------------------------------------------------------

# All that Debian's libgcc holds for a C program is position independent without a
# GOT, so it may lie anywhere; the members that are not are refused when something
# wants them: decimal floating point, split stacks, and an assert() of the eighties.
libgcc=$(gcc -print-libgcc-file-name)
unfit='^(_.*(dd|sd|td)(_.*)?|_(dd|sd|td)_to_.*|bid.*|_isinfd(32|64|128)|_eprintf|(generic-)?morestack.*)\.o$'
mkdir libgcc
(cd libgcc && ar x "$libgcc")
find libgcc -name '*.o' -printf '%f\n' | sort > members
grep -vE "$unfit" members > fit
n=$(wc -l < fit)
[ "$n" -ge 100 ] || die "only $n members of $libgcc are told to be fit"
mapfile -t objects < <(sed "s,^,libgcc/," fit)
"$CC" -o all.o configure.c "${objects[@]}" 2> out ||
	die "members of libgcc that were taken for fit are not: $(cat out)"
pass "$n of $(wc -l < members) members of libgcc link into one application"
