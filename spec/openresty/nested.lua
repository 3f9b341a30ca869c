-- TLS in TLS, given back layer by layer, with plain bytes at the end. Both ends: the
-- request with an Upgrade is the server's.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local function server()
  local sock = upgrade.accept()
  local outer = assert(ssl.wrap(sock, contexts.server))
  assert(outer:dohandshake())
  local inner = assert(ssl.wrap(outer, contexts.server))
  assert(inner:dohandshake())
  assert(inner:send(assert(inner:receive()) .. "\n"))
  local transport, rest = inner:unwrap()
  assert(transport == outer and rest == "")
  assert(outer:send "one layer less\n")
  transport, rest = outer:unwrap()
  assert(transport == sock and rest == "")
  assert(sock:send "in the clear\n")
end

local function line(rest, from)
  if rest:find "\n" then return (rest:match "[^\n]*") end
  return rest .. assert(from:receive())
end

local function client()
  local sock = assert(upgrade.connect(ngx.var.server_port, "/nested"))
  local outer = assert(ssl.wrap(sock, contexts.client))
  assert(outer:dohandshake())
  local inner = assert(ssl.wrap(outer, contexts.client))
  assert(inner:dohandshake())
  assert(inner:send "two layers\n")
  ngx.say((inner:receive()))
  local transport, rest = assert(inner:unwrap())
  assert(transport == outer)
  ngx.say(line(rest, outer))
  transport, rest = assert(outer:unwrap())
  assert(transport == sock)
  ngx.say(line(rest, sock))
  sock:close()
end

if ngx.var.http_upgrade then server() else client() end
