--- ssl.config: what this library and the OpenSSL it found can do.
--
-- `version` is that of this library. Every table is a set, name -> true. All of it is asked of
-- the loaded OpenSSL and nothing of the headers that something was once compiled with. A field
-- is made when it is first read: some of the questions are expensive, and most programs ask none.
-- One field is for the reader to set: `strict` (ssl.cfg).

require("ssl.foreign").refuse "ssl.config"

local later = require "ssl.base.later"

local PLACES = {}
for name in ("version protocols options curves algorithms capabilities openssl"):gmatch "%l+" do
  PLACES[name] = true
end

return setmetatable({ strict = os.getenv "SSL_STRICT" == "1" or nil }, {
  __index = function(self, name)
    if not PLACES[name] then return nil end
    local value = later.require "ssl.context.capabilities"[name]()
    rawset(self, name, value)
    return value
  end,
})
