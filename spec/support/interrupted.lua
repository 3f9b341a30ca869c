--- Every method, with something in the middle of it: what io/finalizer_spec runs in
-- processes of its own.
--
--	luajit SCRIPT: require("spec.support.interrupted").walk { ... }
--
-- Methods come from the classes' own tables, so that none can be forgotten.

local ffi       = require "ffi"
local ssl       = require "ssl"
local interrupt = require "spec.support.interrupt"
local pair      = require "spec.support.pair"

local interrupted = {}

-- The arguments with which a method gets far.
local ARGUMENTS = {
  receive = { "*l" }, send = { "hello\n" }, sendv = { { "a", "b" } }, sni = { "a.example" },
  exportkeyingmaterial = { "label", 20 }, channelbinding = { "tls-server-end-point" },
  setverifyname = { "localhost" }, setoption = { "tcp-nodelay", true },
  getoption = { "tcp-nodelay" }, shutdown = { "send" }, settimeout = { 0 },
  setdeadline = { 5 }, sendearlydata = { "x" }, setdane = { "localhost" },
  settlsa = { 3, 1, 1, ("x"):rep(32) }, feed = { "x" }, write = { "x" }, validat = { 1e9 },
  extension = { "2.5.29.17" }, setencode = { "utf8" },
}

local function arguments(name, object)
  if name == "receiveinto" or name == "sendfrom" then return { ffi.new "char[10]", 3 } end
  if name == "sendfile" then return { assert(io.tmpfile()), 0, 3 } end
  if name == "issued" then return { object } end
  return ARGUMENTS[name] or {}
end

