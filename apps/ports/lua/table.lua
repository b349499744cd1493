-- SPDX-License-Identifier: GPL-2.0-or-later
-- table.lua - arrays, hashes, their border, sorting, moving, and much of each
local t = {}
for i = 1, 10 do t[i] = i * i end
print(#t, table.concat(t, ","), table.concat(t, "-", 3, 5), table.unpack(t, 8))
table.insert(t, 1, "first")
table.insert(t, "last")
print(table.remove(t, 1), table.remove(t), table.remove(t, 5), #t, table.remove({}))
print(pcall(table.insert, t, 50, 1), pcall(table.concat, { 1, {}, 3 }))
print(table.concat(table.move({ 1, 2, 3, 4, 5 }, 2, 5, 1), " "), table.concat(table.move({ 1, 2, 3 }, 1, 3, 3), " "))
print(#table.pack(1, nil, 3), table.pack(1, nil, 3).n, next({}), type(next), rawlen({ 1, 2 }))
print(({ [1] = "a", [2.0] = "b", ["3"] = "c" })[2], ({ 10, 20, 30, nil })[3], pcall(function() t[nil] = 1 end))
print(pcall(function() t[0 / 0] = 1 end), t[nil], t[0 / 0])

-- sorting: random, sorted, reversed, equal; by number, text and a function
local function check(list, less)
	table.sort(list, less)
	less = less or function(a, b) return a < b end
	for i = 2, #list do assert(not less(list[i], list[i - 1])) end
	return list
end
math.randomseed(1)
local list = {}
for i = 1, 20000 do list[i] = math.random(100000) end
print(check(list)[1] <= list[2], check(list, function(a, b) return a > b end)[1] >= list[2])
for i = 1, 20000 do list[i] = 5 end
check(list)
for i = 1, 5000 do list[i] = ("%x"):format(i * 7919 % 65536) end
print(table.concat(check({ table.unpack(list, 1, 12) }), " "))
print(pcall(table.sort, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, function() return true end))

-- a hash that grows to 100000 and shrinks while it is walked
local h = {}
for i = 1, 100000 do h["key" .. i] = i end
local sum, removed = 0, 0
for k, v in pairs(h) do
	sum = sum + v
	if v % 2 == 0 then h[k] = nil; removed = removed + 1 end
end
local left = 0
for _ in pairs(h) do left = left + 1 end
print(sum, removed, left)

-- keys of every type
local keys = { 1, 1.5, "s", true, print, {}, coroutine.create(print), io.stdout }
local of = {}
for i, k in ipairs(keys) do of[k] = i end
for _, k in ipairs(keys) do io.write(of[k], " ") end
print(of[2 - 1], of[3 / 2], of["s"])

-- a queue, a matrix, a permutation
local q, head, tail = {}, 1, 0
for i = 1, 50000 do
	tail = tail + 1; q[tail] = i
	if i % 3 == 0 then q[head] = nil; head = head + 1 end
end
print(tail - head + 1, q[head], q[tail])
local n, m, p = 40, {}, {}
for i = 1, n do m[i], p[i] = {}, {} for j = 1, n do m[i][j] = (i * j) % 7 end end
for i = 1, n do for j = 1, n do
	local s = 0
	for k = 1, n do s = s + m[i][k] * m[k][j] end
	p[i][j] = s
end end
print(p[1][1], p[n][n], p[7][13])
local count = 0
local function permute(a, k)
	if k == 1 then count = count + 1 return end
	for i = 1, k do
		a[k], a[i] = a[i], a[k]
		permute(a, k - 1)
		a[k], a[i] = a[i], a[k]
	end
end
permute({ 1, 2, 3, 4, 5, 6, 7 }, 7)
print(count)
