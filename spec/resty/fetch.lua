-- What the program gets, so many times.

local get  = require "get"
local args = ngx.req.get_uri_args()

for _ = 1, tonumber(args.times or 1) do
  ngx.say(get(args.host or "127.0.0.1", args.port, args.name or "localhost", "/who"))
end
if args.worker then ngx.say("worker ", ngx.worker.pid()) end
