--- ssl.session.tickets: the number and the keys of a server's tickets.
--
-- The keys are in C memory. OpenSSL's callback finds them through the connection
-- (shim/ticket.c). They are wiped there when they are replaced.

local ffi        = require "ffi"
local lib        = require "ssl.ffi.lib"
local shim       = require "ssl.ffi.shim"
local errors     = require "ssl.base.errors"
local C, K, S, H = lib.C, lib.K, shim.C, shim.K

local tickets = {}

local evp = lib.has.SSL_CTX_set_tlsext_ticket_key_evp_cb
        and shim.has.EVP_MAC_CTX_set_params

--- Can this OpenSSL use keys of ours?
tickets.supported = (evp or shim.has.HMAC_Init_ex) and true or false

--- The most keys that a context has.
tickets.MOST = H.LSF_TICKET_KEYS

-- One table in C for each context that has keys.
local table_t = ffi.metatype(ffi.typeof "struct { void *lsf_tickets; }", {
  __gc = function(self)
    S.tickets_free(self.lsf_tickets)
    self.lsf_tickets = nil
  end,
})

-- Where the parts of a key are, as nginx and HAProxy have them: the name, and then
-- AES and HMAC in the short form, HMAC and AES in the long one.
local NAME, SHORT, LONG = 16, 16, 32
local FORMS = {
  [NAME + 2 * SHORT] = { size = SHORT, aes = NAME, hmac = NAME + SHORT },
  [NAME + 2 * LONG]  = { size = LONG, aes = NAME + LONG, hmac = NAME },
}

-- The mistake in a list of keys, or nil.
local function fault(keys)
  if type(keys) ~= "table" or #keys < 1 or #keys > tickets.MOST then
    return ("an array of 1 to %d strings expected"):format(tickets.MOST)
  end
  local names = {}
  for i = 1, #keys do
    local key = keys[i]
    if type(key) ~= "string" or not FORMS[#key] then
      return ("key %d: a string of 48 or 80 bytes expected"):format(i)
    end
    local name = key:sub(1, NAME)
    if names[name] then return ("keys %d and %d have the same name"):format(names[name], i) end
    names[name] = i
  end
end

local COUNT = "error setting the number of tickets"

local bytes_t = ffi.typeof "const unsigned char *"

local function fill(entry, key)
  local form, from = FORMS[#key], ffi.cast(bytes_t, key)
  ffi.copy(entry.name, from, NAME)
  ffi.copy(entry.aes, from + form.aes, form.size)
  ffi.copy(entry.hmac, from + form.hmac, form.size)
  entry.size = form.size
end

local function install(raw)
  local rc
  if evp then
    rc = C.SSL_CTX_set_tlsext_ticket_key_evp_cb(raw, shim.callback "ticket_key_evp")
  else
    rc = C.SSL_CTX_callback_ctrl(raw, K.SSL_CTRL_SET_TLSEXT_TICKET_KEY_CB,
                                 shim.callback "ticket_key")
  end
  errors.must(rc, "error setting the ticket keys")
end

--- Use these keys: the first for new tickets, the others to read older ones.
-- Connections that began before have them too.
-- @tparam table c  the context's state
-- @tparam {string,...} keys
-- @treturn true
-- @treturn nil,string  the mistake in them; nothing was changed
function tickets.set_keys(c, keys)
  local why = not tickets.supported and "this OpenSSL cannot do it" or fault(keys)
  if why then return nil, why end
  local array = shim.ticket_keys(#keys)
  for i = 1, #keys do fill(array[i - 1], keys[i]) end
  local held = c.tickets or table_t(S.tickets_new())
  local there = held.lsf_tickets ~= nil
  if there then S.tickets_set(held.lsf_tickets, array, #keys) end
  ffi.fill(array, ffi.sizeof(array))
  if not there then return nil, "not enough memory" end
  if not c.tickets then install(c.handle.raw) end
  c.tickets = held
  return true
end

--- How many tickets a handshake gives; none at all for 0.
-- @tparam table c  the context's state
-- @tparam number n
function tickets.set_count(c, n)
  errors.must(C.SSL_CTX_set_num_tickets(c.handle.raw, n), COUNT)
  if n == 0 then C.SSL_CTX_set_options(c.handle.raw, lib.options.no_ticket) end
end

--- A server's connection begins. Its tickets use the keys of this context, also after a
-- switch to another context, because OpenSSL keeps the first context's callback.
-- @tparam table st
-- @tparam table c  the context's state
function tickets.begin(st, c)
  if c.tickets and c.tickets.lsf_tickets ~= nil then
    S.tickets_use(st.conn, c.tickets.lsf_tickets)
  end
end

--- The handshake goes on with another context, which decides the number of tickets and
-- the lifetime of sessions.
-- @tparam table st
-- @tparam table c  the other context's state
function tickets.adopt(st, c)
  st.conn.sessions.timeout = C.SSL_CTX_get_timeout(c.handle.raw)
  errors.must(C.SSL_set_num_tickets(st.conn.ssl, C.SSL_CTX_get_num_tickets(c.handle.raw)),
              COUNT)
end

return tickets
