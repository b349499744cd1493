# SPDX-License-Identifier: GPL-2.0-or-later
#
# results.awk - what the selftests said, one line a result: TEST <tab> SUBTEST <tab> RESULT
#
# Reads the files that the guest left, one a test: its name, what it said, its status.
# Subtests are known by the ways in which kselftests tell them: TAP, "[OK]" and
# "name... done".  Numbers differ from run to run and are all the same here.

function result(subtest, outcome) {
	gsub(/0x[0-9a-f]+|[0-9]+(\.[0-9]+)?/, "N", subtest)
	gsub(/[ \t]+/, " ", subtest)
	print test "\t" substr(subtest, 1, 100) "\t" outcome
}

FNR == 1 {
	test = $0
	next
}

/^UKL-STATUS / {
	print test "\t\t" $2
	next
}

/^[# \t]*(not )?ok [0-9]+/ {
	outcome = /# *SKIP/ ? "skip" : /^[# \t]*not / ? "fail" : "ok"
	sub(/^[# \t]*(not )?ok [0-9]+[ -]*/, "")
	sub(/ +# .*/, "")	# a directive or a remark
	result($0, outcome)
	next
}

/^\[(OK|FAIL|SKIP|PASS)\]/ {
	outcome = tolower(substr($1, 2, index($1, "]") - 2))
	sub(/^\[[A-Z]+\][ \t]*/, "")
	result($0, outcome)
	next
}

/\.\.\. *(done|skipped|failed)/ {
	match($0, /\.\.\. *(done|skipped|failed)/)
	outcome = substr($0, RSTART, RLENGTH)
	sub(/\.\.\. */, "", outcome)
	result(substr($0, 1, RSTART - 1), outcome)
}
