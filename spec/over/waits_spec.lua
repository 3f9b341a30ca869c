-- How waits end over each loop: refusals, time limits, names, pools.

describe("over a loop", function()
  local socket  = require "socket"
  local loops   = require "spec.support.loops"
  local peers   = require "spec.support.peers"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local servers = require "spec.support.servers"
  local web     = require "spec.support.web"

  local PROXY = [[
    CONNECT = function(conn, request)
      conn:send "HTTP/1.1 200 OK\r\n\r\n"
      tunnel(conn, tonumber(request.path:match "%d+$"))
    end,
  ]]

  after_each(process.stop_all)

  local LIMITS = "silent: handshake with 127.0.0.1 port N: timeout\nothers had their turn: true\n"
  local STILL  = "nothing still: timeout\n"
  local NAMES  = "by name: TLSv1.3\nno such name: connecting to no.such.host.invalid port 1: "
              .. "host or service not provided, or not known\n"

  local function expected(luasocket, limits, still, names)
    return ([[
refused: connecting to 127.0.0.1 port N: connection refused
%snothing yet: wantread
%sa long line: true
closed: closed
kept: 1
whole lines: 16 of 16
mixed up:
in the pool: true
proxies: 200 200
%sLuaSocket: %s]]):format(limits, still, names, luasocket)
  end

  -- Over Copas LuaSocket moves the bytes; that of Debian has no timers. nginx has no resolver.
  local EXPECTED = {
    copas    = expected("table", "", "", NAMES),
    cqueues  = expected("nil", LIMITS, STILL, NAMES),
    luv      = expected("nil", LIMITS, STILL, NAMES),
    neovim   = expected("nil", LIMITS, STILL, NAMES),
    cosocket = expected("nil", LIMITS, STILL, ""),
  }

  for _, name in ipairs { "copas", "cqueues", "luv", "neovim", "cosocket" } do
    it("waits end as they should: " .. name, function()
      local silent, closed = assert(socket.bind("127.0.0.1", 0)), socket.tcp()
      assert(closed:bind("127.0.0.1", 0)) -- and never told to listen
      local nginx = peers.nginx { key = pki.server.key, chain = pki.server.chain,
                                  files = { small = "hello" },
                                  server = 'location /echo/ { return 200 "$uri"; }' }
      local output = loops.run(name, "spec/over/waits.lua", {
        PORT = servers.start().port, SILENT = select(2, silent:getsockname()),
        CLOSED = select(2, closed:getsockname()), HTTPS = nginx.port, CAFILE = pki.root.cert,
        PROXY1 = web.start({ routes = PROXY, entry = "plain" }).port,
        PROXY2 = web.start({ routes = PROXY }).port,
      })
      silent:close()
      closed:close()
      assert.equal(EXPECTED[name], (output:gsub("%s*\n", "\n"):gsub("%s+$", "")))
    end)
  end
end)
