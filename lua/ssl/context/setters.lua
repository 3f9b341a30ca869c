--- ssl.context.setters: the functions of ssl.context.
--
-- LuaSec's module, function by function: `true`, or `false` and a message; wrong
-- types raise. Parameters are `...` so that an error can distinguish nil from none.

local ffi          = require "ffi"
local lib          = require "ssl.ffi.lib"
local later        = require "ssl.base.later"
local alpn         = later.module "ssl.feature.alpn"
local anchors      = later.module "ssl.trust.anchors"
local arg          = require "ssl.base.arg"
local certificates = later.module "ssl.credential.certificates"
local groups       = later.module "ssl.context.groups"
local dane         = later.module "ssl.feature.dane"
local errors       = require "ssl.base.errors"
local key          = later.module "ssl.credential.key"
local material     = require "ssl.source.material"
local password     = require "ssl.source.password"
local pkcs12       = later.module "ssl.credential.pkcs12"
local keyobject    = later.module "ssl.credential.keyobject"
local psk          = later.module "ssl.feature.psk"
local sessions     = later.module "ssl.context.sessions"
local sslctx       = require "ssl.context.sslctx"
local face         = require "ssl.context.table"
local verifyflags  = require "ssl.trust.verifyflags"
local x509         = later.module "ssl.x509.certificate"
local C            = lib.C
local live         = sslctx.live
local usable       = sslctx.usable

local context = { class = sslctx.class, state = sslctx.state }
local methods = sslctx.methods

local function answer(what, ok, reason)
  if ok then return true end
  return false, ("%s (%s)"):format(what, reason)
end

-- For what takes a C string and would stop at a NUL.
local function cut(text, what)
  return text and text:find("\0", 1, true) and ("NUL in the %s"):format(what)
end

-- Every argument from the second on, as strings.
local function names(given, count)
  for i = 1, count do
    given[i] = arg.string(given[i], i + 1, 2)
  end
  return given
end

--- A new context.
-- @tparam string protocol  any, sslv23, tlsv1, tlsv1_1, tlsv1_2, tlsv1_3; sslv3
--   where OpenSSL still has it
-- @treturn userdata
-- @treturn nil,string
function context.create(...)
  local protocol = ...
  protocol = arg.string(protocol, 1)
  return sslctx.new(protocol)
end

--- Say which side its connections are.
-- @tparam string mode  "server" or "client"
function context.setmode(...)
  local ctx, mode = ...
  local c = live(ctx)
  mode = arg.string(mode, 2)
  if mode ~= "server" and mode ~= "client" then
    return false, ("invalid mode (%s)"):format(mode)
  end
  if mode == "server" and not sslctx.set_session_context(c) then
    return answer("error creating context", false, errors.reason())
  end
  c.mode = mode
  return true
end

-- An argument that may be what ssl.source.material has.
local function sources(value, takes, position, level)
  level = (level or 1) + 1
  local list, wrong = material.sources(value, takes)
  if not list then arg.mismatch("string", wrong, position, level) end
  return list
end

--- Load CA certificates, from a folder with hashed names too.
-- @param cafile  the name of a PEM file, PEM text, what ssl.der made, a certificate
--   object, an array of these, or nil
-- @tparam string|nil capath
function context.locations(...)
  local ctx, cafile, capath = ...
  local c = live(ctx)
  if cafile ~= nil then cafile = sources(cafile, x509, 2) end
  capath = arg.optstring(capath, nil, 3)
  local ok, reason = nil, cut(capath, "folder name")
  if not reason then ok, reason = anchors.load(c, cafile, capath) end
  return answer("error loading CA locations", ok, reason)
end

-- The functions of one C string: judged by OpenSSL, with a reason.
local function setter(what, noun, apply)
  return function(...)
    local ctx, text = ...
    local c = live(ctx)
    text = arg.string(text, 2)
    local nul = cut(text, noun)
    if nul then return answer(what, false, nul) end
    errors.clear()
    if apply(c.handle.raw, text) ~= 1 then
      return answer(what, false, errors.reason())
    end
    errors.clear()
    return true
  end
end

--- Load a certificate and its chain, the leaf first.
-- @param chain  the name of a PEM file, PEM text, what ssl.der made, a certificate
--   object, or an array of these
function context.loadcert(...)
  local ctx, chain = ...
  local c = live(ctx)
  chain = sources(chain, x509, 2)
  local ok, reason = certificates.load(c, chain)
  return answer("error loading certificate", ok, reason)
