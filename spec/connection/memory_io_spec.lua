-- sendfrom, receiveinto, sendv: for programs with C memory or many small strings.

describe("C memory", function()
  local ffi    = require "ffi"
  local pair   = require "spec.support.pair"
  local narrow = require "spec.support.narrow"

  local function memory(text)
    local bytes = ffi.new("uint8_t[?]", #text)
    ffi.copy(bytes, text, #text)
    return bytes
  end

  local function pack(...)
    return { n = select("#", ...), ... }
  end

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client

      before_each(function()
        server, client = pair.connected { protocol = version }
        server:settimeout(5)
        client:settimeout(5)
      end)

      after_each(function()
        server:close()
        client:close()
      end)

      it("is sent as it is", function()
        local text = "zero \0 and the rest"
        assert.same(pack(#text, nil, nil), pack(client:sendfrom(memory(text), #text)))
        assert.equal(text, server:receive(#text))
        assert.same(pack(0, nil, nil), pack(client:sendfrom(memory "x", 0)))
        assert.equal(#text, select(2, client:getstats()))
      end)

      it("is filled to the last byte, leftovers of a line first", function()
        local text = ("0123456789"):rep(5000)
        client:send("line\n" .. text)
        assert.equal("line", server:receive())
        local buffer = ffi.new("uint8_t[?]", #text)
        assert.same(pack(#text, nil, nil), pack(server:receiveinto(buffer, #text)))
        assert.is_true(ffi.string(buffer, #text) == text)
        assert.equal(5 + #text, (server:getstats()))
      end)

      it("is filled in order where it is longer than an int of C can count", function()
        for _, length in ipairs { 2^31, 2^32, 2^32 + 1 } do
          client:send "line\nthe rest"
          assert.equal("line", server:receive())
          local buffer = ffi.new("uint8_t[?]", 100)
          server:settimeout(0)
          local result = pack(server:receiveinto(buffer, length))
          assert.same(pack(nil, "wantread", 8), result)
          assert.equal("the rest", ffi.string(buffer, 8))
          server:settimeout(5)
        end
      end)

      it("returns how much came when no more comes", function()
        local buffer = ffi.new("uint8_t[?]", 100)
        client:send "some"
        server:settimeout(0)
        local result = pack(server:receiveinto(buffer, 100))
        if result[3] == 0 then result = pack(server:receiveinto(buffer, 100)) end
        assert.same(pack(nil, "wantread", 4), result)
        assert.equal("some", ffi.string(buffer, 4))
        client:close()
        server:settimeout(5)
        assert.same(pack(nil, "closed", 0), pack(server:receiveinto(buffer, 100)))
        assert.same(pack(nil, "closed", 0), pack(client:receiveinto(buffer, 1)))
        assert.same(pack(nil, "closed", 0), pack(client:sendfrom(buffer, 1)))
      end)

      it("may change once sendfrom has returned, with any bytes still owed", function()
        local s, c = narrow { protocol = version }
        c:settimeout(0)
        s:settimeout(0)
        local text = ("abcdefghijklmnop"):rep(65536)
        local bytes, sent, got = memory(text), 0, {}
        repeat
          local n, word, partly = c:sendfrom(bytes + sent, #text - sent)
          sent = sent + (n or partly)
          assert.is_true(n ~= nil or word == "wantwrite")
          if word then -- what was not reported is copied; scribble over it and restore
            ffi.fill(bytes + sent, #text - sent, 0)
            ffi.copy(bytes + sent, text:sub(sent + 1), #text - sent)
          end
          got[#got + 1] = s:receiveany() or ""
        until sent == #text
        s:settimeout(5)
        local whole = table.concat(got)
        whole = whole .. assert(s:receive(#text - #whole))
        assert.is_true(whole == text)
        s:close()
        c:close()
      end)

      it("is named in the error for another type", function()
        assert.error_matches(function() client:sendfrom("text", 4) end, "cdata expected")
        assert.error_matches(function() client:sendfrom(memory "x", -1) end, "negative")
        assert.error_matches(function() server:receiveinto({}, 4) end, "cdata expected")
        assert.error_matches(function() server:receiveinto(memory "x", -1) end,
                             "negative")
      end)

      it("is no number and no NULL, which a cast would make an address of", function()
        assert.equal(2, client:send "ab")
        local cases = { { 3LL, "int64_t" }, { 1ULL, "uint64_t" }, { ffi.new "int", "int" },
                        { ffi.cast("char *", nil), "NULL" }, { ffi.typeof "int", "int" } }
        for _, case in ipairs(cases) do
          local other, name = case[1], "pointer or array expected, got .*" .. case[2]
          assert.error_matches(function() client:sendfrom(other, 1) end, "'sendfrom'.*" .. name)
          assert.error_matches(function() server:receiveinto(other, 1) end,
                               "'receiveinto'.*" .. name)
        end
        local two = memory "xy"
        assert.same(pack(2, nil, nil), pack(server:receiveinto(ffi.cast("void *", two), 2)))
        assert.equal("ab", ffi.string(two, 2))
      end)

      it("is neither read nor written for a length that is not a number", function()
        local none = 0 / 0
        assert.error_matches(function() client:sendfrom(memory "x", none) end, "negative")
        assert.equal(2, client:send "ab")
        assert.equal("a", (server:receive(1)))
        local two = memory "xy"
        assert.error_matches(function() server:receiveinto(two + 1, none) end, "negative")
        assert.equal("xy", ffi.string(two, 2))
        assert.error_matches(function() server:receiveany(none) end, "at least 1")
        assert.equal("b", (server:receiveany(9)))
      end)

      it("is not needed for many small strings", function()
        local list = {}
        for i = 1, 500 do list[i] = i .. "\n" end
        local text = table.concat(list)
        assert.same(pack(#text, nil, nil), pack(client:sendv(list)))
        assert.equal(text, server:receive(#text))
        assert.error_matches(function() client:sendv "no list" end, "table expected")
        for _, other in ipairs { false, {}, print } do
          assert.error_matches(function() client:sendv { "a", other, "b" } end,
                               "bad argument #1 to 'sendv' %(element 2: string expected, got "
                               .. type(other) .. "%)")
        end
      end)
    end)
  end
end)
