-- Other people's programs for ngx.socket.tcp, as they are.

local args = ngx.req.get_uri_args()

local TRY = {}

function TRY.redis()
  local redis = require("resty.redis"):new()
  redis:set_timeouts(60000, 60000, 60000)
  assert(redis:connect("127.0.0.1", args.port, {
    ssl = true, ssl_verify = true, server_name = "localhost" }))
  redis:init_pipeline()
  redis:set("name", "value")
  redis:get "name"
  local results = assert(redis:commit_pipeline())
  ngx.say(redis:get_reused_times(), " ", results[1], " ", results[2], " ",
          redis:set_keepalive(60000, 3))
end

function TRY.http()
  local http = require("resty.http").new()
  http:set_timeouts(60000, 60000, 60000)
  local ok, why, session = http:connect {
    scheme = "https", host = "127.0.0.1", port = tonumber(args.port),
    ssl_server_name = args.name or "localhost",
  }
  if not ok then return ngx.say(why) end
  local answer = assert(http:request { path = "/who", headers = { Host = "localhost" } })
  ngx.say(http:get_reused_times(), " ", answer.status, " ", answer:read_body(), " ",
          session ~= nil, " ", http:set_keepalive(60000, 3))
end

local QUERY = "select name, seats from rooms"

local function rooms(rows)
  local out = {}
  for i, row in ipairs(rows) do
    out[i] = row.name .. "=" .. (type(row.seats) == "string" and row.seats or "none")
  end
  return table.concat(out, " ")
end

function TRY.mysql()
  local mysql = require("resty.mysql"):new()
  mysql:set_timeout(60000)
  local ok, why = mysql:connect {
    host = "127.0.0.1", port = tonumber(args.port), user = args.user, password = "secret",
    database = "school", ssl = true, ssl_verify = true,
  }
  if not ok then return ngx.say(why) end
  ngx.say(mysql:get_reused_times(), " ", rooms(assert(mysql:query(QUERY))), " ",
          select(2, mysql:query "select"), " ", mysql:set_keepalive(60000, 3))
end

function TRY.pgmoon()
  local postgres = require("pgmoon").new {
    host = "127.0.0.1", port = args.port, user = args.user, database = "school", ssl = true,
    ssl_verify = true, ssl_required = true, pool_name = "pgmoon " .. args.user,
  }
  postgres:settimeout(60000)
  local ok, why = postgres:connect()
  if not ok then return ngx.say(why) end
  ngx.say(postgres.sock:getreusedtimes(), " ", rooms(assert(postgres:query(QUERY))), " ",
          select(2, postgres:query "select nothing"), " ", postgres:keepalive(60000, 3))
end

TRY[args.library]()
