--- ssl.context.table: the table of ssl.context.
--
-- A program may keep this table, or put functions of its own there, as with LuaSec. So there
-- is one, and it comes before its functions. These are in lua/ssl/context/setters/, by
-- subject. A file is loaded when one of its functions is first read, and what the program
-- has put there is left alone.

local later = require "ssl.base.later"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local FILES = {
  protocol    = "class state create setmode setoptions",
  trust       = "locations setdepth setverify",
  credentials = "loadcert loadkey loadpkcs12 checkkey",
  algorithms  = "setcipher setciphersuites setdhparam setcurve setcurveslist",
  extensions  = "setalpn setalpncb setpskhint setserverpskcb setclientpskcb setdane",
  sessions    = "setticketkeys setsessionkey sessionstats",
}

local function file_of(name)
  for file, names in pairs(FILES) do
    for one in names:gmatch "%S+" do
      if one == name then return file end
    end
  end
end

return setmetatable({}, { __index = function(self, name)
  local file = file_of(name)
  if not file then return nil end
  local module = "ssl.context.setters." .. file
  later.fill(self, later.require(module))
  return rawget(self, name)
end })
