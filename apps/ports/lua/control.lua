-- SPDX-License-Identifier: GPL-2.0-or-later
-- control.lua - goto, closures, varargs, integer loops, tail calls, attributes
do
	local i = 1
	::top::
	if i <= 5 then
		if i == 3 then goto continue end
		io.write(i, " ")
		::continue::
		i = i + 1
		goto top
	end
	print()
end
for i = 1, 3 do
	for j = 1, 3 do
		if j == 2 then goto next_i end
		io.write(i, ",", j, " ")
	end
	::next_i::
end
print()
print(load("goto nowhere"), load("::a:: ::a::"), load("do local x <const> = 1; x = 2 end"))
print(load("goto over; local x; ::over:: print(x)"))

-- each iteration has its own variable, and closures share it
local fs = {}
for i = 1, 5 do
	local n = 0
	fs[i] = { add = function(k) n = n + k * i end, get = function() return n end }
end
for i = 1, 5 do fs[i].add(1); fs[i].add(2) end
for i = 1, 5 do io.write(fs[i].get(), " ") end
print()

-- goto back over a closure makes a new one
do
	local made, k = {}, 0
	::again::
	local x = k
	made[#made + 1] = function() x = x + 1; return x end
	k = k + 10
	if k < 30 then goto again end
	print(made[1](), made[1](), made[2](), made[3]())
end

local function va(...)
	local a, b = ...
	return select("#", ...), a, b, select(-1, ...)
end
print(va(1, nil, 3, nil, 5), (va(1, 2)), select("#", table.unpack({}, 1, 250)))
print(pcall(select, 0), table.pack(va(7, 8)).n, #{ va(1, 2), va(3, 4) })
for i = math.maxinteger - 2, math.maxinteger do io.write(i, " ") end
for i = 1, 0 do error("never") end
for x = 1.0, 2.0, 0.25 do io.write(x, " ") end
print(pcall(function() for i = 1, 10, 0 do end end))

-- a million tail calls need no stack; as many others overflow it and are caught
local function down(n) if n == 0 then return "bottom" end return down(n - 1) end
print(down(1000000))
local function deep(n) return 1 + deep(n + 1) end
local ok, err = pcall(deep, 1)
print(ok, err:match("stack overflow"))
local function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
print(even(100000), odd(77777))

local log = {}
do
	local function guard(name)
		return setmetatable({}, { __close = function() log[#log + 1] = name end })
	end
	local a <close>, b <const> = guard("a"), 5
	local c <close> = guard("c")
	for i = 1, 2 do local d <close> = guard("d" .. i) end
	log[#log + 1] = "body" .. b
end
print(table.concat(log, " "))

-- queens, by backtracking
local function queens(n)
	local count, row, up, down = 0, {}, {}, {}
	local function place(c)
		if c > n then count = count + 1 return end
		for r = 1, n do
			if not (row[r] or up[r + c] or down[r - c + n]) then
				row[r], up[r + c], down[r - c + n] = true, true, true
				place(c + 1)
				row[r], up[r + c], down[r - c + n] = nil, nil, nil
			end
		end
	end
	place(1)
	return count
end
print("queens", queens(6), queens(8))
