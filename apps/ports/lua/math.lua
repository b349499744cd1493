-- SPDX-License-Identifier: GPL-2.0-or-later
-- math.lua - integers and floats, their limits, and what the C library computes
print(math.maxinteger, math.mininteger, math.maxinteger + 1 == math.mininteger, math.pi)
print(7 // 2, -7 // 2, 7 // -2.0, 7 % 3, -7 % 3, 7 % -3, -7.5 % 2, 5.3 % math.huge)
print(1 / 0, -1 / 0, 0 / 0 ~= 0 / 0, pcall(function() return 1 // 0 end))
print(pcall(function() return 1 % 0 end), 1 // 0.0, 2^1023 * 2, 5e-324 / 2)
print(1 << 63, 1 << 64, -1 >> 1, ~0, 5 & 3, 5 | 3, 5 ~ 3, 3.0 | 0, pcall(function() return 1.5 | 0 end))
print(math.type(1), math.type(1.0), math.type("1"), 1 == 1.0, math.tointeger(3.0), math.tointeger(3.5))
print(math.floor(-3.7), math.ceil(-3.7), math.fmod(-7, 3), math.modf(-3.7), math.abs(math.mininteger))
print(math.max(1, 2.5, -1), math.min(3, -2), math.ult(1, -1), "10" + 5, "0x10" * 1, 10 .. "")
print(math.mininteger < -9223372036854775807.0, math.maxinteger + 0.0 == 2^63, 2^53 == 2^53 + 1)

local function show(name, f, ...)
	io.write(name, " ")
	for _, x in ipairs { ... } do io.write(("%.14g "):format(f(x))) end
	print()
end
show("sin", math.sin, 0, 0.5, 1, 100, 1e10)
show("cos", math.cos, 0, 0.5, 1, 100, 1e10)
show("tan", math.tan, 0, 0.5, 1.5, 100)
show("asin", math.asin, -1, -0.5, 0, 0.5, 1)
show("acos", math.acos, -1, -0.5, 0, 0.5, 1)
show("atan", math.atan, -1e10, -1, 0, 1, 1e10)
show("exp", math.exp, -700, -1, 0, 1, 10, 700)
show("log", math.log, 1e-300, 0.5, 1, 10, 1e300)
show("sqrt", math.sqrt, 0, 2, 1e-300, 1e300)
print(math.log(8, 2), math.log(1000, 10), math.log(27, 3), math.atan(1, -1), math.atan(-0.0, -1))

-- the generator is a known one: xoshiro256**
math.randomseed(42, 7)
for i = 1, 5 do io.write(math.random(0), " ") end
print(math.random(), math.random(10), math.random(-5, 5))
print(pcall(math.random, 2, 1), pcall(math.random, 0, 1, 2))
local buckets = {}
for i = 1, 100000 do local k = math.random(10); buckets[k] = (buckets[k] or 0) + 1 end
print(table.concat(buckets, " "))

-- work for the floating-point unit while interrupts come: an orbit, a spectrum
local x, y, vx, vy = 1.0, 0.0, 0.0, 1.0
for i = 1, 200000 do
	local r3 = (x * x + y * y) ^ 1.5
	vx, vy = vx - x / r3 * 1e-4, vy - y / r3 * 1e-4
	x, y = x + vx * 1e-4, y + vy * 1e-4
end
print(("orbit %.12f %.12f"):format(x, y))
local function a(i, j) return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1) end
local n, u = 60, {}
for i = 0, n - 1 do u[i] = 1 end
local function times(v, transposed)
	local w = {}
	for i = 0, n - 1 do
		local s = 0
		for j = 0, n - 1 do s = s + (transposed and a(j, i) or a(i, j)) * v[j] end
		w[i] = s
	end
	return w
end
local v
for i = 1, 10 do v = times(times(u), true); u = times(times(v), true) end
local vbv, vv = 0, 0
for i = 0, n - 1 do vbv, vv = vbv + u[i] * v[i], vv + v[i] * v[i] end
print(("spectral norm %.9f"):format(math.sqrt(vbv / vv)))
