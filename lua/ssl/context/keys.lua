--- ssl.context.keys: every key that a table of parameters may have, one record each.
--
-- A new key needs a record here: a table with any key that LuaSec lacks is held to this
-- list (ssl.cfg). A record has
--
--   key      its name
--   luasec   true where LuaSec has it, with LuaSec's meaning
--   side     "client", "server" or "both": the side that uses it
--   kind     what its value is:
--              "text", "number", "switch", "function"
--              "list"      a string, or an array of them (or a function)
--              "file"      a file name, or what may stand for one (ssl.source.material)
--              "files"     one of these, or an array
--              "entries"   an array of tables, whose keys are `fields`
--              "fields"    anything, and as a table one with the keys `fields`
--              "any"       whatever the key's setter says
--   trust    true where it decides whom or what to trust, so that it has no effect
--            without verification; "values" where only values that LuaSec lacks do so
--   theirs   of a list: the values that LuaSec has
--   policy   true, as is the default: a session made under one value is never used
--            under another (ssl.session.fingerprint). Where nothing that a full handshake could
--            refuse depends on the key, the reason of that
--   faces    a set of "connect" and "https": the only faces that know the key. It is not
--            a key of ssl.newcontext
--
-- The order is that of docs/newcontext.md.

local keys = {}

local list = {}

local function add(record, luasec)
  record.luasec, record.side = luasec, record.side or "both"
  record.policy = record.policy or true
  list[#list + 1] = record
end

local function theirs(record) add(record, true) end
local function ours(record) add(record, false) end

local function set(...)
  local out = {}
  for _, name in ipairs { ... } do out[name] = true end
  return out
end

local PAIR = { "key", "password", "certificate", "pkcs12" }

theirs { key = "protocol", kind = "text" }
theirs { key = "mode", kind = "text" }
theirs { key = "certificates", kind = "entries", fields = PAIR }
theirs { key = "key", kind = "file" }
theirs { key = "password", kind = "any",
         policy = "it opens a key; what counts is the certificate" }
theirs { key = "certificate", kind = "files" }
ours   { key = "pkcs12", kind = "file" }
theirs { key = "cafile", kind = "files" }
theirs { key = "capath", kind = "text" }
ours   { key = "systemca", kind = "switch", trust = true }
ours   { key = "servername", kind = "text", trust = true, side = "client" }
ours   { key = "crl", kind = "files", trust = true }
ours   { key = "clientca", kind = "files", trust = true, side = "server" }
ours   { key = "purpose", kind = "text", trust = true }
ours   { key = "partialchain", kind = "switch", trust = true }
theirs { key = "ciphers", kind = "text" }
theirs { key = "ciphersuites", kind = "text" }
theirs { key = "verify", kind = "list",
         theirs = set("none", "peer", "client_once", "fail_if_no_peer_cert") }
theirs { key = "options", kind = "list" }
theirs { key = "depth", kind = "number" }
theirs { key = "dhparam", kind = "function", side = "server" }
theirs { key = "curveslist", kind = "text" }
theirs { key = "curve", kind = "text" }
theirs { key = "verifyext", kind = "list", trust = "values",
         theirs = set("lsec_continue", "lsec_ignore_purpose", "crl_check",
                      "crl_check_chain") }
theirs { key = "alpn", kind = "list",
         policy = "agreed on in every handshake, a resumed one too" }
theirs { key = "psk", kind = "fields", fields = { "hint", "callback" } }
ours   { key = "onverify", kind = "function" }
ours   { key = "onclienthello", kind = "function", side = "server",
         policy = "asked in every handshake; the context that it chooses counts" }
ours   { key = "onsession", kind = "function", side = "client",
         policy = "is told of sessions" }
ours   { key = "sessionid", kind = "text" }
ours   { key = "tickets", kind = "number", side = "server",
         policy = "how many sessions there are" }
ours   { key = "ticketkeys", kind = "list", side = "server",
         policy = "where sessions are" }
ours   { key = "sessioncache", kind = "number", side = "server",
         policy = "how many sessions there are" }
ours   { key = "sessionstore", kind = "any", side = "server",
         policy = "where sessions are" }
ours   { key = "sessionkey", kind = "list", side = "server",
         policy = "how the store's entries are told from forged ones" }
ours   { key = "sessiontimeout", kind = "number",
         policy = "is in the session itself" }
theirs { key = "dane", kind = "list", side = "client" }
ours   { key = "ocsp", kind = "text", trust = true, side = "client" }
ours   { key = "ocspresponse", kind = "any", side = "server",
         policy = "what the peer is shown, which judges it" }
ours   { key = "eof", kind = "text",
         policy = "how an end is reported" }
ours   { key = "maxline", kind = "number",
         policy = "how much is kept of what the peer sends" }
ours   { key = "maxall", kind = "number",
         policy = "how much is kept of what the peer sends" }
ours   { key = "explain", kind = "switch",
         policy = "how a refusal is reported" }
ours   { key = "keylog", kind = "any",
         policy = "who gets to know the secrets" }
ours   { key = "minversion", kind = "text" }
ours   { key = "maxversion", kind = "text" }
ours   { key = "groups", kind = "list" }
ours   { key = "sigalgs", kind = "list" }
ours   { key = "clientsigalgs", kind = "list" }
ours   { key = "seclevel", kind = "number" }
ours   { key = "cipherpreference", kind = "text",
         policy = "whose order decides, among what both sides allow" }
ours   { key = "renegotiation", kind = "any",
         policy = "a later handshake asks for its own leave" }
ours   { key = "posthandshakeauth", kind = "any", side = "client",
         policy = "an offer to the server, made in every handshake" }
ours   { key = "earlydata", kind = "number",
         policy = "how much may be sent; each connection asks its own context" }

-- What `ssl.connect` takes beside them.
for _, key in ipairs { "timeout", "deadline", "session" } do
  add({ key = key, kind = "any", side = "client", faces = set "connect" }, false)
end

-- And `ssl.https`, whose requests are LuaSocket's: its fields, and the parts of a URL.
for _, key in ipairs { "url", "method", "headers", "source", "sink", "step", "proxy",
                       "redirect", "maxredirects", "nredirects", "create", "timeout",
                       "scheme", "host", "port", "path", "params", "query", "user", "uri",
                       "authority", "userinfo", "fragment" } do
  add({ key = key, kind = "any", side = "client", faces = set "https" }, true)
end
for _, key in ipairs { "body", "pool", "progress", "resume" } do
  add({ key = key, kind = "any", side = "client", faces = set "https" }, false)
end

-- For each face the records by name, and the names in order.
local function known(face)
  local records, names = {}, {}
  for _, record in ipairs(list) do
    if not record.faces or record.faces[face] then
      records[record.key], names[#names + 1] = record, record.key
    end
  end
  table.sort(names)
  return { records = records, names = names }
end

local FACES = {}
for _, face in ipairs { "newcontext", "connect", "https" } do FACES[face] = known(face) end

--- All records, in order.
keys.list = list

--- What a face knows.
-- @tparam string face  "newcontext", "connect" or "https"
-- @treturn table  `records`: name -> record, `names`: sorted
function keys.known(face)
  return FACES[face]
end

return keys
