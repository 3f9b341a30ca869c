--- ssl.connection.socketoptions: addresses, options and shutdown of the socket below.
--
-- Over a descriptor LuaSocket does it: a LuaSocket object gets the descriptor for the time
-- of the call, so arguments, results and errors are LuaSocket's. Over a stream the stream's
-- own method is called, if it has one.

local lib       = require "ssl.ffi.lib"
local shim      = require "ssl.ffi.shim"
local arg       = require "ssl.base.arg"
local notify    = require("ssl.connection.close").notify
local lifecycle = require "ssl.io.lifecycle"
local state     = require "ssl.io.state"
local C, S, H   = lib.C, shim.C, shim.K

local socketoptions = {}

local NOT_SUPPORTED = "not supported"
local NO_DESCRIPTOR = -1

-- LuaSocket's names, and the numbers of SHUT_RD, SHUT_WR, SHUT_RDWR.
local HOW = { receive = 0, send = 1, both = 2 }

-- Method calls by constant names, so that LuaSocket's errors contain these names.
local CALLS = {
  getpeername = function(sock)
    local a, b, c = sock:getpeername()
    return a, b, c
  end,
  getsockname = function(sock)
    local a, b, c = sock:getsockname()
    return a, b, c
  end,
  getoption = function(sock, name)
    local a, b = sock:getoption(name)
    return a, b
  end,
  setoption = function(sock, name, value)
    local a, b = sock:setoption(name, value)
    return a, b
  end,
}

-- One object for each family, since a LuaSocket object writes addresses in the form of its
-- own family: getsockname of a TCP object over a Unix domain socket returns the name of this
-- machine. Options have no family, so any object works for them. They are made at the first
-- use, because LuaSocket changes the process's handling of SIGPIPE.
local MAKERS = {
  [H.LSF_FAMILY_INET]  = { "socket", "tcp4", "tcp" },
  [H.LSF_FAMILY_INET6] = { "socket", "tcp6", "tcp" },
  [H.LSF_FAMILY_UNIX]  = { "socket.unix", "stream", "tcp" },
}

-- The objects that are not in use, by family: a finalizer that runs in between makes
-- another one.
local borrowers = {}

-- LuaSocket before 3.1 has a function for the module of Unix domain sockets.
local function maker(module, newer, older)
  local found, socket = pcall(require, module)
  if not found then return nil end
  return type(socket) == "table" and (socket[newer] or socket[older]) or socket
end

local function borrower(family)
  local sock = borrowers[family]
  borrowers[family] = nil
  if sock then return sock end
  local make = MAKERS[family] and maker(unpack(MAKERS[family]))
  sock = make and make() or false
  if sock then sock:close() end
  return sock
end

-- The object that can be used with this descriptor, or false; and its family.
local function for_descriptor(fd, name)
  if name == "getoption" or name == "setoption" then
    local sock = borrower(H.LSF_FAMILY_INET)
    if sock then return sock, H.LSF_FAMILY_INET end
    return borrower(H.LSF_FAMILY_INET6), H.LSF_FAMILY_INET6
  end
  local family = S.family(fd)
  return borrower(family), family
end

local function give_back(sock, family, level, ok, x, y, z)
  sock:setfd(NO_DESCRIPTOR)
  borrowers[family] = sock
  if ok then return x, y, z end
  local message = type(x) == "string" and x:gsub("^[^:]*:%d+: ", "") or x
  arg.raise(message, level)
end

-- The descriptor is read when the object is there: a finalizer may have closed it, and
-- its number may be another's.
local function of_descriptor(conn, name, level, a, b)
  if conn.fd < 0 then return nil, "closed" end
  local sock, family = for_descriptor(conn.fd, name)
  if not sock then return nil, NOT_SUPPORTED end
  if not sock[name] then
    borrowers[family] = sock
    return nil, NOT_SUPPORTED
  end
  sock:setfd(conn.fd)
  local x, y, z = give_back(sock, family, level + 1, pcall(CALLS[name], sock, a, b))
  return x, y, z
end

local function of_stream(object, name, a, b)
  if not object[name] then return nil, NOT_SUPPORTED end
  local x, y, z = CALLS[name](object, a, b)
  return x, y, z
end

local function call(self, name, a, b)
  local st = state.of(self, 2)
  if st.status == "closed" then return nil, "closed" end
  local x, y, z
  if st.stream then
    x, y, z = of_stream(st.stream.object, name, a, b)
  elseif st.conn.by_lua ~= 0 then -- an engine
    return nil, NOT_SUPPORTED
  else
    x, y, z = of_descriptor(st.conn, name, 3, a, b)
    if st.status == "closed" then return nil, "closed" end
  end
  return x, y, z
end

--- The peer's address, as LuaSocket's method of that name.
-- @treturn string,number,string  IP address, port, "inet" or "inet6"; over a stream the
--   results of its own method
-- @treturn nil,string  "closed", "not supported" (LuaSocket cannot do it for a socket of
--   this family), or the system's message
function socketoptions:getpeername()
  local address, port, family = call(self, "getpeername")
  if address then return address, port, family end
  return nil, port
end

--- The own address, as LuaSocket's method of that name.
-- @return as of `getpeername`; the path of a Unix domain socket
function socketoptions:getsockname()
  local address, port, family = call(self, "getsockname")
  if address then return address, port, family end
  return nil, port
end

--- A socket option, as LuaSocket's method of that name.
-- @tparam string name  "tcp-nodelay", "keepalive", "linger", ...
-- @return its value
-- @treturn nil,string
-- @raise what LuaSocket raises: an option that it does not know
function socketoptions:getoption(name)
  local value, why = call(self, "getoption", name)
  if value ~= nil then return value end
  return nil, why
end

--- Set a socket option, as LuaSocket's method of that name.
-- @tparam string name
-- @param value
-- @treturn number  1
-- @treturn nil,string
-- @raise as of `getoption`, and a value of the wrong type
function socketoptions:setoption(name, value)
  local done, why = call(self, "setoption", name, value)
  if done then return done end
  return nil, why
end

local function shut(st, how)
  if st.stream then
    local a, b = st.stream.object:shutdown(how)
    return a, b
  end
  C.shutdown(st.conn.fd, HOW[how])
  return 1
end

local function can_shut(st)
  if st.stream then return st.stream.object.shutdown and true or false end
  return st.conn.by_lua == 0 and lib.has.shutdown
end

--- Shut down one direction or both, as LuaSocket's method of that name. Before the sending
-- half ends, close_notify is sent, so that the peer does not take the end for a cut.
-- Receiving is still possible.
-- @tparam[opt="both"] string how  "send", "receive" or "both"
-- @treturn number  1
-- @treturn nil,string  "closed", "not supported"; "wantwrite" and the transport's messages
--   where queued output has not left in time: call again
function socketoptions:shutdown(how)
  local st = state.of(self)
  how = arg.optstring(how, "both", 2)
  if not HOW[how] then arg.fail(2, ("invalid option '%s'"):format(how)) end
  if st.status == "closed" then return nil, "closed" end
  if not can_shut(st) then return nil, NOT_SUPPORTED end
  if not st.stream and st.conn.fd < 0 then return nil, "closed" end
  if how ~= "receive" and not lifecycle.refusal(st) then
    local word = notify(st)
    if st.status == "closed" then return nil, "closed" end
    if word and not st.failed then return nil, word end
  end
  local done, why = shut(st, how)
  if done then return done end
  return nil, why
end

return socketoptions
