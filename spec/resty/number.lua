-- setclientcert with numbers of the FFI in place of pointers.

local sock = require("ssl.resty.socket").tcp()

ngx.say(sock:setclientcert(4096ULL, 4096ULL))
