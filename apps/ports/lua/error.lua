-- SPDX-License-Identifier: GPL-2.0-or-later
-- error.lua - error, pcall, xpcall and warn: longjmp out of every depth
print(pcall(error), pcall(error, nil), pcall(error, "text"), pcall(error, "text", 0))
print(select(2, pcall(error, { code = 7 })).code, select("#", pcall(error)))
print(xpcall(function() error("inner", 0) end, function(m) return "handled " .. m end))
print(xpcall(function(...) return ... end, print, 1, 2, 3))

-- a handler that fails itself, and a traceback
print(xpcall(function() error("one", 0) end, function() error("two", 0) end))
local _, trace = xpcall(function() local x = nil; return x.field end, debug.traceback)
print((trace:gsub("0x%x+", "ADDRESS"):match("[^\n]+")), select(2, trace:gsub("\n", "")) > 2)

for _, code in ipairs { "nil + 1", "({}).x.y", "('x')()", "#5", "{} < {}", "1 < '2'", "nil .. 'x'",
		"math.floor('x')", "('x'):rep(-1, 5, 6):bad()", "setmetatable(1, {})", "2^53 | 2.5" } do
	print(code, pcall(load("return " .. code)))
end
for _, code in ipairs { "x = = 1", "for", "'open", "[[open", "1e", "\"\\q\"", "x = }", "break", "return return",
		"local function", "a.b:c = 1", ("("):rep(300), "--[==[" } do
	print((select(2, load(code)):gsub("%(+", "(")))
end

-- through C: sort, gsub, load's reader, tostring, a finalizer
print(pcall(table.sort, { 3, 2, 1 }, function() error("in sort", 0) end))
print(pcall(string.gsub, "abc", ".", function() error("in gsub", 0) end))
print(pcall(load, function() error("in reader", 0) end))
print(pcall(tostring, setmetatable({}, { __tostring = function() return 1 end })))
print(pcall(function()
	local guard <close> = setmetatable({}, { __close = function(_, e)
		error("closing after " .. tostring(e), 0)
	end })
	error("body", 0)
end))

-- 100000 errors: each is a setjmp and a longjmp
local caught = 0
for i = 1, 100000 do
	local ok, e = pcall(error, i)
	if not ok and e == i then caught = caught + 1 end
end
print("caught", caught)

-- nested: thrown through 150 levels of pcall, changed at each
local function nest(n)
	if n == 0 then error(0) end
	local ok, e = pcall(nest, n - 1)
	error(e + 1)
end
print(pcall(nest, 150))

-- out of memory is an error like any other
print(pcall(function() return ("x"):rep(1 << 40) end))
local ok, e = pcall(function()
	local s = ("x"):rep(1 << 20)
	local t = {}
	for i = 1, 1 << 30 do t[i] = s .. i; if i > 20 then error("enough", 0) end end
end)
print(ok, e)
local function runaway() return runaway() .. "x" end
print(select(2, pcall(runaway)):match("stack overflow"))
print(pcall(string.rep), pcall(setmetatable, {}), pcall(ipairs))
print(assert(1, "unused"), pcall(assert, false), pcall(assert, nil, "said so"))
warn("@on")
warn("a warning", " in two parts")
