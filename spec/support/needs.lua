--- What a test needs and this OpenSSL may lack. Such a test is skipped, with the reason.
--
--   it("pauses", function()
--     needs.has("ASYNC_start_job", "a job that pauses")
--     ...
--   local it = needs.own_openssl(it, "nginx has it")     for each test of a file
--   local it = needs.each(it, dane.supported, "DANE")    the same

local openssl = require("ssl.ffi.lib").openssl
local has     = require("ssl.ffi.lib").has
local limits  = require "spec.support.limits"
local refused = require "spec.support.refused"

local needs = {}

-- busted's word, as the test sees it that has called a function of this file.
local function skip(...)
  getfenv(3).pending((...):format(select(2, ...)))
end

--- A function of OpenSSL. In a test, as are all but `each` and the last.
-- @tparam string name
-- @tparam string what  what it is needed for
function needs.has(name, what)
  if not has[name] then skip("%s: %s has no %s", what, openssl.version, name) end
end

--- Anything else.
-- @param there  false or nil: skip the test
-- @tparam string what  what it needs
function needs.that(there, what)
  if not there then skip("%s: not with %s", what, openssl.version) end
end

--- An option of OpenSSL, by LuaSec's name.
function needs.option(name)
  if not require("ssl.config").options[name] then
    skip("the option %s: not with %s", name, openssl.version)
  end
end

--- A key of ssl.newcontext, where a refusal would not end the test (spec/support/refused.lua).
function needs.key(name)
  if not refused.can(name) then skip("%s: not with %s", name, openssl.version) end
end

--- A version of the protocol, by LuaSec's name.
function needs.protocol(name)
  if not require("ssl.config").protocols[name] then
    skip("the protocol %s: not with %s", name, openssl.version)
  end
end

--- Sessions of a version of the protocol.
function needs.resumption(version)
  if not limits.resumes[version] then
    skip("sessions of %s: not with %s", version, openssl.version)
  end
end

--- Its own alerts, which OpenSSL tells, in a version of the protocol.
function needs.own_alerts(version)
  if not limits.tells_own_alerts[version] then
    skip("its own alerts of %s: not with %s", version, openssl.version)
  end
end

--- A group of the key exchange.
function needs.group(name)
  if not require("ssl.config").capabilities.groups[name] then
    skip("the group %s: not with %s", name, openssl.version)
  end
end

-- busted's `it` for tests that are skipped: `pending` is a name of the spec's own environment.
local function skipping(it, environment, reason)
  return function(name)
    return it(name, function() environment.pending(reason) end)
  end
end

--- For a file about one feature, outside of its tests.
-- @tparam function it  busted's
-- @param there  false or nil: skip them
-- @tparam string what  the feature
-- @treturn function  to use in its place
function needs.each(it, there, what)
  if there then return it end
  return skipping(it, getfenv(2), ("%s: not with %s"):format(what, openssl.version))
end

--- The system's own OpenSSL, and not one that the environment names.
-- @tparam function it  busted's
-- @tparam string why
-- @treturn function  to use in its place
function needs.own_openssl(it, why)
  if openssl.how ~= "environment" then return it end
  return skipping(it, getfenv(2), ("the system's own OpenSSL: %s, and this is %s"):format(
    why, openssl.version))
end

return needs
