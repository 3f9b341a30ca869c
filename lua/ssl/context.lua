--- ssl.context: what connections have in common.
--
-- LuaSec's module, function by function: `true`, or `false` and a message; wrong
-- types raise. Parameters are `...` so that an error can tell nil from none.

local ffi    = require "ffi"
local lib    = require "ssl.ffi.lib"
local alpn   = require "ssl.alpn"
local arg    = require "ssl.arg"
local curves = require "ssl.curves"
local dane   = require "ssl.dane"
local err    = require "ssl.err"
local key    = require "ssl.key"
local psk    = require "ssl.psk"
local sslctx = require "ssl.sslctx"
local trust  = require "ssl.trust"
local C      = lib.C
local live   = sslctx.live

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
  local state = live(ctx)
  mode = arg.string(mode, 2)
  if mode ~= "server" and mode ~= "client" then
    return false, ("invalid mode (%s)"):format(mode)
  end
  if mode == "server" and not sslctx.set_session_context(state.handle.ctx) then
    return answer("error creating context", false, err.reason())
  end
  state.mode = mode
  return true
end

--- Load CA certificates from a PEM file, a folder with hashed names, or both.
function context.locations(...)
  local ctx, cafile, capath = ...
  local state = live(ctx)
  cafile, capath = arg.optstring(cafile, nil, 2), arg.optstring(capath, nil, 3)
  local nul = cut(cafile, "file name") or cut(capath, "folder name")
  local ok, reason = nil, nul
  if not nul then ok, reason = trust.locations(state, cafile, capath) end
  return answer("error loading CA locations", ok, reason)
end

-- The functions of one C string: judged by OpenSSL, with a reason.
local function setter(what, noun, apply)
  return function(...)
    local ctx, text = ...
    local state = live(ctx)
    text = arg.string(text, 2)
    local nul = cut(text, noun)
    if nul then return answer(what, false, nul) end
    err.clear()
    if apply(state.handle.ctx, text) ~= 1 then
      return answer(what, false, err.reason())
    end
    err.clear()
    return true
  end
end

--- Load a certificate and its chain: PEM, the leaf first.
context.loadcert = setter("error loading certificate", "file name",
                          C.SSL_CTX_use_certificate_chain_file)

--- Allow these cipher suites up to TLS 1.2.
context.setcipher = setter("error setting cipher list", "list",
                           C.SSL_CTX_set_cipher_list)

--- Allow these cipher suites of TLS 1.3.
context.setciphersuites = setter("error setting cipher list", "list",
                                 C.SSL_CTX_set_ciphersuites)

--- Load a private key.
-- @tparam string file  PEM
-- @tparam string|function|nil password  to be given, even as nil
function context.loadkey(...)
  local ctx, file, password = ...
  local kind = select("#", ...) > 2 and type(password)
  local state = live(ctx)
  file = arg.string(file, 2)
  if kind ~= "nil" and kind ~= "string" and kind ~= "function" then
    error("invalid callback value", 0)
  end
  local nul = cut(file, "file name")
  local ok, reason = nil, nul
  if not nul then ok, reason = key.load(state, file, password) end
  return answer("error loading private key", ok, reason)
end

--- Do the private key and the certificate belong together?
-- @treturn boolean
function context.checkkey(...)
  local ctx = ...
  local state = live(ctx)
  return key.matches(state)
end

--- How many intermediate CAs a chain may have.
function context.setdepth(...)
  local ctx, depth = ...
  local state = live(ctx)
  depth = arg.integer(depth, 2)
  C.SSL_CTX_set_verify_depth(state.handle.ctx,
                             math.max(-0x7fffffff, math.min(depth, 0x7fffffff)))
  return true
end

--- The function that gives a server its DH parameters.
-- @tparam function f  called as f(is_export, keylength), returns PEM
function context.setdhparam(...)
  local ctx, f = ...
  local state = live(ctx)
  state.dhparam = arg.type(f, "function", 2)
end

