#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-check.sh - make run with programs that do well, fail, crash, hang and cannot work
#
#   run-check.sh BUILD
#
# MAKE may name another make.  Exit status: 0 all is well; 1 something is not, named.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ $# -eq 1 ] || usage "BUILD"
suite
BUILD=$1
WORK=$BUILD/system/run-check
rm -rf "$WORK"
mkdir -p "$WORK/program" "$WORK/files"

cat > "$WORK/program/main.c" <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void copy(FILE *from, FILE *to);
int main(int argc, char **argv)
{
	FILE *file = fopen("a file", "r");

	for (int i = 1; i < argc; i++)
		printf("[%s]\n", argv[i]);
	fputs("this is standard error\n", stderr);
	copy(stdin, stdout);
	if (file)
		copy(file, stdout);
	fflush(stdout);
	if (argc > 1 && !strcmp(argv[1], "crash"))
		*(volatile int *)8 = 1;
	while (argc > 1 && !strcmp(argv[1], "hang"))
		;
	return argc > 1 ? atoi(argv[1]) : 0;
}
C
cat > "$WORK/program/copy.c" <<'C'
#include <stdio.h>
void copy(FILE *from, FILE *to)
{
	for (int c; (c = getc(from)) != EOF; )
		putc(c, to);
}
C

# make_run WORD...: "make run", its status, $WORK/out and err
make_run() {
	status=0
	"${MAKE:-make}" --no-print-directory run "$@" > "$WORK/out" 2> "$WORK/err" || status=$?
}

has() { # FILE LINE
	grep -qxF -e "$2" "$WORK/$1" || die "no line '$2' in $WORK/$1"
}

# --- a program of two files ------------------------------------------------------

echo "from standard input" > "$WORK/stdin"
echo "from a file" > "$WORK/files/a file"
make_run APP="$WORK/program" STDIN="$WORK/stdin" FILES="$WORK/files" SMP=2 \
	ARGS="0 'two words' \"it's\" \\\" * '' a=\$\$b"
[ "$status" -eq 0 ] || die "status $status: $(tail -n 3 "$WORK/err")"
for line in "[0]" "[two words]" "[it's]" '["]' "[*]" "[]" '[a=$b]'; do
	has out "$line"
done
pass "arguments arrive with their blanks, quotes and stars"
has out "from standard input"
has out "from a file"
pass "it has its standard input and its files"
has err "this is standard error"
if grep -q 'standard error' "$WORK/out"; then die "standard error is in standard output"; fi
pass "standard output and error are apart"
has out "run: the program ended with status 0"
grep -q 'trace: conforms$' "$WORK/out" || die "no verdict in $WORK/out"
pass "the status and the verdict are told, 0 for both"

run_dir=$(ls -d "$BUILD"/run/run-program-*)
[ -s "$run_dir/trace/metadata" ] || die "no trace in $run_dir"
images=$BUILD/kernel/images/$(basename "$run_dir")
stamp=$(stat -c %Y "$images/bzImage")

# --- the same program, less lucky ------------------------------------------------

make_run APP="$WORK/program" ARGS=3
[ "$status" -eq 2 ] && grep -q 'Error 4$' "$WORK/err" || die "status 3 is told as $status"
has out "run: the program ended with status 3"
grep -q 'trace: conforms$' "$WORK/out" || die "no verdict in $WORK/out"
[ "$(cat "$run_dir/status")" = 3 ] || die "$run_dir/status says $(cat "$run_dir/status")"
[ "$stamp" = "$(stat -c %Y "$images/bzImage")" ] || die "the same program was linked again"
pass "status 3 is told, and the verdict; nothing is linked again"

# direct STATUS WORDS...: run.sh itself, whose status it must be
direct() {
	local want=$1 status=0
	shift
	tests/system/run.sh --quiet "$@" > "$WORK/out" 2> "$WORK/err" || status=$?
	[ "$status" -eq "$want" ] || die "$*: status $status where $want is due"
}

direct 4 "$BUILD" "$images/bzImage" "$WORK/crash" crash
has out "run: the program was ended by SIGSEGV"
grep -q 'trace: conforms$' "$WORK/out" || die "no verdict in $WORK/out"
has out "[crash]"
pass "a crash is told with its signal, after the output, and conforms"

direct 2 --timeout 40 "$BUILD" "$images/bzImage" "$WORK/hang" hang
grep -q 'before the program did .*limit 40 s' "$WORK/err" || die "$(cat "$WORK/err")"
has out "[hang]"
pass "a program that does not end is ended, and said so"

direct 2 --timeout soon "$BUILD" "$images/bzImage" "$WORK/soon"
grep -q "wants a number of seconds, not 'soon'" "$WORK/err" || die "$(cat "$WORK/err")"
pass "a time that is no number is refused"

# Who reads its output to the end waits for everybody who has it.
said=$(tests/system/run.sh --smp many "$BUILD" "$images/bzImage" "$WORK/many" 2>&1 |
	timeout 120 cat; echo "${PIPESTATUS[*]}")
[[ $said == *"wants a number from 1 to 255"*$'\n2 0' ]] ||
	die "a guest that does not start: $said"
pass "a guest that does not start is trouble, with the reason, and nobody is left"

# --- a checker that finds something ------------------------------------------------

mkdir -p "$WORK/wrong"
cat > "$WORK/wrong/ukl" <<S
#!/bin/sh
[ "\$1" = check ] || exec "$PWD/$BUILD/ukl" "\$@"
echo "\$2: VIOLATES"
exit 1
S
chmod +x "$WORK/wrong/ukl"
mkdir -p "$WORK/wrong/guest"
ln -f "$BUILD/guest/initramfs.cpio.gz" "$WORK/wrong/guest/"
direct 1 "$WORK/wrong" "$images/bzImage" "$WORK/violates" 3
has out "run: the program ended with status 3"
pass "a violation is 1, also if the program failed"

# --- what cannot work ---------------------------------------------------------------

# refused WORDS WHAT WORD...: make run fails with the words and boots nothing
refused() {
	local words=$1 what=$2
	shift 2
	make_run "$@"
	[ "$status" -eq 2 ] || die "$what: status $status"
	grep -q 'Error 2$' "$WORK/err" || die "$what: no trouble to make: $(cat "$WORK/err")"
	grep -q -e "$words" "$WORK/err" || die "$what: it says $(cat "$WORK/err")"
	[ ! -s "$WORK/out" ] || die "$what: more was done: $(cat "$WORK/out")"
	pass "$what is refused"
}

echo 'int main(void) { return undeclared; }' > "$WORK/broken.c"
printf '%s\n' '#include <dlfcn.h>' \
	'int main(void) { return !dlopen("x", RTLD_NOW); }' > "$WORK/dlopen.c"
mkdir -p "$WORK/empty"
refused "such file or directory" "a file that is not there" APP="$WORK/none.c"
refused "'undeclared' undeclared\|‘undeclared’ undeclared" "what does not compile" \
	APP="$WORK/broken.c"
refused "no dynamic linker" "what the kernel cannot link" APP="$WORK/dlopen.c"
refused "without a C source" "a directory without a source" APP="$WORK/empty"
refused "say which" "no program at all" APP=
refused "ARGS wants as many" "a quote without its end" APP="$WORK/program" ARGS="it's"
