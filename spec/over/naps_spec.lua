-- Sleeping over each loop: sleep and nap of an adapter.

describe("an adapter's sleep", function()
  local loops   = require "spec.support.loops"
  local process = require "spec.support.process"

  local EXPECTED = [[
all have slept
in order: three two one
asleep: true
woken behind the caller: true
awake, and once more by its time: true
]]

  after_each(process.stop_all)

  for _, name in ipairs { "copas", "cqueues", "luv", "neovim", "cosocket" } do
    it("ends in time, or when it is woken: " .. name, function()
      local output = loops.run(name, "spec/over/naps.lua", {})
      assert.equal(EXPECTED, (output:gsub("\r", ""):gsub("([^\n])$", "%1\n")))
    end)
  end
end)
