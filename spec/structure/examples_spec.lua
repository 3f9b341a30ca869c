-- What runs the examples of the pages: spec/support/examples.lua, and script/example.

describe("an example", function()
  local examples = require "spec.support.examples"
  local fixtures = require "spec.support.fixtures"
  local process  = require "spec.support.process"

  after_each(process.stop_all)

  local function page(text)
    return process.write(process.folder() .. "/page.md", (("\n" .. text):gsub("\n +", "\n")))
  end

  local function run(text)
    local all = examples.of(page(text))
    assert.equal(1, #all)
    return examples.run(all[1], fixtures)
  end

  it("in a console shows what differs, and the commands behind it are run", function()
    local expected, seen = run [[
      ```console
      $ printf 'a\nb\n'
      a
      c
      $ echo one; false
      one
      $ ls root.pem \
      samples/client.lua
      ...client.lua
      ```]]
    assert.same({ "printf 'a\\nb\\n'\na\nc\n", "echo one; false\none\n",
                  "ls root.pem \\\nsamples/client.lua\n...client.lua\n" }, expected)
    assert.equal("printf 'a\\nb\\n'\na\nb\n", seen[1])
    assert.same({ expected[2], expected[3] }, { seen[2], seen[3] })
  end)

  it("in a console says that the shell has ended", function()
    local _, seen = run "```console\n$ exit 1\n$ echo one\none\n```"
    assert.equal("echo one\n(the shell has ended)\n", seen[2])
  end)

  it("has its own port in place of the printed one, and waits for its servers", function()
    local expected, seen = run [[
      <!-- needs: free 8443 -->
      ```console
      $ luajit samples/server.lua 8443 chain.pem server.key &
      $ curl -s --cacert root.pem https://localhost:8443/
      Hello from luasec-ffi.
      $ kill $!; echo 8443
      8443
      ```]]
    assert.same(expected, seen)
  end)

  it("in Lua finds the files that it names", function()
    local expected, seen = run [[
      <!-- needs: port 8443 -->
      ```lua
      local ssl = require "ssl"
      print(ssl.connect("localhost", 8443, { verify = "peer", cafile = "none.pem" }))
      --> nil  context: error loading CA locations (No such file or directory): none.pem
      local flags = { verify = "peer", cafile = "root.pem" }
      print(ssl.connect("127.0.0.1", 8443, flags) ~= nil)   --> true
      ```]]
    assert.same(expected, seen)
    assert.truthy(next(expected))
  end)

  it("is run by script/example, which fails where the page has something else", function()
    local right = process.capture "script/example docs/index.md 1 2>&1; echo $?"
    assert.matches("^%-%-%- docs/index%.md, example 1, at line %d+\n.*\n0\n$", right)
    local wrong = page "```console\n$ echo one\ntwo\n```"
    assert.equal("--- " .. wrong .. ", example 1, at line 2\n$ echo one\none\nthe page has:\n"
                 .. "$ echo one\ntwo\n\n1\n",
                 process.capture("script/example " .. wrong .. " 2>&1; echo $?"))
    assert.matches("docs/cookbook/api.md 1\tluajit samples/api.lua",
                   process.capture "script/example", 1, true)
  end)
end)
