-- luajit http.lua URL CAFILE: prints a page, through LuaSocket's socket.http.
local http, ltn12 = require "socket.http", require "ltn12"
local ssl = require "ssl"

-- The socket of socket.http: `connect` makes the TLS connection, and from then on the object
-- has the methods of that connection.
local function create(flags)
  return function()
    local sock = { settimeout = function() return 1 end, close = function() return 1 end }

    function sock:connect(host, port)
      local conn, message = ssl.connect(host, port, flags)
      if not conn then return nil, message end
      conn:settimeout(flags.timeout)
      for name, method in pairs(getmetatable(conn).__index) do
        self[name] = function(_, ...) return method(conn, ...) end
      end
      return 1
    end

    return sock
  end
end

local url, cafile = unpack(arg)
local ok, code = http.request {
  url = url, sink = ltn12.sink.file(io.output()),
  create = create { protocol = "any", verify = "peer", cafile = cafile, timeout = 10 },
}
assert(ok and code == 200, code)
