-- EMFILE while a loop connects: a message, and no error.

describe("a connection without a descriptor", function()
  local loops   = require "spec.support.loops"
  local process = require "spec.support.process"

  after_each(process.stop_all)

  -- libuv has its own name for it.
  local WORDS = { luv = "EMFILE", neovim = "EMFILE" }

  for _, name in ipairs { "luasocket", "copas", "cqueues", "luv", "neovim" } do
    it("is nil and a message: " .. name, function()
      local output = loops.run(name, "spec/over/exhausted.lua", {})
      assert.equal("true nil " .. (WORDS[name] or "too many open files"),
                   (output:lower():gsub("emfile", "EMFILE"):gsub("%s+", " "):gsub(" $", "")))
    end)
  end
end)
