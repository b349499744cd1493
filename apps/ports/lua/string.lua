-- SPDX-License-Identifier: GPL-2.0-or-later
-- string.lua - patterns, formats, packing, and large strings
print(("hello world"):find("o w"), ("hello"):find("l+"), ("a.b"):find(".", 1, true))
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(("[[nested [brackets]]]"):match("%b[]"), ("THE (quick) fox"):find("%((%a+)%)"))
print(("hello world"):gsub("o", "0"), ("abc"):gsub("%w", "%0%0"), ("abc"):gsub("", "-"))
print(("$name is $age"):gsub("%$(%w+)", { name = "Lua", age = 30 }))
print(("2+3 4+5"):gsub("(%d)%+(%d)", function(a, b) return math.tointeger(a + b) end))
print(("THE END"):lower(), ("the"):upper(), ("abc"):rep(3, ","), ("abc"):reverse())
print(("frontier THE test"):gsub("%f[%a]%a+%f[%A]", function(w) return "<" .. w .. ">" end))
for k, v in string.gmatch("a=1, b=2, c=3", "(%w+)=(%w+)") do io.write(k, v, ";") end
print()
print(string.byte("ABC", 1, -1), string.char(72, 105), #"\0\1\2", ("x\0y"):find("\0", 1, true))
print(pcall(string.rep, "x", 1 << 60))
print(pcall(string.find, "a", "[a"), pcall(string.gsub, "a", "(", ""))
print(pcall(string.format, "%d", 1.5))

for _, f in ipairs { "%5d|", "%-5d|", "%05d|", "%+d|", "%x|", "%#X|", "%o|", "%c|" } do
	io.write(f:format(77))
end
print()
for _, f in ipairs { "%f", "%.3f", "%e", "%g", "%a", "%10.2f|", "%-10.1e|" } do
	io.write(f:format(3.14159265358979), " ")
end
print()
print(("%q"):format('a "quoted"\n\0 \\ string'), ("%q"):format(1 / 3), ("%q"):format(math.mininteger))
print(("%s %10s %-10s|%.2s"):format(nil, "right", "left", "cut"), ("%i %u"):format(3, 4))

for _, f in ipairs { "b", "B", "h", "H", "i4", "I8", "j", "f", "d", "n", "s1", "z" } do
	local value = (f == "s1" or f == "z") and "text" or 42
	local packed = string.pack(f, value)
	io.write(f, "=", packed:gsub(".", function(c) return ("%02x"):format(c:byte()) end),
		 ":", string.unpack(f, packed), " ")
end
print()
print(string.pack(">i3 <i3 =i3", 1, 1, 1):byte(1, -1))
print(pcall(string.pack, "i1", 200), string.packsize("!8 b d"))

-- a megabyte, built, searched and taken apart
local parts = {}
for i = 1, 20000 do parts[i] = ("%06d"):format(i * 7919 % 1000000) end
local text = table.concat(parts, " ")
local hash = 0
for word in text:gmatch("%d+") do hash = (hash * 31 + tonumber(word)) % 4294967296 end
print(#text, hash, text:find("999999", 1, true), select(2, text:gsub("7", "")))
local big = ("0123456789"):rep(100000)
print(#big, big:sub(-3), #big:gsub("5", "five"), #big:reverse(), big:sub(500001, 500005))
print(tostring(12345678901234567890), tostring(-0.0), 1e15, 1e16, 2^53, 0x7fffffffffffffff + 1)
print(tonumber("0x1p4"), tonumber("  10  "), tonumber("10", 2), tonumber("zz", 36), tonumber("1e"))
print(utf8.char(72, 228, 8364, 128512), utf8.len("häß€😀"), #utf8.char(0x7fffffff))
for p, c in utf8.codes("aä€") do io.write(p, ":", c, " ") end
print(utf8.offset("aä€", 3), pcall(utf8.codepoint, "\xff"), utf8.len("\xff"))
