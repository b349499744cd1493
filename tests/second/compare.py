#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py - do two checkers say the same of the same traces?

    compare.py FIRST SECOND

FIRST is what "ukl check --format=json --max-violations=N" printed, SECOND what check.py did.
For each trace a line "ok TRACE", or "differs TRACE" and what differs.  Exit status 1 if any
differs, or one was judged by one of them only.
"""
import json
import sys


def by_ukl(path):
    """{trace: (first event of each violated invariant, those that were exercised)}"""
    found = {}
    with open(path, encoding="utf-8") as f:
        for line in map(json.loads, f):
            violated, applied = found.setdefault(line["trace"], ({}, set()))
            if line["type"] == "violation":
                violated[line["id"]] = line["event"]
            elif line["type"] == "verdict":
                applied.update(i["id"] for i in line["invariants"]
                               if i["outcome"] in ("held", "violated"))
    return found


def by_second(path):
    with open(path, encoding="utf-8") as f:
        return {line["trace"]: (line["violated"], set(line["applied"]))
                for line in map(json.loads, f)}


def differences(first, second):
    for name in sorted(first[0].keys() | second[0].keys()):
        events = first[0].get(name), second[0].get(name)
        if events[0] != events[1]:
            yield "%s is violated at %s, or at %s" % (name, *events)
    for name in sorted(first[1] ^ second[1]):
        yield "%s is vacuous to the %s" % (name, "second" if name in first[1] else "first")


def main():
    first, second = by_ukl(sys.argv[1]), by_second(sys.argv[2])
    bad = not first
    for trace in sorted(first.keys() | second.keys()):
        if trace not in first or trace not in second:
            found = ["judged by one of them only"]
        else:
            found = list(differences(first[trace], second[trace]))
        print("differs %s: %s" % (trace, "; ".join(found)) if found else "ok %s" % trace)
        bad = bad or bool(found)
    return bad


if __name__ == "__main__":
    sys.exit(main())
