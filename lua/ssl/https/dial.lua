--- ssl.https.dial: the connection for a request, new or out of a pool.

local hop      = require "ssl.https.hop"
local timeouts = require "ssl.https.timeouts"
local pool     = require "ssl.https.pool"
local proxy    = require "ssl.https.proxy"
local tls      = require "ssl.https.tls"
local reader   = require "ssl.https.reader"

-- Not compiled: see "Once for each connection" in docs/internals/architecture.md.
jit.off(true, true)

local link = {}

-- How a proxy is verified that is spoken to over TLS: as its own table says, else by the
-- authorities of the request. It sees no certificate of the client's.
local function proxy_policy(found, request, defaults)
  local reqt = request.reqt
  local params = reqt.proxytls or { cafile = reqt.cafile, capath = reqt.capath,
                                    systemca = reqt.systemca }
  local policy, why = tls.policy(params, defaults, found.host, found.port, nil, nil, request.over)
  return policy, why and "proxy: " .. why
end

-- Where to connect instead of the origin: nothing, or the proxy.
local function route(request, defaults)
  local found, why = proxy.of(request.reqt, request.host, request.over, defaults.PROXY)
  if not found then return nil, why end
  local policy
  if found.tls then
    policy, why = proxy_policy(found, request, defaults)
    if not policy then return nil, why end
  end
  local authorization = request.proxy_authorization or found.authorization
  return {
    host = found.host, port = found.port, authorization = authorization, policy = policy,
    tunnel = function(sock, limit)
      return proxy.tunnel(sock, hop.authority(request), authorization, limit)
    end,
  }
end

local function dial(request, plan, limit, open)
  local reqt = request.reqt
  local s, why = tls.new(reqt, plan.defaults, reqt.create, request.over)
  if not s then return nil, why end
  open.stream = s
  local ok
  ok, why = tls.open(s, request.host, request.port, plan.policy, limit, plan.via)
  if ok then return s end
  -- Closed already, and an object of the caller's may take that once.
  open.stream = nil
  return nil, why
end

--- Find out how a request is to reach its origin.
-- @tparam table request  a hop
-- @tparam table defaults  VERIFY, TIMEOUT and PROXY
-- @treturn table  for link.open
-- @treturn nil,string
function link.plan(request, defaults)
  local via, why = route(request, defaults)
  if why then return nil, why end
  local policy
  policy, why = tls.policy(request.reqt, defaults, request.host, request.port, via,
                              request.reqt.create, request.over)
  if not policy then return nil, why end
  return { defaults = defaults, via = via, policy = policy,
           key = request.reqt.pool and policy.key }
end

--- A wire to the origin. Its stream stands in `open` as soon as there is something
-- to close.
-- @tparam table request
-- @tparam table plan
-- @tparam table limit  of ssl.https.timeouts
-- @tparam table open  its `limit` is kept there for link.close
-- @tparam[opt] boolean fresh  not out of the pool
-- @treturn table
-- @treturn nil,string
function link.open(request, plan, limit, open, fresh)
  open.limit = limit
  local s = plan.key and not fresh and pool.take(request.reqt.pool, plan.key, limit)
  if s then
    open.stream = s
    return reader.new(s, limit, true)
  end
  local why
  s, why = dial(request, plan, limit, open)
  if not s then return nil, why end
  return reader.new(s, limit, false)
end

--- Close the connection, if there is one. It takes no longer than the request may.
-- @tparam table open
-- @tparam[opt] boolean unwanted  the peer does not read the rest of the sent data
function link.close(open, unwanted)
  local s = open.stream
  open.stream = nil
  if not s then return end
  timeouts.close(open.limit, s.sock, unwanted)
  s:close()
end

--- The request is done: the connection goes into the pool, or is closed.
function link.done(request, plan, w, open)
  local s = w.stream
  if plan.key and w.complete and w.persistent and not w:dirty() and pool.keepable(s) then
    open.stream = nil
    pool.give(request.reqt.pool, plan.key, request.host:lower() .. ":" .. request.port, s,
              w.lifetime)
  else
    link.close(open, w.refused)
  end
end

return link
