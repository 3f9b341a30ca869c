-- Works of subject.lua: connections, one after another.

-- As many come before the clock starts: a program that has just begun compiles.
local WARM = 100

-- What the peer is told, by kind.
local FAR_END = { three = "end three", mutual = "end mutual", resumed = "ticket" }
local FAR_CLIENT = { mutual = "client mutual", resumed = "client resumed" }

return function(work, t)
  local ssl = t.ssl

  local function with(parameters, more)
    local all = {}
    for key, value in pairs(parameters) do all[key] = value end
    for key, value in pairs(more) do all[key] = value end
    return all
  end

  local function client_context(kind)
    local more = { verify = "peer", cafile = t.certs .. "/root.pem" }
    if kind == "mutual" then
      more.certificate, more.key = t.certs .. "/client.pem", t.certs .. "/client.key"
    end
    return assert(ssl.newcontext(with(t.client, more)))
  end

  local function server_context(kind)
    local more = {}
    if kind == "three" then
      more.certificate, more.key = t.certs .. "/three.pem", t.certs .. "/three.key"
    elseif kind == "mutual" then
      more.verify = { "peer", "fail_if_no_peer_cert" }
      more.cafile = t.certs .. "/root.pem"
    end
    return assert(ssl.newcontext(with(t.server, more)))
  end

  -- The clock stands still while the peer is called.
  local function many(amount, command, one)
    local spent, passed = 0, 0
    for i = 1 - WARM, amount do
      local sock = t.tell(command)
      local w, c = t.wall(), t.cpu()
      one(sock)
      if i > 0 then spent, passed = spent + t.cpu() - c, passed + t.wall() - w end
    end
    t.report(amount, spent, passed)
  end

  -- Each takes the session of the one before it: a ticket is for one use.
  local function resuming(ctx)
    local session
    return function(sock)
      local conn = assert(ssl.wrap(sock, ctx))
      if session then assert(conn:setsession(session)) end
      assert(conn:dohandshake())
      assert(conn:resumed() == (session ~= nil))
      assert(conn:receive(1) == "x")
      session = assert(conn:getsession())
      conn:close()
    end
  end

  --- The client's side. Kinds: "three", "mutual", "resumed".
  function work.handshake(amount, kind)
    local ctx = client_context(kind)
    many(amount, FAR_END[kind] or "end", kind == "resumed" and resuming(ctx) or function(sock)
      t.shake(ctx, sock):close()
    end)
  end

  --- The server's side.
  function work.accept(amount, kind)
    local ctx = server_context(kind)
    many(amount, FAR_CLIENT[kind] or "client", function(sock) t.shake(ctx, sock):close() end)
  end
end
