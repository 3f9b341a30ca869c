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
  ["a wait that is longer than both limits"] = { "timers", "io.timeout",
    "left = math.min(block, total - (time - start))", "left = block" },
  ["a deadline that ends no wait"] = { "timers", "io.timeout",
    "if deadline then left = math.min(left, deadline - time) end", "" },
  ["a total that is forgotten where a phase has a limit"] = { "timers", "https.timeouts",
    "return limit and math.min(limit, left) or left", "return limit or left" },
  ["a limit that stays at an earlier socket"] = { "timers", "https.timeouts",
    "self.on == sock and self.armed == limit", "self.armed == limit" },
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

-- The changed file lies in front of the one that is as it is. The library looks for its own
-- files beside the first of them, hence the loader.
local function change()
  local path = "ssl/" .. module:gsub("%.", "/") .. ".lua"
  local file = assert(io.open(assert(package.searchpath("ssl." .. module, package.path))))
  local text = file:read "*a"
  file:close()
  local from, to = text:find(old, 1, true)
  assert(from, "the line is not there any more")
  local root = assert(os.getenv "FUZZ_FOLDER") .. "/crooked"
  os.execute(("rm -rf '%s'; mkdir -p '%s/%s'"):format(root, root, path:match "^(.*)/"))
  file = assert(io.open(root .. "/" .. path, "w"))
  file:write(text:sub(1, from - 1) .. new .. text:sub(to + 1))
  file:close()
  package.path = root .. "/?.lua;" .. package.path
  table.insert(package.loaders, 1, function(name)
    if name == "ssl." .. module then return assert(loadfile(root .. "/" .. path)) end
  end)
end

change()

-- What was loaded before is the file as it is.
for name in pairs(package.loaded) do
  assert(name ~= "ssl." .. module, name .. " is loaded already")
end

local crooked = require("fuzz.targets." .. target)
crooked.seeds = target
return crooked
