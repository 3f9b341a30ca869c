-- Pre-shared keys with OpenSSL's own client and server at the other end.

describe("psk with the openssl program", function()
  local socket  = require "socket"
  local ours    = require "spec.support.ours"
  local pair    = require "spec.support.pair"
  local process = require "spec.support.process"
  local ssl     = require "ssl"
  local wording = require "spec.support.wording"
  local it      = require("spec.support.needs").each(
    it, require("ssl.feature.psk").supported, "pre-shared keys")

  local KEY, HEX = "\1\0\2k", "0100026b"
  local FLAG = { tlsv1_2 = "-tls1_2", tlsv1_3 = "-tls1_3" }
  -- The suites for the program's keys.
  local SUITES = { tlsv1_2 = { "-cipher", "PSK-CHACHA20-POLY1305" },
                   tlsv1_3 = { "-ciphersuites", "TLS_AES_128_GCM_SHA256" } }

  after_each(process.stop_all)

  local function words(version, ...)
    local out = { "openssl", ... }
    for _, word in ipairs { FLAG[version], SUITES[version][1], SUITES[version][2],
                            "-psk_identity", "them", "-psk" } do
      out[#out + 1] = word
    end
    return out
  end

  for _, version in ipairs(pair.versions) do
    local old = version == "tlsv1_2"
    describe("over " .. version, function()
      local function listen(f)
        return ours.listen { protocol = version, key = false, certificate = false, psk = f }
      end

      local function s_client(port, key)
        local command = words(version, "s_client", "-connect", "127.0.0.1:" .. port)
        command[#command + 1] = key
        return process.start(command)
      end

      it("serves s_client", function()
        local asked = {}
        local server = listen { hint = "a hint", callback = function(identity)
          asked[#asked + 1] = identity
          return KEY
        end }
        local child = s_client(server.port, HEX)
        local conn = assert(server:accept())
        -- In TLS 1.3 OpenSSL's client offers the key in two forms, with the same identity.
        for _, identity in ipairs(asked) do assert.equal("them", identity) end
        assert.is_true(#asked >= 1)
        conn:send "from ours\n"
        assert.truthy(child:wait_output "from ours")
        child:write "from theirs\n"
        assert.equal("from theirs", (conn:receive()))
        if old then assert.truthy(child:wait_output "PSK identity hint: a hint") end
        conn:close()
      end)

      it("refuses s_client with another key, or an unknown identity", function()
        local server = listen(function() return KEY end)
        s_client(server.port, "ff" .. HEX)
        assert.same({ nil, old and "decryption failed or bad record mac"
                           or "binder does not verify" }, { server:accept() })
        server = listen(function(identity) return identity == "me" and KEY or nil end)
        s_client(server.port, HEX)
        assert.same({ nil, old and "psk identity not found"
                           or "no suitable signature algorithm" }, { server:accept() })
      end)

      local function s_server(...)
        local port = process.free_port()
        local command = words(version, "s_server", "-nocert", "-quiet", "-accept",
                              "127.0.0.1:" .. port)
        for _, word in ipairs { HEX, ... } do command[#command + 1] = word end
        command.port = port
        return process.start(command):wait_port()
      end

      local function connect(child, f)
        local conn = assert(ssl.wrap(assert(socket.connect("127.0.0.1", child.port)), {
          mode = "client", protocol = version, psk = f }))
        conn:settimeout(ours.LIMIT)
        return conn, conn:dohandshake()
      end

      it("connects to s_server", function()
        local hints = {}
        local child = s_server("-psk_hint", "their hint")
        local conn, ok, message = connect(child, function(hint)
          hints[#hints + 1] = tostring(hint)
          return "them", KEY
        end)
        assert.is_true(ok, message)
        assert.same({ old and "their hint" or "nil" }, hints)
        child:write "from theirs\n"
        assert.equal("from theirs", (conn:receive()))
        conn:send "from ours\n"
        assert.truthy(child:wait_output "from ours")
        conn:close()
      end)

      it("is refused by s_server with another key", function()
        local conn, ok, message = connect(s_server(), function() return "them", KEY .. "x" end)
        assert.is_false(ok)
        assert.equal(wording(old and "sslv3 alert bad record mac"
                             or "sslv3 alert illegal parameter"), message)
        conn:close()
      end)
    end)
  end
end)
