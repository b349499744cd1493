#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""schema.py SCHEMA - is every line of standard input as the JSON schema says?

Exit status: 0 all are, and there is one; 1 some line is not, which is told.
"""
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
lines = 0
for line in sys.stdin:
    lines += 1
    for error in validator.iter_errors(json.loads(line)):
        sys.exit(f"line {lines}: {error.message}")
sys.exit(0 if lines else "nothing to look at")
