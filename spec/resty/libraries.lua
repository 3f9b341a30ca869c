-- Other people's programs for ngx.socket.tcp, as they are.

local args = ngx.req.get_uri_args()

local TRY = {}

function TRY.redis()
  local redis = require("resty.redis"):new()
  redis:set_timeouts(5000, 5000, 5000)
  assert(redis:connect("127.0.0.1", args.port, {
    ssl = true, ssl_verify = true, server_name = "localhost" }))
  redis:init_pipeline()
  redis:set("name", "value")
  redis:get "name"
  local results = assert(redis:commit_pipeline())
  ngx.say(redis:get_reused_times(), " ", results[1], " ", results[2], " ",
          redis:set_keepalive(10000, 3))
end

function TRY.http()
  local http = require("resty.http").new()
  http:set_timeouts(5000, 5000, 5000)
  local ok, why, session = http:connect {
    scheme = "https", host = "127.0.0.1", port = tonumber(args.port),
    ssl_server_name = args.name or "localhost",
  }
  if not ok then return ngx.say(why) end
  local answer = assert(http:request { path = "/who", headers = { Host = "localhost" } })
  ngx.say(http:get_reused_times(), " ", answer.status, " ", answer:read_body(), " ",
          session ~= nil, " ", http:set_keepalive(10000, 3))
end

TRY[args.library]()
