-- Programs that were written for ngx.socket.tcp, over ssl.resty: two of ours, and lua-resty-redis,
-- -http, -mysql (with lua-resty-string) and pgmoon where LUA_RESTY_PATH, a list as package.path,
-- leads to them. Debian 12 does not have those.

describe("over ssl.resty.install", function()
  local openresty = require "spec.support.openresty"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local stands    = require "spec.support.stands"
  local it        = require("spec.support.needs").own_openssl(it, "nginx has it")

  local PATH = os.getenv "LUA_RESTY_PATH" or ""

  local port, redis, postgres, nginx = process.free_port(), nil, nil, nil

  setup(function()
    redis, postgres = peers.redis(pki.server, pki.root.cert), stands.start "postgres"
    nginx = openresty.start {
      folder = "spec/resty",
      init = ('package.path = %q .. ";" .. package.path; require "initial"'):format(PATH),
      http = "lua_shared_dict sessions 1m;"
             .. openresty.who(port, "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on;"),
    }
  end)

  teardown(process.stop_all)

  it("a client of Redis sends batches and keeps its connection", function()
    for i = 0, 2 do
      assert.equal(("%d OK true %d 240000\n"):format(i, i + 1),
                   (nginx:get("/redis?port=" .. redis.port)))
    end
  end)

  it("a client of PostgreSQL begins TLS in the middle, and keeps its connection", function()
    for i = 0, 2 do
      assert.equal(("%d Library 40 Aula\n"):format(i), (nginx:get("/postgres?port=" .. postgres)))
    end
  end)

  local function library(name, what)
    if not package.searchpath(name, PATH) then
      pending(name .. ": LUA_RESTY_PATH does not lead to it")
    end
    return function(...)
      return (nginx:get(("/libraries?library=%s&port=%d%s"):format(what, ...)))
    end
  end

  it("lua-resty-redis works", function()
    local get = library("resty.redis", "redis")
    for i = 0, 2 do assert.equal(i .. " OK value 1\n", get(redis.port, "")) end
  end)

  it("lua-resty-http works", function()
    local get = library("resty.http", "http")
    for i = 0, 2 do
      assert.matches(("^%d 200 TLSv1.3 CN=client,.* requests=%d %s 1\n"):format(
        i, i + 1, i == 0), (get(port, "")))
    end
    assert.equal("certificate verify failed (hostname mismatch)\n",
                 get(port, "&name=elsewhere.test"))
  end)

  it("lua-resty-mysql works", function()
    local get, mysql = library("resty.mysql", "mysql"), stands.start "mysql"
    for i = 0, 2 do
      assert.equal(i .. " Library=40 Aula=none no such table 1\n", get(mysql, "&user=client"))
    end
    assert.equal("Access denied for user 'other'\n", get(mysql, "&user=other"))
  end)

  it("pgmoon works", function()
    local get = library("pgmoon", "pgmoon")
    for i = 0, 2 do
      assert.matches(("^%d Library=40 Aula=none .*relation \"nothing\" does not exist.* 1\n$")
                     :format(i), (get(postgres, "&user=client")))
    end
    assert.matches('certificate authentication failed for user "other"',
                   (get(postgres, "&user=other")))
  end)
end)
