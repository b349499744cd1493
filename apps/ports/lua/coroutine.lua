-- SPDX-License-Identifier: GPL-2.0-or-later
-- coroutine.lua - resume, yield and close, across pcall, metamethods and C functions
local function numbers(n)
	return coroutine.wrap(function()
		for i = 1, n do coroutine.yield(i) end
	end)
end

local sum = 0
for i in numbers(10000) do sum = sum + i end
print("sum", sum)

-- the sieve: each prime is a filter of its own
local function sieve(from)
	return coroutine.wrap(function()
		local prime = from()
		while prime do
			coroutine.yield(prime)
			local inner = from
			local p = prime
			from = coroutine.wrap(function()
				for n in inner do
					if n % p ~= 0 then coroutine.yield(n) end
				end
			end)
			prime = from()
		end
	end)
end
local primes = {}
for p in sieve(coroutine.wrap(function()
	for i = 2, 400 do coroutine.yield(i) end
end)) do primes[#primes + 1] = p end
print("primes", #primes, primes[#primes])

-- values both ways, and the states
local co = coroutine.create(function(...)
	local got = { ... }
	while true do got = { coroutine.yield(#got, table.unpack(got)) } end
end)
print(coroutine.resume(co, 1, 2, 3))
print(coroutine.resume(co, "x", nil, "y"))
print(coroutine.status(co), select(2, coroutine.running()))
print("close", coroutine.close(co), coroutine.status(co))

-- errors inside, and yields across pcall, a metamethod and an iterator
co = coroutine.create(function()
	print("caught", pcall(function()
		coroutine.yield("in pcall")
		error("after the yield", 0)
	end))
	local t = setmetatable({}, {
		__index = function(_, k) return coroutine.yield("index " .. k) end,
		__add = function(_, b) return coroutine.yield("add " .. b) end,
		__lt = function() return coroutine.yield("less") end,
	})
	print(t.field, t + 5, t < t)
	error({ code = 42 })
end)
print(coroutine.resume(co))
print(coroutine.resume(co))
print(coroutine.resume(co, "value"))
print(coroutine.resume(co, "sum"))
local ok, err = coroutine.resume(co, true)
print(ok, type(err), err.code, coroutine.status(co))

print(coroutine.resume(coroutine.create(function()
	table.sort({ 3, 1, 2 }, function(a, b) coroutine.yield() return a < b end)
end)))
print(pcall(coroutine.wrap(function() error("out of wrap", 0) end)))
print(coroutine.isyieldable(), coroutine.resume(coroutine.running()))

-- to-be-closed variables of a coroutine that is closed half way
co = coroutine.create(function()
	local guard <close> = setmetatable({}, { __close = function(_, e)
		print("closed with", e)
	end })
	coroutine.yield()
end)
coroutine.resume(co)
print(coroutine.close(co))

-- deep: coroutines in coroutines, to the limit of the C stack
local function nest(n)
	if n == 0 then return 0 end
	return 1 + coroutine.wrap(nest)(n - 1)
end
print("nested", nest(100))
local ok, err = pcall(nest, 1000)
print("too deep", ok, tostring(err):match("C stack overflow"))

-- many at once
local all = {}
for i = 1, 5000 do
	all[i] = coroutine.wrap(function(a) while true do a = coroutine.yield(a + i) end end)
end
local total = 0
for round = 1, 3 do for i = 1, #all do total = total + all[i](round) end end
print("many", total)
