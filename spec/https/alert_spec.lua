-- ssl.https, and an attacker in the middle without a key: a fatal alert ends no body.

describe("ssl.https takes a fatal alert for", function()
  local needs   = require "spec.support.needs"
  local limits  = require "spec.support.limits"
  local house   = require "spec.support.init"
  local pair    = require "spec.support.pair"
  local pki     = require "spec.support.pki"
  local wording = require "spec.support.wording"
  local http    = require "socket.http"
  local https   = require "ssl.https"
  local ltn12   = require "ltn12"
  local ssl     = require "ssl"

  -- A record that no key fits.
  local GARBAGE = "\23\3\3\0\40" .. ("x"):rep(40)
  local REFUSED = wording "sslv3 alert bad record mac"

  local BODY = { "the first part, ", "the second, ", "the third" }
  local ALL = table.concat(BODY)

  local function chunk(text) return ("%X\r\n%s\r\n"):format(#text, text) end

  -- The server's records, and the number after which the body is whole.
  local ANSWERS = {
    ["until the end"] = { "HTTP/1.1 200 OK\r\n\r\n", BODY[1], BODY[2], BODY[3] },
    ["with a length"] = { ("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"):format(#ALL),
                          BODY[1], BODY[2], BODY[3], whole = 4 },
    ["in chunks"]     = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                          chunk(BODY[1]), chunk(BODY[2]), chunk(BODY[3]), "0\r\n\r\n",
                          whole = 5 },
  }

  local contexts = {}
  setup(function()
    for _, version in ipairs(pair.versions) do
      contexts[version] = assert(ssl.newcontext(pair.server_config { protocol = version }))
    end
  end)

  local function shaken(engine)
    while not engine:handshake() do coroutine.yield() end
  end

  local function requested(engine)
    local text = ""
    repeat
      local data = engine:read()
      text = text .. (data or "")
      if not data then coroutine.yield() end
    until text:find "\r\n\r\n"
  end

  -- A server in memory, as something that connects: `serve(engine)` runs while the
  -- client waits. After `most` bytes it takes no more.
  local function server(version, serve, most)
    local engine, down, up = assert(ssl.engine(contexts[version])), "", 0
    local program = coroutine.create(function()
      shaken(engine)
      serve(engine)
    end)
    local function ended() return coroutine.status(program) == "dead" end
    local object = {}
    function object.connect() return 1 end
    function object.settimeout() return 1 end
    function object.close() return 1 end
    function object.send(_, data)
      if up >= (most or math.huge) then return nil, "closed", 0 end
      up = up + #data
      engine:feed(data)
      return #data
    end
    function object.receive(_, n)
      if #down < n and not ended() then assert(coroutine.resume(program)) end
      down = down .. engine:drain()
      local data = down:sub(1, n)
      down = down:sub(#data + 1)
      if #data == n then return data end
      return nil, ended() and "closed" or "timeout", data
    end
    return object
  end

  -- The attacker sends garbage to the server after that many records.
  local function tampered(answer, point, behind)
    return function(engine)
      requested(engine)
      for i = 1, point do assert(engine:write(answer[i])) end
      if behind then engine:shutdown() end
      engine:feed(GARBAGE)
      engine:read()
    end
  end

  local function get(version, serve, extra)
    local parts = {}
    local reqt = { url = "https://localhost/", protocol = version, cafile = pki.root.cert,
                   sink = ltn12.sink.table(parts),
                   create = function() return server(version, serve) end }
    for key, value in pairs(extra or {}) do reqt[key] = value end
    local ok, code = https.request(reqt)
    return ok, code, table.concat(parts)
  end

  for name, answer in pairs(ANSWERS) do
    for _, version in ipairs(pair.versions) do
      local label = (" %s (%s)"):format(name, version)

      it("a failure, at any point of a body" .. label, function()
        needs.that(limits.alerts_bad_record[version], "an alert about a bad record")
        for point = 0, (answer.whole or #answer + 1) - 1, house.scale(1, 2) do
          for _, eof in ipairs { false, "strict", "lenient" } do
            local ok, why, part = get(version, tampered(answer, point), { eof = eof })
            assert.same({ nil, REFUSED }, { ok, why })
            assert.equal(part, ALL:sub(1, #part))
          end
        end
      end)

      it("nothing where the body is whole" .. label, function()
        for _, behind in ipairs { true, answer.whole and false or nil } do
          local ok, code, body = get(version, tampered(answer, #answer, behind))
          assert.same({ 1, 200, ALL }, { ok, code, body })
        end
      end)

      it("a failure also over LuaSocket's own requests" .. label, function()
        needs.that(limits.alerts_bad_record[version], "an alert about a bad record")
        for point = 0, (answer.whole or #answer + 1) - 1, house.scale(1, 2) do
          local body, why = http.request { url = "https://localhost/", create = https.tcp {
            protocol = version, cafile = pki.root.cert,
            create = function() return server(version, tampered(answer, point)) end } }
          assert.same({ nil, REFUSED }, { body, why })
        end
      end)
    end
  end

  for _, version in ipairs(pair.versions) do
    it("the end of its sessions: the next request shakes hands in full (" .. version .. ")",
       function()
      needs.that(limits.alerts_bad_record[version], "an alert about a bad record")
      local resumed, point = {}, 2
      local answer = ANSWERS["with a length"]
      local function create()
        return server(version, function(engine)
          table.insert(resumed, engine:connection():resumed())
          tampered(answer, point)(engine)
        end)
      end
      local function code()
        return (select(2, get(version, nil, { create = create })))
      end
      assert.equal(REFUSED, code())
      point = #answer
      assert.same({ 200, 200, 200 }, { code(), code(), code() })
      assert.same({ false, false, true, true }, resumed)
    end)
  end

  -- The server ends its answer in order, though it took no more of the request.
  for _, version in ipairs(pair.versions) do
    it("its kind, and an end in order as one, also behind a refused send ("
       .. version .. ")", function()
      needs.that(limits.alerts_bad_record[version], "an alert about a bad record")
      local function refusal(garbage)
        return function(engine)
          engine:write("HTTP/1.1 413 Too Large\r\n\r\n" .. ALL)
          if garbage then
            engine:feed(GARBAGE)
            repeat until not engine:read()
          else
            engine:shutdown()
          end
        end
      end
      local function post(garbage)
        local text = ("y"):rep(300000)
        return get(version, nil, {
          method = "POST", headers = { ["content-length"] = #text },
          source = ltn12.source.string(text),
          create = function() return server(version, refusal(garbage), 50000) end,
        })
      end
      assert.same({ 1, 413, ALL }, { post(false) })
      assert.same({ nil, REFUSED, ALL }, { post(true) })
    end)
  end
end)
