-- ssl.feature.dh: the group of the next handshake, from the program's function.

describe("ssl.dh", function()
  local contexts = require "spec.support.contexts"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local context  = require "ssl.context"
  local dh       = require "ssl.feature.dh"

  local strong, weak = process.read(pki.dh.ffdhe2048), process.read(pki.dh.weak512)

  local function ask(f)
    local state = context.state(context.create "any")
    state.dhparam = f
    contexts.disturb()
    local params, reason = dh.ask(state, 1024)
    assert.is_true(contexts.quiet())
    return params, reason, state
  end

  it("asks with false and the length of the key", function()
    local asked
    local params = ask(function(...)
      asked = { ... }
      return strong
    end)
    assert.same({ false, 1024 }, asked)
    assert.is_true(params.dh ~= nil)
  end)

  for what, case in pairs {
    ["a boolean"]      = { function() return false end, "internal error" },
    ["a number"]       = { function() return 5 end, "internal error" },
    ["an empty text"]  = { function() return "" end, "no start line" },
    ["what is no PEM"] = { function() return "x" end, "no start line" },
    ["another PEM"]    = { function() return process.read(pki.root.cert) end, "no start line" },
  } do
    it("says why " .. what .. " is no group", function()
      local params, reason = ask(case[1])
      assert.is_nil(params)
      assert.equal(case[2], reason)
    end)
  end

  it("knows no reason for an answer of nil: there is no group", function()
    local params, reason = ask(function() end)
    assert.is_nil(params)
    assert.is_nil(reason)
  end)

  it("D16: never prompts for a group that claims to be encrypted", function()
    local text = strong:gsub("BEGIN DH PARAMETERS%-%-%-%-%-\n",
      "%0Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC," .. ("00112233"):rep(4) .. "\n\n")
    local params, reason = ask(function() return text end)
    assert.is_nil(params)
    assert.equal("bad password read", reason)
  end)

  it("decodes a text once, and another text anew", function()
    local answer = strong
    local first, _, state = ask(function() return answer end)
    assert.equal(first, (dh.ask(state, 1024)))
    answer = weak
    local second = dh.ask(state, 512)
    assert.is_true(second.dh ~= first.dh)
    answer = strong
    assert.is_true(dh.ask(state, 1024).dh ~= nil)
  end)

  it("keeps the last good group when the next answer is none", function()
    local answer = strong
    local first, _, state = ask(function() return answer end)
    answer = "x"
    assert.same({ nil, "no start line" }, { dh.ask(state, 1024) })
    answer = strong
    assert.equal(first, (dh.ask(state, 1024)))
  end)

  it("hands on what the function raises, and lets it yield", function()
    local mark = {}
    local ok, raised = pcall(ask, function() error(mark) end)
    assert.is_false(ok)
    assert.equal(mark, raised)
    local asking = coroutine.wrap(ask)
    assert.equal("wait", asking(function() return coroutine.yield "wait" end))
    assert.is_true(asking(strong).dh ~= nil)
  end)
end)
