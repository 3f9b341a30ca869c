--- ssl.connection.methods: the methods of a connection, all of them, in the order of
-- docs/connection.md.
--
-- The files below do the work. Each function has the name of its method. It decides the
-- result in a state that does not allow the method; that is part of the interface, since
-- programs test it.

local guard = require "ssl.io.guard"
local later = require "ssl.base.later"

local find, gmatch, match = string.find, string.gmatch, string.match

local methods = {}

-- The files that nearly every connection uses, and those of methods that must not raise an
-- error where the process has no descriptor left to read a file with: the end, time limits, the
-- questions of an event loop, the reason of a failure. Another file is loaded at the first call
-- of one of its methods.
local AT_ONCE = {}
for _, file in ipairs { "ssl.connection.close", "ssl.connection.polling",
                        "ssl.connection.receive", "ssl.connection.send",
                        "ssl.handshake.handshake", "ssl.io.ending", "ssl.io.problem" } do
  AT_ONCE[file] = later.require(file)
end

-- Name, and the file that has the function. It is a text, since the memory of the process has
-- a text in a third of the room of a table.
--
-- The most frequent calls have no guard (ssl.io.guard). They read only numbers of the struct,
-- and call OpenSSL through functions of the shim that take the struct.
local LIST = [[

dohandshake          ssl.handshake.handshake
send                 ssl.connection.send              unguarded
receive              ssl.connection.receive           unguarded
receiveany           ssl.connection.receive           unguarded
sendfrom             ssl.connection.send              unguarded
receiveinto          ssl.connection.receiveinto       unguarded
sendv                ssl.connection.send              unguarded
sendfile             ssl.connection.sendfile
close                ssl.connection.close
tlsshutdown          ssl.connection.close
shutdown             ssl.connection.socketoptions
ended                ssl.io.ending
unwrap               ssl.connection.unwrap
settimeout           ssl.connection.polling           unguarded
setdeadline          ssl.connection.polling           unguarded
getpeername          ssl.connection.socketoptions
getsockname          ssl.connection.socketoptions
getoption            ssl.connection.socketoptions
setoption            ssl.connection.socketoptions
dirty                ssl.connection.polling           unguarded
want                 ssl.connection.polling
getfd                ssl.connection.polling           unguarded
getstats             ssl.connection.stats             unguarded
setstats             ssl.connection.stats             unguarded
info                 ssl.connection.info
sni                  ssl.handshake.sni
getsniname           ssl.handshake.sni
getalpn              ssl.connection.info
setverifyname        ssl.feature.peername
getpeercertificate   ssl.connection.inspect
getpeerchain         ssl.connection.inspect
getpeerverification  ssl.connection.inspect
getverifiedchain     ssl.connection.inspect
getclientcas         ssl.connection.inspect
getocspresponse      ssl.feature.stapling
getlocalcertificate  ssl.connection.inspect
getlocalchain        ssl.connection.inspect
getsession           ssl.connection.sessions
setsession           ssl.connection.sessions
resumed              ssl.connection.sessions
setdane              ssl.feature.dane
settlsa              ssl.feature.dane
gettlsa              ssl.feature.dane
getfinished          ssl.connection.exporter
getpeerfinished      ssl.connection.exporter
exportkeyingmaterial ssl.connection.exporter
keyupdate            ssl.connection.keyupdate
requestcertificate   ssl.connection.postauth
sendearlydata        ssl.connection.earlydata
receiveearlydata     ssl.connection.earlydata
earlydata            ssl.connection.earlydata
channelbinding       ssl.connection.channelbinding
channelbindings      ssl.connection.channelbinding
lasterror            ssl.io.problem
]]

--- All of them.
-- @treturn {table,...}  { name, file, late }; `late`: the file is loaded at the first call
function methods.list()
  local out = {}
  for name, file in gmatch(LIST, "(%l+) +(%S+)") do
    out[#out + 1] = { name, file, late = not AT_ONCE[file] }
  end
  return out
end

-- The method of a class: the function of the file, guarded.
local function made(class, module, name, bare)
  return bare and module[name] or guard.call(class, module[name])
end

-- The first call of a method whose file is not loaded yet. The method comes into the place of
-- its loader, unless the program has put another one there. A loader that the program keeps
-- comes here at each call.
local function go_on(class, name, loader, arguments)
  local _, at = find(LIST, "\n" .. name .. " ", 1, true)
  local file, bare = match(LIST, "^ *(%S+) *(%l*)", at)
  local method = made(class, later.require(file), name, bare ~= "")
  if class.methods[name] == loader then class.methods[name] = method end
  return method(unpack(arguments, 1, arguments.n))
end

-- It goes on by tail calls: no function of this file is between the caller and the method,
-- so that errors name the caller at the first call, too.
local function loader(class, name)
  local function own(...)
    return go_on(class, name, own, { n = select("#", ...), ... })
  end
  return own
end

--- Give a class these methods.
-- @tparam table class
function methods.install(class)
  for name, file, bare in gmatch(LIST, "\n(%l+) +(%S+) *(%l*)") do
    local module = AT_ONCE[file]
    class.methods[name] = module and made(class, module, name, bare ~= "")
                          or loader(class, name)
  end
end
-- It runs once; to compile it would take longer.
jit.off(methods.install)

return methods
