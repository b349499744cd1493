-- SPDX-License-Identifier: GPL-2.0-or-later
-- meta.lua - metamethods of every operation, inheritance, proxies
local log = {}
local names = { "add", "sub", "mul", "div", "mod", "pow", "idiv", "band", "bor", "bxor", "shl",
	"shr", "concat", "unm", "bnot", "len", "eq", "lt", "le", "call" }
local mt = {}
for _, name in ipairs(names) do
	mt["__" .. name] = function() log[#log + 1] = name; return name end
end
local a, b = setmetatable({}, mt), setmetatable({}, mt)
local _ = { a + b, a - 1, 1 * a, a / b, a % 2, 2 ^ a, a // b, a & 1, 1 | a, a ~ b, a << 1, 1 >> a,
	a .. "x", -a, ~a, #a, a == b, a < b, a <= b, a(1) }
print(table.concat(log, " "))
print(a == b, a ~= b, a < b, not (a <= b), a .. b, rawequal(a, b), rawlen(a))

-- classes, two levels, with a tostring and a name
local Shape = {}
Shape.__index = Shape
Shape.__name = "Shape"
function Shape.new(class, o) return setmetatable(o or {}, class) end
function Shape:area() return 0 end
local Square = setmetatable({}, { __index = Shape })
Square.__index = Square
Square.__tostring = function(s) return "square of " .. s.side end
function Square:area() return self.side ^ 2 end
print(tostring(Square:new { side = 3 }), Square:new { side = 3 }:area(), Shape:new():area())
print((tostring(Shape:new()):gsub("0x%x+", "ADDRESS")))
print(pcall(function() return #nil end), pcall(function() return Shape:new() + 1 end))

-- a proxy that logs, a default, a read-only table
local store, reads = {}, 0
local proxy = setmetatable({}, {
	__index = function(_, k) reads = reads + 1; return store[k] end,
	__newindex = function(_, k, v) store[k] = v end,
	__pairs = function() return next, store, nil end,
	__len = function() return 99 end,
})
proxy.x, proxy.y = 1, 2
local sum = 0
for k, v in pairs(proxy) do sum = sum + v end
print(proxy.x + proxy.y, reads, sum, #proxy, rawget(proxy, "x"))
local constant = setmetatable({}, { __newindex = function(_, k) error("no " .. k, 2) end,
	__metatable = "locked" })
print(pcall(function() constant.x = 1 end))
print(getmetatable(constant), pcall(setmetatable, constant, {}))

-- chains of __index, a loop of them, and __call of __call
local chain = {}
for i = 1, 50 do chain = setmetatable({}, { __index = chain }) end
print(chain.nothing)
local loop = {}
setmetatable(loop, { __index = loop, __newindex = loop })
print(pcall(function() return loop.x end))
local callable = setmetatable({}, { __call = setmetatable({}, { __call = function(_, _, n)
	return n * 2
end }) })
print(callable(21))

-- sorting with a comparison that is a metamethod
local V = {}
V.__lt = function(p, q) return p.n < q.n end
local list = {}
for i = 1, 300 do list[i] = setmetatable({ n = i * 97 % 301 }, V) end
table.sort(list)
local sorted = true
for i = 2, #list do sorted = sorted and list[i - 1].n <= list[i].n end
print("sorted", sorted, list[1].n, list[300].n)
print(pcall(table.sort, { 1, "x", 3 }))

-- strings have one too
getmetatable("").__call = function(s, i, j) return s:sub(i, j) end
print(("substring")(4, 6))
