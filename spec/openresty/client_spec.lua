-- Our client in nginx with Lua, over cosockets.

describe("in OpenResty, a client", function()
  local bulk      = require "spec.support.bulk"
  local openresty = require "spec.support.openresty"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local nginx, md5

  setup(function()
    nginx = openresty.start {
      init = 'require "contexts"; require "versions"',
      server = [[
        location = /rewrite { rewrite_by_lua_file "%(folder)s/get.lua"; }
        location = /access { access_by_lua_file "%(folder)s/get.lua"; }
      ]],
    }
    local file = nginx.files .. "/bulk"
    process.capture(("head -c 6000000 '%s' >'%s'"):format(bulk.path(), file))
    md5 = process.capture(("md5sum <'%s'"):format(file)):match "%x+"
  end)

  teardown(process.stop_all)

  for context, protocol in pairs { tlsv1_2 = "TLSv1.2", tlsv1_3 = "TLSv1.3" } do
    for phase, path in pairs { rewrite = "/rewrite?", access = "/access?",
                               content = "/get?", timer = "/get?timer=1&" } do
      it(("speaks %s in phase %s and gets many bytes as they are"):format(protocol, phase),
         function()
        assert.same({ ("%s: %s %s\n"):format(phase, protocol, md5) },
                    { nginx:get(path .. "context=" .. context) })
      end)
    end

    it("may close as soon as it has sent, and everything arrives, " .. protocol, function()
      assert.same({ "5000000\n" }, { nginx:get("/last?context=" .. context) })
      assert.truthy(nginx:wait_log(("sink: %s 5000000 whole"):format(protocol)), nginx.log())
    end)

    it("refuses a wrong name, " .. protocol, function()
      assert.same({ "content: certificate verify failed\n" },
                  { nginx:get("/get?host=elsewhere.test&context=" .. context) })
    end)

    it("returns a time-out with the cosocket's message, and goes on after it, " .. protocol,
       function()
      assert.same({ "handshake late\nreceive late: half a line\nsend 7\nreceive closed\n" },
                  { nginx:get("/patient?context=" .. context) })
    end)
  end

  it("waits for nothing when it closes after an answer", function()
    assert.same({ "hello\ntrue\n" }, { nginx:get "/served" })
  end)

  it("refuses an unknown authority, with an alert", function()
    assert.same({ "content: certificate verify failed\n" },
                { nginx:get "/get?context=stranger" })
    local told = nginx:wait_log "SSL alert number 48"
    assert.truthy(told, nginx.log())
  end)

  it("has lost a cosocket whose send timed out", function()
    assert.same({ "nil timeout true\nnil closed\n" }, { nginx:get "/stuffed" })
  end)

  it("leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
