-- Who is the client? Read from nginx's own TLS.

local resty = require "ssl.resty"

local tls, why = resty.downstream()
if not tls then return ngx.say(why) end               -- plain HTTP

local certificate = tls:getpeercertificate()
ngx.say(tls:info "protocol", " ", certificate and certificate:digest "sha256")
