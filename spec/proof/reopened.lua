--- The harness `lifecycle` over a library with a planted fault, for fuzz_spec.lua: a verdict
-- is not final.

local lifecycle = require "ssl.io.lifecycle"

local fail = lifecycle.fail

function lifecycle.fail(st, word, queue)
  fail(st, word, queue)
  st.phase = "shaking"
end

return require "fuzz.targets.lifecycle"
