-- The page and the picture that script/bench writes: bench/page.lua, machine.lua, picture.lua.

describe("script/bench writes", function()
  local bench   = require "spec.support.bench"
  local sources = require "spec.support.sources"
  local machine = bench "machine"
  local page    = bench "page"
  local picture = bench "picture"

  local EMPTY = "# Page\n\nbefore\n\n<!-- bench: begin -->\n\n<!-- bench: end -->\n\nbehind\n"

  local function names(text)
    local found = {}
    for i, each in ipairs(page.machines(text)) do found[i] = each.name end
    return found
  end

  describe("a page by machine", function()
    it("with nothing else changed", function()
      local text = page.put(EMPTY, "one", "rows", "| a |\n")
      assert.equal("# Page\n\nbefore\n\n<!-- bench: begin -->\n\n### one\n\n"
                   .. "<!-- bench: rows -->\n\n| a |\n\n<!-- bench: end -->\n\nbehind\n", text)
      assert.equal(text, page.put(text, "one", "rows", "| a |"))
    end)

    it("with the tables of its own machine in place of the old ones", function()
      local text = page.put(EMPTY, "one", "rows", "| of one |")
      text = page.put(text, "two", "rows", "| of two |\n\n#### a heading below\n\n- words")
      text = page.put(text, "one", "rows", "| of one, anew |")
      assert.same({ "two", "one" }, names(text))
      local two, one = unpack(page.machines(text))
      assert.equal("| of two |\n\n#### a heading below\n\n- words", two.rows)
      assert.equal("| of one, anew |", one.rows)
    end)

    it("with each section of a machine for itself, in one order", function()
      local text = page.put(EMPTY, "one", "openssl", "| handshakes |")
      text = page.put(text, "one", "rows", "| all |")
      text = page.put(text, "two", "rows", "| others |")
      text = page.put(text, "one", "rows", "| all, anew |")
      local one = page.machines(text)[2]
      assert.equal("| handshakes |", one.openssl)
      assert.equal("| all, anew |", one.rows)
      assert.is_true(text:find("all, anew", 1, true) < text:find("handshakes", 1, true))
      assert.is_nil(page.machines(text)[1].openssl)
    end)

    it("and takes names for what they are, and not for patterns", function()
      local name = "Processor (R) 50% of [it], 2.0-beta+"
      local text = page.put(page.put(EMPTY, name, "rows", "100 %1"), name, "rows", "100 %2")
      assert.same({ name }, names(text))
      assert.equal("100 %2", page.machines(text)[1].rows)
    end)

    it("and none where the page has no place", function()
      assert.has_error(function() page.put("nothing\n", "one", "rows", "a") end,
                       "the page has no place for the tables")
    end)
  end)

  describe("the name of a machine", function()
    local function name(cpuinfo, cores)
      return machine.name { cpuinfo = cpuinfo, architecture = "riscv64", cores = cores or 2,
                            kernel = "Linux 6.1.0", openssl = "OpenSSL 3.0.19" }
    end

    it("with family and model, which tell more than a name for all", function()
      assert.equal("AMD EPYC (family 26, model 2), 2 cores, Linux 6.1.0, OpenSSL 3.0.19",
        name("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\n"
             .. "model name\t: AMD EPYC\n\nprocessor\t: 1\nmodel name\t: another\n"))
    end)

    it("where the kernel says other things, or nothing", function()
      assert.equal("riscv64 (family 0x41, model 0xd0c), 1 core, Linux 6.1.0, OpenSSL 3.0.19",
                   name("processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", 1))
      assert.equal("riscv64, 2 cores, Linux 6.1.0, OpenSSL 3.0.19", name "")
    end)
  end)

  describe("a picture", function()
    local HEAD = "| work | raw C | ours | LuaSec | luaossl+cqueues | Python | node | goal |\n"
                 .. "|---|---|---|---|---|---|---|---|\n"
    local SEND = "| send 1 MiB strings | 1.0 | 0.5 (0.54) | 2 (1.79) | - | 1 (0.99) | - | 1 |\n"
    local OWN  = "| receive(65536) | 1.0 | 3 (2.90) | - | - | - | 1 (1.39) | 1 |\n"
    local ELSE = "\n| units | ours |\n|---|---|\n| send 1 MiB strings | 7 (7.00) |\n"

    local function draw(...) return picture.draw(page.put(EMPTY, "<one> & 2", "rows", ...)) end

    it("of the ratios of the first table", function()
      local data = picture.data(page.put(EMPTY, "one", "rows", "words\n\n" .. HEAD .. SEND .. OWN
                                         .. ELSE))
      assert.same({ { words = "send 1 MiB", marks = { ours = 0.54, LuaSec = 1.79, Python = 0.99 } },
                    { words = "receive(65536)", marks = { ours = 2.90, node = 1.39 } } }, data)
    end)

    it("of the first machine", function()
      local text = page.put(EMPTY, "old", "rows", HEAD .. OWN)
      local data, name = picture.data(page.put(text, "new", "rows", HEAD .. SEND))
      assert.equal("new", name)
      assert.equal(1, #data)
      assert.equal(0.54, data[1].marks.ours)
    end)

    it("in which further right costs more", function()
      local text = draw(HEAD .. SEND)
      local function place(class)
        return tonumber(text:match('class="' .. class .. '"[^>]-translate%(([%d.]+) 104'))
      end
      local circle = tonumber(text:match '<circle class="a" cx="([%d.]+)" cy="104')
      assert.is_true(place "o" < place "c")
      assert.is_true(place "c" < circle)
      assert.truthy(text:find("&lt;one&gt; &amp; 2", 1, true))
      assert.truthy(text:find("prefers-color-scheme: dark", 1, true))
    end)

    it("never of nothing", function()
      assert.has_error(function() draw "| work |\n|---|\n" end,
                       "the page has no row for the picture")
    end)

    it("which is the one of the page as it stands", function()
      local text = sources.read "docs/performance.md"
      assert.is_true(#picture.data(text) >= 5)
      assert.equal(picture.draw(text), sources.read "docs/performance.svg")
    end)
  end)

  it("parts of two machines at least, each with its own figures", function()
    local machines = page.machines(sources.read "docs/performance.md")
    assert.is_true(#machines >= 2)
    for _, each in ipairs(machines) do assert.truthy(each.rows:find("\n| ", 1, true), each.name) end
    assert.not_equal(machines[1].rows, machines[2].rows)
  end)
end)
