-- One OpenSSL, one Lua state, and several users of them.

describe("in OpenResty, the library", function()
  local openresty = require "spec.support.openresty"
  local process   = require "spec.support.process"
  local servers   = require "spec.support.servers"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  after_each(process.stop_all)

  for _, first in ipairs { "ours", "theirs" } do
    it("lives with ngx.ssl, cosockets' own TLS and a foreign binding; first: " .. first,
       function()
      local nginx = openresty.start { files = { a = "the file" } }
      assert.same({ table.concat({
        "the file", "the file", "certificate host mismatch", "certificate verify failed",
        "true", "nil", "nil", "nil", "process libssl.so.3", "",
      }, "\n") }, { nginx:get("/guests?first=" .. first) })
      assert.same({}, openresty.complaints(nginx))
    end)
  end

  it("works over LuaSocket in init_by_lua", function()
    local server = servers.start()
    local nginx = openresty.start {
      settings = { echo_port = server.port },
      init = [[
        line = require "at_start"("127.0.0.1", require "settings".echo_port,
                                  require "contexts".client)
      ]],
      server = "location = /line { content_by_lua_block { ngx.say(line) } }",
    }
    assert.same({ "as nginx starts\n" }, { nginx:get "/line" })
    assert.same({}, openresty.complaints(nginx))
  end)
end)
