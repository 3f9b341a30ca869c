-- The method receive: LuaSocket's patterns over decrypted bytes.

describe("receive", function()
  local socket = require "socket"
  local pair   = require "spec.support.pair"
  local values = require "spec.support.values"
  local needs  = require "spec.support.needs"
  local limits = require "spec.support.limits"
  local pack, raised = values.pack, values.raised

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local server, client

      -- Session tickets are read, so that what makes the client readable is text.
      local function connect(extra)
        server, client = pair.connected({ protocol = version }, extra)
        client:settimeout(0)
        if version == "tlsv1_3" and limits.resumes[version] then
          socket.select({ client }, nil, 10)
        end
        assert.same(pack(nil, "wantread", ""), pack(client:receive(0)))
      end

      before_each(function() connect() end)
      after_each(function()
        server:close()
        client:close()
      end)

      -- Bytes that wait: they have arrived when the client is asked.
      local function waiting(text)
        assert.equal(#text, server:send(text))
        assert.equal(client, (socket.select({ client }, nil, 10))[1])
        client:settimeout(0)
      end

      -- ssl.resty and whoever else shares a connection among coroutines takes no lock for it.
      describe("what is there whole", function()
        local ready = require("ssl.connection.receive").ready

        -- Decrypted, and nothing taken.
        local function decrypted(text)
          waiting(text)
          assert.equal(text:sub(1, 1), client:receive(1))
        end

        it("is a line, without its CRs, or so many bytes", function()
          decrypted "-one\r\ntw\ro\n\n12345"
          assert.equal("one", ready(client))
          assert.equal("two", ready(client))
          assert.equal("", ready(client))
          assert.equal("12", ready(client, 2.9))
          assert.equal("345", ready(client, 3))
          assert.is_nil(ready(client, 1))
        end)

        it("is nothing where a part is missing, and that part stays", function()
          decrypted "-half"
          local _, before = client:getstats()
          assert.is_nil(ready(client))
          assert.is_nil(ready(client, 5))
          assert.equal(before, (select(2, client:getstats())))
          waiting " a line\n"
          assert.is_nil(ready(client)) -- not decrypted yet, and no step is taken
          assert.equal("half a line", client:receive())
        end)

        it("is no longer than the limits", function()
          local st = getmetatable(client)
          st.maxline, st.maxall = 3, 3
          decrypted "-four\nfour"
          assert.is_nil(ready(client))
          assert.is_nil(ready(client, 4))
          assert.same(pack(nil, "too long", "fou"), pack(client:receive()))
        end)
      end)

      -- The transport ends without close_notify.
      local function truncate()
        getmetatable(server).__gc(server)
        client:settimeout(10)
      end

      local function finish()
        server:close()
        client:settimeout(10)
      end

      for _, vector in ipairs {
        { "abc\r\n", nil, "abc" },
        { "\r\r\n", "*l", "" },
        { "\n", "*l", "" },
        { "de\rf\r\n", "*lxyz", "def" },
        { "\rde\rf\n", "*l", "def" },
        { "nul\0in\0line\n", nil, "nul\0in\0line" },
      } do
        it(("reads %q as a line"):format(vector[1]), function()
          waiting(vector[1])
          assert.same(pack(vector[3], nil, nil), pack(client:receive(vector[2])))
          assert.same(pack(nil, "wantread", ""), pack(client:receive()))
        end)
      end

      it("hands back half a line, which the prefix puts before the rest", function()
        waiting "partial"
        assert.same(pack(nil, "wantread", "partial"), pack(client:receive()))
        assert.equal("read", client:want())
        waiting " more\n"
        assert.same(pack("partial more", nil, nil), pack(client:receive("*l", "partial")))
        waiting "x\n"
        assert.same(pack("12x", nil, nil), pack(client:receive("*l", 12)))
        waiting "y"
        assert.same(pack(nil, "wantread", "12y"), pack(client:receive("*l", 12)))
      end)

      it("drops a CR that waits at the end of a record, and keeps none back", function()
        waiting "a\r"
        assert.same(pack(nil, "wantread", "a"), pack(client:receive()))
        server:send "b\r"
        waiting "\n"
        assert.same(pack("b", nil, nil), pack(client:receive()))
      end)

      -- The loop of the documentation, which Copas has too. The CR came back in the line,
      -- so that the empty line behind a head was none.
      it("drops a CR of half a line, which the LF follows in the next record", function()
        waiting "head\r"
        local line, _, partial = client:receive()
        assert.is_nil(line)
        waiting "\n\r"
        assert.equal("head", (client:receive("*l", partial)))
        line, _, partial = client:receive()
        assert.is_nil(line)
        waiting "\n"
        assert.equal("", (client:receive("*l", partial)))
      end)

      it("counts bytes, with numbers in every spelling", function()
        waiting "0123456789"
        assert.same(pack("0123", nil, nil), pack(client:receive "4"))
        assert.same(pack("45", nil, nil), pack(client:receive(2.9)))
        assert.same(pack("", nil, nil), pack(client:receive(0)))
        assert.same(pack("pp", nil, nil), pack(client:receive(0, "pp")))
        assert.same(pack("abcd", nil, nil), pack(client:receive(3, "abcd")))
        assert.same(pack("abcd67", nil, nil), pack(client:receive(6, "abcd")))
        assert.same(pack("89", nil, nil), pack(client:receive "0x2"))
        assert.same(pack(nil, "wantread", ""), pack(client:receive(1)))
      end)

      it("waits for something with a count of 0", function()
        client:settimeout(0)
        assert.same(pack(nil, "wantread", ""), pack(client:receive(0)))
        assert.same(pack(nil, "wantread", ""), pack(client:receive(0.5)))
        waiting "x"
        assert.same(pack("", nil, nil), pack(client:receive(0)))
        assert.same(pack("x", nil, nil), pack(client:receive(1)))
      end)

      for _, limit in ipairs { 0, 0.01 } do
        it("returns wantread after " .. limit .. " s of nothing", function()
          client:settimeout(limit)
          assert.same(pack(nil, "wantread", ""), pack(client:receive(5)))
          assert.same(pack(nil, "wantread", ""), pack(client:receive(0)))
          assert.same(pack(nil, "wantread", ""), pack(client:receive "*l"))
          assert.same(pack(nil, "wantread", ""), pack(client:receive "*a"))
          assert.same(pack(nil, "wantread", "PRE"), pack(client:receive("*a", "PRE")))
          waiting "some"
          client:settimeout(limit)
          assert.same(pack(nil, "wantread", "some"), pack(client:receive "*a"))
          waiting "more"
          client:settimeout(limit)
          assert.same(pack(nil, "wantread", "ppmore"), pack(client:receive(9, "pp")))
        end)
      end

      it("reads all until the peer closes", function()
        waiting "all of it"
        finish()
        assert.same(pack("all of it", nil, nil), pack(client:receive "*a"))
        assert.same(pack(nil, "closed", ""), pack(client:receive "*a"))
        assert.same(pack(nil, "closed", "zz"), pack(client:receive("*a", "zz")))
        assert.same(pack("pp", nil, nil), pack(client:receive(2, "pp")))
        assert.same(pack(nil, "closed", ""), pack(client:receive(0)))
      end)

      it("puts the prefix before all", function()
        waiting "all"
        finish()
        assert.same(pack("12all", nil, nil), pack(client:receive("*a", 12)))
      end)

      it("gives what came before the end as the partial result of a count", function()
        waiting "123"
        finish()
        assert.same(pack(nil, "closed", "123"), pack(client:receive(10)))
        assert.same(pack(nil, "closed", "123"), pack(client:receive(10, "123")))
      end)

      it("gives an unterminated last line as the partial result", function()
        waiting "tail"
        finish()
        assert.same(pack(nil, "closed", "tail"), pack(client:receive "*l"))
        assert.same(pack(nil, "closed", ""), pack(client:receive "*l"))
      end)

      it("D19: distinguishes a truncated stream from an ended one, also at later calls", function()
        waiting "123"
        truncate()
        local word = "unexpected eof while reading"
        assert.same(pack(nil, word, "123"), pack(client:receive "*a"))
        assert.same(pack(nil, word, ""), pack(client:receive "*a"))
        assert.same(pack(nil, word, "pp"), pack(client:receive(5, "pp")))
        assert.same(pack(nil, word, 0), pack(client:send "x"))
      end)

      it("takes truncation for the end with the option", function()
        needs.option "ignore_unexpected_eof"
        server:close()
        client:close()
        connect { options = "ignore_unexpected_eof" }
        waiting "123"
        truncate()
        assert.same(pack("123", nil, nil), pack(client:receive "*a"))
        assert.same(pack(nil, "closed", ""), pack(client:receive "*a"))
      end)

      it("takes a NULL of the FFI for nil", function()
        local null = require("ffi").cast("void *", nil)
        waiting "12345line\n"
        assert.same(pack("12", nil, nil), pack(client:receive("2", null)))
        assert.same(pack("345line", nil, nil), pack(client:receive(null, null)))
      end)

      it("raises for a pattern that it does not know, and reads nothing", function()
        waiting "x\n"
        for _, pattern in ipairs { "l", "*n", "*L", "", "*", -1, -0.5, 0 / 0, "-1" } do
          assert.equal("bad argument #1 to 'receive' (invalid receive pattern)",
                       raised(function() client:receive(pattern) end))
        end
        for got, value in pairs { table = {}, boolean = true } do
          assert.equal("bad argument #1 to 'receive' (string expected, got " .. got .. ")",
                       raised(function() client:receive(value) end))
          assert.equal("bad argument #2 to 'receive' (string expected, got " .. got .. ")",
                       raised(function() client:receive("*l", value) end))
        end
        assert.equal("bad argument #1 to 'receive' (SSL:Connection expected, got string)",
                     raised(function() local receive = client.receive; receive("x") end))
        assert.same(pack("x", nil, nil), pack(client:receive()))
      end)

      it("counts the bytes that it takes out, dropped line ends included", function()
        waiting "ab\r\ncdef"
        client:receive()
        assert.equal(4, (client:getstats()))
        client:receive(3)
        assert.equal(7, (client:getstats()))
        client:receive(5)
        assert.equal(8, (client:getstats()))
        assert.equal(8, select(2, server:getstats()))
      end)
    end)
  end
end)
