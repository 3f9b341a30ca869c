-- ssl.resty.socket beside nginx's own cosocket.

describe("ssl.resty.socket", function()
  local openresty = require "spec.support.openresty"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local nginx

  setup(function()
    nginx = openresty.start {
      folder = "spec/resty", files = { text = "one--two--cabab--xabb0123456789x" },
    }
  end)

  teardown(process.stop_all)

  it("returns what nginx's own returns", function()
    local theirs, ours = assert(nginx:get "/transcript?tcp=nginx"),
                         assert(nginx:get "/transcript?tcp=ours")
    assert.equal(theirs, ours)
    assert.matches("reused 3", ours)
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
