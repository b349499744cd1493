-- SPDX-License-Identifier: GPL-2.0-or-later
-- os.lua - time, environment, and other programs
print(os.time { year = 2000, month = 1, day = 1, hour = 12 } - os.time { year = 1999, month = 12, day = 31, hour = 12 })
print(os.date("!%Y-%m-%d %H:%M:%S", 1000000000), os.date("!%c", 0), os.date("!%A %B %j", 86400 * 45))
local d = os.date("!*t", 1234567890)
print(d.year, d.month, d.day, d.hour, d.min, d.sec, d.wday, d.yday, d.isdst)
print(os.date("!%x %X %p", 5000), pcall(os.date, "%Ez", 0), pcall(os.date, "%Q", 0))
local t = { year = 2024, month = 14, day = -3 }
os.time(t)
print("normalised", t.year, t.month, t.day, t.yday)
print(os.difftime(10, 4), math.type(os.time()), os.clock() >= 0, os.time() > 0)
print(os.getenv("PATH") ~= nil, os.getenv("NO_SUCH_VARIABLE"))
print(os.execute() == true, os.execute("true"))
print(os.execute("exit 7"))
print(os.execute("kill -TERM $$"))
print(os.setlocale("C"), os.setlocale(nil, "numeric"), os.setlocale("no_SUCH"))

-- time goes forward, and a busy loop uses some
local start, clock = os.time(), os.clock()
local n = 0
while os.clock() - clock < 0.05 do n = n + 1 end
print("busy", n > 0, os.time() >= start)

local name = os.tmpname()
print("fresh", os.remove(name))
os.execute("echo made by a child > " .. name)
print(io.open(name):read("a"))
os.remove(name)

-- what happens at the end: the state is closed, the status is the one given
setmetatable({}, { __gc = function() print("state closed") end })
os.exit(0, true)
