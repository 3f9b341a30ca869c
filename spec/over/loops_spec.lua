-- One program, unmodified, over each loop: verified, pooled, resumed, against nginx.

describe("samples/loops.lua", function()
  local house   = require "spec.support.init"
  local loops   = require "spec.support.loops"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"

  local COUNT = house.share(60, 20, 8)
  local nginx

  before_each(function()
    nginx = peers.nginx {
      key = pki.server.key, chain = pki.server.chain, files = { small = "hello" },
      http = 'log_format visit "$uri $ssl_session_reused $connection_requests";',
      server = "access_log %(dir)s/visits visit; ssl_session_cache shared:a:1m;",
    }
  end)

  after_each(process.stop_all)

  local function env(more)
    local values = { URL = ("https://127.0.0.1:%d/small"):format(nginx.port),
                     CAFILE = pki.root.cert, REQUESTS = COUNT }
    for key, value in pairs(more or {}) do values[key] = value end
    return values
  end

  -- How often the log of nginx matches a pattern.
  local function visits(pattern)
    local _, times = process.read(nginx.files .. "/../visits"):gsub(pattern, "")
    return times
  end

  for _, name in ipairs(loops.names) do
    it("gets every answer, over " .. name, function()
      local output = loops.run(name, "samples/loops.lua", env())
      assert.matches(("%s: %d of %d answers, %d bytes"):format(
        loops.adapters[name], COUNT, COUNT, 5 * COUNT), output, 1, true)
      assert.matches("and one resumed", output, 1, true)
      -- One more than the program counts: its last request, on a connection of its own.
      assert.equal(COUNT + 1, visits "/small")
      assert.is_true(visits "/small r 1\n" > 0, "none was resumed")
    end)

    it("gets nothing from a server that it cannot verify, over " .. name, function()
      local output = loops.run(name, "samples/loops.lua",
                               env { CAFILE = pki.other.cert, REQUESTS = 2 })
      assert.matches("0 of 2 answers, 0 bytes, 0 connections kept, and no more", output, 1, true)
      assert.matches("2 times: certificate verify failed", output, 1, true)
      assert.equal(0, visits "/small")
    end)
  end
end)
