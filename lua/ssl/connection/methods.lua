--- ssl.connection.methods: the methods of a connection, all of them, in the order of
-- docs/connection.md.
--
-- The files below do the work. Each function has the name of its method. It decides the
-- result in a state that does not allow the method; that is part of the interface, since
-- programs test it.

local guard     = require "ssl.io.guard"
local close     = require "ssl.connection.close"
local ending    = require "ssl.io.ending"
local failure   = require "ssl.io.failure"
local handshake = require "ssl.handshake.handshake"
local later     = require "ssl.base.later"
local receive   = require "ssl.connection.receive"
local send      = require "ssl.connection.send"

local methods = {}

-- The most frequent calls have no guard (ssl.io.guard). They read only numbers of the struct,
-- and call OpenSSL through functions of the shim that take the struct.
local unguarded = true

-- Name, and the file that has the function; for a method that few programs call, only the
-- name of the file, which is loaded at the first call.
methods.list = {
  { "dohandshake",          handshake },
  { "send",                 send,     unguarded },
  { "receive",              receive,  unguarded },
  { "receiveany",           receive,  unguarded },
  { "sendfrom",             send,     unguarded },
  { "receiveinto",          "ssl.connection.receiveinto", unguarded },
  { "sendv",                send,     unguarded },
  { "sendfile",             "ssl.connection.sendfile" },
  { "close",                close },
  { "tlsshutdown",          close },
  { "shutdown",             "ssl.connection.socketoptions" },
  { "ended",                ending },
  { "unwrap",               "ssl.connection.unwrap" },
  { "settimeout",           "ssl.connection.polling", unguarded },
  { "setdeadline",          "ssl.connection.polling", unguarded },
  { "getpeername",          "ssl.connection.socketoptions" },
  { "getsockname",          "ssl.connection.socketoptions" },
  { "getoption",            "ssl.connection.socketoptions" },
  { "setoption",            "ssl.connection.socketoptions" },
  { "dirty",                "ssl.connection.polling", unguarded },
  { "want",                 "ssl.connection.polling" },
  { "getfd",                "ssl.connection.polling", unguarded },
  { "getstats",             "ssl.connection.stats", unguarded },
  { "setstats",             "ssl.connection.stats", unguarded },
  { "info",                 "ssl.connection.info" },
  { "sni",                  "ssl.handshake.sni" },
  { "getsniname",           "ssl.handshake.sni" },
  { "getalpn",              "ssl.connection.info" },
  { "setverifyname",        "ssl.feature.peername" },
  { "getpeercertificate",   "ssl.connection.inspect" },
  { "getpeerchain",         "ssl.connection.inspect" },
  { "getpeerverification",  "ssl.connection.inspect" },
  { "getverifiedchain",     "ssl.connection.inspect" },
  { "getclientcas",         "ssl.connection.inspect" },
  { "getocspresponse",      "ssl.feature.stapling" },
  { "getlocalcertificate",  "ssl.connection.inspect" },
  { "getlocalchain",        "ssl.connection.inspect" },
  { "getsession",           "ssl.connection.sessions" },
  { "setsession",           "ssl.connection.sessions" },
  { "resumed",              "ssl.connection.sessions" },
  { "setdane",              "ssl.feature.dane" },
  { "settlsa",              "ssl.feature.dane" },
  { "gettlsa",              "ssl.feature.dane" },
  { "getfinished",          "ssl.connection.exporter" },
  { "getpeerfinished",      "ssl.connection.exporter" },
  { "exportkeyingmaterial", "ssl.connection.exporter" },
  { "keyupdate",            "ssl.connection.keyupdate" },
  { "requestcertificate",   "ssl.connection.postauth" },
  { "sendearlydata",        "ssl.connection.earlydata" },
  { "receiveearlydata",     "ssl.connection.earlydata" },
  { "earlydata",            "ssl.connection.earlydata" },
  { "channelbinding",       "ssl.connection.channelbinding" },
  { "channelbindings",      "ssl.connection.channelbinding" },
  { "lasterror",            failure },
}

-- The method of a class: the function of the file, guarded.
local function made(class, f, bare)
  return bare and f or guard.call(class, f)
end

-- The first call of a method whose file is not loaded yet. The method comes into the place of
-- its loader, unless the program has put another one there. A loader that the program keeps
-- comes here at each call.
local function go_on(class, entry, loader, arguments)
  local name, file, bare = unpack(entry)
  local method = made(class, later.require(file)[name], bare)
  if class.methods[name] == loader then class.methods[name] = method end
  return method(unpack(arguments, 1, arguments.n))
end

-- It goes on by tail calls: no function of this file is between the caller and the method,
-- so that errors name the caller at the first call, too.
local function loader(class, entry)
  local function own(...)
    return go_on(class, entry, own, { n = select("#", ...), ... })
  end
  return own
end

--- Give a class these methods.
-- @tparam table class
function methods.install(class)
  for _, entry in ipairs(methods.list) do
    local name, file, bare = unpack(entry)
    local late = type(file) == "string"
    class.methods[name] = late and loader(class, entry) or made(class, file[name], bare)
  end
end

return methods
