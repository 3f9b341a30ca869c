--- The program's functions that a handshake calls, and handshakes that wait for them.
--
-- questions.places: name -> a table of
--   make     make(version, f) -> the side that asks f, and the other
--   answer   the results of a good function, as a list
--   wrong    the effect of the result 5 at its side, by version: true where the handshake
--            goes on, else its message; a pattern of the error with `raises`
--   alert    the message of the other side when f raises, by version
--   client   a client asks it
--   old      TLS 1.2 alone has it

local ffi    = require "ffi"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"
local ssl    = require "ssl"
local values = require "spec.support.values"
local house  = require "spec.support.init"
local lib    = require "ssl.ffi.lib"
local shim   = require "ssl.ffi.shim"
local context = require "ssl.context"
local session = require "ssl.session.object"
local state  = require "ssl.io.state"
local wording = require "spec.support.wording"

local questions = {}

local KEY  = ("k"):rep(32)
local INTERNAL, FAILURE = "tlsv1 alert internal error", wording "sslv3 alert handshake failure"

local function group()
  local file = assert(io.open(pki.dh.ffdhe2048))
  local text = file:read "*a"
  file:close()
  return text
end

local function wrapped(version, server, client)
  server.protocol, client.protocol = version, version
  if server.psk then server.key, server.certificate = false, false end
  return pair.wrapped(server, client)
end

local function turned(server, client)
  return client, server
end

local function both(words)
  return { tlsv1_2 = words, tlsv1_3 = words }
end

-- The bytes of a session that a store would be asked for.
local offered = {}

local function offer(version)
  if not offered[version] then
    local server, client = pair.connected({
      protocol = version, sessionid = "questions",
      sessionkey = ("s"):rep(32),
      sessionstore = { get = function() end, put = function() end },
    }, { protocol = version })
    server:send "x"
    client:receive(1)
    offered[version] = client:getsession():export()
    client:close()
    server:close()
  end
  return assert(ssl.importsession(offered[version]))
end

--- Let a client offer such a session, with any policy.
function questions.offer(client)
  local st = state.of(client)
  local given = session.state(offer(context.state(st.ctx).protocol))
  assert(lib.C.SSL_set_session(st.conn.ssl, given.handle.session) == 1)
end

questions.places = {
  ["a sessionstore's get"] = {
    answer = {}, alert = both(INTERNAL), wrong = both(true),
    make = function(version, f)
      local server, client = wrapped(version, {
        sessionid = "questions", sessionkey = ("s"):rep(32),
        sessionstore = { get = f, put = function() end } }, {})
      assert(client:setsession(offer(version)))
      return server, client
    end,
  },
  dhparam = {
    old = true, answer = { group() }, alert = both(INTERNAL), wrong = both "internal error",
    make = function(version, f)
      -- With a group of RFC 7919 a server of OpenSSL 4 would not ask.
      return wrapped(version, pair.rsa { dhparam = f },
                     { ciphers = "DHE-RSA-AES128-GCM-SHA256", curveslist = "P-256" })
    end,
  },
  alpn = {
    answer = { "a" }, alert = both(INTERNAL), wrong = both(true),
    make = function(version, f)
      return wrapped(version, { alpn = f }, { alpn = "a" })
    end,
  },
  ["sni's function"] = {
    answer = {}, alert = both(INTERNAL), raises = "SSL:Context expected, got number",
    make = function(version, f)
      local server, client = wrapped(version, {}, {})
      server:sni(f)
      client:sni "some.test"
      return server, client
    end,
  },
  ["sni's table"] = {
    answer = {}, alert = both(INTERNAL), raises = "SSL:Context expected, got number",
    make = function(version, f)
      local server, client = wrapped(version, {}, {})
      server:sni(setmetatable({}, { __index = f }))
      client:sni "some.test"
      return server, client
    end,
  },
  onclienthello = {
    answer = {}, alert = both(INTERNAL), raises = "SSL:Context expected, got number",
    make = function(version, f)
      return wrapped(version, { onclienthello = f }, {})
    end,
  },
  ocspresponse = {
    answer = {}, alert = both(INTERNAL),
    raises = "the function ocspresponse has to return a string or nil",
    make = function(version, f)
      return wrapped(version, { ocspresponse = f }, { ocsp = "request" })
    end,
  },
  onverify = {
    client = true,
    answer = { true }, alert = both(INTERNAL), wrong = both "certificate verify failed",
    make = function(version, f)
      return turned(wrapped(version, {}, { onverify = f }))
    end,
  },
  ["a server's psk"] = {
    answer = { KEY }, alert = both(INTERNAL),
    -- A number is a string: a key that differs.
    wrong = { tlsv1_2 = "decryption failed or bad record mac",
              tlsv1_3 = "binder does not verify" },
    make = function(version, f)
      return wrapped(version, { psk = f }, { psk = function() return "me", KEY end })
    end,
  },
  ["a client's psk"] = {
    client = true,
    -- In TLS 1.3 the function is called before the ClientHello is sent. If it raises, the server
    -- gets an alert in place of a ClientHello.
    answer = { "me", KEY }, alert = { tlsv1_2 = FAILURE, tlsv1_3 = "unexpected message" },
    wrong = { tlsv1_2 = "psk identity not found", tlsv1_3 = FAILURE },
    make = function(version, f)
      return turned(wrapped(version, { psk = function() return KEY end }, { psk = f }))
    end,
  },
}

--- Call f(name, place, version) for each that there is.
function questions.each(f)
  for i, version in ipairs(pair.versions) do
    for at, name in ipairs(values.some(questions.places, 1)) do
      local place = questions.places[name]
      if version == "tlsv1_2" or not place.old then
        if place.old or house.crossed(i, at) then f(name, place, version) end
      end
    end
  end
end

--- Make the handshake as a side that asks, with the other's steps between.
-- @treturn table  the results of the last dohandshake: values.pack
function questions.drive(asker, other)
  local late = house.patience()
  asker:settimeout(0)
  other:settimeout(0)
  while true do
    other:dohandshake()
    local result = values.pack(asker:dohandshake())
    local word = result[2]
    if word ~= "wantread" and word ~= "wantwrite" then return result end
    assert(not late(), "the handshake did not end")
  end
end

--- The last message of the other side.
function questions.last_word(other)
  local late = house.patience()
  other:settimeout(0)
  while true do
    local ok, word = other:dohandshake()
    if ok or word ~= "wantread" and word ~= "wantwrite" then return ok or word end
    assert(not late(), "the handshake did not end")
  end
end

--- A handshake that stands still since f has yielded.
-- @tparam[opt] function f  else one that yields once, and returns the values of the resume
-- @treturn function  resume(...): f's yield returns ...; what `drive` returns
-- @treturn userdata  the side that asks
-- @treturn userdata  the other
function questions.waiting(place, version, f)
  local asked = false
  local asker, other = place.make(version, f or function()
    if asked then return unpack(place.answer) end
    asked = true
    return coroutine.yield "asked"
  end)
  local resume = coroutine.wrap(questions.drive)
  assert(resume(asker, other) == "asked")
  return resume, asker, other
end

--- How many connections of this process stand still in a job.
function questions.paused()
  return ffi.cast("const int *", shim.pool.lsf_pool)[1] -- struct lsf_pool, paused
end

return questions
