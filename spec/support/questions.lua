--- The functions of a user's that a handshake asks, each in one shape.
--
--   for name, place in pairs(questions.places) do
--     local asker, other = place.make(version, f)   f is what will be asked
--
-- `place.answer` is what a good function returns, as a list; `place.wrong` what one
-- gets for answers that are none: true where the handshake goes on, else the words of
-- its end; `place.alert` what the other side says when f raises. `place.old`: TLS 1.2
-- alone has it.

local ssl    = require "ssl"
local pair   = require "spec.support.pair"
local pki    = require "spec.support.pki"
local socket = require "socket"

local questions = {}

local KEY  = ("k"):rep(32)
local NONE = { key = false, certificate = false }
local INTERNAL, FAILURE = "tlsv1 alert internal error", "sslv3 alert handshake failure"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

local function over(base, more)
  for name, value in pairs(more or {}) do base[name] = value end
  return base
end

-- A function that stands in for the user's, so that contexts can be made once.
local function wrapped(version, server, client)
  return pair.wrapped(over({ protocol = version }, server), over({ protocol = version }, client))
end

local function key() return KEY end
local function me() return "me", KEY end

local named

questions.places = {
  dhparam = {
    old = true, alert = INTERNAL, wrong = "internal error",
    answer = { read(pki.dh.ffdhe2048) },
    make = function(version, f)
      return wrapped(version, { dhparam = f }, { ciphers = "DHE-RSA-AES128-GCM-SHA256" })
    end,
  },
  alpn = {
    alert = INTERNAL, wrong = true, answer = { "a" },
    make = function(version, f)
      return wrapped(version, { alpn = f }, { alpn = { "a" } })
    end,
  },
  sni = {
    alert = INTERNAL, wrong = "raises",
    answer = {},
    make = function(version, f)
      named = named or assert(ssl.newcontext(pair.server_config()))
      local server, client = wrapped(version)
      server:sni(f)
      client:sni "some.test"
      return server, client
    end,
  },
  ["psk, the server's"] = {
    alert = INTERNAL, wrong = { "psk identity not found", "no suitable signature algorithm" },
    answer = { KEY },
    make = function(version, f)
      return wrapped(version, over({ psk = f }, NONE), { psk = me })
    end,
  },
  ["psk, the client's"] = {
    alert = FAILURE, wrong = { "psk identity not found", FAILURE },
    answer = { "me", KEY },
    make = function(version, f)
      local server, client = wrapped(version, over({ psk = key }, NONE), { psk = f })
      return client, server
    end,
  },
  onverify = {
    alert = "tlsv1 alert internal error", wrong = "certificate verify failed",
    answer = { true },
    make = function(version, f)
      local server, client = wrapped(version, {}, { onverify = f })
      return client, server
    end,
  },
}
