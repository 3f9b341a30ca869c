-- Names of nginx's pools for kept connections.

describe("a name for a pool of nginx's", function()
  local NAME = "ssl.resty.pool"

  -- As in a program that loads the library again.
  local function another_copy()
    local kept = package.loaded[NAME]
    package.loaded[NAME] = nil
    local copy = require(NAME)
    package.loaded[NAME] = kept
    return copy
  end

  it("is of one connection only, also where the library is loaded twice", function()
    local seen, copies = {}, { require(NAME), another_copy(), another_copy() }
    for _, copy in ipairs(copies) do
      for _ = 1, 10 do
        local name = copy.name()
        assert.is_nil(seen[name])
        seen[name] = true
      end
    end
  end)
end)
