-- Light threads of nginx on one connection of ours, and layers over one cosocket.

describe("in OpenResty, a connection", function()
  local openresty = require "spec.support.openresty"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local nginx

  setup(function()
    nginx = openresty.start { init = 'require "contexts"' }
  end)

  teardown(process.stop_all)

  it("carries what two light threads write at once, whole and in order, while a third"
     .. " reads", function()
    assert.same({ "true 200 200\n" }, { nginx:get "/threads" })
  end)

  it("is read and shaken hands on by one light thread, and closed by any", function()
    assert.same({ table.concat({
      "second handshake: false busy", "first handshake: true true",
      "second reader: nil busy ", "reader, after close: true nil closed ",
      "later: nil closed ", "handshake, after close: true false closed", "",
    }, "\n") }, { nginx:get "/closed" })
  end)

  it("is lost when a light thread is killed in the middle of a send, for those that wait"
     .. " behind it too", function()
    assert.same({ "1\nclosed\nclosed\n" }, { nginx:get "/killed" })
  end)

  it("leaves nothing behind when its light thread is killed in a function of the user's",
     function()
    assert.same({ "paused 50\npaused 0\ntrue\n" }, { nginx:get "/dropped" })
  end)

  it("works in coroutines of the user's own", function()
    assert.same({ "line 1\nline 2\nline 3\n" }, { nginx:get "/coroutines" })
  end)

  it("carries another, and gives the cosocket back layer by layer", function()
    assert.same({ "two layers\none layer less\nin the clear\n" }, { nginx:get "/nested" })
  end)

  it("that fails in any way leaves no error for nginx's own TLS to find", function()
    local function try(bytes)
      local sock = openresty.upgrade(nginx.port, "/echo")
      sock:send(bytes)
      sock:close()
    end
    for i = 1, 20 do
      try("no ClientHello at all, " .. i)
      try(("\22\3\1\2\0\1\0\1\252\3\3" .. ("x"):rep(600)):sub(1, i * 30))
      try ""
      assert.matches("^true\n", nginx:get "/native")
    end
    assert.truthy(nginx:wait_log "TLS: ")
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
