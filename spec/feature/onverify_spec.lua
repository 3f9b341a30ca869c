-- onverify: a function that judges each certificate, on either side.

describe("onverify", function()
  local ssl       = require "ssl"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local questions = require "spec.support.questions"
  local shake     = require "spec.support.shake"
  local sources   = require "spec.support.sources"
  local values    = require "spec.support.values"
  local x509      = require "ssl.x509"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.onverify").supported, "onverify")
  local pack      = values.pack

  after_each(function() assert.equal(0, questions.paused()) end)

  -- For both sides: the judging side, a good peer and a bad one, and the alert that the bad one
  -- gets.
  local SIDES = {
    client = {
      make = function(version, config, peer)
        config.protocol = version
        peer = peer or pki.server
        local server, client = pair.wrapped(
          { protocol = version, key = peer.key, certificate = peer.chain or peer.cert }, config)
        return client, server
      end,
      good = pki.server, rogue = pki.selfsigned,
    },
    server = {
      make = function(version, config, peer)
        config.protocol, config.cafile = version, config.cafile or pki.root.cert
        if config.verify == nil then config.verify = { "peer", "fail_if_no_peer_cert" } end
        peer = peer or pki.client
        return pair.wrapped(config, { protocol = version, key = peer.key,
                                      certificate = peer.chain or peer.cert })
      end,
      good = pki.client, rogue = pki.selfsigned,
    },
  }

  local function finish(...)
    for _, conn in ipairs { ... } do conn:close() end
  end

  -- The handshake fails, and no data of the peer is received.
  local function refuses(judge, peer, words)
    local at_judge, at_peer = shake(judge, peer)
    assert.equal(words or "certificate verify failed", at_judge)
    if at_peer == true then -- a client of TLS 1.3 is through before it is refused
      peer:send "let me in"
      assert.matches("alert", select(2, peer:receive()))
    else
      assert.matches("alert", at_peer)
    end
    assert.same(pack(nil, at_judge, ""), pack(judge:receive()))
    assert.same(pack(nil, "closed"), pack(judge:info()))
    finish(judge, peer)
  end

  local function accepts(judge, peer)
    assert.same({ true, true }, { shake(judge, peer) })
    judge:settimeout(10)
    peer:send "in\n"
    assert.equal("in", (judge:receive()))
  end

  for name, side in pairs(SIDES) do
    for _, version in ipairs(pair.versions) do
      local label = (" (%s, %s)"):format(name, version)

      it("is asked about each certificate, from the top down" .. label, function()
        local calls = {}
        local judge, peer
        judge, peer = side.make(version, { onverify = function(...)
          local conn, preverified, cert, depth, reason = ...
          assert.equal(5, select("#", ...))
          assert.equal(judge, conn)
          assert.is_true(x509.is(cert))
          local subject = cert:subject()
          calls[#calls + 1] = ("%d %s %s %s"):format(
            depth, tostring(preverified), tostring(reason), subject[#subject].value)
          return true
        end })
        accepts(judge, peer)
        assert.equal(3, #calls)
        assert.matches("^2 true nil ", calls[1])
        assert.equal("1 true nil Intermediate", calls[2])
        assert.matches("^0 true nil ", calls[3])
        assert.is_true(judge:getpeerverification())
        finish(judge, peer)
      end)

      it("may accept what verification refused" .. label, function()
        local reasons = {}
        local judge, peer = side.make(version, { onverify = function(_, preverified, _, _, why)
          if not preverified then reasons[#reasons + 1] = why end
          return true
        end }, side.rogue)
        accepts(judge, peer)
        assert.matches("self[- ]signed certificate", reasons[1])
        assert.is_true(judge:getpeerverification())
        finish(judge, peer)
      end)

      it("may refuse what verification accepted" .. label, function()
        local judge, peer = side.make(version, { onverify = function(_, _, _, depth)
          return depth ~= 0
        end })
        refuses(judge, peer)
        assert.equal("certificate verify failed", judge:lasterror().message)
      end)

      for _, mode in ipairs { "none", "peer" } do
        for what, answer in pairs {
          ["false"] = function() return false end, ["nothing"] = function() end,
          ["1"] = function() return 1 end, ["a word"] = function() return "yes" end,
          ["its own opinion"] = function(_, preverified) return preverified end,
        } do
          it(("refuses an unknown peer when it answers %s, with verify = %s"):format(what, mode)
             .. label, function()
            refuses(side.make(version, { verify = mode, onverify = answer }, side.rogue))
          end)
        end
      end

      it("refuses an unknown peer when it raises" .. label, function()
        local judge, peer = side.make(version, { onverify = function() error("no", 0) end },
                                      side.rogue)
        local ok, problem = pcall(shake, judge, peer)
        assert.same({ false, "no" }, { ok, problem })
        refuses(judge, peer, "callback failed")
      end)

      it("refuses an unknown peer that was accepted and then not" .. label, function()
        local n = 0
        refuses(side.make(version, { onverify = function()
          n = n + 1
          return n == 1
        end }, side.rogue))
      end)

      it("may yield, and close the connection meanwhile" .. label, function()
        for _, how in ipairs { "function", "other", "dropped" } do
          local judge, peer
          judge, peer = side.make(version, { onverify = function()
            coroutine.yield "asked"
            if how == "function" then judge:close() end
            return true
          end }, side.rogue)
          local thread = coroutine.create(questions.drive)
          local _, word = coroutine.resume(thread, judge, peer)
          assert.equal("asked", word)
          assert.equal(1, questions.paused())
          assert.same(pack(false, "busy"), pack(judge:dohandshake()))
          if how ~= "function" then judge:close() end
          if how ~= "dropped" then
            local _, result = coroutine.resume(thread)
            assert.same(pack(false, "closed"), result)
          end
          assert.equal(0, questions.paused())
          assert.is_false((judge:dohandshake()))
          peer:settimeout(10)
          local shaken = peer:dohandshake()
          assert.is_nil(shaken and peer:receive() or nil)
          finish(judge, peer)
        end
      end)

      it("decides where verification would go on after errors" .. label, function()
        local judge, peer = side.make(version, { verifyext = "lsec_continue",
          onverify = function(_, preverified) return preverified end }, side.rogue)
        refuses(judge, peer)
      end)
    end
  end

  it("is the only judge: OpenSSL's retry means yes on a server", function()
    for folder, ending in pairs { lua = "lua", ffi = "lua", shim = "[ch]" } do
      for _, path in ipairs(sources.list(folder, ending)) do
        assert.is_nil(sources.code(path):find "retry_verify", path)
      end
    end
  end)

  it("has to be a function", function()
    assert.same(pack(nil, "invalid onverify (function expected)"),
                pack(ssl.newcontext(pair.client_config { onverify = true })))
  end)
end)
