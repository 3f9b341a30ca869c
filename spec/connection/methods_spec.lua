-- The methods of a connection: one list, and the same names in the documentation.

describe("the methods of a connection", function()
  local fresh   = require "spec.support.fresh"
  local sources = require "spec.support.sources"
  local methods = require "ssl.connection.methods"
  local state   = require "ssl.io.state"
  require "ssl.connection.new" -- installs them

  local function listed()
    local names = {}
    for i, entry in ipairs(methods.list()) do names[i] = entry[1] end
    return names
  end

  -- Those of the table at the top of docs/connection.md, line by line.
  local function documented()
    local page = sources.read "docs/connection.md"
    local rows = page:match "\n| method | |\n|%-+|%-+|\n(.-)\n\n"
    local names = {}
    for row in rows:gmatch "[^\n]+" do
      for name in row:match("^| (.-) | "):gmatch "([%a]+)%(" do names[#names + 1] = name end
    end
    return names
  end

  it("are those of the documentation, in its order", function()
    assert.same(documented(), listed())
  end)

  it("are those of the list, each once", function()
    local names, class = {}, {}
    for _, name in ipairs(listed()) do
      assert.is_nil(names[name], name)
      names[name] = true
    end
    for name in pairs(state.class.methods) do class[name] = true end
    assert.same(names, class)
  end)

  it("have a heading, or a link to the page that has it", function()
    local page = sources.read "docs/connection.md"
    for _, name in ipairs(listed()) do
      local heading = page:find("\n##+ [^\n]*%f[%a]" .. name .. "%(")
      local row = page:match("\n(| [^\n]*%f[%a]" .. name .. "%([^\n]*)")
      assert.is_truthy(heading or row and row:find "%]%([%w/.-]*#?[%w-]*%)", name)
    end
  end)

  it("are functions, also to a program that walks through the class", function()
    for name, f in pairs(state.class.methods) do assert.is_function(f, name) end
  end)

  -- Each call is made with the file not loaded yet, and again. A new process has loaded no
  -- file; `renew` makes loaders of the methods once more for the other forms of the call.
  local FIRST = [[
    local ssl     = require "ssl"
    local core    = require "ssl.core"
    local methods = require "ssl.connection.methods"
    local ctx     = assert(ssl.newcontext { mode = "client", protocol = "any" })
    local conn    = assert(core.create(ctx))
    local class   = getmetatable(conn).class

    local function renew()
      methods.install(class)
    end

    local FORMS = {
      function(name) local r = conn[name]("x"); return r end,
      function(name) local r = conn[name](); return r end,
      function(name) local f = conn[name]; f({}) end,
      function(name) local called = { [name] = conn[name] }; called[name](nil, 1) end,
      function(name) return loadstring("(...):" .. name .. "({}, {}, {}, {})")(conn) end,
      function(name) return loadstring("return (...):" .. name .. "()")(conn) end,
      function(name)
        return loadstring("local self = setmetatable({}, { __index = (...) })\n"
                          .. "self:" .. name .. "()")(getmetatable(conn).__index)
      end,
    }

    local function text(...)
      local out = {}
      for i = 1, select("#", ...) do
        -- The age of a connection grows between two calls.
        out[i] = tostring((select(i, ...))):gsub("^%d+%.%d+", "seconds")
      end
      return table.concat(out, " ")
    end
  ]]

  it("return and raise at the first call what they return and raise later", function()
    local output = fresh.luajit(FIRST .. [[
      local late, raised = 0, 0
      for _, entry in ipairs(methods.list()) do
        for _, call in ipairs(entry.late and FORMS or {}) do
          local name, loader = entry[1], conn[entry[1] ]
          local first = text(pcall(call, name))
          assert(conn[name] ~= loader, name)
          local second = text(pcall(call, name))
          if first ~= second then print(name, first, second) end
          late = late + 1
          if first:find "^false .-:%d+: " then raised = raised + 1 end
          renew()
        end
      end
      print(late > 100, raised > 0.6 * late)
    ]])
    assert.equal("true\ttrue\n", output)
  end)

  it("get all arguments at the first call, and give all results", function()
    local output = fresh.luajit(FIRST .. [[
      package.preload["ssl.connection.keyupdate"] = function()
        return { keyupdate = function(...) return select("#", ...), select(2, ...) end }
      end
      print(conn:keyupdate(nil, 1, nil))
      print(conn:keyupdate(nil, 1, nil))
    ]])
    assert.equal("4\tnil\t1\tnil\n4\tnil\t1\tnil\n", output)
  end)

  it("leave a method of the program in its place, and work behind it", function()
    local output = fresh.luajit(FIRST .. [[
      local own, calls = conn.keyupdate, 0
      local function replaced(...)
        calls = calls + 1
        return own(...)
      end
      core.setmethod("keyupdate", replaced)
      local first  = text(pcall(conn.keyupdate, conn))
      local second = text(pcall(conn.keyupdate, conn))
      print(conn.keyupdate == replaced, calls, first == second, first)
      core.setmethod("keyupdate", nil)
      own(conn)
      print(conn.keyupdate)
    ]])
    assert.equal("true\t2\ttrue\ttrue nil closed\nnil\n", output)
  end)

  it("are tried again where their file could not be loaded", function()
    local output = fresh.luajit(FIRST .. [[
      local NAME = "ssl.connection.keyupdate"
      package.preload[NAME] = function()
        package.preload[NAME] = nil
        error("not enough memory", 0)
      end
      print(pcall(conn.keyupdate, conn))
      print(pcall(conn.keyupdate, conn))
    ]])
    assert.equal("false\tnot enough memory\ntrue\tnil\tclosed\n", output)
  end)
end)
