--- ssl.https.fields: the method and the header fields of a request, as they may be
-- sent. RFC 9110 sections 5 and 9, pure Lua.
--
-- The text that is checked is the text that is sent. A name is a token, and a value has
-- no line end and no other control character. So untrusted text cannot become a second field
-- or a second request.

local printable = require "ssl.https.printable"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local fields = {}

-- Most names have these alone; a set of many parts takes four times as long.
local USUAL   = "^[%w-]+$"
local TOKEN   = "^[A-Za-z0-9!#$%%&'*+.^_`|~-]+$"
local REFUSED = "[%z\1-\8\10-\31\127]" -- a tab is a blank

-- Integers from there on are not exact.
local EXACT = 2 ^ 53

-- Fields that must not be a list, and fields whose lists are joined by commas. So the code
-- here finds one text in either.
local SINGLE = { host = true, authorization = true, ["content-length"] = true,
                 ["proxy-authorization"] = true }
local JOINED = { connection = true, te = true, ["transfer-encoding"] = true }

local VALUE = "a string, a number or a list of them expected for header '%s', got %s"

--- Is this a text, as LuaSocket takes one?
function fields.is_text(value)
  return type(value) == "string" or type(value) == "number"
end

-- The mistake in a value that has to be a list, or nil.
local function unlisted(value)
  if #value == 0 then return "a table without elements" end
  for key, element in pairs(value) do
    if type(key) ~= "number" or not fields.is_text(element) then return "a table with others" end
  end
end

--- The mistake in the types of `headers`.
-- @param headers
-- @treturn string|nil
function fields.misuse(headers)
  if type(headers) ~= "table" then
    return "table expected in field 'headers', got " .. type(headers)
  end
  for name, value in pairs(headers) do
    if type(name) ~= "string" then
      return "string expected as name of a header, got " .. type(name)
    end
    local problem = type(value) == "table" and unlisted(value)
    if type(value) ~= "table" and not fields.is_text(value) then problem = type(value) end
    if problem then return VALUE:format(printable(name), problem) end
  end
end

--- Is this a token: RFC 9110 section 5.6.2?
function fields.is_token(text)
  return text:find(USUAL) ~= nil or text:find(TOKEN) ~= nil
end

-- A number as digits. tostring makes "1e+15" of a length.
local function digits(number)
  if number % 1 == 0 and math.abs(number) < EXACT then return ("%.0f"):format(number) end
  return tostring(number)
end

local function text_of(value)
  if type(value) == "number" then
    if value ~= value or math.abs(value) == math.huge then return nil, "it is no number" end
    return digits(value)
  end
  if value:find "%c" and value:find(REFUSED) then
    return nil, "its value contains a control character"
  end
  return value
end

-- One field's text, or the list of its texts.
local function render(name, value)
  if type(value) ~= "table" then return text_of(value) end
  if SINGLE[name] then return nil, "it may not be a list" end
  local texts = {}
  for i, element in ipairs(value) do
    local text, why = text_of(element)
    if not text then return nil, why end
    texts[i] = text
  end
  return JOINED[name] and table.concat(texts, ", ") or texts
end

-- Two spellings of a name are one field.
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then return a == b end
  return table.concat(a, "\n") == table.concat(b, "\n")
end

local function refuse(name, why)
  return nil, ('header "%s" cannot be sent: %s'):format(printable(name), why)
end

--- Fields as they are sent.
-- @tparam table sets  a list of tables that `misuse` has accepted; fields of later tables
--   replace those of earlier ones
-- @treturn table  name in lower case -> text, or a list of texts, one a field
-- @treturn nil,string  names the header, and never shows its value
function fields.of(sets)
  local sent = {}
  for _, headers in ipairs(sets) do
    local own = {}
    for name, value in pairs(headers) do
      if not fields.is_token(name) then return refuse(name, "its name is no token") end
      local lower = name:lower()
      local text, why = render(lower, value)
      if not text then return refuse(name, why) end
      if own[lower] and not same(own[lower], text) then
        return refuse(name, "it is there in two spellings of its name")
      end
      own[lower], sent[lower] = text, text
    end
  end
  local length = sent["content-length"]
  if length then
    local number = length:match "^[ \t]*(%d+)[ \t]*$"
    if not number or tonumber(number) >= EXACT then
      return refuse("Content-Length", "it is no number of bytes")
    end
    sent["content-length"] = number
  end
  return sent
end

return fields
