-- Addresses in turn, 250 ms apart: RFC 8305. The clock is the attempt's own.

describe("a race of addresses", function()
  local race = require "ssl.over.race"

  it("lets the families take turns, in the order of the first address", function()
    assert.same({ "::1", "1.1.1.1", "::2", "::3" }, race.order { "::1", "::2", "::3", "1.1.1.1" })
    assert.same({ "1.1.1.1", "::1", "2.2.2.2" }, race.order { "1.1.1.1", "2.2.2.2", "::1" })
    assert.same({ "1.1.1.1" }, race.order { "1.1.1.1" })
    assert.same({}, race.order {})
  end)

  -- A loop whose attempts end as `ends` says: address -> true, or a message. Others never end.
  local function loop(ends)
    local self = { started = {}, cancelled = {}, waits = {} }
    function self.start(address, port)
      self.started[#self.started + 1] = address .. " " .. port
      return { address = address, cancel = function() table.insert(self.cancelled, address) end }
    end
    function self.wait(attempts, seconds)
      self.waits[#self.waits + 1] = seconds or "for ever"
      for _, attempt in ipairs(attempts) do
        local how = ends[attempt.address]
        if how == true then attempt.object = attempt.address else attempt.why = how end
        if how then return attempt end
      end
    end
    return self
  end

  it("takes the first that is connected, and closes the others", function()
    local l = loop { ["2.2.2.2"] = true }
    assert.equal("2.2.2.2", race.connect(l, { "::1", "2.2.2.2", "3.3.3.3" }, 80))
    assert.same({ "::1 80", "2.2.2.2 80" }, l.started)
    assert.same({ "::1" }, l.cancelled)
    assert.same({ 0.25, 0.25 }, l.waits)
  end)

  it("tries the next at once when one has failed, and reports the last", function()
    local l = loop { ["::1"] = "refused", ["2.2.2.2"] = "no route" }
    assert.same({ nil, "no route" }, { race.connect(l, { "::1", "2.2.2.2" }, 80) })
    assert.same({ 0.25, "for ever" }, l.waits)
    assert.same({}, l.cancelled)
  end)

  it("ends with its time, and leaves nothing open", function()
    local l = loop {}
    assert.same({ nil, "timeout" }, { race.connect(l, { "::1", "2.2.2.2" }, 80, 0) })
    assert.same({ "::1" }, l.cancelled)
  end)

  -- Attempts of these addresses cannot begin.
  local function refusing(l, refuses)
    local start = l.start
    function l.start(address, port)
      if refuses[address] then return nil, refuses[address] end
      return start(address, port)
    end
    return l
  end

  it("goes past addresses for which no attempt can begin, without waiting", function()
    local l = refusing(loop { ["2.2.2.2"] = true }, { ["::1"] = "no descriptor" })
    assert.equal("2.2.2.2", race.connect(l, { "::1", "2.2.2.2" }, 80))
    assert.same({ "for ever" }, l.waits)
  end)

  it("reports why no attempt can begin", function()
    local l = refusing(loop {}, { ["::1"] = "no IPv6", ["2.2.2.2"] = "no descriptor" })
    assert.same({ nil, "no descriptor" }, { race.connect(l, { "::1", "2.2.2.2" }, 80) })
    assert.same({}, l.waits)
  end)

  it("waits for the attempts that have begun where no other can", function()
    local ends = {}
    local l = refusing(loop(ends), { ["2.2.2.2"] = "no descriptor" })
    local wait = l.wait
    function l.wait(...)
      local one = wait(...)
      ends["::1"] = true -- at the second wait
      return one
    end
    assert.equal("::1", race.connect(l, { "::1", "2.2.2.2" }, 80))
    assert.same({ 0.25, "for ever" }, l.waits)
  end)

  it("has no address", function()
    assert.same({ nil, "the name has no address" }, { race.connect(loop {}, {}, 80) })
  end)
end)
