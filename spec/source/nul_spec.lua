-- PEM with a NUL in it, of which OpenSSL would leave something out in silence.

describe("PEM with a NUL", function()
  local made    = require "spec.support.made"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local quote   = require("spec.support.init").quote
  local shim    = require "ssl.ffi.shim"
  local socket  = require "socket"
  local ssl     = require "ssl"

  after_each(process.stop_all)

  local function file(text)
    return process.write(process.folder() .. "/some.pem", text)
  end

  local function server(extra)
    return ssl.newcontext(pair.server_config(extra))
  end

  local function asking(extra)
    extra.verify, extra.cafile = "peer", pki.root.cert
    return server(extra)
  end

  local function client(extra)
    return ssl.newcontext(pair.client_config(extra))
  end

  local KEYS = {
    cafile      = { client, pki.root.cert, "error loading CA locations (%s)" },
    crl         = { client, pki.root.crl, "error loading CRL (%s)" },
    certificate = { server, pki.server.cert, "error loading certificate (%s)" },
    key         = { server, pki.server.key, "error loading private key (%s)" },
    clientca    = { asking, pki.root.cert, "error loading client CA names (%s)" },
  }

  for key, case in pairs(KEYS) do
    local make, path, message = unpack(case)
    local text = made.read(path)
    local _, lines = text:gsub("\n", "\n")

    for where, broken in pairs {
      ["behind the first thing, before a second"] = { text .. "\0" .. text, lines + 1 },
      ["before all"] = { "\0" .. text, 1 },
      ["in a line between"] = { "# a\n# b\0c\n" .. text, 2 },
      ["in the beginning"] = { (text:gsub("BEGIN ", "BEGIN \0", 1)), 1 },
    } do
      it(("is refused by name and line: %s, %s"):format(key, where), function()
        local name = file(broken[1])
        local why = ("NUL in line %d of %s"):format(broken[2], name)
        assert.same({ nil, message:format(why) }, { make { [key] = name } })
        if key ~= "key" then
          assert.same({ nil, message:format(why) }, { make { [key] = { path, name } } })
          assert.same({ nil, message:format(why) }, { make { [key] = { name, path } } })
        end
        if broken[1]:find("-----BEGIN ", 1, true) then
          assert.same({ nil, message:format(("NUL in line %d"):format(broken[2])) },
                      { make { [key] = broken[1] } })
        end
      end)
    end

    it("is as without it where nothing follows: " .. key, function()
      for _, tail in ipairs { "\0", "\0\0\n", "\n\0 \t\r\n" } do
        assert(make { [key] = file(text .. tail) })
        assert(make { [key] = text .. tail })
      end
    end)
  end

  it("is looked for in regular files alone: what can be read once is read once", function()
    local pipe = process.folder() .. "/pipe"
    assert(require("spec.support.init").run("mkfifo " .. quote(pipe)))
    local writer = process.start { "sh", "-c", ("echo begun; cat %s > %s; touch %s")
                                     :format(quote(pki.root.cert), quote(pipe),
                                             quote(pipe .. ".done")) }
    writer:wait_output "begun"
    -- The writer waits for somebody who opens the FIFO to read from it. The search does not.
    for _ = 1, 50 do
      assert.equal(0, shim.C.file_nul(pipe))
      socket.sleep(0.01)
    end
    assert.is_nil((io.open(pipe .. ".done")))
    local ctx = assert(client { cafile = pipe })
    local s, c = pair.wrapped(nil, ctx)
    assert.is_true(pair.handshake(s, c)[1])
    s:close()
    c:close()
  end)
end)
