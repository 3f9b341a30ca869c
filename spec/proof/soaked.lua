--- Leaks that script/soak has to notice: LEAK names one. It runs after each work.

local kept = {}

local LEAKS = {
  descriptor = function() kept[#kept + 1] = assert(io.open "/dev/null") end,
  lua        = function() kept[#kept + 1] = ("%d"):format(#kept):rep(16000) end,
  context    = function()
    local pair = require "spec.support.pair"
    kept[#kept + 1] = assert(require("ssl").newcontext(pair.client_config()))
  end,
  -- A handshake that stands still, and its job.
  paused     = function()
    local ends = require "soak.ends"
    local server, client = ends.wrapped(ends.of.server, ends.of.judging)
    server:settimeout(0)
    client:settimeout(0)
    local go_on = coroutine.wrap(function()
      repeat server:dohandshake() until client:dohandshake()
    end)
    assert(go_on() == "asked")
    kept[#kept + 1] = { server, client, go_on }
  end,
}

return LEAKS[os.getenv "LEAK"]
