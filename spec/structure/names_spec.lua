-- docs/names.md, the index by name: current, complete, and each link leads to the name.

describe("the index by name", function()
  local fresh    = require "spec.support.fresh"
  local keys     = require "ssl.context.keys"
  local methods  = require "ssl.connection.methods"
  local sources  = require "spec.support.sources"

  local TEXT = sources.read "docs/names.md"

  -- script/types.lua looks at classes while the library is loaded, so it has a process.
  local function made()
    local output, ok = fresh.luajit [[
      local types = dofile "script/types.lua"
      io.write(dofile("script/names.lua").text(types, types.files()))]]
    assert(ok, output)
    return output
  end

  it("is what script/keys writes", function()
    assert.equal(made(), TEXT)
  end)

  it("has every key and every method of a connection", function()
    local missing = {}
    for _, record in ipairs(keys) do
      if not TEXT:find("\n| [`" .. record.key .. "`](", 1, true) then
        missing[#missing + 1] = record.key
      end
    end
    for _, entry in ipairs(methods.list()) do
      if not TEXT:find("\n| [`conn:" .. entry[1] .. "`](", 1, true) then
        missing[#missing + 1] = entry[1]
      end
    end
    assert.same({}, missing)
  end)

  it("has the keys of ssl.connect, and of ssl.https", function()
    for section, keys_of in pairs {
      ["ssl.connect"] = { "timeout", "deadline", "session", "resume", "over", "servername" },
      ["https.request"] = { "url", "sink", "maxsize", "redirect", "create", "over", "timeout" },
      ["https.pool"] = { "size", "perhost", "idle" },
    } do
      local rows = TEXT:match("\n## Keys of " .. section:gsub("%.", "%%.") .. "\n(.-)\n## ")
      for _, key in ipairs(keys_of) do
        assert.is_truthy(rows and rows:find("\n| [`" .. key .. "`](", 1, true), key)
      end
    end
  end)

  it("has a text for each function", function()
    assert.is_nil(TEXT:match "\n| %[`[^\n]*| *|\n")
  end)

  it("has the functions of all modules, and messages", function()
    for _, name in ipairs { "ssl.newcontext", "https.request", "context.create", "core.setfd",
                            "ssl.resty.install", "cert:pem", "pool:close", "engine:feed" } do
      assert.is_truthy(TEXT:find("\n| [`" .. name .. "`](", 1, true), name)
    end
    for _, message in ipairs { "wantread", "truncated", "certificate has expired",
                               "invalid mode (NAME)" } do
      assert.is_truthy(TEXT:find("\n| `" .. message .. "` | [", 1, true), message)
    end
  end)

  it("leads to a page that has the name", function()
    local wrong, count = {}, 0
    for name, page in TEXT:gmatch "\n| %[`([^`]+)`%]%(([^)#]+)" do
      local bare = name:match "[%w_]+$"
      count = count + 1
      if not sources.read("docs/" .. page):find("%f[%w_]" .. bare .. "%f[^%w_]") then
        wrong[#wrong + 1] = name
      end
    end
    assert.same({}, wrong)
    assert.is_true(count > 200, count)
  end)

  it("by task has at least forty tasks", function()
    local text = sources.read "docs/index.md":match "\n## By task\n(.-)\n## "
    local _, count = text:gsub("\n| [^|]+| [^|\n]*%]%(", "")
    assert.is_true(count >= 40, count)
  end)
end)
