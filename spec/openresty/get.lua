-- Fetches a file from nginx's own TLS, in whatever phase it runs.

local fetch    = require "fetch"
local settings = require "settings"
local versions = require "versions"

local args = ngx.req.get_uri_args()

local function get()
  local phase = ngx.get_phase()
  local answer, protocol = fetch(versions[args.context], args.host or "localhost",
                                 settings.tls_port, "/" .. (args.file or "bulk"))
  if not answer then return phase .. ": " .. protocol end
  local body = answer:match "\r\n\r\n(.*)$"
  return ("%s: %s %s"):format(phase, protocol, ngx.md5(body))
end

local function in_timer()
  local result
  local done = require("ngx.semaphore").new()
  assert(ngx.timer.at(0, function()
    local ok, what = pcall(get)
    result = what
    done:post()
    return ok
  end))
  assert(done:wait(20))
  return result
end

ngx.say(args.timer and in_timer() or get())
ngx.exit(200)
