--- ssl.resty.downstream: nginx's own TLS with the client of the current request, for reading.

local ffi  = require "ffi"
local lib  = require "ssl.ffi.lib"
local host = require "ssl.resty.host"
local view = require "ssl.connection.view"
local C    = lib.C

local message_t = ffi.typeof "const char *[1]"

-- lua-resty-core knows where this nginx keeps the request. In stream{} that is another struct.
local function current()
  if host.ngx().config.subsystem ~= "http" then return nil end
  local found, base = pcall(require, "resty.core.base")
  return found and base.get_request and base.get_request() or nil
end

-- The SSL of the current request's connection. nginx keeps it for as long as the request
-- lasts, and no method of a view yields. Within a handshake nginx gives it away too, in
-- ssl_client_hello_by_lua for one. Then it has no session yet, and nothing is verified.
local function fetch()
  local request = current()
  if not request then return nil, "there is no request here" end
  local ssl = C.ngx_http_lua_ffi_get_req_ssl_pointer(request, message_t())
  if ssl == nil then return nil, "the connection of this request has no TLS" end
  ssl = ffi.cast("lsf_SSL *", ssl)
  if C.SSL_in_init(ssl) ~= 0 then return nil, "the handshake is not over" end
  return ssl
end

--- The connection of the current request.
-- @treturn table  the reading methods of a connection
-- @treturn nil,string
return function()
  if not lib.has.ngx_http_lua_ffi_get_req_ssl_pointer then
    return nil, "this nginx does not give away the TLS of a request"
  elseif lib.openssl.how ~= "process" then
    return nil, "this library uses another OpenSSL than nginx"
  end
  local ssl, why = fetch()
  if not ssl then return nil, why end
  return view.of(fetch)
end
