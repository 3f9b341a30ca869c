-- script/docs: the pages as a site that can be searched, and as manual pages.

describe("script/docs", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"
  local quote   = house.quote

  local function has(program)
    return process.capture("command -v " .. program) ~= ""
  end

  local lunr = io.open(os.getenv "LUNR" or "/usr/share/javascript/lunr/lunr.min.js")
  if lunr then lunr:close() end
  if not lunr or not has "pandoc" then
    it("makes a site", function() pending "pandoc or lunr is not there" end)
    return
  end

  local out, PAGES

  setup(function()
    out = process.folder()
    PAGES = sources.list("docs", "md")
    for _, page in ipairs { "README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md" } do
      table.insert(PAGES, page)
    end
    local output = process.capture("script/docs " .. quote(out) .. " 2>&1; echo \"status $?\"")
    assert.equal("status 0\n", output)
  end)
  teardown(process.stop_all)

  local function html_of(page) return out .. "/html/" .. page:gsub("md$", "html") end

  it("has a page of each, with its title", function()
    for _, page in ipairs(PAGES) do
      local title = sources.read(page):match "^# ([^\n]+)":gsub("[`*]", "")
      local text = sources.read(html_of(page))
      assert.is_truthy(text:find("<title>" .. title:gsub("&", "&amp;"), 1, true), page)
    end
  end)

  -- The anchors of a page of the site.
  local ids = {}
  local function ids_of(path)
    if not ids[path] then
      ids[path] = {}
      for id in sources.read(path):gmatch '%sid="([^"]*)"' do ids[path][id] = true end
    end
    return ids[path]
  end

  local function real(path)
    local again
    repeat path, again = path:gsub("[^/]+/%.%./", "", 1) until again == 0
    return path
  end

  it("has no link and no anchor that leads nowhere", function()
    local broken, count = {}, 0
    for _, page in ipairs(PAGES) do
      local path = html_of(page)
      local text = sources.read(path)
      for mark, target in text:gmatch '(%l+)="([^"]*)"' do
        if (mark == "href" or mark == "src") and not target:find "^%a+:" then
          count = count + 1
          local file, anchor = target:match "^([^#]*)#?(.*)$"
          file = real(file == "" and path or path:match "^.*/" .. file)
          local there = io.open(file)
          if there then there:close() end
          if not there or anchor ~= "" and not ids_of(file)[anchor] then
            broken[#broken + 1] = page .. ": " .. target
          end
        end
      end
    end
    assert.same({}, broken)
    assert.is_true(count > 1000, count)
  end)

  it("has a manual page of each page about the use, without a warning", function()
    local expected = { "ssl.3lua" }
    for _, page in ipairs(PAGES) do
      local name = page:match "^docs/(.*)%.md$"
      if name and name ~= "index" and not name:find "^internals/" then
        expected[#expected + 1] = "ssl-" .. name:gsub("/", "-") .. ".3lua"
      end
    end
    table.sort(expected)
    local found = {}
    for file in process.capture("LC_ALL=C ls " .. quote(out .. "/man/man3")):gmatch "%S+" do
      found[#found + 1] = file
    end
    table.sort(found)
    assert.same(expected, found)
    -- Later pandocs write each hyphen as roff's minus.
    local page = sources.read(out .. "/man/man3/ssl-connection.3lua"):gsub("\\%-", "-")
    assert.matches("\n.SH NAME\nssl-connection - Connections\n", page, 1, true)
    assert.matches("\n.SH SEE ALSO\n", page, 1, true)
    if not has "mandoc" then return pending "mandoc is not there" end
    assert.equal("", process.capture(("cd %s/man/man3 && mandoc -T lint -W warning *.3lua 2>&1")
                                     :format(quote(out))))
  end)

  -- The scripts of the site in an engine without a browser.
  local ENGINES = {
    { "node", "node -e 'require(\"vm\").runInThisContext(require(\"fs\").readFileSync("
              .. "process.argv[1], \"utf8\"))'" },
    { "duk", "duk" },
  }

  it("finds the section of a key, a method and a message", function()
    local engine
    for i = #ENGINES, 1, -1 do
      if has(ENGINES[i][1]) then engine = ENGINES[i][2] end
    end
    if not engine then return pending "there is no engine for JavaScript" end
    -- As in a browser, where a script has no module of its own.
    local script = { "var exports = undefined, module = undefined;" }
    for _, file in ipairs { "lunr.js", "parts.js", "search.js" } do
      script[#script + 1] = sources.read(out .. "/html/" .. file)
    end
    script[#script + 1] = [[
      ["servername", "setverifyn", "nobody wrote this", "ticketkeys", "too long"].forEach(
        function (text) {
          var say = typeof print === "function" ? print : console.log;
          var places = search(text).map(function (part) { return part.p; });
          say(text + ": " + places.slice(0, 3).join(" "));
        });]]
    local path = process.write(out .. "/all.js", table.concat(script, "\n"))
    local output = process.capture(engine .. " " .. quote(path) .. " 2>&1")
    local lines = {}
    for text, places in output:gmatch "([^\n]*): ([^\n]*)\n" do lines[text] = places end
    assert.matches("^docs/trust%.html#servername", lines.servername, output)
    assert.matches("^docs/connection%.html#connsetverifynamename", lines.setverifyn)
    assert.matches("^docs/sessions%.html#ticketkeys", lines.ticketkeys)
    assert.matches("docs/%S+", lines["too long"])
    assert.equal("", lines["nobody wrote this"])
  end)
end)
