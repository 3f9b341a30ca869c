--- Private names for C prototypes.
--
-- In one Lua VM the first `ffi.cdef` of a name wins and later, different ones
-- are ignored without an error, so two bindings that declare `SSL_read` in different
-- ways break each other. We therefore never declare a public name. The
-- declaration files hold plain C, as in the OpenSSL headers, and this module
-- turns
--
--     int SSL_read_ex(SSL *s, void *buf, size_t num, size_t *read);
--
-- into
--
--     int lsf_SSL_read_ex(lsf_SSL *s, ...) __asm__("SSL_read_ex");
--
-- The plain text stays what `spec/structure/abi_spec.lua` compiles against the headers.
-- Only opaque structs, function types and prototypes are handled; other declarations
-- are refused, because only those may be declared twice without an error.

local names = {}

local PREFIX = "lsf_"

local function strip_comments(text)
  return (text:gsub("/%*.-%*/", " "))
end

--- Every prototype of a declaration text.
-- @tparam string text  C prototypes, each ended by a semicolon
-- @treturn {{name=string,text=string},...}  in order
function names.prototypes(text)
  local found = {}
  for declaration in strip_comments(text):gmatch("%s*([^;]-)%s*;") do
    local name = declaration:gsub("STACK_OF%s*%b()", ""):match("([%w_]+)%s*%(")
    if not name then
      error("not a prototype: " .. declaration, 2)
    end
    found[#found + 1] = { name = name, text = declaration }
  end
  return found
end

-- The private names of a declaration file's types, and their typedefs.
local function typedefs(types, out)
  local renamed = {}
  for name, definition in pairs(types) do
    renamed[name] = PREFIX .. name
    if definition == "opaque" then
      definition = "struct " .. PREFIX .. name
    end
    out[#out + 1] = ("typedef %s %s%s;"):format(definition, PREFIX, name)
  end
  return renamed
end

-- "lsf_SSL" for "SSL"; a stack of anything is the one stack type of OpenSSL; a
-- struct of the shim is passed as void *, since its type has no name in Lua.
local function private(text, renamed)
  return (text:gsub("STACK_OF%s*%([%w_]+%)", "OPENSSL_STACK")
              :gsub("struct%s+[%w_]+%s*%*", "void *")
              :gsub("[%a_][%w_]*", renamed))
end

--- A cdef text under private names.
-- @tparam table declarations  a declaration file: `types`, `required`, `optional`
-- @treturn string  text for ffi.cdef
-- @treturn table  the public names of its functions: `required`, `optional`
function names.cdef(declarations)
  local out, functions = {}, { required = {}, optional = {} }
  local renamed = typedefs(declarations.types, out)
  for part, list in pairs(functions) do
    for i, p in ipairs(names.prototypes(declarations[part] or "")) do
      renamed[p.name] = PREFIX .. p.name
      out[#out + 1] = ('%s __asm__("%s");'):format(private(p.text, renamed), p.name)
      list[i] = p.name
    end
  end
  return table.concat(out, "\n"), functions
end

--- The private name of a public one.
function names.private(name)
  return PREFIX .. name
end

return names
