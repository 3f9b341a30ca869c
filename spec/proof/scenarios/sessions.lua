--- Sessions that must not be resumed, and verdicts that must not be lost.

local pki       = require "spec.support.pki"
local ssl       = require "ssl"
local context   = require "ssl.context"
local meet      = require "spec.proof.meet"
local scenario  = require "spec.proof.scenario"

local must, over = meet.must, scenario.over
local server, client, shows = scenario.server, scenario.client, scenario.shows

local out = {}

-- The session that a client came by.
local function session_of(at_server, at_client)
  local ends = meet.engines(at_server, at_client)
  if ends.server ~= true then error(ends.server, 0) end
  if ends.client ~= true then error(ends.client, 0) end
  meet.tell(ends.a, ends.b, "hello")
  return must(ends.b:connection():getsession())
end

local function offering(session)
  return function(_, conn) conn:setsession(session) end
end

scenario.add(out, "client", "a session of a client that verifies nothing", function(version)
  local at_server = must(ssl.newcontext(server(version)))
  local lax = must(ssl.newcontext { mode = "client", protocol = version })
  local session = session_of(at_server, lax)
  local ends = meet.engines(at_server, client(version, { servername = "elsewhere.test" }),
                            offering(session))
  return { accepted = ends.client == true, why = ends.client }
end)

scenario.add(out, "client", "a session for another name", function(version)
  local at_server = must(ssl.newcontext(server(version)))
  local at_client = must(ssl.newcontext(client(version)))
  local session = session_of(at_server, at_client)
  local ends = meet.engines(at_server, at_client, function(_, conn)
    must(conn:setverifyname "elsewhere.test")
    conn:setsession(session)
  end)
  return { accepted = ends.client == true, why = ends.client }
end)

local DEMANDS = { cafile = pki.root.cert, verify = { "peer", "fail_if_no_peer_cert" } }
local SHARED  = { sessionid = "proof", ticketkeys = { ("k"):rep(80) } }

scenario.add(out, "server", "a ticket of a server that verifies nothing", function(version)
  local at_client = must(ssl.newcontext(client(version)))
  local session = session_of(server(version, SHARED), at_client)
  local ends = meet.engines(server(version, SHARED, DEMANDS), at_client, offering(session))
  return { accepted = ends.server == true, why = ends.server }
end)

scenario.add(out, "server", "a ticket of a server without a list", function(version)
  local at_client = must(ssl.newcontext(client(version, shows(pki.revoked))))
  local session = session_of(server(version, SHARED, DEMANDS), at_client)
  local ends = meet.engines(server(version, SHARED, DEMANDS, { crl = pki.root.crl }),
                            at_client, offering(session))
  return { accepted = ends.server == true, why = ends.server }
end)

scenario.add(out, "server", "a session under keys that were replaced", function(version)
  local at_client = must(ssl.newcontext(client(version)))
  local at_server = must(ssl.newcontext(server(version, SHARED)))
  local session = session_of(at_server, at_client)
  must(context.setticketkeys(at_server, { ("n"):rep(80) }))
  local ends = meet.engines(at_server, at_client, offering(session))
  return { accepted = ends.server == true and ends.a:connection():resumed() == true }
end)

local function store()
  local rows = {}
  return { get = function(id) return rows[id] end,
           put = function(id, bytes) rows[id] = bytes end,
           remove = function(id) rows[id] = nil end }, rows
end

scenario.add(out, "server", "an entry of a store that was altered", function(version)
  local kept, rows = store()
  local at_client = must(ssl.newcontext(client(version)))
  local at_server = must(ssl.newcontext(server(version, {
    sessionstore = kept, sessionkey = ("s"):rep(32), sessionid = "proof" })))
  local session = session_of(at_server, at_client)
  for id, bytes in pairs(rows) do
    rows[id] = bytes:sub(1, -2) .. string.char((bytes:byte(-1) + 1) % 256)
  end
  local ends = meet.engines(at_server, at_client, offering(session))
  return { accepted = ends.server == true and ends.a:connection():resumed() == true }
end)

local TOLERANT = { verify = "peer", verifyext = "lsec_continue" }

scenario.add(out, "client", "an error that lsec_continue passes over", function(version)
  local ends = meet.engines(server(version, shows(pki.other_server)), client(version, TOLERANT))
  local fine, why
  if ends.client == true then fine, why = ends.b:connection():getpeerverification() end
  return { accepted = fine == true, why = why or ends.client }
end)

scenario.add(out, "client", "the same after a resumption", function(version)
  local at_server = must(ssl.newcontext(server(version, shows(pki.other_server))))
  local at_client = must(ssl.newcontext(client(version, TOLERANT)))
  local session = session_of(at_server, at_client)
  local ends = meet.engines(at_server, at_client, offering(session))
  local fine, why
  if ends.client == true then fine, why = ends.b:connection():getpeerverification() end
  return { accepted = fine == true, why = why or ends.client }
end)

scenario.add(out, "server", "an error on a server that lsec_continue passes over, resumed",
             function(version)
  local lax = over(SHARED, DEMANDS, { cafile = pki.ec_root.cert, verifyext = "lsec_continue" })
  local at_client = must(ssl.newcontext(client(version, shows(pki.ec_client))))
  local session = session_of(server(version, lax), at_client)
  local ends = meet.engines(server(version, lax), at_client, offering(session))
  local fine, why
  if ends.server == true then fine, why = ends.a:connection():getpeerverification() end
  return { accepted = fine == true, why = why or ends.server }
end)

-- The server asks in an open session; nil while it waits.
local function on_demand(extra)
  return function()
    local ends = meet.engines(server("tlsv1_3", { cafile = pki.root.cert }, extra),
                              client("tlsv1_3", shows(pki.revoked), { posthandshakeauth = true }))
    if ends.server ~= true then error(ends.server, 0) end
    if ends.client ~= true then error(ends.client, 0) end
    local asking, ok, why = ends.a:connection(), nil, nil
    for _ = 1, 3 do
      ok, why = asking:requestcertificate()
      if ok or why ~= "wantread" then break end
      meet.settle(ends)
      ends.b:read(1)
      meet.settle(ends)
    end
    return { accepted = ok == true, why = why }
  end
end

out[#out + 1] = { name = "a certificate on demand that was revoked", refuses = "server",
                  run = on_demand { verify = "post_handshake", crl = pki.root.crl } }
out[#out + 1] = { name = "a certificate on demand that onverify denies", refuses = "server",
                  run = on_demand { verify = "post_handshake",
                                    onverify = function() return false end } }

return out
