--- ssl.resty.secure: the handshake over a connected cosocket.

local ssl      = require "ssl"
local sessions = require "ssl.resty.sessions"

local secure = {}

-- OpenSSL's reason, with that of the verification.
local function reason(conn, why)
  local problem = conn:lasterror() or {}
  local text = problem.verify and problem.verify.text or problem.hint
  if not text or why:find(text, 1, true) then return why end
  return ("%s (%s)"):format(why, text)
end

-- The name is sent in any case, and demanded where the chain is verified.
local function names(conn, policy)
  if not policy.name then return true end
  local kind, name = ssl.hostname(policy.name)
  local why = kind == "dns" and select(2, conn:sni(name))
  if why then return nil, why end
  if not policy.verified then return true end
  if not kind then return nil, ("server name: %s"):format(name) end
  return conn:setverifyname(policy.name)
end

-- Of a context that the program made: what it has not verified does not count as verified.
local function verified(conn)
  local ok, why = conn:getpeerverification()
  if ok then return true end
  if type(why) == "table" then why = "lsec_continue has passed errors over" end
  return nil, ("certificate verify failed (%s)"):format(why or "no verification")
end

-- Once more of the certificate itself: `verifyext` may have let errors pass. A raw key has no
-- name; it has to be an expected one. Where there is neither, a pre-shared key has proved the
-- peer.
local function named(conn, policy)
  local cert = conn:getpeercertificate()
  if not cert and conn:info "rawkey" then return verified(conn) end
  if not cert or not policy.name or ssl.checkhostname(cert, policy.name) then return true end
  return nil, "certificate host mismatch"
end

local function check(conn, policy)
  if not policy.verified then return true end
  if policy.asked then
    local ok, why = verified(conn)
    if not ok then return nil, why end
  end
  return named(conn, policy)
end

local function shake(conn, policy, place, session)
  local ok, why = names(conn, policy)
  if not ok then return nil, why end
  local shaken = sessions.offer(conn, policy, place, session)
  ok, why = conn:dohandshake()
  why = not ok and reason(conn, why)
  shaken()
  if not ok then return nil, why end
  return check(conn, policy)
end

--- Make it.
-- @param stream  for ssl.wrap
-- @tparam table policy  of ssl.resty.policy
-- @tparam string place  a session counts for this place
-- @param session  the program's: the first argument of sslhandshake
-- @treturn userdata  the connection
-- @treturn nil,string  then it is closed, and the stream with it
-- @raise what a function of the program raises, or where the dictionary of the sessions is
--   missing; all is closed then, too
function secure.open(stream, policy, place, session)
  local conn, why = ssl.wrap(stream, policy.context)
  if not conn then
    stream:close()
    return nil, why
  end
  local ran, ok
  ran, ok, why = pcall(shake, conn, policy, place, session)
  if ran and ok then return conn end
  conn:close()
  if not ran then error(ok, 0) end
  return nil, why
end

return secure
