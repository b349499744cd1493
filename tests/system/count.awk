# SPDX-License-Identifier: GPL-2.0-or-later
#
# count.awk - compare what count announced with what the trace holds
#
#   awk -v call=HEX -v jump=HEX -v console=FILE -f count.awk DUMP
#
# call and jump are the gates' addresses; FILE holds the lines that count printed;
# DUMP is "ukl dump" with every sampled slot on each line.  Prints a line per
# comparison that fails and a summary; exits with 1 if any failed.  Addresses are
# compared as strings of 16 digits, because awk's numbers have only 53 bits.

function hex(text) {
	sub(/^0x/, "", text)
	while (length(text) < 16)
		text = "0" text
	return tolower(text)
}

# The value of word NAME= on this line, angle brackets skipped; "" if absent.
function word(name, i) {
	for (i = 6; i <= NF; i++)
		if (index($i, name "=") == 1)
			return hex(substr($i, length(name) + 2))
	return ""
}

function complain(text) {
	print "count: " text
	failures++
}

function require(what, want, got) {
	compared++
	if (want != got)
		complain("phase " name[phase] ": " what " announced " want \
			 ", recorded " got)
}

function require_at_least(what, want, got) {
	compared++
	if (got < want)
		complain("phase " name[phase] ": at least " want " " what \
			 " announced, recorded " got)
}

# "count: expect phase=P n=N begin=B end=E ..." -> want[P, key]
function announce(line, part, pair, i, n, p) {
	n = split(line, part, " ")
	p = ++announced
	for (i = 3; i <= n; i++) {
		split(part[i], pair, "=")
		want[p, pair[1]] = pair[2]
	}
	name[p] = want[p, "phase"]
}

function begin_phase(p) {
	phase = p
	lo = hex(want[p, "lo"])
	hi = hex(want[p, "hi"])
	calls = jumps = entered = left = faults = everywhere = ticks = 0
	split("", page)
}

function end_phase() {
	require("system calls by call", want[phase, "calls"] + 0, calls)
	require("system calls by jump", want[phase, "jumps"] + 0, jumps)
	require("entries to do_syscall_64", calls + jumps, entered - 1)
	require("returns from do_syscall_64", calls + jumps, left - 1)
	if (want[phase, "faults"] != "any") {
		require("page faults of the application", want[phase, "faults"] + 0, faults)
		require("page faults in the range", want[phase, "faults"] + 0, everywhere)
		require("pages with a fault", want[phase, "faults"] + 0, length(page))
	}
	require_at_least("timer interrupts", want[phase, "ticks"] + 0, ticks)
	done++
	phase = 0
}

# A marker begins the next announced phase or ends the current one.
function marker(nr) {
	if (!phase && nr == hex(want[done + 1, "begin"]))
		begin_phase(done + 1)
	else if (phase && nr == hex(want[phase, "end"]))
		end_phase()
	else
		complain("marker " nr " out of order")
}

BEGIN {
	call = hex(call)
	jump = hex(jump)
	while ((getline line < console) > 0) {
		sub(/\r$/, "", line)
		if (line ~ /^count: expect /)
			announce(line)
		if (line ~ /^count: total /) {
			split(line, part, /[ =]/)
			total_calls = part[4]
			total_jumps = part[6]
		}
	}
	if (!announced)
		complain("nothing was announced in " console)
}

$5 == "gate_in" {
	pc = word("pc")
	nr = word("%ax")
	if (pc == call)
		all_calls++
	else if (pc == jump)
		all_jumps++
	else
		complain("gate_in at " pc ", which is no gate")
	if (nr ~ /^00000000554b4c/)
		marker(nr)
	else if (pc == call)
		calls++
	else
		jumps++
}

# Between the markers' own gate_in there is one more sys_enter and sys_leave, of
# the marker that began the phase.
$5 == "sys_enter" { entered++ }
$5 == "sys_leave" { left++ }

$5 == "int_in" && phase {
	vector = word("vector")
	if (vector == hex("e")) {
		address = word("%cr2")
		if (address >= lo && address < hi) {
			everywhere++
			faults += $4 == "app"
			page[substr(address, 1, 13)] = 1
		}
	}
	ticks += vector == hex("ec") && $4 == "app"
}

END {
	if (phase)
		complain("phase " name[phase] " has no end")
	phase = announced + 1
	name[phase] = "(whole run)"
	require("phases", announced, done + 0)
	require("system calls by call", total_calls + 0, all_calls + 0)
	require("system calls by jump", total_jumps + 0, all_jumps + 0)
	printf "count: %d phases, %d comparisons, %d failed; %d calls and %d jumps\n",
		done, compared, failures, all_calls, all_jumps
	exit failures > 0
}
