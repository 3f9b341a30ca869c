-- The statements of docs/openresty.md about nginx's phases and the owner of a connection.

describe("in OpenResty", function()
  local openresty = require "spec.support.openresty"
  local process   = require "spec.support.process"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local nginx

  setup(function()
    nginx = openresty.start {
      init = 'require "contexts"', files = { a = "the file" },
      http = 'init_worker_by_lua_file "%(folder)s/phase.lua";',
      server = [[
        location = /a {
          set_by_lua_file           $unused "%(folder)s/phase.lua";
          rewrite_by_lua_file       "%(folder)s/phase.lua";
          access_by_lua_file        "%(folder)s/phase.lua";
          header_filter_by_lua_file "%(folder)s/phase.lua";
          body_filter_by_lua_file   "%(folder)s/phase.lua";
          log_by_lua_file           "%(folder)s/phase.lua";
        }
      ]],
    }
    assert(nginx:get "/a")
  end)

  teardown(process.stop_all)

  for _, phase in ipairs { "rewrite", "access" } do
    it("phase " .. phase .. " has cosockets for the library", function()
      assert.truthy(nginx:wait_log(phase .. ": engines, cosockets"), nginx.log())
    end)
  end

  for _, phase in ipairs { "init_worker", "set", "header_filter", "body_filter", "log" } do
    it("phase " .. phase .. " runs what needs no transport", function()
      assert.truthy(nginx:wait_log(phase .. ": engines, API disabled"), nginx.log())
    end)
  end

  it("a connection is of no use to another request, and lost after the attempt", function()
    assert.same({ "bad request\ntransport failed\n" }, { nginx:get "/stolen" })
  end)

  it("all that leaves nothing to complain about in the log", function()
    assert.same({}, openresty.complaints(nginx))
  end)
end)
