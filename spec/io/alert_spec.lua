-- A fatal alert is not an orderly end, from either side. close_notify is one.

describe("an end by a fatal alert", function()
  local ffi     = require "ffi"
  local lib     = require "ssl.ffi.lib"
  local house   = require "spec.support.init"
  local middle  = require "spec.support.middle"
  local pair    = require "spec.support.pair"
  local values  = require "spec.support.values"
  local wording = require "spec.support.wording"

  local WARNING, FATAL = 1, 2
  local CLOSE_NOTIFY, BAD_RECORD_MAC, HANDSHAKE_FAILURE = 0, 20, 40
  local UNKNOWN_CA, USER_CANCELED, UNRECOGNIZED_NAME = 48, 90, 112
  local DATA = 23

  local BODY = { "the first part, ", "the second, ", "the third" }
  local ALL = table.concat(BODY)

  -- A record that no key fits.
  local GARBAGE = "\23\3\3\0\40" .. ("x"):rep(40)

  -- Every call that waits for the peer's end; each returns its result, the message, and the
  -- received plaintext.
  local function received(pattern, prefix)
    return function(conn)
      local whole, word, part = conn:receive(pattern, prefix)
      part = whole or part
      if prefix then
        assert.equal(prefix, part:sub(1, #prefix))
        part = part:sub(#prefix + 1)
      end
      return whole, word, part
    end
  end

  local WAYS = {
    ["receive"]             = received(),
    ['receive "*l"']        = received "*l",
    ['receive "*a"']        = received "*a",
    ["receive a number"]    = received(1000),
    ["receive behind more"] = received("*a", "more: "),

    ["receiveany"] = function(conn)
      local pieces = {}
      while true do
        local piece, word = conn:receiveany()
        if not piece then return nil, word, table.concat(pieces) end
        pieces[#pieces + 1] = piece
      end
    end,

    ["receiveinto"] = function(conn)
      local buffer = ffi.new "char[1000]"
      local whole, word, count = conn:receiveinto(buffer, 1000)
      return whole, word, ffi.string(buffer, count)
    end,

    ["tlsshutdown"] = function(conn)
      local done, word = conn:tlsshutdown()
      local whole, _, part = conn:receive "*a"
      return done, word, whole or part
    end,

    ["unwrap"] = function(conn)
      local transport, word, plain = conn:unwrap()
      if transport then return transport, nil, plain end
      local whole, _, part = conn:receive "*a"
      return nil, word, whole or part
    end,
  }

  -- Those that return "closed" for an end in order too; for the others it is a success.
  local LINES = { ["receive"] = true, ['receive "*l"'] = true, ["receive a number"] = true,
                  ["receiveany"] = true, ["receiveinto"] = true }

  -- Calls that send close_notify first.
  local SAYS_SO = { ["tlsshutdown"] = true, ["unwrap"] = true }

  local names = values.some(WAYS, house.scale(1, 3))

  local function same_again(conn, word)
    assert.same({ nil, word, "" }, { conn:receive "*a" })
    assert.same({ nil, word, "" }, { conn:receive() })
    assert.same({ nil, word, "" }, { conn:receive(5) })
    assert.same({ nil, word }, { conn:receiveany() })
    assert.same({ nil, word, 0 }, { conn:receiveinto(ffi.new "char[5]", 5) })
    assert.same({ nil, word, 0 }, { conn:send "x" })
    assert.same({ nil, word }, { conn:tlsshutdown() })
    assert.same({ nil, word }, { conn:unwrap() })
    assert.same({ false, word }, { conn:dohandshake() })
  end

  -- The end was not orderly: the message is the reason, the received bytes are the partial
  -- result, and every later call returns the same.
  local function refused(conn, name, text, direction, code)
    local whole, word, part = WAYS[name](conn)
    assert.same({ nil, text }, { whole, part })
    assert.is_string(word)
    assert.not_equal("closed", word)
    same_again(conn, word)
    assert.is_false(conn:ended())
    local problem = conn:lasterror()
    assert.equal(word, problem.message)
    -- After our own close_notify no alert can be sent.
    local ours = direction == "sent" and SAYS_SO[name]
    local alert = not ours and { direction, code } or nil
    assert.same(alert, problem.alert and { problem.alert.direction, problem.alert.code })
    return word
  end

  local function in_order(conn, name, text)
    local whole, word, part = WAYS[name](conn)
    assert.equal(text, part)
    if LINES[name] then
      assert.same({ nil, "closed" }, { whole, word })
    else
      assert.is_truthy(whole)
      assert.is_nil(word)
    end
    if name ~= "unwrap" then assert.is_true(conn:ended()) end
    assert.is_nil(conn:lasterror())
  end

  -- The server sends the first n parts.
  local function say(m, n)
    for i = 1, n do assert(m.server:send(BODY[i])) end
    m:move()
    return table.concat(BODY, "", 1, n)
  end

  for _, version in ipairs(pair.versions) do
    it("is returned by an engine's read and shutdown (" .. version .. ")", function()
      local word = wording "sslv3 alert bad record mac"
      for _, reads in ipairs { true, false } do
        local m = middle.connected("an engine", version)
        local text = say(m, 2)
        m:to_server(GARBAGE)
        assert.is_nil((m.server:receive()))
        m:move()
        if reads then
          local got = m.engine:read()
          assert.equal(text, got .. (#got < #text and m.engine:read() or ""))
          assert.same({ nil, word }, { m.engine:read() })
        end
        assert.same({ nil, word }, { m.engine:shutdown() })
        assert.same({ nil, word }, { m.engine:shutdown() })
        assert.same({ nil, word }, { m.engine:read() })
        assert.same({ nil, word }, { m.engine:write "x" })
        assert.is_false(m.client:ended())
        m:close()
      end
    end)
  end

  for kind in pairs(middle.kinds) do
    for _, version in ipairs(pair.versions) do
      local label = (" (%s, %s)"):format(kind, version)

      local function connected(eof)
        return middle.connected(kind, version, eof)
      end

      -- An attacker without a key, at every point of a body; with `eof` at one point for each
      -- call.
      local function each_point(eof, f)
        for i, name in ipairs(names) do
          local first, step = 0, house.scale(1, 3)
          if eof then first, step = i % (#BODY + 1), #BODY + 1 end
          for point = first, #BODY, step do
            local m = connected(eof)
            f(m, name, say(m, point))
            m:close()
          end
        end
      end

      for _, eof in ipairs { false, "strict", "lenient" } do
        it("that garbage for the server brings about, at any point of a body, with eof = "
           .. tostring(eof) .. label, function()
          each_point(eof, function(m, name, text)
            m:to_server(GARBAGE)
            assert.is_nil((m.server:receive()))
            m:move()
            local word = refused(m.client, name, text, "received", BAD_RECORD_MAC)
            assert.equal(wording "sslv3 alert bad record mac", word)
          end)
        end)
      end

      it("of our own, for garbage, at any point of a body" .. label, function()
        each_point(nil, function(m, name, text)
          m:to_client(GARBAGE)
          refused(m.client, name, text, "sent", BAD_RECORD_MAC)
          if SAYS_SO[name] then m.client:close() end
          m:move()
          local said = SAYS_SO[name] and "closed" or wording "sslv3 alert bad record mac"
          assert.same({ nil, said, "" }, { m.server:receive() })
        end)
      end)

      it("is not seen where garbage comes behind the end in order" .. label, function()
        for _, name in ipairs(names) do
          local m = connected()
          say(m, #BODY)
          assert.same({ nil, "wantread" }, { m.server:tlsshutdown() })
          m:move()
          m:to_server(GARBAGE)
          local done, word = m.server:tlsshutdown()
          assert.is_nil(done)
          assert.not_equal("wantread", word)
          m:move()
          in_order(m.client, name, ALL)
          m:close()
        end
      end)

      -- OpenSSL has a text for each of these, and alerts that it does not know are fatal.
      local FATALS = { 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
                       60, 70, 71, 80, 86, 109, 110, 111, 112, 113, 114, 115, 116, 120 }

      it("of the peer, whichever it is, at some points of a body" .. label, function()
        for i = 1, #FATALS, house.scale(1, 10) do
          for point = i % 2, #BODY, 2 do
            local m = connected()
            local text = say(m, point)
            m:to_client(m:forger():alert(FATAL, FATALS[i]))
            refused(m.client, names[(i + point) % #names + 1], text, "received", FATALS[i])
            m:close()
          end
        end
      end)

      it("stays one when a close_notify follows" .. label, function()
        for _, name in ipairs(names) do
          local m = connected()
          local text, f = say(m, 2), m:forger()
          m:to_client(f:alert(FATAL, UNKNOWN_CA))
          m:to_client(f:alert(WARNING, CLOSE_NOTIFY))
          refused(m.client, name, text, "received", UNKNOWN_CA)
          m:close()
        end
      end)

      it("is not read behind a close_notify: the peer has sent all before" .. label, function()
        for _, name in ipairs(names) do
          local m = connected()
          local text, f = say(m, 2), m:forger()
          m:to_client(f:alert(WARNING, CLOSE_NOTIFY))
          m:to_client(f:alert(FATAL, UNKNOWN_CA))
          in_order(m.client, name, text)
          m:close()
        end
      end)

      it("is distinguished from a warning, behind which the session goes on" .. label, function()
        local warnings = { { WARNING, USER_CANCELED } }
        if version == "tlsv1_3" then
          -- OpenSSL ignores the level.
          warnings[2] = { FATAL, USER_CANCELED }
        else
          warnings[2] = { WARNING, UNRECOGNIZED_NAME }
        end
        for _, warning in ipairs(warnings) do
          for _, name in ipairs(names) do
            local m = connected()
            local text, f = say(m, 1), m:forger()
            m:to_client(f:alert(unpack(warning)) .. f:record(DATA, "and on")
                        .. f:alert(WARNING, CLOSE_NOTIFY))
            in_order(m.client, name, text .. "and on")
            m:close()
          end
        end
      end)

      it("has the alert that ended it, and not a warning before" .. label, function()
        local m = connected()
        local f = m:forger()
        m:to_client(f:alert(version == "tlsv1_3" and FATAL or WARNING, USER_CANCELED)
                    .. f:alert(FATAL, HANDSHAKE_FAILURE))
        refused(m.client, 'receive "*a"', "", "received", HANDSHAKE_FAILURE)
        m:close()
      end)

      if version == "tlsv1_3" and lib.openssl.major >= 3 then
        it("is known by its description and not by its level" .. label, function()
          for _, name in ipairs(names) do
            local m = connected()
            m:to_client(m:forger():alert(WARNING, HANDSHAKE_FAILURE))
            refused(m.client, name, "", "received", HANDSHAKE_FAILURE)
            m:close()
            m = connected()
            m:to_client(m:forger():alert(FATAL, CLOSE_NOTIFY))
            in_order(m.client, 'tlsshutdown', "")
            m:close()
          end
        end)
      end
    end
  end
end)
