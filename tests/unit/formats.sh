#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# formats.sh - the formats of "ukl check" for programs, as TAP
#
# JSON Lines by the schema in docs/, KTAP by its plans and numbers, JUnit's XML by
# xmllint.  All of them say of every trace what --format=json says, return the same
# status, and are the same bytes when asked again.

# shellcheck source-path=SCRIPTDIR source=tap.sh
. "$(dirname "$0")/tap.sh"
ukl=$(realpath "${UKL:?}") asm=$(realpath "${UKL_ASSEMBLE:?}") || exit 2
here=$(cd "$(dirname "$0")" && pwd)
fixtures=$here/../fixtures
schema=$here/../../docs/ukl-check.schema.json

text() { # FIXTURE
	awk -f "$fixtures/expand.awk" "$fixtures/$1" "$fixtures/base.trace"
}

trace() { # NAME: from the text on standard input
	"$asm" /dev/stdin "$dir/$1" || exit 2
}

# says ANSWER COMMAND...: does the command print that?
says() {
	local want=$1
	shift
	[ "$("$@" 2>&1)" = "$want" ] && return
	echo "expected $want: $*" >"$dir/out"
	return 1
}

valid() { # FILE: each line by itself, and there is one
	local each
	rm -rf "$dir/each"
	mkdir "$dir/each"
	split --lines=1 --suffix-length=5 "$dir/$1" "$dir/each/"
	each=("$dir"/each/*)
	/usr/bin/jsonschema "${each[@]/#/--instance=}" "$schema" >"$dir/out" 2>&1
}

# Named so that each format has something to quote
odd=$'odd <&"\t#\n\x01\xff\xef\xbf\xbf name'
text SE-args.pass | trace good
text SE-args.fail | trace bad
{ text SE-args.fail; echo torn; } | trace torn
text SE-args.fail | sed 's/ # .*//; s/comm0='UKL'/comm0=0x3c263e22ff/' | trace "$odd"
text SE-args.pass | sed '/^+/d' | trace idle
{ text SE-args.pass; echo torn; } | trace torngood
traces=(good bad torn "$odd" idle torngood none)
expected=(0 1 1 1 3 3 2)
cd "$dir" || exit 2

# A program of one function stands for vmlinux, where a store happens that no kernel declares.
printf 'int main(void)\n{\n\treturn 0;\n}\n' >v.c
${CC:-gcc} -g -no-pie -Wl,--build-id -o vmlinux v.c || exit 2
at=0x$(nm vmlinux | awk '$3 == "main" { print $1 }')
{
	echo "env vmlinux \"$dir/vmlinux\""
	echo "env build_id \"$(readelf -n vmlinux | sed -n 's/.*Build ID: //p')\""
	text MF-writers.stray.fail | sed "s/stray_write pc=[^ ]*/stray_write pc=$at/"
} | trace lines

for format in json ktap junit text; do
	"$ukl" check --color=never --format=$format "${traces[@]}" >$format 2>/dev/null
	status=$?
	echo "status $status" >out
	[ "$status" -eq 1 ]
	result $? "$format: the worst trace is the status"
	"$ukl" check --color=never --format=$format "${traces[@]}" 2>/dev/null | cmp - $format \
		>out 2>&1
	result $? "$format: the same bytes again"
	for i in "${!traces[@]}"; do
		"$ukl" check --quiet --format=$format "${traces[i]}" >out 2>/dev/null
		status=$?
		[ "$status" -eq "${expected[i]}" ] && [ ! -s out ] || break
	done
	[ "$status" -eq "${expected[i]}" ] && [ ! -s out ]
	result $? "$format: each trace its status, --quiet prints nothing"
	"$ukl" check --format=$format good >/dev/full 2>out
	[ $? -eq 2 ]
	result $? "$format: a full disk is trouble"
done

# --- JSON Lines

valid json
result $? "json: every line is as the schema says"
"$ukl" check --format=json lines >json.lines
valid json.lines && says 1 grep -c '"symbol": "main", "line": "[^"]*v.c:[12]"' json.lines
result $? "json: source lines, by the schema"
"$ukl" check --format=json --only SE-args,SX-if bad >json.only
valid json.only && says 1 grep -c '"id": "SE-nr", "outcome": "not_chosen", "held": 0' json.only
result $? "json: what --only leaves out is not chosen"
says "trace violation violation verdict " awk -F'"' '{ printf "%s ", $4 }' \
	<("$ukl" check --format=json bad)
result $? "json: trace, violations, verdict"
says 1 grep -c '"slot": "dx", "before": "0x3", "after": "0x4"' \
	<("$ukl" check --format=json bad)
result $? "json: the register that changed"

# The schema is no rubber stamp: each of these edits breaks a line.
for edit in 's/"event": [0-9]*, //' 's/"cpu": 0/"cpu": -1/' 's/"pid": /"pid_": /' \
	's/"relation": "equal"/"relation": "like"/' 's/"0x3"/3/' 's/"opened": [0-9]*, //' \
	's/"type": "verdict"/"type": "opinion"/' 's/"outcome": "held"/"outcome": "passed"/' \
	's/"schema_version": 1/"schema_version": 2/' 's/"reason": "[^"]*"/"reason": ""/'; do
	"$ukl" check --format=json bad none 2>/dev/null | sed "$edit" >json.edited
	! valid json.edited
	result $? "json: the schema refuses $edit"
done

# --- KTAP

# What the kernel's parser wants: version lines, plans, numbers in order, nesting.
ktap_flaw() {
	LC_ALL=C awk '
	function flaw(text) { print FILENAME ":" FNR ": " text; exit }
	FNR == 1 && $0 != "KTAP version 1" { flaw("no version") }
	/^  KTAP version 1$/ { inner = 0; plan = "" ; next }
	/^  # Subtest: ./ || /^  # / || /^KTAP version 1$/ { next }
	/^1\.\.[0-9]+$/ { outer_plan = substr($0, 4); next }
	/^  1\.\.[0-9]+$/ { plan = substr($1, 4); next }
	/^  (not )?ok [0-9]+ [A-Z][A-Z]-[a-z0-9-]+( # SKIP vacuous)?$/ {
		k = $1 == "not" ? $3 : $2
		if (k != ++inner) flaw("number " k)
		next
	}
	/^(not )?ok [0-9]+ [^#]+( # ERROR .*)?$/ {
		k = $1 == "not" ? $3 : $2
		if (k != ++outer) flaw("number " k)
		if (inner != plan) flaw("a plan of " plan " for " inner)
		inner = plan = 0
		next
	}
	{ flaw("cannot be read") }
	END { if (outer != outer_plan) print "a plan of " outer_plan " for " outer }' "$1"
}
says "" ktap_flaw ktap
result $? "ktap: versions, plans and numbers"
says "0 good,1 bad,1 torn,1 odd,1 idle,1 torngood,1 none," \
	awk '/^ok/ { printf "0 %s,", $3 } /^not ok/ { printf "1 %s,", $4 }' ktap
result $? "ktap: only the trace that conforms is ok"
says 3 grep -c '^not ok .* # ERROR ' ktap
result $? "ktap: what has no verdict is an error"
"$ukl" check --format=ktap bad >ktap.bad
says "not ok 8 SE-args" sed -n 's/^  \(.*SE-args\)$/\1/p' ktap.bad
result $? "ktap: the invariant violated is not ok"
says 1 grep -c '^  #   dx: expected 0x3, found 0x4$' ktap.bad
result $? "ktap: expected and found"
"$ukl" check --format=json bad | tail -n 1 >verdict
says "$(grep -o '"outcome": "vacuous"' verdict | wc -l)" grep -c '# SKIP vacuous$' ktap.bad
result $? "ktap: what is vacuous is skipped"
says "  1..2" sed -n 5p <("$ukl" check --format=ktap --only SE-args,SX-if good)
result $? "ktap: --only is the plan"

# --- JUnit

xml() { # XPATH
	xmllint --xpath "$1" junit
}
xmllint --noout junit >out 2>&1
result $? "junit: well-formed"
says 7 xml 'count(/testsuites/testsuite)'
result $? "junit: a suite for each trace"
says true xml 'count(//testsuite[@tests != count(testcase)]) = 0 and
	count(//testsuite[@failures != count(testcase/failure)]) = 0 and
	count(//testsuite[@errors != count(testcase/error)]) = 0 and
	count(//testsuite[@skipped != count(testcase/skipped)]) = 0'
result $? "junit: suites count what they list"
says "SE-args" xml 'string(//testsuite[@name="bad"]/testcase[failure][1]/@name)'
result $? "junit: the invariant violated has failed"
says true xml 'contains(//testsuite[@name="bad"]//failure, "expected  dx: 0x3")'
result $? "junit: its story is there"
says "$(grep -o '"outcome": "vacuous"' verdict | wc -l)" \
	xml 'count(//testsuite[@name="bad"]//skipped[@message="vacuous"])'
result $? "junit: what is vacuous is skipped"
says 4 xml 'count(//testcase[@name="evidence"]/error)'
result $? "junit: traces that are no evidence have an error"

# --- the story, for people

"$ukl" check --color=never lines >text.lines
says 1 grep -c '^  where .*<main> at .*v.c:[12]$' text.lines
result $? "text: the source line"
says 1 grep -c ' stray_write .* @ .*v.c:[12]$' text.lines
result $? "text: source lines of what led there"
says "    dx       0x3 -> 0x4" grep '^    dx ' <("$ukl" check --max-violations 1 bad)
result $? "text: the register that changed"
echo "1..$n"
finish
