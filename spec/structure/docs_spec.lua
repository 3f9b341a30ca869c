-- The README and the reference: every example runs and prints what it says, every
-- link leads somewhere, and no method is forgotten.

describe("documentation", function()
  local process  = require "spec.support.process"
  local sources  = require "spec.support.sources"
  local examples = require "spec.support.examples"
  local pair     = require "spec.support.pair"
  local fixtures = require "spec.support.fixtures"
  local PAGES = sources.list("docs", "md")
  table.insert(PAGES, "README.md")
  table.insert(PAGES, "CONTRIBUTING.md")
  table.insert(PAGES, "SECURITY.md")

  -- The pages for people who change the library.
  local INTERNALS = sources.list("docs/internals", "md")
  table.insert(INTERNALS, "CONTRIBUTING.md")
  local OUR_FOLDERS = { lua = true, ffi = true, shim = true, spec = true, script = true,
                        bench = true, docs = true, samples = true, cmake = true }

  -- The methods that exist before an example adds one.
  local class, METHODS = getmetatable((pair.wrapped())).__index, {}
  for name in pairs(class) do METHODS[#METHODS + 1] = name end

  local function added()
    local known, names = {}, {}
    for _, name in ipairs(METHODS) do known[name] = true end
    for name in pairs(class) do
      if not known[name] then names[#names + 1] = name end
    end
    return names
  end

  after_each(function()
    for _, name in ipairs(added()) do class[name] = nil end
    process.stop_all()
  end)

  for _, page in ipairs(PAGES) do
    for i, example in ipairs(examples.of(page)) do
      if example.sample then
        it(("%s shows %s as it is"):format(page, example.sample), function()
          assert.equal(sources.read(example.sample), example.code)
        end)
      else
        it(("%s: example %d, at line %d, runs"):format(page, i, example.line), function()
          local ok, expected, seen = pcall(examples.run, example, fixtures)
          if not ok and expected.skip then return pending(expected.skip) end
          assert(ok, expected)
          assert.same(expected, seen)
        end)
      end
    end
  end

  -- Tables, what programs print, and what script/bench writes have the width that they need.
  it("has no prose wider than 120 columns", function()
    local wide = {}
    for _, page in ipairs(PAGES) do
      local text = sources.read(page):gsub("\n```.-\n```", "")
                          :gsub("<!%-%- bench: begin.-bench: end", "")
      for line in text:gmatch "[^\n]+" do
        local columns = #line:gsub("[\128-\191]", "")
        if columns > 120 and not line:find "^|" then wide[#wide + 1] = page .. ": " .. line end
      end
    end
    assert.same({}, wide)
  end)

  it("leaves no method of an example behind", function()
    assert.same({}, added())
  end)

  it("has examples", function()
    assert.is_true(#examples.of "README.md" >= 3)
    assert.is_true(#examples.of "docs/connection.md" >= 10)
  end)

  -- The anchors that GitHub makes of headings.
  local function anchors(path)
    local found = {}
    for heading in ("\n" .. sources.read(path)):gmatch "\n#+ ([^\n]+)" do
      found[heading:lower():gsub("[^%w%- _]", ""):gsub(" ", "-")] = true
    end
    return found
  end

  it("has no link that leads nowhere", function()
    local broken = {}
    for _, page in ipairs(PAGES) do
      local prose = sources.read(page):gsub("\n```.-\n```", "")
      for target in prose:gmatch "%]%(([^)%s]+)%)" do
        local file, anchor = target:match "^([^#]*)#?(.*)$"
        local path = file == "" and page or (page:match "^(.*/)" or "") .. file
        local exists = target:find "^https?:" or sources.exists(path)
        if not exists or anchor ~= "" and not anchors(path)[anchor] then
          broken[#broken + 1] = page .. ": " .. target
        end
      end
    end
    assert.same({}, broken)
  end)

  it("names no file of ours that is not there", function()
    local missing = {}
    for _, page in ipairs(PAGES) do
      for path in sources.read(page):gmatch "%f[%w]%l+/[%w_-]+%.?%l*%f[^%w_.-]" do
        local folder = path:match "^[^/]+"
        local ours = folder == "samples" or folder == "script" or folder == "docs"
        if ours and not sources.exists(path) then missing[#missing + 1] = page .. ": " .. path end
      end
    end
    assert.same({}, missing)
  end)

  -- `lua/ssl/io/loop.lua`, `shim/` and `lua/ssl/*.lua`: a file, a folder, or some files.
  local function named_paths(page)
    local found = {}
    for text in sources.read(page):gmatch "`([^`\n]+)`" do
      for path in text:gmatch "%f[%w.]%.?%l+/[%w_/.*-]*" do
        local folder = path:match "^[^/]+"
        if OUR_FOLDERS[folder] then found[#found + 1] = path end
      end
    end
    return found
  end

  local function is_there(path)
    return require("spec.support.init").run(("ls -d %s >/dev/null 2>&1"):format(path))
  end

  it("has every path that the pages about the inside name", function()
    local missing, count = {}, 0
    for _, page in ipairs(INTERNALS) do
      for _, path in ipairs(named_paths(page)) do
        count = count + 1
        if not is_there(path) then missing[#missing + 1] = page .. ": " .. path end
      end
    end
    assert.is_true(count > 50)
    assert.same({}, missing)
  end)

  it("mentions every room and every file of the shim in architecture.md", function()
    local text = sources.read "docs/internals/architecture.md"
    local missing = {}
    local rooms = process.capture "find lua/ssl -mindepth 1 -type d"
    for room in rooms:gmatch "[^\n]+" do
      if not text:find("`" .. room .. "/`", 1, true) then missing[#missing + 1] = room end
    end
    for _, extension in ipairs { "c", "h" } do
      for _, path in ipairs(sources.list("shim", extension)) do
        if not text:find("`" .. path .. "`", 1, true) then missing[#missing + 1] = path end
      end
    end
    assert.same({}, missing)
  end)

  it("has every method of a connection in docs/connection.md", function()
    local text = sources.read "docs/connection.md"
    local missing = {}
    for _, name in ipairs(METHODS) do
      if not text:find("`" .. name .. "(", 1, true) then missing[#missing + 1] = name end
    end
    assert.same({}, missing)
  end)

  -- script/types.lua looks at classes while the library is loaded, so it has a process.
  it("has types for editors that are what script/keys writes", function()
    local fresh = require "spec.support.fresh"
    local folder = process.folder() .. "/"
    local output, ok = fresh.luajit(([[
      for path, text in pairs(dofile "script/types.lua".files()) do
        local file = assert(io.open(%q .. path:gsub("/", "-"), "w"))
        file:write(text)
        file:close()
        print(path)
      end]]):format(folder))
    assert(ok, output)
    local made = {}
    for path in output:gmatch "[^\n]+" do made[#made + 1] = path end
    table.sort(made)
    assert.same(sources.list("types", "lua"), made)
    for _, path in ipairs(made) do
      assert.equal(process.read(folder .. path:gsub("/", "-")), sources.read(path),
                   path .. ": script/keys")
    end
  end)

  it("lists every page in docs/index.md", function()
    local text = sources.read "docs/index.md"
    for _, page in ipairs(sources.list("docs", "md")) do
      local name = page:match "^docs/(.+)$"
      assert.is_true(name == "index.md" or text:find("(" .. name .. ")", 1, true) ~= nil, name)
    end
  end)
end)
