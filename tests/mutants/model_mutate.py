#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
#
# model_mutate.py - small bugs in the model's source, made by rule
#
#   model_mutate.py list FILE...       one line each: NUMBER FILE LINE RULE TEXT
#   model_mutate.py make FILE NUMBER   the file's text with that bug
#
# The rules, each applied to one place at a time:
#
#   drop-want   a want*() or note of an invariant is left out
#   no-guard    "if (...) return UKL_VACUOUS;" never returns
#   negate      the condition of an "if" is negated
#   no-edge     a row of the machine's table is left out
#   no-move     a row of the transition table leaves the task where it is
#   no-action   a row of the transition table changes nothing else
#
# Not touched: comments, strings, preprocessor lines, and the model's life (creation,
# destruction and the questions after it), which other tests break in other ways.
import re
import sys

LIFE = re.compile(r"/\*\n \* LIFE\n \*/")
BLANK = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\])*"|^#(?:[^\n\\]|\\\n|\\.)*', re.S | re.M)


def blank(text):
    """The text with what is no code replaced by spaces, at the same offsets."""
    text = BLANK.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    return text


def closing(code, at):
    """Offset behind the parenthesis that closes the one at."""
    depth = 0
    for i in range(at, len(code)):
        depth += (code[i] == "(") - (code[i] == ")")
        if not depth:
            return i + 1
    raise ValueError("a parenthesis stays open")


def calls(code, name):
    """Statements that are one call: (begin, end), the semicolon included."""
    for m in re.finditer(r"(?<=[;{}):])\s*\n\t+(" + name + r")\(", code):
        end = closing(code, m.end() - 1)
        if code[end] == ";":
            yield m.start(1), end + 1


def ifs(code):
    for m in re.finditer(r"\bif (\()", code):
        yield m.start(1), closing(code, m.start(1))


def rows(code, table):
    start = code.find(table)
    if start < 0:
        return
    end = code.index("\n};", start)
    for m in re.finditer(r"\n\t(?=[A-Z\[])", code[start:end]):
        begin = start + m.end()
        stop = re.compile(r"[)}],").search(code, begin)
        # a row ends at the first ")," or "}," in which all is closed
        while stop:
            part = code[begin:stop.end() - 1]
            if part.count("(") == part.count(")") and part.count("{") == part.count("}"):
                yield begin, stop.end()
                break
            stop = re.compile(r"[)}],").search(code, stop.end())


def mutants(text):
    """(rule, begin, end, replacement) of each."""
    life = LIFE.search(text)
    code = blank(text)
    if life:
        code = code[:life.start()] + " " * (len(code) - life.start())
    for begin, end in calls(code, r"want\w*|ukl_want_slots|ukl_note"):
        yield "drop-want", begin, end, ";"
    for begin, end in ifs(code):
        condition = text[begin:end]
        if re.match(r"\s*return UKL_VACUOUS;", code[end:]):
            yield "no-guard", begin, end, "(0 && " + condition + ")"
        yield "negate", begin, end, "(!" + condition + ")"
    for begin, end in rows(code, "ukl_machine[] ="):
        yield "no-edge", begin, end, ""
    for begin, end in rows(code, "transitions[UKL_KINDS] ="):
        row = text[begin:end]
        m = re.match(r"(\[\w+\] = \{ )(\w+)(,\s*)(\w+)( \},)", row)
        if m.group(2) != "KEEP":
            yield "no-move", begin, end, m.expand(r"\1KEEP\3\4\5")
        if m.group(4) != "NULL":
            yield "no-action", begin, end, m.expand(r"\1\2\3NULL\5")


def main(argv):
    if argv[1] == "list":
        for path in argv[2:]:
            text = open(path, encoding="utf-8").read()
            for n, (rule, begin, end, _) in enumerate(mutants(text)):
                line = text.count("\n", 0, begin) + 1
                print(n, path, line, rule, " ".join(text[begin:end].split()))
        return
    text = open(argv[2], encoding="utf-8").read()
    _, begin, end, new = list(mutants(text))[int(argv[3])]
    sys.stdout.write(text[:begin] + new + text[end:])


main(sys.argv)
