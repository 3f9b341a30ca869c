-- A call that libuv has refused has no callback, so nothing may wait for one.

describe("what libuv refuses", function()
  local loops   = require "spec.support.loops"
  local process = require "spec.support.process"

  after_each(process.stop_all)

  local EXPECTED = [[
not connected: nil ENOTCONN: socket is not connected
read from already: nil EALREADY: connection already in progress
not written: nil closed 0
again: nil closed 0]]

  for _, name in ipairs { "luv", "neovim" } do
    it("is nil and a message, over " .. name, function()
      local output = loops.run(name, "spec/over/refusals.lua", {})
      assert.equal(EXPECTED, (output:gsub("[\t ]+", " "):gsub("\r", ""):gsub("\n$", "")))
    end)
  end
end)
