--- ssl.resty.loading: a module that has our cosockets, beside the copy that others have.
--
-- Programs take `ngx.socket.tcp` when they are loaded, or when they connect. So the module and
-- the files it is made of are loaded once more, with a table `ngx` of their own.

local host = require "ssl.resty.host"

local loading = {}

local function loader_of(name)
  local tried = {}
  for _, search in ipairs(package.loaders) do
    local found = search(name)
    if type(found) == "function" then return found end
    tried[#tried + 1] = found
  end
  error(("module '%s' not found:%s"):format(name, table.concat(tried)), 0)
end

-- Call it with another environment, which it gives back: a function of package.preload is
-- called again by others.
local function within(environment, loader, name)
  local before = getfenv(loader)
  local changed = pcall(setfenv, loader, environment)    -- it may be a C function
  local ok, value = pcall(loader, name)
  if changed then setfenv(loader, before) end
  if not ok then error(value, 0) end
  return value
end

-- nginx's table, but for the functions.
local function ngx_with(functions)
  local ngx = host.ngx()
  local socket = { tcp = functions.tcp, connect = functions.connect,
                   stream = ngx.socket.stream and functions.tcp }
  return setmetatable({ socket = setmetatable(socket, { __index = ngx.socket }) }, {
    __index = ngx, __newindex = function(_, key, value) ngx[key] = value end,
  })
end

-- "resty.http" is made of "resty.http_connect" and others, "pgmoon" of "pgmoon.socket".
local function belongs(name, names)
  for _, own in ipairs(names) do
    if name == own or name:sub(1, #own) == own and name:find("^[._]", #own + 1) then
      return true
    end
  end
  return false
end

--- Load it.
-- @tparam table functions  `tcp` and `connect`
-- @tparam {string,...} names  the module; and further ones that are to be loaded for it
-- @return what the module returns
-- @raise as `require` does
function loading.load(functions, names)
  local loaded, environment = {}, { ngx = ngx_with(functions) }
  function environment.require(name)
    if not belongs(name, names) then return require(name) end
    if loaded[name] == nil then
      local value = within(environment, loader_of(name), name)
      loaded[name] = value == nil and true or value
    end
    return loaded[name]
  end
  setmetatable(environment, { __index = _G })
  return (environment.require(names[1]))
end

return loading
