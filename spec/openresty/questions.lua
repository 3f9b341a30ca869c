-- Contexts whose functions look something up, for which ngx.sleep stands here. `most` is
-- how many did so at once.

local ssl = require "ssl"
local pki = require("settings").pki

local questions = { log = {}, most = 0 }
local waiting = 0

local function look_up()
  waiting = waiting + 1
  questions.most = math.max(questions.most, waiting)
  ngx.sleep(0.05)
  waiting = waiting - 1
end

local function server(entry, more)
  local cfg = {
    mode = "server", protocol = "any", key = entry.key, certificate = entry.cert,
    cafile = pki.root.cert, verify = { "peer", "fail_if_no_peer_cert" },
    onverify = function(_, preverified)
      look_up()
      return preverified
    end,
  }
  for key, value in pairs(more or {}) do cfg[key] = value end
  return assert(ssl.newcontext(cfg))
end

local by_name = { ["a.wild.test"] = server(pki.ec_server) }

questions.server = server(pki.rsa_server, {
  onclienthello = function(_, hello)
    look_up()
    if hello.servername == "refused.wild.test" then return false, "access_denied" end
    return by_name[hello.servername]
  end,
})

local function client(protocol, entry)
  return assert(ssl.newcontext {
    mode = "client", protocol = protocol, verify = "none",
    key = entry and entry.key, certificate = entry and entry.cert,
  })
end

questions.clients = {}
for _, protocol in ipairs { "tlsv1_2", "tlsv1_3" } do
  questions.clients[protocol] = {
    good = client(protocol, pki.client), rogue = client(protocol, pki.selfsigned),
    nobody = client(protocol),
  }
end

return questions
