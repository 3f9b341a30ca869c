--- ssl.context.options.earlydata: how many bytes of early data a connection may have.

local context   = require "ssl.context.table"
local earlydata = require "ssl.feature.earlydata"
local option    = require "ssl.context.option"

return {
  earlydata = {
    set = function(ctx, most, cfg)
      local lack = option.lacking13 "earlydata"
                or option.lacking("earlydata", earlydata.supported)
      if lack then return false, lack end
      if not option.whole(most, 1, earlydata.MOST) then
        return option.invalid("earlydata", ("1 to %d"):format(earlydata.MOST), most)
      end
      return earlydata.allow(context.state(ctx), cfg, most)
    end,
    switch = earlydata.adopt,
  },
}
