-- A slow server that counts what it gets.

local ssl      = require "ssl"
local contexts = require "contexts"
local upgrade  = require "upgrade"

local conn = assert(ssl.wrap(upgrade.accept(), contexts.server))
assert(conn:dohandshake())
ngx.sleep(0.1)
local data, why, partial = conn:receive "*a"
ngx.log(ngx.NOTICE, "sink: ", conn:info "protocol", " ", #(data or partial), " ", why or "whole")
conn:close()
