-- A server that has no answer for those who offer a session. It ends the connection, resets it
-- or does nothing.

describe("a server that does not answer whoever offers a session", function()
  local https  = require "ssl.https"
  local ltn12  = require "ltn12"
  local pair   = require "spec.support.pair"
  local pki    = require "spec.support.pki"
  local secure = require "ssl.resty.secure"
  local policy = require "ssl.resty.policy"
  local ssl    = require "ssl"

  -- Of a ClientHello up to TLS 1.2, in its first record: the length of the session id, which
  -- is empty where nothing is offered.
  local OFFERED = 44
  local ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

  -- What the client sees.
  local WORDS = { "closed", "connection reset by peer", "timeout" }

  local server, hellos, word

  local methods = {}

  function methods:send(data)
    if not self.begun then
      self.begun, self.cut = true, data:byte(OFFERED) > 0
      table.insert(hellos, self.cut and "offered" or "nothing")
    end
    if self.cut then return #data end
    self.engine:feed(data)
    if self.engine:handshake() and not self.answered and self.engine:read() then
      self.answered = true
      self.engine:write(ANSWER)
    end
    return #data
  end

  function methods:receiveany()
    local data = self.engine:drain()
    if self.cut then return nil, word end
    if data == "" then return nil, "closed" end
    return data
  end

  function methods.close() end
  function methods.settimeout() end

  local function connect()
    return setmetatable({ engine = assert(ssl.engine(server)), begun = false, cut = false,
                          answered = false }, { __index = methods })
  end

  -- An event loop for ssl.connect and ssl.https.
  local memory = { name = "memory", unit = "seconds", connect = connect,
                   sleep = function() end, running = function() return true end }

  local CLIENT = { protocol = "tlsv1_2", verify = "peer", cafile = pki.root.cert, over = memory }

  -- Each visitor has a policy of its own, so that none uses sessions of the others.
  local depth = 20

  local function with(more)
    more.depth = depth
    return setmetatable(more, { __index = CLIENT })
  end

  setup(function() server = assert(ssl.newcontext(pair.server_config())) end)

  local function three(visit)
    for _, one in ipairs(WORDS) do
      word, hellos, depth = one, {}, depth + 1
      local results = {}
      for i = 1, 3 do results[i] = visit() and "works" or "fails" end
      assert.same({ "nothing", "offered", "nothing" }, hellos)
      assert.same({ "works", "fails", "works" }, results)
    end
  end

  it("gets none the next time, from ssl.connect", function()
    three(function()
      local conn = ssl.connect("localhost", 443, with {})
      if conn then conn:close() end
      return conn
    end)
  end)

  it("gets none the next time, from ssl.https", function()
    three(function()
      local _, status = https.request(with { url = "https://localhost/",
                                             sink = ltn12.sink.null() })
      return status == 200
    end)
  end)

  local function cosockets(dictionary)
    three(function()
      local given = { protocol = "tlsv1_2", cafile = pki.root.cert, depth = depth,
                      sessions = dictionary }
      local wanted = assert(policy.of(given, { name = "localhost", verify = true }))
      local conn = secure.open(connect(), wanted, "localhost:443")
      if conn then conn:close() end
      return conn
    end)
  end

  it("gets none the next time, from ssl.resty", function()
    cosockets()
  end)

  -- What ssl.resty uses of a lua_shared_dict.
  local function dictionary()
    local lists, dict = {}, {}
    function dict.lpush(_, key, value)
      lists[key] = lists[key] or {}
      table.insert(lists[key], 1, value)
      return #lists[key]
    end
    function dict.rpush(_, key, value) table.insert(lists[key], value) end
    function dict.lpop(_, key) return lists[key] and table.remove(lists[key], 1) end
    function dict.rpop(_, key) return table.remove(lists[key]) end
    function dict.llen(_, key) return lists[key] and #lists[key] or 0 end
    function dict.expire() end
    return dict
  end

  it("gets none the next time, from ssl.resty with a lua_shared_dict", function()
    rawset(_G, "ngx", { shared = { cutting = dictionary() } })
    local ok, why = pcall(cosockets, "cutting")
    rawset(_G, "ngx", nil)
    assert(ok, why)
  end)
end)
