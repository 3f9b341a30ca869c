--- What a test needs and this OpenSSL may lack. Such a test is skipped, with the reason.
--
--   it("pauses", function()
--     needs.has("ASYNC_start_job", "a job that pauses")
--     ...
--   it = needs.own_openssl(it, "nginx has the system's")     for each test of a file

local busted = require "busted"
local lib    = require "ssl.ffi.lib"

local needs = {}

--- A function of OpenSSL. In a test.
-- @tparam string name
-- @tparam string what  what it is needed for
function needs.has(name, what)
  if not lib.has[name] then
    busted.pending(("%s: %s has no %s"):format(what, lib.openssl.version, name))
  end
end

--- Anything else. In a test.
-- @param there  false or nil: skip the test
-- @tparam string what  what it needs
function needs.that(there, what)
  if not there then busted.pending(("%s: not with %s"):format(what, lib.openssl.version)) end
end

--- An option of OpenSSL, by LuaSec's name. In a test.
function needs.option(name)
  needs.that(require("ssl.config").options[name], "the option " .. name)
end

--- A group of the key exchange. In a test.
function needs.group(name)
  needs.that(require("ssl.config").capabilities.groups[name], "the group " .. name)
end

--- The system's own OpenSSL, and not one that the environment names.
-- @tparam function it  busted's
-- @tparam string why
-- @treturn function  to use in its place
function needs.own_openssl(it, why)
  if lib.openssl.how ~= "environment" then return it end
  return function(name)
    return it(name, function()
      busted.pending(("the system's own OpenSSL: %s, and this is %s"):format(
        why, lib.openssl.version))
    end)
  end
end

return needs
