-- D36: LuaSec sets no session id context, so a server of its that verifies its
-- clients fails the handshake of every one that resumes.

describe("a server context that verifies its clients", function()
  local needs      = require "spec.support.needs"
  local contexts   = require "spec.support.contexts"
  local pki        = require "spec.support.pki"
  local newcontext = require "ssl.context.new"

  local function pair(protocol)
    local server = assert(newcontext {
      mode = "server", protocol = protocol, cafile = pki.root.cert,
      key = pki.server.key, certificate = pki.server.cert,
      verify = { "peer", "fail_if_no_peer_cert" },
    })
    local client = assert(newcontext {
      mode = "client", protocol = protocol, key = pki.client.key,
      certificate = pki.client.cert,
    })
    return server, client
  end

  for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
    it("D36: resumes a session of " .. protocol, function()
      needs.resumption(protocol)
      local server, client = pair(protocol)
      local first = contexts.connect(server, client)
      assert.is_true(first.ok, first.reason)
      assert.is_false(first.reused)
      local second = contexts.connect(server, client, first.session)
      assert.is_true(second.ok, second.reason)
      assert.is_true(second.reused)
    end)

    it("D36: is the only side with an id: a client's would fail a PSK, " .. protocol,
       function()
      local result = contexts.connect(pair(protocol))
      assert.equal(0, #contexts.session_context(result.session))
    end)
  end
end)