-- The names of an object's methods, sorted.
local function names(object)
  local out = {}
  for name in pairs(getmetatable(object).__index) do out[#out + 1] = name end
  table.sort(out)
  return out
end

local function by_hand(object)
  getmetatable(object).__gc(object)
end

local function close(conn, n)
  if n % 2 == 0 then conn:close() else by_hand(conn) end
end

local function use(conn)
  conn:dirty()
  conn:receive(1)
  conn:send "nested"
  conn:info()
  conn:dohandshake()
  conn:receiveany()
end

local contexts

-- A client with data to receive; and the objects that have to be closed with it.
local KINDS = {}

function KINDS.new()
  local server, client = pair.wrapped(unpack(contexts))
  return client, { server, client }
end

function KINDS.connected()
  local server, client = pair.connected(unpack(contexts))
  server:send "one line\nand half"
  return client, { server, client }
end

function KINDS.engine()
  local engine = assert(ssl.engine(contexts[2]))
  return engine, { engine:connection() }
end

function KINDS.certificate()
  return assert(ssl.loadcertificate(contexts.pem)), {}
end

function KINDS.key()
  return assert(ssl.loadkey(contexts.key)), {}
end

function KINDS.session()
  return assert(ssl.importsession(contexts.session)), {}
end

local DEEDS = {
  close = function(object, n)
    close(object.connection and object:connection() or object, n)
  end,
  use = use,
  finalize = function(object)
    by_hand(object)
    collectgarbage()
    collectgarbage()
  end,
}

-- One method, with the deed after each `step`-th instruction. How often it was done.
local function through(kind, name, deed, first, step)
  local n, done = first, 0
  repeat
    local object, all = KINDS[kind]()
    for _, conn in ipairs(all) do conn:settimeout(0) end
    local came, ok, problem = interrupt.at(n, function()
      deed(object, n)
      done = done + 1
    end, object[name], object, unpack(arguments(name, object)))
    if not ok and not tostring(problem):find("bad argument", 1, true) then
      print("raised", kind, name, n, problem)
    end
    if came and deed == DEEDS.close then
      local conn = all[#all]
      local result, word = conn:send "x"
      if result or word ~= "closed" or conn:getfd() ~= -1 then
        print("not closed", kind, name, n, result, word)
      end
    end
    for _, conn in ipairs(all) do conn:close() end
    n = n + step
  until not came
  return done
end

local function prepare()
  local pki = require "spec.support.pki"
  contexts = { assert(ssl.newcontext(pair.server_config())),
               assert(ssl.newcontext(pair.client_config())) }
  local function text(path)
    local file = assert(io.open(path))
    local all = file:read "*a"
    file:close()
    return all
  end
  contexts.pem, contexts.key = text(pki.server.cert), text(pki.server.key)
  local server, client = pair.connected({ protocol = "tlsv1_2" }, { protocol = "tlsv1_2" })
  contexts.session = assert(assert(client:getsession()):export())
  server:close()
  client:close()
end

--- All methods of a kind of objects, with a deed in the middle. Prints what went wrong,
-- and last how often the deed was done: "done N".
-- @tparam string kind  "new", "connected", "engine", "certificate", "key", "session"
-- @tparam string deed  "close", "use", "finalize"
-- @tparam number step  instructions from one point to the next
function interrupted.walk(kind, deed, step)
  jit.off()
  prepare()
  local done = 0
  local object, all = KINDS[kind]()
  for i, name in ipairs(names(object)) do
    done = done + through(kind, name, DEEDS[deed], 1 + i % step, step)
  end
  for _, conn in ipairs(all) do conn:close() end
  print("done", done)
end

-- Methods that change a state, wait, or return the time; the others return facts.
local CHANGING = {}
for name in ([[close dohandshake keyupdate receive receiveany receiveearlydata receiveinto
  requestcertificate send sendearlydata sendfile sendfrom sendv setdane setdeadline
  setoption setsession setstats settimeout settlsa setverifyname shutdown sni tlsshutdown
  unwrap getstats setencode]]):gmatch "%a+" do
  CHANGING[name] = true
end

-- Equal, objects by identity.
local function same(a, b)
  if type(a) == "userdata" and type(b) == "userdata" then
    return not a.digest or a:digest() == b:digest()
  end
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  for key, value in pairs(a) do if not same(value, b[key]) then return false end end
  for key in pairs(b) do if a[key] == nil then return false end end
  return true
end

-- Two pairs that differ in all results of the methods.
local function differing(version, number)
  local ciphers = number == 1 and "ECDHE+AESGCM:!AES256" or "ECDHE+AESGCM:!AES128"
  local suite = number == 1 and "TLS_AES_128_GCM_SHA256" or "TLS_AES_256_GCM_SHA384"
  local protocol = number == 1 and "http/1.1" or ("h"):rep(200)
  local extra = { protocol = version, alpn = { protocol }, ciphers = ciphers,
                  ciphersuites = version == "tlsv1_3" and suite or nil }
  local server, client = pair.wrapped(pair.server_config(extra), pair.client_config(extra))
  client:sni(number == 1 and "one.example" or "another.example.org")
  local at_server, at_client = pair.handshake(server, client)
  assert(at_server[1], at_server[2])
  assert(at_client[1], at_client[2])
  return server, client
end

-- The facts of one pair: name -> function.
local function facts(server, client)
  local out = {}
  local function add(what, object)
    if not object then return end
    for _, name in ipairs(names(object)) do
      if not CHANGING[name] then
        local given = arguments(name, object)
        out[what .. " " .. name] = function() return object[name](object, unpack(given)) end
      end
    end
  end
  for what, conn in pairs { server = server, client = client } do
    add(what, conn)
    out[what .. " core.info"] = function() return require("ssl.core").info(conn) end
  end
  add("certificate", client:getpeercertificate())
  add("session", (client:getsession()))
  return out
end

--- Every fact of a connection, of its certificate and of its session, while a finalizer
-- asks another connection for all of its own. Prints which come out wrong, and "done N".
-- @tparam string version
-- @tparam number step
function interrupted.facts(version, step)
  jit.off()
  local mine = facts(differing(version, 1))
  local others = facts(differing(version, 2))
  local function ask()
    for _, f in pairs(others) do pcall(f) end
  end
  local done = 0
  for name, f in pairs(mine) do
    local expected = { f() }
    local n = 1
    local function compare(came, ok, ...)
      if not ok or not same(expected, { ... }) then print("differs", name, n, ...) end
      return came
    end
    while compare(interrupt.at(n, ask, f)) do n, done = n + step, done + 1 end
  end
  print("done", done)
end

return interrupted
