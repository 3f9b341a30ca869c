-- The methods of a connection: one list, and the same names in the documentation.

describe("the methods of a connection", function()
  local sources = require "spec.support.sources"
  local methods = require "ssl.connection.methods"
  local state   = require "ssl.io.state"
  require "ssl"

  local function listed()
    local names = {}
    for i, entry in ipairs(methods.list) do names[i] = entry[1] end
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
end)
