-- The features that may stop a handshake: one list, and one answer for each question.

describe("the features that may stop a handshake", function()
  local features = require "ssl.handshake.features"
  local shim     = require "ssl.ffi.shim"
  local sources  = require "spec.support.sources"

  -- The questions of the shim, by name.
  local function numbers()
    local found, count = {}, 0
    for name in sources.read "ffi/shim_h.lua":gmatch "LSF_QUESTION_([%u_]+)" do
      found[name], count = shim.K["LSF_QUESTION_" .. name], count + 1
    end
    assert.is_true(count > 1)
    return found
  end

  it("have one shape", function()
    for _, entry in ipairs(features.list) do
      local feature = require(entry.file)
      assert.is_string(feature.name, entry.file)
      assert.is_boolean(feature.supported, entry.file)
      assert.is_function(feature.pauses, entry.file)
      assert.is_function(entry.used, entry.file)
      assert.is_table(feature.questions, entry.file)
      for question, answer in pairs(feature.questions) do
        assert.is_function(answer, entry.file .. " " .. tostring(question))
      end
    end
  end)

  it("answer each question, once", function()
    local answers = {}
    for _, entry in ipairs(features.list) do
      for question in pairs(require(entry.file).questions) do
        answers[question] = (answers[question] or 0) + 1
      end
    end
    local wanted = { [require("ssl.io.question").CLIENTHELLO] = 1 }
    for name, number in pairs(numbers()) do
      if name ~= "NONE" then wanted[number] = 1 end
    end
    assert.same(wanted, answers)
  end)

  -- In a process of its own: here other specs have loaded them.
  it("are all loaded where a connection has several", function()
    assert.equal("true\ttrue\n", (require("spec.support.fresh").luajit [[
      local features = require "ssl.handshake.features"
      features.pauses({ psk = print }, { onverify = print })
      print(package.loaded["ssl.feature.psk"] ~= nil, package.loaded["ssl.feature.onverify"] ~= nil)
    ]]))
  end)

  it("are asked only where a connection has something of them", function()
    local st, c = { server = false }, {}
    assert.is_false(features.pauses(st, c))
    assert.is_true(features.pauses({ psk = print }, c))
    assert.is_true(features.pauses({ server = true, store = {} }, c))
    assert.is_true(features.pauses(st, { onverify = print }))
    assert.is_true(features.pauses(st, { ocsp = "request" }))
    assert.is_false(features.pauses({ server = true }, { ocspresponse = "bytes" }))
    assert.is_true(features.pauses({ server = true }, { ocspresponse = print }))
    assert.is_false(features.pauses({ server = true, sni = { map = {} } }, { alpn_select = print }))
  end)
end)
