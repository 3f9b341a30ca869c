--- ssl.resty.host: nginx's own cosockets, also after ssl.resty.install has put ours in
-- their place.

local host = {}

-- nginx's functions, once they are replaced.
local native

--- The table `ngx`.
-- @raise outside of nginx
function host.ngx()
  return rawget(_G, "ngx") or error("ssl.resty: this is no nginx with lua-nginx-module", 0)
end

--- One of nginx's own cosockets.
-- @raise as ngx.socket.tcp: in a phase without cosockets
function host.tcp()
  local tcp = native and native.tcp or host.ngx().socket.tcp
  return (tcp())
end

--- Put other functions into the place of nginx's.
-- @tparam table functions  `tcp` and `connect`
function host.replace(functions)
  local socket = host.ngx().socket
  native = native or { tcp = socket.tcp }
  if socket.stream then socket.stream = functions.tcp end
  socket.tcp, socket.connect = functions.tcp, functions.connect
end

return host