--- Verify the peer: none, peer, client_once, fail_if_no_peer_cert.
function context.setverify(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local state = live(ctx)
  local wanted = names(given, count)
  local ok, unknown = trust.verify(state, wanted)
  return answer("invalid verify option", ok, unknown)
end

--- lsec_continue, lsec_ignore_purpose, crl_check, crl_check_chain.
function methods.setverifyext(ctx, ...)
  local count, given = select("#", ...), { ... }
  local state = live(ctx)
  local wanted = names(given, count)
  local ok, unknown = trust.extend(state, wanted)
  return answer("invalid verify option", ok, unknown)
end

--- Add OpenSSL's options, by the names in ssl.config.options.
function context.setoptions(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local state = live(ctx)
  local mask = ffi.new "uint64_t"
  local wanted = names(given, count)
  for _, name in ipairs(wanted) do
    local bits = lib.options[name]
    if not bits then return answer("invalid option", false, name) end
    mask = bit.bor(mask, ffi.cast("uint64_t", bits))
  end
  C.SSL_CTX_set_options(state.handle.ctx, mask)
  return true
end

--- Offer these protocols in a client's handshake.
-- @tparam string wire  RFC 7301's list: a length byte and that many bytes each; ""
--   offers none
function context.setalpn(...)
  local ctx, wire = ...
  local state = live(ctx)
  wire = arg.string(wire, 2)
  if not alpn.decode(wire) then
    return answer("error setting ALPN", false, "malformed list")
  end
  err.clear()
  local rc = C.SSL_CTX_set_alpn_protos(state.handle.ctx, wire, #wire)
  if rc ~= 0 then return answer("error setting ALPN", false, err.reason()) end
  return true
end

--- The function that chooses a server's protocols at each handshake.
-- @tparam function f  from the client's list to ours, both in wire format: our first
--   that the client has too is used, and without one the handshake is refused; nil
--   negotiates nothing. It may raise and yield
function context.setalpncb(...)
  local ctx, f = ...
  local state = live(ctx)
  state.alpn_select = arg.type(f, "function", 2)
  return true
end

--- The hint that a server gives to clients, up to TLS 1.2.
-- @treturn boolean  false where it is too long or OpenSSL lacks PSK
function context.setpskhint(...)
  local ctx, hint = ...
  local state = live(ctx)
  hint = arg.string(hint, 2)
  err.clear()
  local ok = psk.supported and not cut(hint, "hint")
         and C.SSL_CTX_use_psk_identity_hint(state.handle.ctx, hint) == 1
  err.clear()
  return ok
end

--- The function that gives a server the key of an identity.
-- @tparam function f  f(identity, max_psk) -> key; may raise and yield
function context.setserverpskcb(...)
  local ctx, f = ...
  local state = live(ctx)
  state.psk_server = arg.type(f, "function", 2)
  return true
end

--- The function that gives a client its identity and key.
-- @tparam function f  f(hint or nil, max_identity, max_psk) -> identity, key; may
--   raise and yield
function context.setclientpskcb(...)
  local ctx, f = ...
  local state = live(ctx)
  state.psk_client = arg.type(f, "function", 2)
  return true
end

--- Let connections check the peer against TLSA records.
-- @param ctx
-- @param ...  flags: no_ee_namechecks
function context.setdane(...)
  local ctx, count, given = ..., select("#", ...) - 1, { select(2, ...) }
  local state = live(ctx)
  local flags = names(given, count)
  for i, name in ipairs(flags) do
    if not dane.flags[name] then
      arg.fail(i + 1, ("invalid option '%s'"):format(name))
    end
  end
  local ok, reason = dane.enable(state, flags)
  return answer("error enabling DANE", ok, reason)
end

--- Use one curve for the key exchange.
function context.setcurve(...)
  local ctx, name = ...
  local state = live(ctx)
  name = arg.string(name, 2)
  local ok, message = curves.set(state, name)
  if not ok then return false, message end
  return true
end

--- Use a list of groups for the key exchange: "X25519:P-256".
function context.setcurveslist(...)
  local ctx, list = ...
  local state = live(ctx)
  list = arg.string(list, 2)
  local ok, message = curves.set_list(state, list)
  if not ok then return false, message end
  return true
end

return context
