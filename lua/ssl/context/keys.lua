--- ssl.context.keys: every key that a table of parameters may have, one record each.
--
-- A key has one home. ssl.newcontext applies the records in this order, which is the order
-- of the table in docs/newcontext.md. The fields of a context's state, the switch by server
-- name, the fingerprint of a policy, the cache of contexts, the search for unknown keys
-- and types/ssl.lua come from the records, too. A new key is a record here, a function in
-- its room, its documentation and its spec. Specs fail where one of them is missing.
--
-- This file is data alone. The functions are in the rooms, lua/ssl/context/options/, and a
-- room is loaded when one of its keys is first used (ssl.context.rooms). A record has
--
--   key      its name
--   luasec   true where LuaSec has it, with LuaSec's meaning
--   since    the version of this library that has it first; for keys that LuaSec lacks
--   side     "client", "server" or "both": the side that uses it
--   kind     the type of its value, for ssl.cfg and types/ssl.lua:
--              "text", "number", "switch", "function"
--              "list"      a string, or an array of them (or a function)
--              "file"      a file name, or a value in its place (ssl.source.material)
--              "files"     one of these, or an array
--              "folder"    the name of a folder
--              "entries"   an array of tables, whose keys are `fields`
--              "fields"    anything, and as a table one with the keys `fields`
--              "any"       a value that the setter checks
--            ssl.context.cached stamps the files that "file", "files" and "folder" name
--   types    the types of the editors, where they do not follow from `kind`
--   always   true where the setter is called without a value, too
--   trust    true where it decides about trust, so that it has no effect without
--            verification; "values" where only values that LuaSec lacks do so
--   chain    true where it demands something of the peer's certificates, so that it is refused
--            where raw public keys take their place
--   identity true where it says who this side is, or opens what does: ssl.https shows it to one
--            origin only
--   theirs   of a list: the values that LuaSec has
--   policy   true, the default: a session made under one value is never used under another
--            (ssl.session.fingerprint). Where no full handshake can fail because of the key,
--            the reason for that
--   state    fields of the context's state, with their defaults. Where the key belongs to the
--            policy they count in the fingerprint
--   counted  the values that count in the fingerprint in place of these fields
--   room     the file of its functions in lua/ssl/context/options/
--   begins   true where the room has a function `begin` for the key: each connection has to
--            do something for it when it is made, and nothing more at a switch
--   switch   the effect when a server name or `onclienthello` chooses another context:
--              absent      the room has a function `apply` or `switch` for the key
--              "with KEY"  the functions of that key do it
--              other text  the reason why nothing has to be done
--   each     true where the functions `apply` and `switch` run for each connection, also
--            where the contexts have the defaults of the fields
-- What only one of the faces knows is in ssl.context.facekeys.
--
-- The library reads this file once, for ssl.context.keyset, and keeps what it needs of it.

-- All of this runs once. To compile it would take longer.
jit.off(true, true)

local list = {}

-- What most records have.
local LUASEC = { __index = { luasec = true, side = "both", policy = true } }
local OURS   = { __index = { luasec = false, side = "both", policy = true, since = "1.0.0" } }

