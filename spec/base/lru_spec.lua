describe("a cache of the last used values", function()
  local lru = require "ssl.base.lru"

  it("has what was put into it", function()
    local cache = lru.new(2)
    assert.is_nil(cache:get "a")
    cache:put("a", 1)
    cache:put("b", false)
    assert.equal(1, cache:get "a")
    assert.is_false(cache:get "b")
    assert.is_nil(cache:get "c")
  end)

  it("keeps no more than its limit, and drops the least recently used one", function()
    local cache = lru.new(3)
    for _, key in ipairs { "a", "b", "c" } do cache:put(key, key) end
    cache:get "a"
    cache:put("d", "d")
    assert.is_nil(cache:get "b")
    cache:put("e", "e")
    assert.is_nil(cache:get "c")
    for _, key in ipairs { "a", "d", "e" } do assert.equal(key, cache:get(key)) end
  end)

  it("has one value for a key", function()
    local cache = lru.new(2)
    cache:put("a", 1)
    cache:put("b", 2)
    cache:put("a", 3)
    assert.equal(3, cache:get "a")
    assert.equal(2, cache:get "b")
  end)
end)
