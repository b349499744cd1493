-- SPDX-License-Identifier: GPL-2.0-or-later
-- gc.lua - the collector: both modes, weak tables, ephemerons, finalizers, resurrection
local finalized = {}

local function object(name)
	return setmetatable({ name = name }, { __gc = function(o)
		finalized[#finalized + 1] = o.name
	end })
end

for _, mode in ipairs { "incremental", "generational", "incremental" } do
	print(mode, "was", collectgarbage(mode))
	for round = 1, 20 do
		local list
		for i = 1, 2000 do list = { next = list, text = "item " .. i } end
		local n = 0
		while list do n, list = n + 1, list.next end
		assert(n == 2000)
	end
	collectgarbage()
end

-- finalizers run in the reverse order of their marking
do local a, b, c = object("a"), object("b"), object("c") end
collectgarbage()
collectgarbage()
print("finalized", table.concat(finalized, " "))

-- weak keys, weak values, and a key that only its own value refers to
local weakk, weakv = setmetatable({}, { __mode = "k" }), setmetatable({}, { __mode = "v" })
local kept = {}
weakk[kept] = "kept"
weakk[{}] = "lost"
weakv[1], weakv[2] = kept, {}
do local key = {}; weakk[key] = { key } end
collectgarbage()
local count = 0
for k, v in pairs(weakk) do count = count + 1; assert(k == kept and v == "kept") end
print("weak", count, weakv[1] == kept, weakv[2])

-- an object that its finalizer brings back, once
local saved
do setmetatable({ alive = true }, { __gc = function(o) saved = o end }) end
collectgarbage()
print("resurrected", saved.alive)
saved = nil
collectgarbage()

-- memory is given back
local before = collectgarbage("count")
local big = {}
for i = 1, 50000 do big[i] = { i } end
local high = collectgarbage("count")
big = nil
collectgarbage()
local after = collectgarbage("count")
print("grows and shrinks", high > before + 1000, after < before + 1000)

-- a step at a time, with the program running on
collectgarbage("stop")
print("running", collectgarbage("isrunning"))
collectgarbage("restart")
local steps = 0
repeat steps = steps + 1 until collectgarbage("step", 1) or steps > 1000000
print("stepped to the end", steps > 1)

-- a closing state runs what is left
finalized = setmetatable({}, { __newindex = function(_, _, name)
	print("at the end", name)
end })
last = object("last")
