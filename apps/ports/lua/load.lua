-- SPDX-License-Identifier: GPL-2.0-or-later
-- load.lua - the compiler: load, dump, require, environments, debug
print(load("return 1 + 1")(), load("x = "))
local parts = { "return ", "'in", " parts'" }
local i = 0
print(load(function() i = i + 1; return parts[i] end)())
print(load("y = 5; return y", "chunk", "t", {})(), y, pcall(load, "x", "c", "q"))

-- to bytecode and back
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local dumped = string.dump(function(n, f) return n < 2 and n or f(n - 1, f) + f(n - 2, f) end, true)
local again = load(dumped, "dumped", "b")
print(again(20, again), fib(20), load(dumped, "dumped", "t"))
print(select(2, load(dumped:sub(1, 20), "cut", "b")))

-- a generated program of 2000 functions
local source = {}
for n = 1, 2000 do source[n] = ("local function f%d(x) return x + %d end t[%d] = f%d"):format(n, n, n, n) end
for n = 1, 2000, 100 do source[n] = "do " .. source[n] end
for n = 100, 2000, 100 do source[n] = source[n] .. " end" end
local env = { t = {} }
assert(load(table.concat(source, "\n"), "=generated", "t", env))()
local sum = 0
for n, f in ipairs(env.t) do sum = sum + f(n) end
print(#env.t, sum)
print(load(("local a = 1 "):rep(201)))
print(select("#", load("return " .. ("1,"):rep(200) .. "1")()))

package.preload.answer = function(name, extra) return { name = name, extra = extra, value = 42 } end
local m = require("answer")
print(m.name, m.extra, m.value, require("answer") == m, package.loaded.answer == m)
print((select(2, pcall(require, "no.such.module")):match("[^\n]+")))
local file = os.tmpname()
local f = io.open(file, "w")
f:write("#!a first line that is skipped\nlocal a, b = ...\nreturn a, b, 'from a file'\n")
f:close()
print(loadfile(file)(1, 2), dofile(file))
os.remove(file)

local info = debug.getinfo(fib, "SLu")
print(info.what, info.linedefined, info.nparams, info.isvararg, info.nups)
print(debug.getlocal(fib, 1), debug.getupvalue(function() return sum end, 1))
local lines, calls = 0, 0
debug.sethook(function(event) if event == "line" then lines = lines + 1 else calls = calls + 1 end end, "lc")
fib(5)
debug.sethook()
print(lines > 10, calls >= 15)
local count = 0
debug.sethook(function() count = count + 1 end, "", 1000)
fib(18)
debug.sethook()
print("counted", count > 50)

-- an expression evaluator, written in Lua, checked against Lua
local function evaluate(text)
	local position = 1
	local expression
	local function peek() position = text:find("%S", position) or #text + 1 return text:sub(position, position) end
	local function factor()
		if peek() == "(" then
			position = position + 1
			local v = expression()
			assert(peek() == ")")
			position = position + 1
			return v
		end
		local number = text:match("^%d+", position)
		position = position + #number
		return tonumber(number)
	end
	local function term()
		local v = factor()
		while peek() == "*" do position = position + 1; v = v * factor() end
		return v
	end
	function expression()
		local v = term()
		while peek():match("[+-]") do
			local op = peek()
			position = position + 1
			local w = term()
			v = op == "+" and v + w or v - w
		end
		return v
	end
	return expression()
end
math.randomseed(9)
local function random_expression(depth)
	if depth == 0 then return tostring(math.random(9)) end
	return ("(%s %s %s)"):format(random_expression(depth - 1),
		("+-*"):sub(math.random(3)):sub(1, 1), random_expression(depth - 1))
end
local equal = 0
for n = 1, 200 do
	local e = random_expression(n % 6)
	if evaluate(e) == load("return " .. e)() then equal = equal + 1 end
end
print("evaluated", equal)
