--- ssl.https.pump: from a source to a sink, by the rules of LTN12. Pure Lua.
--
-- LuaSocket's `ltn12` does the same. It may be absent where another loop moves the bytes.

local pump = {}

--- One piece. A source that has ended or failed is told to the sink.
-- @treturn number|nil  1: there may be more
-- @treturn string|nil  the reason of a failure
function pump.step(source, sink)
  local piece, failed = source()
  local taken, refused = sink(piece, failed)
  if piece and taken then return 1 end
  return nil, failed or refused
end

--- All of it.
-- @tparam function source
-- @tparam[opt] function sink  none: the bytes are dropped
-- @tparam[opt=pump.step] function step
-- @treturn number  1
-- @treturn nil,string
function pump.all(source, sink, step)
  sink, step = sink or pump.null, step or pump.step
  while true do
    local more, why = step(source, sink)
    if not more then
      if why then return nil, why end
      return 1
    end
  end
end

--- The sink that takes everything.
function pump.null()
  return 1
end

return pump
