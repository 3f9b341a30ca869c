-- The rooms of lua/ssl/ and their order: a file requires its own room and the rooms
-- before it. docs/internals/architecture.md says what each room is for.

describe("a room", function()
  local sources = require "spec.support.sources"

  -- A face is a file that lies beside the rooms: programs require it by its name.
  local ORDER = { "ffi", "base", "source", "x509", "credential", "trust", "io", "over", "session",
                  "ocsp", "feature", "context", "handshake", "connection", "face", "https",
                  "resty" }
  local RANK = {}
  for rank, room in ipairs(ORDER) do RANK[room] = rank end

  -- Faces that know less than that.
  local FACES = { ["ssl.foreign"] = "base", ["ssl.config"] = "context", ["ssl.https"] = "https",
                  ["ssl.resty"] = "resty" }

  -- Pure Lua that ssl.https may use beside the face.
  local PURE = { ["ssl.foreign"] = true, ["ssl.base.lru"] = true, ["ssl.x509.ip"] = true }

  -- Public modules in a room of their own.
  local PUBLIC = { over = true }

  local function room_of(module)
    return FACES[module] or module:match "^ssl%.([%w_]+)%." or "face"
  end

  local FILES = {}
  for _, path in ipairs(sources.list("ffi", "lua")) do FILES[#FILES + 1] = path end
  for _, path in ipairs(sources.list("lua", "lua")) do FILES[#FILES + 1] = path end

  -- Every require of ours that goes to a later room, as "file: module".
  local function upward(rank)
    local found, seen = {}, 0
    for _, path in ipairs(FILES) do
      local own = rank[room_of(sources.module(path))]
      for _, name in ipairs(sources.requires(path)) do
        if (name == "ssl" or name:find "^ssl%.") and name ~= "ssl.shim" then
          seen = seen + 1
          if rank[room_of(name)] > own then found[#found + 1] = path .. ": " .. name end
        end
      end
    end
    assert.is_true(seen > 500)
    return found
  end

  it("is in the list", function()
    for _, path in ipairs(FILES) do
      assert.is_truthy(RANK[room_of(sources.module(path))], path)
    end
  end)

  it("requires itself and the rooms before it", function()
    assert.same({}, upward(RANK))
  end)

  it("would be caught at requiring a later one", function()
    local swapped = {}
    for room, rank in pairs(RANK) do swapped[room] = rank end
    swapped.io, swapped.connection = RANK.connection, RANK.io
    assert.is_true(#upward(swapped) > 0)
  end)

  it("of ssl.https knows the face alone", function()
    local found = {}
    -- It loads its room as other public modules load theirs.
    local face, loads = "lua/ssl/https.lua", "ssl.base.later"
    for _, path in ipairs(FILES) do
      if room_of(sources.module(path)) == "https" then
        for _, name in ipairs(sources.requires(path)) do
          local ours = name:find "^ssl%." and room_of(name) ~= "https" and not PUBLIC[room_of(name)]
          if ours and not PURE[name] and not (path == face and name == loads) then
            found[#found + 1] = path .. ": " .. name
          end
        end
      end
    end
    assert.same({}, found)
  end)

  it("gives ssl.https what requires nothing itself", function()
    for name in pairs(PURE) do
      for _, path in ipairs(FILES) do
        if sources.module(path) == name then
          for _, other in ipairs(sources.requires(path)) do
            assert.is_true(PURE[other] or not other:find "^ssl", path .. ": " .. other)
          end
        end
      end
    end
  end)

  it("has specs in the folder of its name", function()
    for rank = 2, #ORDER do
      assert.is_true(#sources.list("spec/" .. ORDER[rank], "lua") > 0, ORDER[rank])
    end
  end)
end)
