--- A target of script/fuzz over a library with one line changed, for models_spec.lua: does the
-- target's model notice? FLAW is a line of FLAWS below. The file itself is not changed.

local FLAWS = {
  ["a count that is too high"] = { "send", "connection.send",
    "return nil, stuck, left", "return nil, stuck, taken" },
  ["a rest that is sent again"] = { "send", "connection.send",
    "    owe(st, data, done, last)\n", "" },
  ["a rest that is skipped in other bytes"] = { "send", "connection.send",
    "if same(data, done, st.owed_data, st.owed_from, n) == 0 then", "if false then" },
  ["an index without the bytes before"] = { "send", "connection.send",
    "return transmit(st, data, first - 1, last)", "return transmit(st, data, 0, last)" },
  ["memory that is read when it is the program's again"] = { "send", "connection.send",
    'if type(data) == "cdata" then', "if false then" },
  ["sessions that belong to no policy"] = { "resume", "session.sessionid",
    "fingerprint.digest(c.seed .. known)", "fingerprint.digest(c.seed)" },
  ["entries of a store that nobody has authenticated"] = { "resume", "session.seal",
    "if not authentic(keys, id, body, entry:sub(-SIZE)) then return nil end", "" },
  ["early data that comes twice"] = { "resume", "feature.earlydata",
    "if bit.band(C.SSL_CTX_get_options(raw), risky) ~= 0 then",
    "C.SSL_CTX_set_options(raw, risky); if false then" },
  ["a session of a client that verifies nothing"] = { "resume", "session.fingerprint",
    "return digest_of(text_of_connection(st))", "return digest_of 'the same'" },
}

local flaw = assert(FLAWS[assert(os.getenv "FLAW")])
local target, module, old, new = unpack(flaw)

-- In front of those that find the file as it is.
table.insert(package.loaders, 1, function(name)
  if name ~= "ssl." .. module then return nil end
  local path = assert(package.searchpath(name, package.path))
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  local from, to = text:find(old, 1, true)
  assert(from, "the line is not there any more")
  return assert(loadstring(text:sub(1, from - 1) .. new .. text:sub(to + 1), "@" .. path))
end)

-- What was loaded before is the file as it is.
for name in pairs(package.loaded) do
  assert(name ~= "ssl." .. module, name .. " is loaded already")
end

local crooked = require("fuzz.targets." .. target)
crooked.seeds = target
return crooked
