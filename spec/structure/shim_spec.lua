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

  -- A member of the struct is written by its owners alone, who stand in shim/conn.h.
  describe("struct lsf_conn", function()
    local function owners_in(comment)
      local owners = {}
      for name in comment:match "Owners:(.*)%*/":gsub("%*", " "):gmatch "[%w_.]+" do
        owners[#owners + 1] = name
      end
      table.sort(owners)
      return owners
    end

    -- Each member with its owners: those that the last comment names.
    local function members(text, prefix, owners, out)
      local at = 1
      while true do
        local comment, after = text:match("^%s*(/%*.-%*/)()", at)
        local part, name, beyond = text:match("^%s*struct%s*(%b{})%s*([%w_]+);()", at)
        local declaration, behind = text:match("^%s*([^;]+);()", at)
        if comment then
          owners, at = comment:find "Owners:" and owners_in(comment) or owners, after
        elseif part then
          out.parts[name] = true
          members(part:sub(2, -2), prefix .. name .. ".", owners, out)
          at = beyond
        elseif declaration then
          for item in declaration:gmatch "[^,]+" do
            out[prefix .. item:match "([%w_]+)%s*$"], at = owners, behind
          end
        else
          return out
        end
      end
    end

    local function declared()
      local text = sources.read("shim/conn.h"):match "struct lsf_conn (%b{});"
      local owners = members(text:sub(2, -2), "", {}, { parts = {} })
      local parts = owners.parts
      owners.parts = nil
      return owners, parts
    end

    local function note(written, member, owner)
      written[member] = written[member] or {}
      written[member][owner] = true
    end

    -- `c->a`, `c->a.b[n].c`: what is assigned to, counted up or down, or handed out.
    local function writes_in_c(code, owner, written)
      for before, path, after in code:gmatch "()c%->([%w_.]+)()" do
        local rest = code:sub(after, after + 200):gsub("^%b[]", ""):gsub("^[%w_.]+", "")
        if rest:find "^%s*[-+|&]?=[^=]" or rest:find "^%+%+" or rest:find "^%-%-"
           or code:sub(before - 1, before - 1) == "&" then
          note(written, path, owner)
        end
      end
    end

    -- `conn.a = `, `st.conn.a.b, x = `, at the beginning of a statement.
    local function writes_in_lua(code, owner, written)
      for line in code:gmatch "[^\n]+" do
        for before, path, after in line:gmatch "()[%w_.]*%f[%w_]conn%.([%a_][%w_.]*)()" do
          local ahead = line:sub(1, before - 1):gsub("^.*%f[%w]then%s", "")
                            :gsub("^.*%f[%w]do%s", ""):gsub("^.*%f[%w]else%s", "")
          if ahead:find "^[%w_.,%s]*$" and not ahead:find "local%s"
             and line:find("^[%w_.,%s]*=[^=]", after) then
            note(written, path, owner)
          end
        end
      end
    end

    local function lua_files()
      local files = sources.list("lua", "lua")
      for _, path in ipairs(sources.list("ffi", "lua")) do files[#files + 1] = path end
      return files
    end

    local function written()
      local found = {}
      for _, path in ipairs(sources.list("shim", "c")) do
        local file = path:match "[^/]+$"
        if file ~= "conn.c" then writes_in_c(sources.c_code(path), file, found) end
      end
      for _, path in ipairs(lua_files()) do
        writes_in_lua(sources.code(path), sources.module(path), found)
      end
      return found
    end

    it("is written by the owners of each member, and by no other file", function()
      local owners, found, wrong = declared(), written(), {}
      for member, list in pairs(owners) do
        local named = table.concat(list, ", ")
        local real = table.concat(sorted(found[member] or { ["conn.c"] = true }), ", ")
        if named ~= real then
          wrong[#wrong + 1] = ("%s: of %s, written by %s"):format(member, named, real)
        end
      end
      for member in pairs(found) do
        if not owners[member] then wrong[#wrong + 1] = member .. ": not declared" end
      end
      assert.same({}, wrong)
    end)

    it("is found to be written in every form", function()
      local found = {}
      writes_in_c("if (c->a == 1) c->b = c->c; c->d.e[c->f++].g |= 1; end(&c->h); c->i->j = 1;",
                  "x.c", found)
      writes_in_lua("if conn.a == 1 then st.conn.b.c, x = 1, 2 end\nlocal y = conn.d\n"
                    .. "x, conn.e = 1\nf(conn.g, h == 1)", "ssl.x", found)
      assert.same({ "b", "b.c", "d.e", "e", "f", "h" }, sorted(found))
      assert.same({ "ssl.x" }, sorted(found["b.c"]))
    end)

    it("has no other name in Lua than `conn`, and neither has a part of it", function()
      local _, parts = declared()
      for _, path in ipairs(lua_files()) do
        local code = sources.code(path)
        for name in code:gmatch "%f[%w_]conn%.([%w_]+)%f[^%w_.]" do
          assert.is_nil(parts[name], path .. ": " .. name)
        end
        for names, values in code:gmatch "local ([%w_, ]+) = ([^\n(]*)" do
          local value = values:gmatch "[^,]+"
          for name in names:gmatch "[%w_]+" do
            local given = value() or ""
            if given:find "^%s*st%.conn%s*$" then assert.equal("conn", name, path) end
          end
        end
      end
    end)

    it("has no member with the name of a field of the connection's state", function()
      local owners, parts = declared()
      local both = {}
      for _, path in ipairs(lua_files()) do
        for field in sources.code(path):gmatch "%f[%w_]st%.([%a_][%w_]*)" do
          if owners[field] or parts[field] then both[field] = path end
        end
      end
      assert.same({}, both)
    end)
  end)
end)
