-- types/, the types for editors: the library, the types and the pages have the same names.
-- structure/docs_spec makes the files anew and compares them.

describe("the types for editors", function()
  local fresh   = require "spec.support.fresh"
  local sources = require "spec.support.sources"

  local FILES = sources.list("types", "lua")

  -- script/types.lua looks at classes while the library is loaded, so it has a process.
  local function lines(program)
    local output, ok = fresh.luajit('local types = dofile "script/types.lua"\n' .. program)
    assert(ok, output)
    local out = {}
    for line in output:gmatch "[^\n]+" do out[#out + 1] = line end
    table.sort(out)
    return out
  end

  it("are Lua, with a class or a module for each of the library", function()
    local text = {}
    assert.is_true(#FILES > 5)
    for _, path in ipairs(FILES) do
      assert(loadfile(path))
      text[#text + 1] = sources.read(path)
    end
    text = table.concat(text)
    for _, name in ipairs { "Config", "Flags", "Context", "Connection", "Certificate", "Session",
                            "Key", "Engine", "Pool" } do
      assert.matches("%-%-%-@class ssl%." .. name .. "%f[%W]", text)
    end
    for name in text:gmatch "%f[%w]ssl%.(%u%w+)" do
      assert.matches("%-%-%-@class ssl%." .. name .. "%f[%W]", text)
    end
  end)

  -- The names of the fields of a class.
  local function fields(name)
    local text, out = sources.read "types/ssl.lua", {}
    for line in text:match("@class ssl%." .. name .. "%f[^%w][^\n]*\n(.-)\n\n"):gmatch "[^\n]+" do
      local key = line:match "^%-%-%-@field (%w+)"
      if key then out[key] = true end
    end
    return out
  end

  it("have every key of ssl.connect's page, and what a context needs", function()
    local page = sources.read "docs/connect.md"
    local rows = page:match "These keys\ndiffer:\n\n(.-)\n\n"
    local all, own = fields "Keys", fields "Flags"
    local count = 0
    for key in rows:gmatch "\n| %[?`(%w+)`" do
      count = count + 1
      assert(all[key] or own[key], key)
    end
    assert.is_true(count > 7)
    assert.same({ mode = true, protocol = true }, fields "Config")
    assert.same({ key = true, password = true, certificate = true, pkcs12 = true },
                fields "Pair")
  end)

  -- The library's own: no page has it.
  local OWN = { "ssl.context.state" }

  it("and the pages have all functions of the modules", function()
    assert.same(OWN, lines [[
      for _, module in ipairs(types.modules) do
        for name, value in pairs(module.table) do
          if type(value) == "function" and not module.names[name] then
            print(module[1] .. "." .. name)
          end
        end
      end]])
  end)

  it("and the pages have all methods", function()
    assert.same({}, lines [[
      for _, class in ipairs(types.classes) do
        for name in pairs(class.methods) do
          if not class.names[name] then print(class[1] .. ":" .. name) end
        end
      end]])
  end)

  -- A module is a field of no other, and a key of a table may be a string.
  it("have all that the pages call", function()
    assert.same({}, lines [[
      for _, module in ipairs(types.modules) do
        local owner = module[1] == "ssl.https" and "https" or module[1]:gsub("%.", "%%.")
        for name in pairs(types.called(owner, ".")) do
          if module.table[name] == nil then print(module[1] .. "." .. name) end
        end
      end
      for _, class in ipairs(types.classes) do
        for name in pairs(types.called(class.called, ":")) do
          if not class.methods[name] and not string[name] then
            print(class[1] .. ":" .. name)
          end
        end
      end]])
  end)
end)
