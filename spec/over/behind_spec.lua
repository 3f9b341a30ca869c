-- Bytes that come without a request would be taken for the answer to the next one.

describe("bytes behind an answer", function()
  local loops   = require "spec.support.loops"
  local pki     = require "spec.support.pki"
  local process = require "spec.support.process"
  local web     = require "spec.support.web"

  -- More than is read at once with the head, so that the rest of the record is with OpenSSL.
  local ROUTES = [[
    ["/behind"] = function(conn)
      local body = ("x"):rep(4000)
      conn:send("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" .. body
                .. "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")
      return "keep"
    end,
    ["/honest"] = function(conn) return keep(conn, "honest") end,
  ]]

  after_each(process.stop_all)

  for _, name in ipairs(loops.names) do
    it("are never taken for the next answer, over " .. name, function()
      local server = web.start { routes = ROUTES }
      local output = loops.run(name, "spec/over/behind.lua", {
        URL = ("https://127.0.0.1:%d"):format(server.port), CAFILE = pki.root.cert })
      assert.equal("/behind: 200 \n/honest: 200 honest", (output:gsub("\r", ""):gsub("\n$", "")))
    end)
  end

  -- The connection to the proxy has read them, and the one to the server has not.
  it("are never taken for the next answer, through a proxy that speaks TLS", function()
    local https  = require "ssl.https"
    local sleep  = require("socket").sleep
    local server = web.start { routes = [[
      ["/behind"] = function(conn)
        conn:send("HTTP/1.1 200 OK\r\nContent-Length: 4100\r\n\r\n" .. ("x"):rep(4000))
        sleep(0.2)
        conn:send(("x"):rep(100))
        sleep(0.2)
        conn:send "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
        return "keep"
      end,
      ["/honest"] = function(conn) return keep(conn, "honest") end,
    ]] }
    local proxy = web.start { routes = [[
      CONNECT = function(conn, request)
        conn:send "HTTP/1.1 200 OK\r\n\r\n"
        tunnel(conn, tonumber(request.path:match "%d+$"))
      end,
    ]] }
    local pool = https.pool()
    local function get(path, wait)
      local chunks = {}
      assert(https.request {
        url = ("https://127.0.0.1:%d%s"):format(server.port, path), cafile = pki.root.cert,
        proxy = ("https://127.0.0.1:%d"):format(proxy.port), pool = pool,
        sink = function(piece)
          if #chunks == 0 then sleep(wait) end
          chunks[#chunks + 1] = piece
          return 1
        end,
      })
      return table.concat(chunks)
    end
    assert.equal(4100, #get("/behind", 1))
    assert.equal(0, pool:count())
    assert.equal("honest", get("/honest", 0))
    pool:close()
  end)
end)