end

--- Allow these cipher suites up to TLS 1.2.
context.setcipher = setter("error setting cipher list", "list",
                           C.SSL_CTX_set_cipher_list)

--- Allow these cipher suites of TLS 1.3.
context.setciphersuites = setter("error setting cipher list", "list",
                                 C.SSL_CTX_set_ciphersuites)

--- Load a private key.
-- @param source  the name of a PEM file, PEM text, what ssl.der made, "store:URI", or a
--   key object, also one of lua-resty-openssl
-- @tparam string|function|nil given  the password, to be given even as nil
function context.loadkey(...)
  local ctx, source, given = ...
  local there = select("#", ...) > 2
  local c = live(ctx)
  source = keyobject.adopt(source) or source
  if not material.bytes(source) and not keyobject.is(source) then
    source = arg.string(source, 2)
  end
  if not there or not password.valid(given) then
    error("invalid callback value", 0)
  end
  local ok, reason = key.load(c, source, given)
  return answer("error loading private key", ok, reason)
end

--- Load key, certificate and chain from one PKCS#12.
-- @tparam string|userdata source  the name of a file, the bytes, or what ssl.der made
-- @tparam string|function|nil given  the password
function context.loadpkcs12(...)
  local ctx, source, given = ...
  local c = live(ctx)
  if not material.bytes(source) then source = arg.string(source, 2) end
  if not password.valid(given) then arg.mismatch("string", given, 3) end
  local ok, reason = pkcs12.load(c, source, given)
  return answer("error loading PKCS#12", ok, reason)
end

--- Do the private key and the certificate belong together?
-- @treturn boolean
function context.checkkey(...)
  local ctx = ...
  local c = live(ctx)
  return key.matches(c)
end

--- How many intermediate CAs a chain may have.
function context.setdepth(...)
  local ctx, depth = ...
  local c = live(ctx)
  depth = arg.integer(depth, 2)
  C.SSL_CTX_set_verify_depth(c.handle.raw,
                             math.max(-0x7fffffff, math.min(depth, 0x7fffffff)))
  return true
end

--- The function that gives a server its DH parameters.
-- @tparam function f  called as f(is_export, keylength), returns PEM
function context.setdhparam(...)
  local ctx, f = ...
  local c = live(ctx)
  c.dhparam = arg.type(f, "function", 2)
end

