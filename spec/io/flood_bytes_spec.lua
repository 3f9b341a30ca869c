-- Limits hold for every peer: one that sends as fast as this side reads.

describe("bytes without end", function()
  local ffi    = require "ffi"
  local pair   = require "spec.support.pair"
  local values = require "spec.support.values"
  local pack   = values.pack

  -- Records of one byte that wait in the kernel, more than a call takes in a row.
  local MANY = 600

  local s, c
  local function flooded()
    s, c = pair.connected()
    c:settimeout(20)
    for _ = 1, MANY do assert(c:send "x") end
    c:send "\n"
  end

  after_each(function()
    s:close()
    c:close()
  end)

  local buffer = ffi.new("char[?]", MANY + 1)
  local calls = {
    ["a line"] = function(got) return s:receive("*l", got) end,
    ["a number"] = function(got) return s:receive(MANY, got) end,
    ["everything"] = function(got) return s:receive("*a", got) end,
    ["memory of the user's"] = function(got)
      local n, word, there = s:receiveinto(buffer + #got, MANY - #got)
      return n and got .. ("x"):rep(n), word, got .. ("x"):rep(there or 0)
    end,
  }

  for name, call in pairs(calls) do
    it("do not hold a receive of " .. name .. " at time limit 0", function()
      flooded()
      s:settimeout(0)
      local got, n = "", 0
      repeat
        local data, word, partial = call(got)
        n = n + 1
        assert(data or word == "wantread", word)
        assert.is_true(#(data or partial) - #got <= MANY / 2)
        got = data or partial
      until #got >= MANY
      assert.equal(("x"):rep(MANY), got:sub(1, MANY))
      assert.is_true(n > 2, n)
    end)

    it("do not put off the limits of a receive of " .. name, function()
      flooded()
      s:setdeadline(0)
      local _, word, partial = call ""
      assert.equal("timeout", word)
      assert.is_true(#partial > 0 and #partial < MANY)
      s:setdeadline(nil)
      s:settimeout(1e-9, "t")
      local all
      all, word, partial = call(partial)
      assert.is_true(word == "wantread" and #partial < MANY, all)
    end)
  end

  it("are kept, and no end is waited for beyond the limits", function()
    flooded()
    s:settimeout(0)
    assert.same(pack(nil, "wantread"), pack(s:tlsshutdown()))
    assert.is_true(s:dirty())
    assert.is_true(#s:receiveany() < MANY)
  end)

  it("that come while there is no limit are one result", function()
    flooded()
    assert.equal(("x"):rep(MANY), (s:receive()))
  end)
end)
