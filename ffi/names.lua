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
-- There are only opaque structs, types that are numbers, and prototypes, because only those
-- may be declared twice without an error.
--
-- Few programs call more than a third of the functions. So the texts are kept as they are, or
-- read again, and a prototype is searched, changed and declared when its function is first
-- asked for.
-- The search is for plain text: patterns over whole texts took a millisecond of `require`.
-- So a prototype begins in the first column, its name is in its first line, directly before
-- the "(", and comments are outside of it. structure/declarations_spec holds this.

local ffi = require "ffi"

-- All of this runs for a moment; to compile it would take longer than to run it.
jit.off(true, true)

local byte, find, gsub = string.byte, string.find, string.gsub
local match, sub       = string.match, string.sub

local names = {}

local PREFIX = "lsf_"

-- More than the longest type of a result.
local RESULT = 60

local SPACE, STAR, BEFORE_LETTERS = byte " ", byte "*", byte "@"

-- The name of the prototype that begins at `at`: the last word before its "(". Plain text is
-- searched, word by word: a pattern takes three times as long.
local function name_at(text, at)
  local bracket = find(text, "(", at, true)
  local word, space = at, find(text, " ", at, true)
  while space and space < bracket do
    word, space = space + 1, find(text, " ", space + 1, true)
  end
  while byte(text, word) == STAR do word = word + 1 end
  -- STACK_OF(X509) has a bracket of its own.
  if word == at then return name_at(text, bracket + 1) end
  return sub(text, word, bracket - 1)
end

--- The private name of a public one.
function names.private(name)
  return PREFIX .. name
end

--- The names of a declaration text's functions, in order.
-- @tparam string text
-- @treturn function  an iterator over names
function names.each(text)
  local next_line = 1
  return function()
    while next_line do
      local at = next_line
      local feed = find(text, "\n", at, true)
      next_line = feed and feed + 1
      if (byte(text, at) or 0) > BEFORE_LETTERS then return name_at(text, at) end
    end
  end
end

-- Where a function's name is in its prototype; nil without one.
local function position(text, name)
  local called, at = name .. "(", 0
  repeat
    at = find(text, called, at + 1, true)
    local before = at and byte(text, at - 1)
  until not at or before == SPACE or before == STAR
  return at
end

-- "lsf_SSL" for "SSL"; a stack of anything is the one stack type of OpenSSL; a struct of
-- the shim is passed as void *, since its type has no name in Lua.
local function private(prototype, renamed)
  if find(prototype, "STACK_OF", 1, true) then
    prototype = gsub(prototype, "STACK_OF%b()", "OPENSSL_STACK")
  end
  if find(prototype, "struct", 1, true) then
    prototype = gsub(prototype, "struct%s+[%w_]+%s*%*", "void *")
  end
  return (gsub(prototype, "[%a_][%w_]*", renamed))
end

local function prototype(text, name, renamed)
  local at = position(text, name)
  if not at then return nil end
  local before = sub(text, at > RESULT and at - RESULT or 1, at - 1)
  local result = match(before, ".*\n(.*)") or before
  local whole  = result .. PREFIX .. sub(text, at, find(text, ";", at, true) - 1)
  return private(whole, renamed) .. ' __asm__("' .. name .. '");'
end

-- The private names of the types of declaration files, and their typedefs.
local function typedefs(files)
  local out, renamed = {}, {}
  for _, file in ipairs(files) do
    for name, definition in pairs(file.types) do
      if not renamed[name] then
        renamed[name] = PREFIX .. name
        if definition == "opaque" then definition = "struct " .. PREFIX .. name end
        out[#out + 1] = "typedef " .. definition .. " " .. PREFIX .. name .. ";"
      end
    end
  end
  return table.concat(out, "\n"), renamed
end

-- Comments are for the reader of a file.
local function uncommented(text)
  local parts, at = {}, 1
  local from = find(text, "/*", at, true)
  while from do
    parts[#parts + 1] = sub(text, at, from - 1)
    at = select(2, find(text, "*/", from, true)) + 1
    from = find(text, "/*", at, true)
  end
  parts[#parts + 1] = sub(text, at)
  return table.concat(parts)
end

local function prototypes(files)
  local text = {}
  for _, file in ipairs(files) do
    text[#text + 1] = file.required
    text[#text + 1] = file.optional
  end
  return uncommented(table.concat(text))
end

--- Declares the types of declaration files, and their functions when they are asked for.
-- @tparam {table,...} files  with `types`, and `required` and `optional` where they have any
-- @tparam[opt=ffi.cdef] function cdef  what declares a text
-- @tparam[opt] function more  returns further files, whose types are among those of `files`;
--   called when a function is asked for that is in none of these
-- @treturn function  name -> the private name, declared now; nil for a function that no
--   file declares. After an error for want of memory the call can be repeated
-- @treturn function  calls `more` now, if it was not called yet
function names.declarer(files, cdef, more)
  local text, rest = prototypes(files), nil
  local types, renamed = typedefs(files)
  local function declare(declaration) (cdef or ffi.cdef)(declaration) end
  declare(types)
  local function read()
    rest = rest or prototypes(more and more() or {})
    return rest
  end
  return function(name)
    local declaration = prototype(text, name, renamed) or prototype(read(), name, renamed)
    if not declaration then return nil end
    declare(declaration)
    return PREFIX .. name
  end, read
end

return names