local function add(record, defaults)
  list[#list + 1] = setmetatable(record, defaults)
end

local function theirs(record) add(record, LUASEC) end
local function ours(record) add(record, OURS) end

local function set(...)
  local out = {}
  for _, name in ipairs { ... } do out[name] = true end
  return out
end

local PAIR = { "key", "password", "certificate", "pkcs12" }

-- Reasons that several keys have.
local EXCHANGED = "OpenSSL exchanges it (SSL_set_SSL_CTX)"
local LOOKED_UP = "OpenSSL asks the context in force"
local ASKED     = "the library uses the context in force"
local SERVER    = "only a server's handshake is switched"
local STORE     = "ssl.trust.store.settle: the connection gets the store of its context"
local OVER      = "the handshake has used it already: the first context counts"

-- Reasons that several keys have for being no part of the policy.
local HOW_MANY  = "it limits the number of sessions"
local WHERE     = "it concerns the place of sessions"
local KEPT      = "it limits the memory for received data"

-- Bytes. Larger than any honest line or body, and small enough for a string of Lua.
local MOST_LINE, MOST_ALL = 2^28, 2^29

theirs { key = "protocol", kind = "text", room = "protocol",
         state = { protocol = false }, counted = "the limits that OpenSSL reports" }
theirs { key = "mode", kind = "text", room = "protocol", always = true,
         state = { mode = false }, counted = "the side, which ssl.session.fingerprint adds",
         switch = "a connection keeps its side" }

-- Before the certificates, which it judges.
ours   { key = "seclevel", kind = "number", room = "algorithms", switch = EXCHANGED }

-- Before the keys, which it counts.
ours   { key = "rawkey", kind = "switch", identity = true, room = "certform",
         state = { rawkey = false,     -- the keys that may be shown, in DER
                   rawtypes = false } }

theirs { key = "certificates", kind = "entries", identity = true, fields = PAIR,
         room = "credentials", switch = EXCHANGED }
theirs { key = "key", kind = "file", identity = true, room = "credentials", switch = EXCHANGED }
theirs { key = "password", kind = "any", identity = true, types = "string|fun():string?",
         room = "credentials", switch = "it was used when the key was read",
         policy = "it opens a key; the certificate counts" }
theirs { key = "certificate", kind = "files", identity = true, room = "credentials",
         switch = EXCHANGED }
ours   { key = "pkcs12", kind = "file", identity = true, room = "credentials", switch = EXCHANGED }

theirs { key = "cafile", kind = "files", room = "locations", switch = STORE,
         state = { store = false }, counted = "the content of the store" }
theirs { key = "capath", kind = "folder", room = "locations", switch = STORE,
         state = { folders = false,
                   folders_seen = false } } -- at a connection's beginning: ssl.trust.store
ours   { key = "systemca", kind = "switch", trust = true, room = "trust", switch = STORE }
ours   { key = "servername", kind = "text", trust = true, side = "client", room = "trust",
         state = { servername = false }, begins = true, switch = SERVER }
ours   { key = "crl", kind = "files", trust = true, chain = true, room = "trust",
         switch = "with verify",
         state = { verify_flags = 0 } } -- X509_V_FLAG_*, for every connection
ours   { key = "rawkeys", kind = "files", trust = true, room = "certform",
         state = { rawkeys = false } } -- in DER
ours   { key = "clientca", kind = "files", trust = true, side = "server", room = "trust",
         state = { clientca = false }, -- the names in DER
         switch = LOOKED_UP }
ours   { key = "purpose", kind = "text", trust = true, chain = true, room = "trust",
         switch = "with verify",
         state = { purpose = false,         -- X509_PURPOSE_*
                   purpose_trust = false } } -- X509_TRUST_*
ours   { key = "partialchain", kind = "switch", trust = true, room = "trust",
         switch = "with verify" }

theirs { key = "ciphers", kind = "text", room = "algorithms", switch = LOOKED_UP }
theirs { key = "ciphersuites", kind = "text", room = "algorithms", switch = LOOKED_UP }

-- After the keys that decide about trust, which it checks.
theirs { key = "verify", kind = "list", room = "verify", always = true,
         theirs = set("none", "peer", "client_once", "fail_if_no_peer_cert"), each = true,
         state = { verify_said = false }, -- also "none"
         counted = "the mode that OpenSSL returns, and psk_only" }
theirs { key = "options", kind = "list", room = "flow" }
theirs { key = "depth", kind = "number", room = "verify" }
theirs { key = "dhparam", kind = "function", side = "server", room = "algorithms",
         types = "fun(is_export: boolean, keylength: integer): string?",
         state = { dhparam = false, dh_pem = false, dh = false }, -- and its last result
         counted = "whether it is set", switch = ASKED }
theirs { key = "curveslist", kind = "text", room = "algorithms", switch = "with groups" }
theirs { key = "curve", kind = "text", room = "algorithms", switch = "with groups" }

-- After `protocol` and `options`, which they narrow or undo.
ours   { key = "minversion", kind = "text", room = "protocol", switch = "with protocol" }
ours   { key = "maxversion", kind = "text", room = "protocol", switch = "with protocol" }
ours   { key = "groups", kind = "list", room = "algorithms",
         state = { groups = false } } -- of `curve` and `curveslist`, too
ours   { key = "sigalgs", kind = "list", room = "algorithms", switch = EXCHANGED,
         state = { sigalgs = false } }
ours   { key = "clientsigalgs", kind = "list", room = "algorithms", switch = EXCHANGED,
         state = { clientsigalgs = false } }
ours   { key = "cipherpreference", kind = "text", room = "algorithms", switch = "with options",
         types = '"server"|"client"',
         policy = "it chooses among the ciphers that both sides allow" }
ours   { key = "renegotiation", kind = "any", types = 'boolean|"once"', room = "flow",
         state = { once = 0 }, -- LSF_ONCE_*: what a peer may ask for once
         policy = "it allows later handshakes, which verify by themselves" }
ours   { key = "posthandshakeauth", kind = "any", types = 'boolean|"once"', side = "client",
         room = "flow", switch = SERVER,
         policy = "it is an offer to the server in every handshake" }
ours   { key = "padding", kind = "number", room = "flow", state = { padding = false },
         policy = "it decides how long records are" }
ours   { key = "certcompression", kind = "list", room = "certform",
         state = { certcompression = false },
         policy = "it decides how certificates travel" }
ours   { key = "ech", kind = "text", side = "client", room = "ech", state = { ech = false },
         switch = SERVER }
ours   { key = "echkeys", kind = "files", side = "server", room = "ech", switch = OVER,
         policy = "it opens the client's first message" }
ours   { key = "earlydata", kind = "number", room = "earlydata",
         state = { earlydata = false,
                   process = false }, -- that has the sessions for early data
         policy = "it limits the amount; each connection uses its own context" }

theirs { key = "verifyext", kind = "list", trust = "values", room = "verify",
         theirs = set("lsec_continue", "lsec_ignore_purpose", "crl_check",
                      "crl_check_chain"),
         state = { verify_continue = false, ignore_purpose = false },
         switch = "with verify" }
theirs { key = "alpn", kind = "list", room = "alpn",
         types = "string|string[]|fun(protocols: string[]): string|string[]|nil",
         state = { alpn_select = false }, switch = ASKED,
         policy = "it is negotiated in every handshake, also in a resumed one" }
theirs { key = "psk", kind = "fields", identity = true, fields = { "hint", "callback" },
         room = "psk",
         types = "function|{ hint: string?, callback: function }",
         state = { psk_client = false, psk_server = false, psk_hint = false,
                   psk_only = false } } -- a client's: no certificate is accepted instead
ours   { key = "onverify", kind = "function", room = "verify",
         types = "fun(conn: ssl.Connection, preverified: boolean, certificate: "
              .. "ssl.Certificate, depth: integer, reason: string?): boolean?",
         state = { onverify = false }, switch = "with verify" }
ours   { key = "onclienthello", kind = "function", side = "server", room = "clienthello",
         types = "fun(conn: ssl.Connection, hello: table): any, string?",
         state = { onclienthello = false }, switch = OVER,
         policy = "it is called in every handshake; the chosen context counts" }
theirs { key = "dane", kind = "list", side = "client", room = "dane", switch = SERVER,
         types = "boolean|string[]",
         state = { dane = false } } -- DANE_FLAG_*, where it is on
ours   { key = "ocsp", kind = "text", trust = true, chain = true, side = "client",
         room = "ocsp", types = '"request"|"require"', state = { ocsp = false },
         switch = SERVER }
ours   { key = "ocspresponse", kind = "any", side = "server", room = "ocsp",
         types = "string|fun(conn: ssl.Connection): string?",
         state = { ocspresponse = false },
         policy = "the peer judges it" }
ours   { key = "keylog", kind = "any", types = "string|fun(line: string)", room = "keylog",
         state = { keylog = false }, switch = LOOKED_UP,
         policy = "it does not affect verification" }

-- With ticket keys a store leaves tickets on, so it comes after them.
ours   { key = "onsession", kind = "function", side = "client", room = "sessions",
         types = "fun(session: ssl.Session, conn: ssl.Connection)",
         state = { onsession = false }, switch = SERVER,
         policy = "it only receives sessions" }
ours   { key = "sessiontimeout", kind = "number", room = "sessions", switch = "with tickets",
         policy = "the session itself contains it" }
ours   { key = "sessionid", kind = "text", room = "sessions", state = { sessionid = false },
         switch = "ssl.session.sessionid.bind: the connection gets the id of its context" }
ours   { key = "tickets", kind = "number", side = "server", room = "sessions",
         policy = HOW_MANY }
ours   { key = "ticketkeys", kind = "list", side = "server", room = "sessions",
         state = { tickets = false }, begins = true, switch = OVER, policy = WHERE }
ours   { key = "sessionkey", kind = "list", types = "string|string[]|false", side = "server",
         room = "sessions", switch = OVER,
         policy = "it authenticates the store's entries" }
ours   { key = "sessionstore", kind = "any", types = "{ get: function, put: function, "
              .. "remove: function? }",
         side = "server", room = "sessions", state = { sessionstore = false }, begins = true,
         policy = WHERE }
ours   { key = "sessioncache", kind = "number", side = "server", room = "sessions",
         switch = OVER, policy = HOW_MANY }

ours   { key = "eof", kind = "text", types = '"strict"|"lenient"', room = "connection",
         state = { eof = false }, -- ssl.io.loop
         policy = "it concerns the report of an end" }
ours   { key = "explain", kind = "switch", room = "connection",
         state = { explain = false }, policy = "it concerns the report of a refusal" }
ours   { key = "maxline", kind = "number", room = "connection",
         state = { maxline = MOST_LINE }, policy = KEPT }
ours   { key = "maxall", kind = "number", room = "connection",
         state = { maxall = MOST_ALL }, policy = KEPT }

return list
