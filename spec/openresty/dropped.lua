-- Handshakes that stand still in a function of the program, whose light threads are killed.

local ssl      = require "ssl"
local contexts = require "contexts"
local shim     = require "ssl.ffi.shim"
local upgrade  = require "upgrade"

local ctx = assert(ssl.newcontext {
  mode = "client", protocol = "any", verify = "peer",
  cafile = require("settings").pki.root.cert,
  onverify = function(_, preverified)
    ngx.sleep(600)
    return preverified
  end,
})

local function shake(context)
  local sock = assert(upgrade.connect(ngx.var.server_port, "/echo"))
  local conn = assert(ssl.wrap(sock, context))
  return conn:dohandshake()
end

local function paused()
  return require("ffi").cast("const int *", shim.pool.lsf_pool)[1]
end

local threads = {}
for i = 1, 50 do threads[i] = ngx.thread.spawn(shake, ctx) end
local deadline = ngx.now() + 50
repeat ngx.sleep(0.01) until paused() == 50 or ngx.now() > deadline
ngx.say("paused ", paused())
for i = 1, 50 do
  assert(ngx.thread.kill(threads[i]))
  threads[i] = nil
end
ngx.sleep(0.01)
collectgarbage()
collectgarbage()
ngx.say("paused ", paused())
ngx.say((shake(contexts.client)))
