-- The adapter of cosockets, where lua-resty-core is missing.

describe("ssl.over.cosocket", function()
  local NAME, SEMAPHORE = "ssl.over.cosocket", "ngx.semaphore"
  local kept, there = {}, nil

  before_each(function()
    kept = { package.loaded[NAME], package.loaded[SEMAPHORE] }
    package.loaded[NAME], package.loaded[SEMAPHORE] = nil, nil
    there = package.preload[SEMAPHORE]
  end)

  after_each(function()
    package.loaded[NAME], package.loaded[SEMAPHORE] = kept[1], kept[2]
    package.preload[SEMAPHORE] = there
  end)

  it("has no nap without its semaphores, so that pace looks from time to time", function()
    package.preload[SEMAPHORE] = function() error("not there", 0) end
    assert.is_nil(require(NAME).nap)
  end)

  it("has loaded them before anybody is in line", function()
    package.preload[SEMAPHORE] = function() return { new = function() return {} end } end
    local adapter = require(NAME)
    package.preload[SEMAPHORE], package.loaded[SEMAPHORE] = nil, nil
    assert.equal("table", type(adapter.nap()))
  end)
end)
