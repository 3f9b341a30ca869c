-- What nginx's own TLS has agreed on with the client of this request.

local resty = require "ssl.resty"

local tls, why = resty.downstream()
if not tls then return ngx.say(why) end

local certificate = tls:getpeercertificate()
ngx.say(tls:info "protocol", " ", tls:info "cipher", " ", tls:getalpn(), " ", tls:getsniname())
ngx.say(certificate and certificate:subject()[1].value, " ", tls:getpeerverification())
ngx.say(ngx.encode_base64(tls:exportkeyingmaterial("EXPERIMENTAL spec", 32)))
ngx.say(ngx.encode_base64(tls:channelbinding "tls-exporter"))
ngx.say(table.concat(tls:channelbindings(), " "))
ngx.say(#tls:getpeerchain(), " ", #tls:getlocalchain(), " ", tls:resumed())
ngx.say(tostring(tls.send), " ", tostring(tls.close))
