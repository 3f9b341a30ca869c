--- Two contexts meet, in memory: both ends are engines, and bytes are moved by hand.
--
--   local out = meeting.of(server_context, client_context, prepare, session)
--
-- gives `ok`, did the handshake go through at both ends; `resumed`; `bytes`, the client's
-- new session as `export` has it; and `server` and `client`, the engines. Where the
-- client does not offer the session there is no handshake. `prepare` gets the client's
-- connection first.

local ssl = require "ssl"

local meeting = {}

local function waits(word)
  return word == "wantread" or word == "wantwrite"
end

--- Move what each end has for the other.
function meeting.move(server, client)
  client:feed(server:drain())
  server:feed(client:drain())
end

--- Run the handshakes of two engines to their ends.
-- @treturn boolean  did both go through?
function meeting.shake(server, client)
  local ends = { { engine = server }, { engine = client } }
  for _ = 1, 20 do
    for i, one in ipairs(ends) do
      if one.result == nil then
        local ok, word = one.engine:handshake()
        if not waits(word) then one.result = ok or false end
      end
      ends[3 - i].engine:feed(one.engine:drain())
    end
    -- A side that has failed does not answer any more.
    if ends[1].result == false or ends[2].result == false then return false end
    if ends[1].result and ends[2].result then return true end
  end
  return false
end

--- A client's session, after it has received the data behind it.
-- @treturn string|nil  bytes of `export`
function meeting.session(server, client)
  server:write "x"
  client:feed(server:drain())
  assert(client:read(1) == "x")
  local found = client:connection():getsession()
  return found and found:export()
end

function meeting.of(server_ctx, client_ctx, prepare, session)
  local client = assert(ssl.engine(client_ctx))
  local conn = client:connection()
  local out = { client = client, ok = false, resumed = false }
  if prepare then prepare(conn) end
  if session and not conn:setsession(session) then return out end
  out.server = assert(ssl.engine(server_ctx))
  out.ok = meeting.shake(out.server, client)
  if not out.ok then return out end
  out.resumed = out.server:connection():resumed()
  assert(out.resumed == conn:resumed())
  out.bytes = meeting.session(out.server, client)
  return out
end

return meeting
