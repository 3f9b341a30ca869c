-- Objects: userdata whose metatable is their state.

describe("an object", function()
  local FIELDS = { "class", "__index", "__tostring", "__gc", "__close" }

  -- The file once more, with or without debug.setmetatable.
  local function loaded(set_metatable)
    local path = assert(package.searchpath("ssl.base.object", package.path))
    local chunk = assert(loadfile(path))
    local own = setmetatable({ debug = { setmetatable = set_metatable } }, { __index = _G })
    return setfenv(chunk, own)()
  end

  local function made(object)
    local freed = {}
    local class = object.class("SSL:Thing", { name = function() return "thing" end }, {
      tostring = function() return "a thing" end,
      free = function(self) freed[#freed + 1] = getmetatable(self).number end,
    })
    local self, state = object.new(class, { class = false, __index = false, __tostring = false,
                                            __gc = false, __close = false, number = 7 })
    return self, state, class, freed
  end

  for name, set in pairs { ["with the debug library"] = debug.setmetatable,
                           ["in a sandbox without it"] = false } do
    it("has the fields that it is made with, " .. name, function()
      local object = loaded(set or nil)
      local self, state, class, freed = made(object)
      assert.equal("userdata", type(self))
      assert.equal(state, getmetatable(self))
      assert.equal(7, state.number)
      assert.equal("thing", self:name())
      assert.equal("a thing", tostring(self))
      assert.is_true(object.is(self, class))
      assert.equal(state, object.state(self, class))
      for _, field in ipairs(FIELDS) do assert.truthy(state[field], field) end
      -- luacheck: ignore 311
      self, state = nil, nil
      collectgarbage()
      collectgarbage()
      assert.same({ 7 }, freed)
    end)

    it("has a state of its own, " .. name, function()
      local object = loaded(set or nil)
      local class = object.class("SSL:Thing", {}, {})
      local a, of_a = object.new(class)
      local b, of_b = object.new(class)
      assert.not_equal(of_a, of_b)
      assert.equal(of_a, object.state(a, class))
      assert.equal(of_b, object.state(b, class))
    end)
  end
end)
