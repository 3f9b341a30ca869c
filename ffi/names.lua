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

--- The names of a declaration text's functions, in order.
-- @tparam string text
-- @treturn function  an iterator over names
function names.each(text)
  -- What ends in a semicolon is a prototype's list, and not that of a callback in it.
  return strip_comments(text):gmatch("([%a_][%w_]*)%s*%b()%s*;")
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

-- "lsf_SSL" for "SSL"; a stack of anything is the one stack type of OpenSSL; a struct of
-- the shim is passed as void *, since its type has no name in Lua. Whole texts at once:
-- this is a good part of what `require` costs.
local function private(text, renamed)
  return (strip_comments(text)
    :gsub("STACK_OF%s*%([%w_]+%)", "OPENSSL_STACK")
    :gsub("struct%s+[%w_]+%s*%*", "void *")
    :gsub("([%a_][%w_]*)%s*(%b())%s*;", PREFIX .. '%1%2 __asm__("%1");')
    :gsub("[%a_][%w_]*", renamed))
end

--- A cdef text under private names.
-- @tparam table declarations  a declaration file: `types`, `required`, `optional`
-- @treturn string  text for ffi.cdef
function names.cdef(declarations)
  local out = {}
  local renamed = typedefs(declarations.types, out)
  for _, part in ipairs { "required", "optional" } do
    if declarations[part] then out[#out + 1] = private(declarations[part], renamed) end
  end
  return table.concat(out, "\n")
end

--- The private name of a public one.
function names.private(name)
  return PREFIX .. name
end

return names
