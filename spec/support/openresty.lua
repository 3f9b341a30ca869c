--- nginx with Lua, running the handlers in spec/openresty.
--
--   local nginx = openresty.start()
--   nginx:get "/phases"   the answer of spec/openresty/phases.lua
--
-- `settings` is a module there: `pki`, `port` (of this server), `tls_port` (nginx's
-- own TLS, with a folder of files behind it), and what the spec adds.

local house   = require "spec.support.init"
local socket  = require "socket"
local http    = require "socket.http"
local ltn12   = require "ltn12"
local peers   = require "spec.support.peers"
local pki     = require "spec.support.pki"
local process = require "spec.support.process"

local openresty = {}

local HTTP = [[
  lua_code_cache %(cache)s;
  lua_socket_log_errors off;
  lua_ssl_trusted_certificate "%(root_cert)s";
  lua_ssl_verify_depth 3;
  init_by_lua_block {
    package.path = "%(folder)s/?.lua;" .. package.path
    package.loaded.settings = %(settings)s
    %(mode)s
    %(init)s
  }
  server {
    listen 127.0.0.1:%(tls_port)s ssl;
    ssl_certificate "%(cert)s";
    ssl_certificate_key "%(key)s";
    ssl_protocols TLSv1.2 TLSv1.3;
    root %%(dir)s/files;
  }
]]

-- The spec's own process has its mode from the command line; nginx has it from here.
local MODES = {
  hammered    = 'require("jit.opt").start("hotloop=1", "hotexit=1")',
  interpreter = "jit.off()",
  collect     = "jit.off()",
}

local SERVER = [[
  location ~ ^/(?<handler>[a-z_]+)$ {
    content_by_lua_file "%(folder)s/$handler.lua";
  }
]]

local function literal(value)
  if type(value) ~= "table" then
    return type(value) == "string" and ("%q"):format(value) or tostring(value)
  end
  local fields = {}
  for key, field in pairs(value) do
    fields[#fields + 1] = ("[%s] = %s"):format(literal(key), literal(field))
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

local function fill(template, values)
  return (template:gsub("%%%((%w+_?%w*)%)s", values):gsub("%%%%", "%%"))
end

--- The body of the answer to a request; the status when it is not 200.
local function get(child, path)
  local body = {}
  local _, status = http.request {
    url = ("http://127.0.0.1:%d%s"):format(child.port, path),
    sink = ltn12.sink.table(body), create = function()
      local sock = socket.tcp()
      sock:settimeout(60)
      return sock
    end,
  }
  body = table.concat(body)
  if status ~= 200 then return nil, ("%s\n%s%s"):format(status, body, child.log()) end
  return body
end

--- A connection to a handler that goes on in another protocol.
-- @treturn object  LuaSocket's
function openresty.upgrade(port, path)
  local sock = assert(socket.connect("127.0.0.1", port))
  sock:settimeout(20)
  assert(sock:send("GET " .. path .. " HTTP/1.1\r\nHost: localhost\r\n"
                   .. "Upgrade: tls\r\nConnection: Upgrade\r\n\r\n"))
  local status = assert(sock:receive())
  assert(status:find " 101 ", status)
  repeat until assert(sock:receive()) == ""
  return sock
end

-- The match of a pattern in its log, soon; nil when there is none.
local function wait_log(child, pattern)
  local late = house.patience()
  repeat
    local found = child.log():match(pattern)
    if found then return found end
    socket.sleep(0.01)
  until late()
end

--- Start it.
-- @tparam[opt] table options  `settings`: more of them; `init`: Lua for init_by_lua;
--   `cache`: "on" or "off"; `http`, `server`: further directives; `folder`: of the handlers,
--   spec/openresty; and those of peers.nginx
function openresty.start(options)
  options = options or {}
  local folder = process.capture "pwd":gsub("\n", "") .. "/" .. (options.folder or "spec/openresty")
  local settings = { pki = pki, tls_port = process.free_port() }
  for name, value in pairs(options.settings or {}) do settings[name] = value end
  local values = {
    folder = folder, settings = literal(settings), init = options.init or "",
    mode = MODES[house.mode] or "", cache = options.cache or "on", tls_port = settings.tls_port,
    root_cert = pki.root.cert, cert = pki.server.chain, key = pki.server.key,
  }
  options.lua = true
  options.level = options.level or "info"
  options.http = fill(HTTP .. (options.http or ""), values)
  options.server = fill((options.server or "") .. SERVER, values)
  local child = peers.nginx(options)
  child.tls_port, child.get, child.wait_log = settings.tls_port, get, wait_log
  return child
end

local WHO = [[
  server {
    listen %s ssl;
    ssl_certificate "%s";
    ssl_certificate_key "%s";
    ssl_client_certificate "%s";
    ssl_verify_depth 3;
    %s
    location /who { return 200 "%s"; }
  }
]]

local ANSWER = "$ssl_protocol $ssl_client_s_dn $ssl_alpn_protocol $ssl_session_reused "
               .. "requests=$connection_requests"

--- A TLS server of nginx's own that says at /who with whom and how it speaks.
-- @tparam string|number address  for `listen`; a number is a port of loopback
-- @tparam string more  further directives
-- @treturn string  for `http` of `start`
function openresty.who(address, more)
  if type(address) == "number" then address = "127.0.0.1:" .. address end
  return WHO:format(address, pki.server.chain, pki.server.key, pki.root.cert, more,
                    ANSWER)
end

--- Lines of the error log that matter: warnings and worse.
function openresty.complaints(child)
  local found = {}
  for line in child.log():gmatch "[^\n]+" do
    local level = line:match "%[(%l+)%]"
    if level and level ~= "info" and level ~= "notice" and level ~= "debug" then
      found[#found + 1] = line
    end
  end
  return found
end

return openresty
