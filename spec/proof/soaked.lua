--- Leaks that script/soak has to notice: LEAK names one. It runs after each work.

local kept = {}

local LEAKS = {
  descriptor = function() kept[#kept + 1] = assert(io.open "/dev/null") end,
  lua        = function() kept[#kept + 1] = ("%d"):format(#kept):rep(16000) end,
  context    = function()
    local pair = require "spec.support.pair"
    kept[#kept + 1] = assert(require("ssl").newcontext(pair.client_config()))
  end,
}

return LEAKS[os.getenv "LEAK"]
