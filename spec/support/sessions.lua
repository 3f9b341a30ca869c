--- Pairs of connections that resume, or do not.
--
--   local pair = sessions.connect(server_context, client_context, session)
--
-- gives `server` and `client`, connected; `resumed`, the same at both ends; `got`, the
-- sessions that the client came by, in order; and `set`, what setsession said.

local ffi    = require "ffi"
local socket = require "socket"
local ssl    = require "ssl"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"
local shake  = require "spec.support.shake"
local form   = require "ssl.session.object"
local seal   = require "ssl.session.seal"
local lib    = require "ssl.ffi.lib"
local C, S   = lib.C, lib.openssl.ssl

ffi.cdef 'long spec_SSL_SESSION_set_time(void *, long) __asm__("SSL_SESSION_set_time");'

local sessions = {}

--- The secret that authenticates the entries of a store, unless a spec gives another.
sessions.SECRET = ("s"):rep(32)

--- A server's context that insists on a certificate.
function sessions.server(extra)
  local config = pair.server_config { cafile = pki.root.cert,
                                      verify = { "peer", "fail_if_no_peer_cert" } }
  for key, value in pairs(extra or {}) do config[key] = value end
  if config.sessionstore and config.sessionkey == nil and not config.ticketkeys then
    config.sessionkey = sessions.SECRET
  end
  return assert(ssl.newcontext(config))
end

--- A client's context that has one, with what `connect` collects sessions in.
function sessions.client(extra)
  local got = {}
  local config = pair.client_config { certificate = pki.client.cert, key = pki.client.key,
                                      onsession = function(_, s) got[#got + 1] = s end }
  for key, value in pairs(extra or {}) do config[key] = value end
  return { context = assert(ssl.newcontext(config)), got = got }
end

--- Make the handshake, and have the client receive something, behind which tickets are.
-- @param server  a context
-- @tparam table client  of `sessions.client`
-- @tparam[opt] userdata session
-- @tparam[opt] function prepare  called with both connections before the handshake
function sessions.connect(server, client, session, prepare)
  local out = {}
  out.server, out.client = pair.wrapped(server, client.context)
  if prepare then prepare(out.server, out.client) end
  if session then out.set = { out.client:setsession(session) } end
  for i = #client.got, 1, -1 do client.got[i] = nil end
  local at_server, at_client = shake(out.server, out.client)
  assert(at_server == true and at_client == true,
         tostring(at_server) .. " / " .. tostring(at_client))
  for _, conn in ipairs { out.server, out.client } do conn:settimeout(20) end
  assert(out.server:send "hello\n")
  assert(out.client:receive() == "hello")
  assert(out.client:resumed() == out.server:resumed())
  out.resumed = out.client:resumed()
  out.got = { unpack(client.got) }
  return out
end

--- The same, closed again.
-- @treturn boolean  resumed?
-- @treturn userdata  the last session that the client came by
function sessions.visit(server, client, session, prepare)
  local out = sessions.connect(server, client, session, prepare)
  out.client:close()
  out.server:close()
  return out.resumed, out.got[#out.got], out
end

--- A store in a table, which counts.
function sessions.store(with)
  local store = { rows = {}, gets = 0, puts = 0, removes = 0 }
  function store.get(id)
    store.gets = store.gets + 1
    return store.rows[id]
  end
  function store.put(id, bytes)
    store.puts = store.puts + 1
    store.rows[id] = bytes
  end
  function store.remove(id)
    store.removes = store.removes + 1
    store.rows[id] = nil
  end
  for key, value in pairs(with or {}) do store[key] = value end
  return store
end

--- Ticket keys: of 80 bytes, or 48; the same for the same letter.
function sessions.key(letter, length)
  return letter:rep(length or 80)
end

-- OpenSSL's bytes, made as long ago as you like; and the time that was.
local function aged(der, seconds)
  local pointer, made = form.decode(der), os.time() - seconds
  S.spec_SSL_SESSION_set_time(pointer, made)
  local text, lasts = form.encode(pointer), tonumber(C.SSL_SESSION_get_timeout(pointer))
  C.SSL_SESSION_free(pointer)
  return text, made + lasts
end

--- The bytes of `export`, made as long ago as you like.
function sessions.aged(bytes, seconds)
  local policy, der = form.open(bytes)
  return form.seal(policy, (aged(der, seconds)))
end

--- The same for an entry of a store.
-- @tparam[opt=sessions.SECRET] string secret
function sessions.aged_entry(id, entry, seconds, secret)
  local keys = seal.keys { secret or sessions.SECRET }
  local of, _, der = seal.open(keys, id, entry)
  local text, expires = aged(der, seconds)
  return seal.close(keys, id, of, expires, text)
end

--- Wait for the clock to move on by a whole second.
function sessions.second()
  local now = os.time()
  while os.time() <= now do socket.sleep(0.02) end
end

return sessions