--- Verify the peer: none, peer, client_once, fail_if_no_peer_cert.
function context.setverify(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local c = live(ctx)
  local wanted = names(given, count)
  local ok, unknown = verifyflags.verify(c, wanted)
  return answer("invalid verify option", ok, unknown)
end

--- lsec_continue, lsec_ignore_purpose, and flags of OpenSSL's: crl_check, ...
function methods.setverifyext(ctx, ...)
  local count, given = select("#", ...), { ... }
  local c = live(ctx)
  local wanted = names(given, count)
  local ok, unknown = verifyflags.extend(c, wanted)
  return answer("invalid verify option", ok, unknown)
end

-- Renegotiation is off (ssl.context.sslctx); an option that lets clients begin one switches
-- it on. Early data that can be replayed is never allowed, nor a name in the clear that was to
-- be encrypted.
local function permit(c, wanted)
  for _, name in ipairs(wanted) do
    if name == "allow_client_renegotiation" then
      C.SSL_CTX_clear_options(c.handle.raw, lib.options.no_renegotiation)
    elseif name == "no_anti_replay" and c.earlydata then
      return nil, "no_anti_replay: the context has early data"
    elseif name == "no_tlsv1_3" and c.ech then
      return nil, "no_tlsv1_3: the context has ech"
    end
  end
  return true
end

--- Add OpenSSL's options, by the names in ssl.config.options.
function context.setoptions(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local c = live(ctx)
  local mask = ffi.new "uint64_t"
  local wanted = names(given, count)
  for _, name in ipairs(wanted) do
    local bits = lib.options[name]
    if not bits then return answer("invalid option", false, name) end
    mask = bit.bor(mask, ffi.cast("uint64_t", bits))
  end
  local ok, why = permit(c, wanted)
  if not ok then return answer("invalid option", false, why) end
  C.SSL_CTX_set_options(c.handle.raw, mask)
  return true
end

--- Offer these protocols in a client's handshake.
-- @tparam string wire  RFC 7301's list: a length byte and that many bytes each; ""
--   offers none
function context.setalpn(...)
  local ctx, wire = ...
  local c = live(ctx)
  wire = arg.string(wire, 2)
  if not alpn.decode(wire) then
    return answer("error setting ALPN", false, "malformed list")
  end
  errors.clear()
  local rc = C.SSL_CTX_set_alpn_protos(c.handle.raw, wire, #wire)
  if rc ~= 0 then return answer("error setting ALPN", false, errors.reason()) end
  return true
end

--- The function that chooses a server's protocols at each handshake.
-- @tparam function f  from the client's list to ours, both in wire format: our first
--   that the client has too is used, and without one the handshake is refused; nil
--   negotiates nothing. It may raise and yield
function context.setalpncb(...)
  local ctx, f = ...
  local c = live(ctx)
  c.alpn_select = arg.type(f, "function", 2)
  return true
end

--- The hint that a server sends to clients, up to TLS 1.2.
-- @treturn boolean  false where it is too long or OpenSSL lacks PSK
function context.setpskhint(...)
  local ctx, hint = ...
  local c = live(ctx)
  hint = arg.string(hint, 2)
  errors.clear()
  local ok = psk.supported and not cut(hint, "hint")
         and C.SSL_CTX_use_psk_identity_hint(c.handle.raw, hint) == 1
  errors.clear()
  if ok then c.psk_hint = hint end
  return ok
end

--- The function that gives a server the key of an identity.
-- @tparam function f  f(identity, max_psk) -> key; may raise and yield
function context.setserverpskcb(...)
  local ctx, f = ...
  local c = live(ctx)
  c.psk_server = arg.type(f, "function", 2)
  return true
end

--- The function that gives a client its identity and key. Unless `setverify` is called too,
-- before or after this, the client accepts no certificate instead of a key.
-- @tparam function f  f(hint or nil, max_identity, max_psk) -> identity, key; may
--   raise and yield
function context.setclientpskcb(...)
  local ctx, f = ...
  local c = live(ctx)
  c.psk_client = arg.type(f, "function", 2)
  c.psk_only = not c.verify_said
  return true
end

--- Let connections check the peer against TLSA records.
-- @param ctx
-- @param ...  flags: no_ee_namechecks
function context.setdane(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local c = live(ctx)
  local flags = names(given, count)
  for i, name in ipairs(flags) do
    if not dane.flags[name] then
      arg.fail(i + 1, ("invalid option '%s'"):format(name))
    end
  end
  local ok, reason = dane.enable(c, flags)
  return answer("error enabling DANE", ok, reason)
end

--- Use one curve for the key exchange.
function context.setcurve(...)
  local ctx, name = ...
  local c = live(ctx)
  name = arg.string(name, 2)
  local ok, message = groups.set_curve(c, name)
  if not ok then return false, message end
  return true
end

--- Use a list of groups for the key exchange: "X25519:P-256".
function context.setcurveslist(...)
  local ctx, list = ...
  local c = live(ctx)
  list = arg.string(list, 2)
  local ok, message = groups.set_list(c, list)
  if not ok then return false, message end
  return true
end

--- Replace a server's ticket keys, also while connections exist. Sessions that were made
-- before stay valid.
-- @tparam userdata ctx
-- @tparam {string,...} list  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid ticketkeys (...)"; nothing was changed
function context.setticketkeys(...)
  local ctx, list = ...
  local c = usable(ctx)
  list = arg.type(list, "table", 2)
  local why = sessions.set_ticketkeys(c, list)
  return answer("invalid ticketkeys", not why, why)
end

--- Replace the secrets that authenticate the entries of a context's store, also while
-- connections exist. They take the place of ticket keys from now on.
-- @tparam userdata ctx
-- @tparam string|{string,...} secret  the newest first; see docs/sessions.md
-- @treturn true
-- @treturn false,string  "invalid sessionkey (...)"; nothing was changed
function context.setsessionkey(...)
  local ctx, secret = ...
  local c = usable(ctx)
  local why = sessions.set_sessionkey(c, secret)
  return answer("invalid sessionkey", not why, why)
end

--- Count the sessions of a server's context: see docs/sessions.md.
-- @tparam userdata ctx
-- @treturn table  numbers since the context was made: with a `sessionstore` found,
--   absent, expired, foreign, refused, kept; with `earlydata` cached, which is how many
--   there are now, and evicted
function context.sessionstats(...)
  local ctx = ...
  local c = usable(ctx)
  return sessions.stats(c)
end

return later.fill(face, context)
