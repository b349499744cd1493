# SPDX-License-Identifier: GPL-2.0-or-later
#
# compare.awk - the results of three runs side by side: stock, stock again, UKL
#
#   awk -f compare.awk STOCK AGAIN UKL	(files made by results.awk)
#
# Prints a row for each test: its status without UKL and with it, the subtests that
# passed of all that there were, and what follows from them.  What differs between the
# two runs without UKL is unsteady, and what came to no end without UKL has no result:
# both are shown, not judged.  Exit status 1 if anything else differs, or if a program
# that is listed is not there.

BEGIN {
	FS = "\t"
	printf "%-54s %-22s %-22s\n", "test", "stock", "UKL"
}

FNR == 1 {
	run++
}

$2 == "" {
	status[run, $1] = $3
	if (!($1 in seen))
		order[++tests] = $1
	seen[$1] = 1
	next
}

{
	said[run, $1, $2, $3]++
	total[run, $1]++
	good[run, $1] += $3 ~ /^(ok|pass|done)$/
	keys[$1 SUBSEP $2 SUBSEP $3] = 1
}

function cell(run, test) {
	return sprintf("%s %d/%d", status[run, test], good[run, test], total[run, test])
}

END {
	for (key in keys) {
		split(key, part, SUBSEP)
		one = said[1, key] + 0; two = said[2, key] + 0; ukl = said[3, key] + 0
		if (one != two)
			unsteady[part[1]] = unsteady[part[1]] note(part, one, two, ukl)
		else if (one != ukl)
			differs[part[1]] = differs[part[1]] note(part, one, two, ukl)
	}
	for (i = 1; i <= tests; i++)
		row(order[i])
	printf "%d tests, %d subtests: %d the same (%d of them skip themselves), %d unsteady" \
		" and %d endless without UKL, %d missing, %d different\n", tests, subtests, \
		same, n_skipped, n_unsteady, n_endless, n_missing, n_differs
	exit n_differs > 0 || n_missing > 0 || same == 0
}

function note(part, one, two, ukl) {
	return sprintf("    %d and %d times without UKL, %d with: %s: %s\n", one, two, ukl,
		part[3], part[2])
}

function row(test) {
	verdict = ""
	subtests += total[3, test]
	if (status[1, test] != status[2, test])
		unsteady[test] = unsteady[test] "    " status[1, test] " and " \
			status[2, test] " without UKL\n"
	else if (status[1, test] != status[3, test])
		differs[test] = differs[test] "    the status\n"
	if (status[1, test] status[3, test] ~ /missing/) {
		verdict = "MISSING"
		n_missing++
	} else if (status[1, test] status[2, test] ~ /timeout/) {
		verdict = "endless"
		n_endless++
	} else if (differs[test] != "") {
		verdict = "DIFFERENT"
		n_differs++
	} else if (unsteady[test] != "") {
		verdict = "unsteady"
		n_unsteady++
	} else {
		same++
		n_skipped += status[1, test] == "skip"
	}
	printf "%-54s %-22s %-22s %s\n", test, cell(1, test), cell(3, test), verdict
	printf "%s%s", differs[test], unsteady[test]
}
