-- SPDX-License-Identifier: GPL-2.0-or-later
-- io.lua - files: modes, buffers, seeking, lines, numbers, temporary files, pipes
local name = "io.test"
local f = assert(io.open(name, "w"))
print(io.type(f), io.type(io.stdout), io.type(42))
for i = 1, 1000 do f:write("line ", i, "\n") end
print("at", f:seek(), f:seek("set", 5), f:write("CHANGED") == f, f:seek("end"))
f:close()
print(io.type(f), pcall(f.write, f, "x"))

local n, bytes = 0, 0
for line in io.lines(name) do n, bytes = n + 1, bytes + #line end
print("lines", n, bytes)
for a, b in io.lines(name, 3, "L") do print(("%q %q"):format(a, b)); break end

f = assert(io.open(name, "r+"))
print(f:read("l"), f:read("L"), f:read(4), f:read("n"), f:read(0))
print(f:seek("cur", -3), #f:read("a"), f:read("a"), f:read("l"), f:read(0))
f:seek("set", 0)
f:write("first")
f:flush()
f:seek("set", 0)
print(f:read(12))
f:close()

-- appending, binary data, and every kind of buffer
for _, mode in ipairs { "no", "full", "line" } do
	f = assert(io.open(name, "ab"))
	f:setvbuf(mode, 256)
	for i = 0, 255 do f:write(string.char(i)) end
	f:close()
end
f = assert(io.open(name, "rb"))
f:seek("end", -768)
local data = f:read(768)
print("binary", #data, data:sub(1, 256) == data:sub(257, 512), data:byte(256))
f:close()

f = assert(io.open(name, "w"))
f:write("0x1F -7 3.5e2 nan 12abc")
f:close()
f = assert(io.open(name))
print(f:read("n", "n", "n", "n"))
f:close()

-- what cannot be opened, removed, or written
print(io.open("/no/such/file"))
print(os.remove("/no/such/file"))
print(pcall(io.lines, "/no/such/file"))
print(pcall(io.open, name, "rz"))
print(os.rename(name, name .. ".new"), io.open(name))
print(os.remove(name .. ".new"), io.open(name .. ".new"))

-- the default files, redirected
local out, old = assert(io.open(name, "w")), io.output()
io.output(out)
io.write("through the default ", 1, " ", 2.5)
io.close()
io.output(old)
io.input(name)
print(io.read("a"))
io.close(io.input())
io.input(io.stdin)

f = io.tmpfile()
f:write(("x"):rep(100000))
print("temporary", f:seek("set"), #f:read("a"))
f:close()

-- pipes: a ring-3 child each time
local p = assert(io.popen("echo out of a pipe; echo again; exit 3"))
print(p:read("a"), p:close())
p = assert(io.popen("cat >" .. name, "w"))
for i = 1, 5000 do p:write(i, "\n") end
print("written to a pipe", p:close())
local sum = 0
for v in io.lines(name, "n") do sum = sum + v end
print("and back", sum)
print(os.remove(name))
for i = 1, 10 do
	local q = io.popen("echo " .. i)
	io.write(q:read("n"), " ")
	q:close()
end
print()
do
	local g <close> = assert(io.open("/dev/null", "w"))
	g:write(("y"):rep(1 << 20))
	print("a megabyte to nowhere")
end
