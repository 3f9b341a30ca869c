-- Names of nginx's pools for kept connections.

describe("a name for a pool of nginx's", function()
  local NAME, ADAPTER = "ssl.over.poolname", "ssl.over.cosocket"

  -- As in a program that loads the library again.
  local function another_copy(module)
    local kept = { [NAME] = package.loaded[NAME] or false,
                   [ADAPTER] = package.loaded[ADAPTER] or false }
    for name in pairs(kept) do package.loaded[name] = nil end
    local copy = require(module)
    for name, value in pairs(kept) do package.loaded[name] = value or nil end
    return copy
  end

  it("is of one connection only, also where the library is loaded twice", function()
    local seen, copies = {}, { require(NAME), another_copy(NAME), another_copy(NAME) }
    for _, name_of in ipairs(copies) do
      for _ = 1, 10 do
        local name = name_of()
        assert.is_nil(seen[name])
        seen[name] = true
      end
    end
  end)

  it("is of one connection only over the adapter for cosockets, too", function()
    local asked = {}
    local sock = { settimeout = function() end, setoption = function() end }
    function sock.connect(_, _, _, options)
      asked[#asked + 1] = options.pool
      return 1
    end
    rawset(_G, "ngx", { socket = { tcp = function() return sock end } })
    local made, one, two = pcall(function()
      return another_copy(ADAPTER), another_copy(ADAPTER)
    end)
    rawset(_G, "ngx", nil)
    assert.is_true(made, one)
    assert(one.connect("localhost", 443))
    assert(two.connect("localhost", 443))
    assert.equal(2, #asked)
    assert.are_not.equal(asked[1], asked[2])
  end)
end)
