-- The order of the shim's files, held by reading the sources.

describe("the shim", function()
  local sources = require "spec.support.sources"

  -- Which file uses which, by the names that the other one defines: a function that it calls
  -- or hands over, a variable.
  -- @tparam {[string]={names={string,...},code=string}} files
  local function edges(files)
    local home, used = {}, {}
    for file, f in pairs(files) do
      for _, name in ipairs(f.names) do home[name] = file end
    end
    for file, f in pairs(files) do
      used[file] = {}
      for word in f.code:gmatch "%f[%w_][%a_][%w_]*" do
        if home[word] and home[word] ~= file then used[file][home[word]] = word end
      end
    end
    return used
  end

  local function sorted(set)
    local keys = {}
    for key in pairs(set) do keys[#keys + 1] = key end
    table.sort(keys)
    return keys
  end

  -- Every way back to a file that is on the trail, as "a.c (name) b.c (name) a.c".
  local function circles(files)
    local used, state, found = edges(files), {}, {}
    local function visit(file, trail)
      if state[file] == "open" then found[#found + 1] = trail .. file end
      if state[file] then return end
      state[file] = "open"
      for _, next_file in ipairs(sorted(used[file])) do
        visit(next_file, ("%s%s (%s) "):format(trail, file, used[file][next_file]))
      end
      state[file] = "done"
    end
    for _, file in ipairs(sorted(files)) do visit(file, "") end
    return found
  end

  local function shim()
    local files = {}
    for _, path in ipairs(sources.list("shim", "c")) do
      files[path:match "[^/]+$"] = { names = sources.c_exports(path),
                                     code = sources.c_code(path) }
    end
    return files
  end

  it("has files that use each other in one direction", function()
    local files = shim()
    assert.truthy(edges(files)["conn.c"]["api.c"])
    assert.same({}, circles(files))
  end)

  it("would not pass with a circle, of two files or of three", function()
    local function file(names, code) return { names = names, code = code } end
    local a, b, c = file({ "a" }, "b();"), file({ "b" }, "a();"), file({ "c" }, "a;")
    assert.same({ "a.c (b) b.c (a) a.c" }, circles { ["a.c"] = a, ["b.c"] = b })
    assert.same({ "a.c (b) b.c (c) c.c (a) a.c" },
                circles { ["a.c"] = a, ["b.c"] = file({ "b" }, "{ return c; }"), ["c.c"] = c })
    assert.same({}, circles { ["a.c"] = a, ["b.c"] = file({ "b" }, "abc, a_b, ba"), ["c.c"] = c })
  end)

  -- Comments and pages lead there.
  it("has each file of it that is named somewhere", function()
    local found, missing = 0, {}
    for _, place in ipairs { "lua lua", "ffi lua", "spec lua", "shim c", "shim h", "docs md" } do
      local folder, extension = place:match "(%S+) (%S+)"
      for _, path in ipairs(sources.list(folder, extension)) do
        local text = sources.read(path)
        for name in text:gmatch "%f[%w_]shim/[%w_]+%.[ch]%f[%W]" do
          found = found + 1
          local f = io.open(name)
          if f then f:close() else missing[#missing + 1] = path .. ": " .. name end
        end
      end
    end
    assert.is_true(found > 20)
    assert.same({}, missing)
  end)
end)
