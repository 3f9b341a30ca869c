--- Loaded by libFuzzer's host (fuzz/host.c) with the name of a target.
-- @treturn function  one input
-- @treturn function|nil  the target's own mutation: bytes and a seed

package.path = "./?.lua;" .. package.path

local name = ...

local watch  = require "fuzz.watch"
watch.begin(assert(os.getenv "FUZZ_FOLDER"))

local target = require("fuzz.targets." .. name)

return function(bytes) watch.run(target, bytes) end, target.mutate
