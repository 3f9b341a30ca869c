-- The sessions of a connection that a fatal alert has ended are not resumed.

describe("a fatal alert", function()
  local needs      = require "spec.support.needs"
  local pair       = require "spec.support.pair"
  local transports = require "spec.support.transports"
  local ssl        = require "ssl"

  -- A record that no key fits.
  local GARBAGE = "\23\3\3\0\40" .. ("x"):rep(40)
  local INVALID = "this session cannot be resumed"

  -- Two engines after their handshake; `told` are the sessions that the client got, `late`
  -- is true where one came after a failure; `entries` are those of the server's store.
  local function connected(version, stored)
    local m = { told = {}, entries = {}, late = false }
    local store = {
      get = function(id) return m.entries[id] end,
      put = function(id, entry) m.entries[id] = entry end,
      remove = function(id) m.entries[id] = nil end,
    }
    m.server = assert(ssl.engine(pair.server_config {
      protocol = version, sessionstore = stored and store or nil,
      sessionkey = stored and ("k"):rep(32) or nil }))
    m.client = assert(ssl.engine(pair.client_config {
      protocol = version, onsession = function(conn, session)
        table.insert(m.told, session)
        m.late = m.late or conn:lasterror() ~= nil
      end }))
    for _ = 1, 5 do
      m.client:handshake()
      transports.pump(m.client, m.server)
      m.server:handshake()
      transports.pump(m.client, m.server)
    end
    return m
  end

  local function none(entries) return next(entries) == nil end

  -- The attacker in the middle has no key.
  local BY = {
    ["of the server"] = function(m)
      m.server:feed(GARBAGE)
      assert.is_nil((m.server:read()))
      transports.pump(m.client, m.server)
      assert.is_nil((m.client:read()))
    end,
    ["of the client"] = function(m)
      m.client:feed(GARBAGE)
      assert.is_nil((m.client:read()))
      transports.pump(m.client, m.server)
      assert.is_nil((m.server:read()))
    end,
  }

  for _, version in ipairs(pair.versions) do
    for who, alert in pairs(BY) do
      local label = (" %s (%s)"):format(who, version)

      it("invalidates all sessions that the client has of it," .. label, function()
        needs.resumption(version)
        local m = connected(version)
        assert.same({ nil, "wantread" }, { m.client:read() })
        local latest = m.client:connection():getsession()
        assert.is_true(#m.told >= 1)
        for _, session in ipairs(m.told) do assert.is_true(session:info "resumable") end
        alert(m)
        table.insert(m.told, latest)
        local other = assert(ssl.engine(pair.client_config { protocol = version })):connection()
        for _, session in ipairs(m.told) do
          assert.is_false(session:info "resumable")
          assert.same({ nil, INVALID }, { other:setsession(session) })
          assert.same({ nil, INVALID }, { session:export() })
        end
        assert.same({ nil, "no session" }, { m.client:connection():getsession() })
      end)

      it("leaves none of them in the server's store," .. label, function()
        local m = connected(version, true)
        m.client:read()
        assert.is_false(none(m.entries))
        alert(m)
        m.server:connection():close()
        assert.is_true(none(m.entries))
      end)
    end
  end

  it("drops those that the client has not got yet", function()
    for _, alert in pairs(BY) do
      local m = connected "tlsv1_3" -- the tickets are not read yet
      alert(m)
      m.client:connection():close()
      assert.is_false(m.late)
      for _, session in ipairs(m.told) do assert.is_false(session:info "resumable") end
    end
  end)

  it("is what counts: sessions stay where a session ends in order", function()
    for _, version in ipairs(pair.versions) do
      local m = connected(version, true)
      m.client:read()
      m.server:connection():close()
      transports.pump(m.client, m.server)
      assert.same({ nil, "closed" }, { m.client:read() })
      for _, session in ipairs(m.told) do assert.is_true(session:info "resumable") end
      assert.is_false(none(m.entries))
    end
  end)

  -- OpenSSL gives up the newest.
  it("is what counts: sessions stay where the transport just ends", function()
    needs.resumption "tlsv1_3"
    local m = connected "tlsv1_3"
    m.client:read()
    m.client:feed(nil)
    assert.same({ nil, "unexpected eof while reading" }, { m.client:read() })
    assert.equal(2, #m.told)
    assert.is_true(m.told[1]:info "resumable")
  end)
end)
