--- Breaks one line of the library at a time, and tells whether a spec notices.
--
--   luajit mutate/mutate.lua TREE [--list] [--seed N] [--count N] [--seconds N] [PATH...]
--
-- TREE is a built copy (script/mutate makes it): its files are changed and put back. The same
-- seed and the same sources give the same mutants. A mutant is killed when a spec fails that
-- passes without it. A spec that does not end is one that fails.

local mutate = {}

-- What a token becomes. `not` goes away.
local TURNED = {
  lua = { ["=="] = "~=", ["~="] = "==", ["<"] = ">=", [">="] = "<", [">"] = "<=", ["<="] = ">",
          ["and"] = "or", ["or"] = "and", ["not"] = "", ["true"] = "false", ["false"] = "true" },
  c = { ["=="] = "!=", ["!="] = "==", ["<"] = ">=", [">="] = "<", [">"] = "<=", ["<="] = ">",
        ["&&"] = "||", ["||"] = "&&", ["!"] = "", ["true"] = "false", ["false"] = "true" },
}

local KINDS = { ["and"] = "and/or", ["or"] = "and/or", ["&&"] = "and/or", ["||"] = "and/or",
                ["not"] = "not", ["!"] = "not", ["true"] = "constant", ["false"] = "constant" }

-- The first one that matches is the token.
local TOKENS = {
  "^[%a_][%w_]*", "^0[xX]%x+", "^%d+%.?%d*%w*", "^[=~<>!]=", "^%->", "^<<", "^>>", "^&&", "^||",
  "^%.%.+", "^.",
}

-- In a comment is nothing to break; nor in a string, but its ends show that it is one.
local QUIET = {
  lua = { "^%-%-%[(=*)%[.-%]%1%]", "^%-%-[^\n]*", "^%[(=*)%[.-%]%1%]" },
  c = { "^/%*.-%*/", "^//[^\n]*", "^#[^\n]*" },
}

local function string_end(text, i)
  local quote = text:sub(i, i)
  local at = i + 1
  while at <= #text and text:sub(at, at) ~= quote do
    at = at + (text:sub(at, at) == "\\" and 2 or 1)
  end
  return at
end

