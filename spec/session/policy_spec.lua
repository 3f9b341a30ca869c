-- When the policy of a client's connection is computed, and what becomes of it where the context
-- changes before that.

describe("the policy of a client's connection", function()
  local context  = require "ssl.context"
  local limits   = require "spec.support.limits"
  local needs    = require "spec.support.needs"
  local pair     = require "spec.support.pair"
  local sessions = require "spec.support.sessions"
  local sslctx   = require "ssl.context.sslctx"
  local values   = require "spec.support.values"
  local pack     = values.pack

  local WRONG_POLICY = pack(nil, "session of another verification policy")

  for _, version in ipairs(pair.versions) do
    describe("of " .. version, function()
      local it = needs.each(it, limits.resumes[version], "sessions of " .. version)
      local server, opened

      before_each(function()
        server = sessions.server { protocol = version }
        opened = {}
      end)

      after_each(function()
        for _, conn in ipairs(opened) do conn:close() end
      end)

      local function client()
        return sessions.client { protocol = version, onsession = false }
      end

      local function connect(from, prepare)
        local out = sessions.connect(server, from, nil, prepare)
        opened[#opened + 1], opened[#opened + 2] = out.client, out.server
        return out.client
      end

      -- What setsession says on a connection of a context, and whether it resumes.
      local function offered(from, session)
        local resumed, _, out = sessions.visit(server, from, session)
        return out.set, resumed
      end

      local function digest(from)
        return sslctx.state(from.context).fingerprint.digest
      end

      it("is computed for a session, and not before", function()
        local from = client()
        local conn = connect(from)
        assert.is_false(digest(from))
        assert(conn:getsession())
        assert.equal(32, #digest(from))
      end)

      it("is that of every context with these settings", function()
        local session = assert(connect(client()):getsession())
        local set, resumed = offered(client(), session)
        assert.same({ true }, set)
        assert.is_true(resumed)
      end)

      -- What cannot be known any more fits nothing: neither the settings of now nor those of
      -- then.
      local function fits_nowhere(from, session)
        assert.same(WRONG_POLICY, pack(unpack(offered(from, session), 1, 2)))
        assert.same(WRONG_POLICY, pack(unpack(offered(client(), session), 1, 2)))
        assert.is_true(context.setverify(from.context, "peer"))
        assert.same(WRONG_POLICY, pack(unpack(offered(from, session), 1, 2)))
      end

      it("is its own where the context changes before the handshake", function()
        local from = client()
        local conn = connect(from, function()
          assert.is_true(context.setverify(from.context, "none"))
        end)
        fits_nowhere(from, assert(conn:getsession()))
      end)

      it("is its own where it was made in the middle of a change of the context", function()
        local from, C = client(), require("ssl.ffi.lib").C
        local real, conn = C.SSL_CTX_set_verify, nil
        -- As a finalizer would, or the function for a password.
        C.SSL_CTX_set_verify = function(...)
          C.SSL_CTX_set_verify = real
          conn = connect(from)
          return real(...)
        end
        local ok, why = pcall(context.setverify, from.context, "none")
        C.SSL_CTX_set_verify = real
        assert.is_true(ok and why, why)
        assert.is_truthy(conn)
        fits_nowhere(from, assert(conn:getsession()))
      end)

      it("is its own where the context changes between the handshake and getsession", function()
        local from = client()
        local conn = connect(from)
        assert.is_true(context.setverify(from.context, "none"))
        fits_nowhere(from, assert(conn:getsession()))
      end)

      it("is its own where the context is gone", function()
        local from = client()
        local conn = connect(from)
        getmetatable(from.context).__gc(from.context)
        local session = assert(conn:getsession())
        assert.same(WRONG_POLICY, pack(unpack(offered(client(), session), 1, 2)))
      end)

      it("stays what it was where it was known when the context changed", function()
        local from = client()
        local first, second = connect(from), connect(from)
        assert(first:getsession())
        assert.is_true(context.setverify(from.context, "none"))
        local session = assert(second:getsession())
        assert.same(WRONG_POLICY, pack(unpack(offered(from, session), 1, 2)))
        assert.is_true((select(2, offered(client(), session))))
      end)

      it("is the same where a change was taken back before the handshake", function()
        local from = client()
        local session = assert(connect(from):getsession())
        local conn = connect(from, function(_, b)
          assert.is_true(context.setverify(from.context, "none"))
          assert.is_true(context.setverify(from.context, "peer"))
          assert.is_true(b:setsession(session))
        end)
        assert.is_true(conn:resumed())
      end)
    end)
  end
end)
