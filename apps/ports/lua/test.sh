# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# test.sh - Lua's tests as the guest runs them: every script, and the interpreter itself
package=lua
# shellcheck source=apps/ports/testing.sh
. ./testing.sh

each version "$PROGRAM" -v
for script in *.lua; do
	each "$script" "$PROGRAM" -W "$script"
done
each arguments "$PROGRAM" -e 'print(#arg, arg[1], arg[-1] ~= nil)' -l math - one two </dev/null
echo 'print("from standard input", ...)' >stdin
each stdin "$PROGRAM" - a b <stdin
each interactive "$PROGRAM" -i -e 'x = 6' <<'LUA'
= x * 7
for i = 1, 3 do
io.write(i, " ") end print()
error("shown, and it goes on")
print "the end"
LUA
each error status 1 "$PROGRAM" -e 'error("a message")'
each exit status 9 "$PROGRAM" -e 'os.exit(9)'
each syntax status 1 "$PROGRAM" -e 'x x'
each signal status 143 "$PROGRAM" -e 'os.execute("kill -TERM $PPID")'
exit "$failed"
