--- A module of bench/, whose programs run in the root folder with that folder on the path.
-- @tparam string name  "page" is bench/page.lua
return function(name)
  local path = package.path
  package.path = "bench/?.lua;" .. path
  local ok, module = pcall(require, name)
  package.path = path
  return assert(ok and module, module)
end
