-- Sessions of contexts with early data are in OpenSSL's memory, in this process: as many
-- as the context allows.

describe("OpenSSL's cache of sessions", function()
  local context  = require "ssl.context"
  local pair     = require "spec.support.pair"
  local sessions = require "spec.support.sessions"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.earlydata").supported, "early data")

  for _, version in ipairs(pair.versions) do
    describe("in " .. version, function()
      local each = version == "tlsv1_2" and 1 or 2
      local client

      local function server(extra)
        extra.protocol, extra.earlydata = version, 1000
        -- Up to TLS 1.2 the session of a ticket is in no cache.
        if version == "tlsv1_2" then extra.options = "no_ticket" end
        return sessions.server(extra)
      end

      before_each(function() client = sessions.client { protocol = version } end)

      it("holds as many as sessioncache allows, the latest ones", function()
        local ctx, got = server { sessioncache = 4 * each }, {}
        for i = 1, 7 do
          local _, session = sessions.visit(ctx, client)
          got[i] = session
        end
        local stats = context.sessionstats(ctx)
        -- OpenSSL 3 makes room for one more.
        assert.is_true(stats.cached == 4 * each or stats.cached == 4 * each - 1, stats.cached)
        assert.equal(7 * each, stats.cached + stats.evicted)
        assert.is_true(sessions.visit(ctx, client, got[7]))
        assert.is_false(sessions.visit(ctx, client, got[1]))
      end)

      it("holds more by default", function()
        local ctx, got = server {}, {}
        for i = 1, 7 do
          local _, session = sessions.visit(ctx, client)
          got[i] = session
        end
        assert.same({ 7 * each, 0 },
                    { context.sessionstats(ctx).cached, context.sessionstats(ctx).evicted })
        assert.is_true(sessions.visit(ctx, client, got[1]))
      end)
    end)
  end
end)
