-- The hot path compiles: loops of send and receive become traces, for one connection
-- and for many, also where every second visit finds nothing. LuaJIT's own account of
-- it, -jv, is read; the loops run in a process of their own.

describe("the just-in-time compiler", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"

  local HOT = {
    ["send.lua"] = true, ["receive.lua"] = true, ["loop.lua"] = true,
    ["timeout.lua"] = true, ["descriptor.lua"] = true, ["visits.lua"] = true,
  }

  -- The function is made before anything is hot: a trace that ran into its making
  -- would be given up in this file.
  local VISITS = [[
    local pair = require "spec.support.pair"
    local pattern, count, visits = arg[1], tonumber(arg[2]), tonumber(arg[3])
    pattern = tonumber(pattern) or pattern
    local servers, clients = {}, {}
    local text = ("y"):rep(98) .. "\r\n"
    local function run(n)
      local got, none = 0, 0
      for k = 1, n do
        local i = k % count + 1
        if k % (2 * count) < count then clients[i]:send(text) end
        local data, word = servers[i]:receive(pattern)
        if data then got = got + 1 elseif word == "wantread" then none = none + 1 end
      end
      return got, none
    end
    for i = 1, count do
      servers[i], clients[i] = pair.connected()
      servers[i]:settimeout(0)
      clients[i]:settimeout(0)
    end
    print(run(visits))
  ]]

  -- A retry loop that runs once, inside the caller's loop. The library avoids this.
  local BAD = [[
    local function retry(x)
      while true do
        x = x + 1
        if x % 3 ~= 1 then return x end
      end
    end
    local function run(n)
      local x = 1
      for k = 1, n do
        x = (k % 2 == 0) and retry(x + k) or x + 1
        x = x % 1000
      end
      return x
    end
    for _ = 1, 50 do run(20000) end
    local function nyi(n)
      local t
      for k = 1, n do t = function() return k end end
      return t
    end
    for _ = 1, 50 do nyi(1000) end
  ]]

  -- The place where LuaJIT gave up a trace: `[TRACE --- START -- REASON at PLACE]`, or its
  -- start when the line has no place.
  local function place(line)
    return line:match " at ([%w_]+%.lua):%d+%]?$"
        or line:match "%-%-%- .-([%w_]+%.lua):%d+ %-%- "
  end

  -- The traces that were given up in the hot files, a line each. The hook of forced collection
  -- would keep the loops from being compiled.
  local function complaints(text, ...)
    local name = process.folder() .. "/visits.lua"
    process.write(name, text)
    local account = name .. ".jv"
    local words = { "env", "-u", "SSL_SPEC_COLLECT", "luajit", "-jon", "-Ohotloop=56",
                    "-Ohotexit=10", "-jv=" .. account, name, ... }
    for i, word in ipairs(words) do words[i] = house.quote(tostring(word)) end
    local output = process.capture(table.concat(words, " ") .. " 2>&1")
    local found, traces = {}, 0
    for line in io.lines(account) do
      if line:match "^%[TRACE%s+%d" then traces = traces + 1 end
      if line:find "NYI" or line:find "blacklisted" then
        if HOT[place(line)] then found[#found + 1] = line end
      end
    end
    return found, traces, output
  end

  for _, pattern in ipairs { "*l", 100 } do
    for _, connections in ipairs { 1, 2, house.scale(500, 8) } do
      it(("keeps to its traces: receive(%s) over %d connections"):format(pattern,
                                                                         connections),
         function()
        local found, traces, output = complaints(VISITS, pattern, connections,
                                                 house.scale(40000, 4000))
        assert.same({}, found)
        assert.is_true(traces > 3, output)
        local got, none = output:match "^(%d+)%s+(%d+)"
        assert.is_truthy(got, output)
        -- Half of the visits find a line, half find nothing.
        assert.is_true(tonumber(got) > 0.4 * house.scale(40000, 4000), output)
        assert.is_true(tonumber(none) > 0.4 * house.scale(40000, 4000), output)
      end)
    end
  end

  it("is heard when it gives up", function()
    local found = complaints(BAD)
    assert.is_true(#found > 0)
  end)
end)
