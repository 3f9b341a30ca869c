-- A server that cuts the connection of everybody who offers a session.

describe("a server that cuts whoever offers a session", function()
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

  local server, hellos

  local methods = {}

  function methods:send(data)
    if not self.begun then
      self.begun, self.cut = true, data:byte(OFFERED) > 0
      table.insert(hellos, self.cut and "offered" or "nothing")
    end
    if self.cut then return nil, "closed" end
    self.engine:feed(data)
    if self.engine:handshake() and not self.answered and self.engine:read() then
      self.answered = true
      self.engine:write(ANSWER)
    end
    return #data
  end

  function methods:receiveany()
    local data = self.engine:drain()
    if self.cut or data == "" then return nil, "closed" end
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

  local function with(more)
    return setmetatable(more, { __index = CLIENT })
  end

  setup(function() server = assert(ssl.newcontext(pair.server_config())) end)
  before_each(function() hellos = {} end)

  local function three(visit)
    local results = {}
    for i = 1, 3 do results[i] = visit() and "works" or "fails" end
    assert.same({ "nothing", "offered", "nothing" }, hellos)
    assert.same({ "works", "fails", "works" }, results)
  end

  it("gets none the next time, from ssl.connect", function()
    three(function()
      local conn = ssl.connect("localhost", 443, CLIENT)
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

  it("gets none the next time, from ssl.resty", function()
    local wanted = assert(policy.of({ protocol = "tlsv1_2", cafile = pki.root.cert },
                                    { name = "localhost", verify = true }))
    three(function()
      local conn = secure.open(connect(), wanted, "localhost:443")
      if conn then conn:close() end
      return conn
    end)
  end)
end)
