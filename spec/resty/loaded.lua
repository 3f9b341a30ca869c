-- The same program twice: with nginx's TLS, and with ours.

local resty = require "ssl.resty"
local pki   = require("settings").pki

local ours   = resty.load("get", { cafile = pki.root.cert, alpn = "http/1.1" })
local theirs = require "get"

local port = ngx.var.arg_port
ngx.say(theirs("127.0.0.1", port, "localhost", "/who"))
ngx.say(ours("127.0.0.1", port, "localhost", "/who"))
ngx.say(require "get" == theirs, " ", ours == theirs)
ngx.say((pcall(resty.load, "nowhere")))