--- The text with blanks in place of comments and "_" in place of what strings hold.
-- @tparam string language  "lua" or "c"
function mutate.masked(text, language)
  local out, i = {}, 1
  while i <= #text do
    local last
    for _, pattern in ipairs(QUIET[language]) do
      last = last or select(2, text:find(pattern, i))
    end
    if last then
      out[#out + 1] = text:sub(i, last):gsub("[^\n]", " ")
    elseif text:find("^[\"']", i) then
      last = string_end(text, i)
      out[#out + 1] = '"' .. ("_"):rep(last - i - 1) .. '"'
    else
      last = i
      out[#out + 1] = text:sub(i, i)
    end
    i = last + 1
  end
  return table.concat(out)
end

local function tokens(line)
  return coroutine.wrap(function()
    local i = 1
    while i <= #line do
      for _, pattern in ipairs(TOKENS) do
        local _, last = line:find(pattern, i)
        if last then
          coroutine.yield(i, line:sub(i, last))
          i = last + 1
          break
        end
      end
    end
  end)
end

-- A larger number is an estimate or a length, which may be one more.
local LARGE = 255

local function turned(language, line, add)
  for at, token in tokens(line) do
    local new = TURNED[language][token]
    if new then
      add(KINDS[token] or "comparison", at, #token, new)
    elseif token:find "^%d+$" and tonumber(token) <= LARGE then
      add("constant", at, #token, ("%d"):format(token + 1))
    end
  end
end

-- A line that is nothing but a call.
local function left_out(language, line, add)
  local at, call
  if language == "lua" then
    at, call = line:match "^%s*()([%a_][%w_.:]*%b())%s*$"
    if not at then at, call = line:match "^%s*()([%a_][%w_.:]*%s*\"_*\")%s*$" end
    if at and call:find "^[%l]+%s*%(" and call:find "^function" then return end
  else
    at, call = line:match "^%s+()([%a_][%w_]*%b());%s*$"
  end
  if at then add("call left out", at, #call, "") end
end

local function returned(language, line, add)
  local at, value
  if language == "c" then
    at, value = line:match "^%s+return ()([^;]+);%s*$"
    if at and value ~= "NULL" then
      add("return value", at, #value, value == "0" and "1" or "0")
    end
    return
  end
  at, value = line:match "^.*%f[%w_]return ()(.-) end%s*$"
  if not at then at, value = line:match "^%s+return ()(.-)%s*$" end
  if not at or value == "" or value:find "%f[%w_]function%f[^%w_]" or value:find "[({,]$" then
    return
  end
  local new = (value:find "^nil%f[^%w_]" or value:find "^false%f[^%w_]") and "true" or "nil"
  add("return value", at, #value, new)
end

--- All mutants of a file.
-- @treturn {{path=,line=,kind=,old=,new=},...}  the line without and with its change, in order
function mutate.mutants(path, text)
  local language = path:find "%.lua$" and "lua" or "c"
  local found, number = {}, 0
  local lines = (text .. "\n"):gmatch "([^\n]*)\n"
  for masked in (mutate.masked(text, language) .. "\n"):gmatch "([^\n]*)\n" do
    local line = lines()
    number = number + 1
    local here = number
    local function add(kind, at, length, new)
      found[#found + 1] = {
        path = path, line = here, kind = kind, old = line,
        new = line:sub(1, at - 1) .. new .. line:sub(at + length),
      }
    end
    turned(language, masked, add)
    left_out(language, masked, add)
    returned(language, masked, add)
  end
  return found
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "*a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  file:close()
end

--- The text with a mutant in it.
function mutate.changed(text, mutant)
  local out, number = {}, 0
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    out[number] = number == mutant.line and mutant.new or line
  end
  return table.concat(out, "\n")
end

local function quote(word) return "'" .. word:gsub("'", "'\\''") .. "'" end

local function listed(command)
  local found, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do found[#found + 1] = line end
  pipe:close()
  return found
end

local function succeeds(command)
  local done = os.execute(command .. " >/dev/null 2>&1 </dev/null")
  return done == 0 or done == true -- with the ways of Lua 5.2
end

-- The rooms of spec/ that look at most of the library, the quickest to notice first.
local WIDER = { "face", "connection", "handshake", "feature", "session", "io", "context", "trust",
                "x509", "credential", "ocsp", "source", "over", "parity", "https", "peers" }

-- Those of the file's name, those of its room, then the wider ones.
local function specs_of(path)
  local name = path:match "([^/]+)%.%w+$"
  local room = path:match "^lua/ssl/(%w+)/" or path:find "^lua" and "face" or "io"
  local found, seen = {}, {}
  local function add(pattern)
    for _, file in ipairs(listed("ls " .. pattern .. " 2>/dev/null")) do
      if not seen[file] then found[#found + 1], seen[file] = file, true end
    end
  end
  add(("spec/%s/%s_spec.lua spec/%s/%s_*_spec.lua"):format(room, name, room, name))
  add(("spec/[!s]*/%s_spec.lua spec/s[!tu]*/%s_spec.lua"):format(name, name))
  add(("spec/%s/*_spec.lua"):format(room))
  local wide_from = #found + 1
  for _, other in ipairs(WIDER) do add(("spec/%s/*_spec.lua"):format(other)) end
  return found, wide_from
end

-- Seconds for one spec file. One that takes longer does not end.
local LIMIT = 300

local function passes(spec)
  return succeeds(("SSL_SPEC_LIMIT=%d script/test --no-bootstrap --mode jit -- %s"
                   .. " --no-keep-going"):format(LIMIT, quote(spec)))
end

local function compiles(path)
  if path:find "%.lua$" then return loadfile(path) ~= nil end
  return succeeds "script/bootstrap"
end

-- Which specs pass without any mutant, as far as it was tried.
local sound = {}

-- The spec that notices it; nil with the number of specs that ran.
local function noticed(specs, wide_from, seconds, failing)
  local ends, ran = nil, 0
  for i, spec in ipairs(specs) do
    if i == wide_from then ends = os.time() + seconds end
    if ends and os.time() >= ends then break end
    if sound[spec] ~= false then
      ran = ran + 1
      if not passes(spec) and failing(spec) and not passes(spec) then return spec end
    end
  end
  return nil, ran
end

local function try(mutant, seconds)
  local text = read(mutant.path)
  local broken = mutate.changed(text, mutant)
  local function plant(with) write(mutant.path, with and broken or text) end
  -- Does it pass when the file is whole again?
  local function failing(spec)
    if sound[spec] == nil then
      plant(false)
      if not mutant.path:find "%.lua$" then assert(compiles(mutant.path)) end
      sound[spec] = passes(spec)
      plant(true)
      compiles(mutant.path)
    end
    return sound[spec]
  end
  plant(true)
  local how, by = "not compiling", nil
  if compiles(mutant.path) then
    local ran
    by, ran = noticed(mutant.specs, mutant.wide_from, seconds, failing)
    how = by and "killed" or "survived"
    by = by or ("spec files that ran: %d"):format(ran)
  end
  plant(false)
  if not mutant.path:find "%.lua$" then assert(compiles(mutant.path)) end
  return how, by
end

local function trimmed(line) return (line:gsub("^%s+", "")) end

local function show(mutant)
  return ("%s:%d  %s\n    - %s\n    + %s"):format(
    mutant.path, mutant.line, mutant.kind, trimmed(mutant.old), trimmed(mutant.new))
end

local OUTCOMES = { "killed", "survived", "not compiling" }

local function summary(tried)
  local kinds, order = {}, {}
  for _, mutant in ipairs(tried) do
    local kind = kinds[mutant.kind]
    if not kind then
      kind = { killed = 0, survived = 0, ["not compiling"] = 0 }
      kinds[mutant.kind], order[#order + 1] = kind, mutant.kind
    end
    kind[mutant.how] = kind[mutant.how] + 1
  end
  table.sort(order)
  print "\n| change | killed | survived | not compiling |\n|---|---|---|---|"
  local sums = { 0, 0, 0 }
  for _, name in ipairs(order) do
    local row = {}
    for i, how in ipairs(OUTCOMES) do
      row[i] = kinds[name][how]
      sums[i] = sums[i] + row[i]
    end
    print(("| %s | %d | %d | %d |"):format(name, unpack(row)))
  end
  print(("| all | %d | %d | %d |"):format(unpack(sums)))
end

-- The first `count` of a shuffled list.
local function sample(list, count, seed)
  math.randomseed(seed)
  for i = 1, math.min(count, #list) do
    local j = math.random(i, #list)
    list[i], list[j] = list[j], list[i]
  end
  for i = #list, count + 1, -1 do list[i] = nil end
  return list
end

local function refuse(why)
  io.stderr:write("script/mutate: ", why, "\n")
  os.exit(2)
end

local function options(words)
  local set = { seed = 1, count = 20, seconds = 300, paths = {} }
  local i = 1
  while words[i] do
    local name = words[i]:match "^%-%-(%l+)$"
    if name == "list" then
      set.list = true
    elseif name then
      if type(set[name]) ~= "number" then refuse("there is no option --" .. name) end
      i = i + 1
      set[name] = tonumber(words[i]) or refuse("a number expected behind --" .. name)
    else
      set.paths[#set.paths + 1] = words[i]
    end
    i = i + 1
  end
  return set
end

local function all_mutants(paths)
  local where, found = "lua shim", {}
  if paths[1] then
    for i, path in ipairs(paths) do paths[i] = quote(path) end
    where = table.concat(paths, " ")
  end
  for _, path in ipairs(listed(("find %s -name '*.lua' -o -name '*.c'"
                               .. " 2>/dev/null | LC_ALL=C sort")
                               :format(where))) do
    if not (path:find "^lua/" or path:find "^shim/") then
      refuse(path .. " is neither in lua/ nor in shim/")
    end
    for _, mutant in ipairs(mutate.mutants(path, read(path))) do found[#found + 1] = mutant end
  end
  if not found[1] then refuse("there is nothing to break in " .. where) end
  return found
end

local function main(words)
  local set = options(words)
  local all = all_mutants(set.paths)
  print(("%d mutants, of which %d are tried, seed %d"):format(
    #all, math.min(set.count, #all), set.seed))
  local tried = sample(all, set.count, set.seed)
  for _, mutant in ipairs(tried) do
    if set.list then
      print(show(mutant))
    else
      mutant.specs, mutant.wide_from = specs_of(mutant.path)
      local by
      mutant.how, by = try(mutant, set.seconds)
      print(("%-13s  %s%s"):format(
        mutant.how, show(mutant), by and "\n    " .. by or ""))
    end
    io.stdout:flush()
  end
  if set.list then return end
  summary(tried)
  for spec, passed in pairs(sound) do
    if not passed then print("left out, it fails without a mutant: " .. spec) end
  end
  print "\nsurvivors:"
  for _, mutant in ipairs(tried) do
    if mutant.how == "survived" then print(show(mutant)) end
  end
end

if ... == "mutate.mutate" then return mutate end
main { ... }
