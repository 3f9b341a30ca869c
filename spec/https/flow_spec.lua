-- Bodies are transferred in pieces, both ways, with any size.

describe("ssl.https lets bodies flow", function()
  local https     = require "ssl.https"
  local house     = require "spec.support.init"
  local ltn12     = require "ltn12"
  local peers     = require "spec.support.peers"
  local pki       = require "spec.support.pki"
  local process   = require "spec.support.process"
  local resources = require "spec.support.resources"

  if not peers.nginx_root() then
    pending "nginx is not there: script/bootstrap --with-tests"
    return
  end

  local MIB = 2 ^ 20
  local SIZE = house.scale(64, 2) * MIB
  local ROOM = 24 * 1024 -- KB
  local child

  setup(function()
    child = peers.nginx {
      key = pki.server.key, chain = pki.server.chain,
      http = "gzip off; client_body_buffer_size 64k;",
      server = [[
        location = /body { client_max_body_size 100m; dav_methods PUT; }
        location = /chunked { ssi on; ssi_types *; try_files /body =404; }
        location = /small { return 200 "0123456789"; }
        location = /to { return 302 /small; }
      ]],
    }
  end)

  teardown(process.stop_all)

  local function request(path, more)
    local reqt = { url = ("https://localhost:%d%s"):format(child.port, path),
                   cafile = pki.root.cert }
    for key, value in pairs(more or {}) do reqt[key] = value end
    return https.request(reqt)
  end

  -- The greatest memory in use, checked now and then. Garbage does not count.
  local function watch(use)
    use.calls = (use.calls or 0) + 1
    if use.calls % 64 ~= 0 then return end
    collectgarbage()
    use.most = math.max(use.most, resources.rss())
  end

  -- Pieces of different bytes, so that one string cannot stand for all.
  local function source(size)
    local sent, n = 0, 0
    local text = ("0123456789abcdef"):rep(4096)
    return function()
      if sent >= size then return nil end
      n = n + 1
      local piece = ("%016d"):format(n) .. text:sub(17)
      piece = piece:sub(1, size - sent)
      sent = sent + #piece
      return piece
    end
  end

  -- Counts the bytes, compares them with those of `source`, and notes how much memory is in
  -- use.
  local function sink(use)
    local came, expected, held = 0, source(SIZE), ""
    return function(chunk)
      if not chunk then return 1 end
      came = came + #chunk
      while #held < #chunk do held = held .. expected() end
      assert(held:sub(1, #chunk) == chunk, "other bytes")
      held = held:sub(#chunk + 1)
      use.bytes = came
      watch(use)
      return 1
    end
  end

  it(("%d MiB, in little memory"):format(SIZE / MIB), function()
    request "/small"
    collectgarbage()
    local before = resources.rss()
    local use = { most = 0 }
    for _, headers in ipairs { {}, { ["content-length"] = SIZE } } do
      local feed = source(SIZE)
      local _, code = request("/body", { method = "PUT", headers = headers,
        source = function()
          watch(use)
          return feed()
        end })
      assert.is_true(code == 201 or code == 204)
    end
    for _, path in ipairs { "/body", "/chunked" } do
      use.bytes = 0
      local _, code = request(path, { sink = sink(use) })
      assert.same({ 200, SIZE }, { code, use.bytes })
    end
    assert.is_true(use.most > 0)
    -- The sanitizer keeps what was freed.
    if not house.slow and house.mode ~= "asan" then
      assert.is_true(use.most - before < ROOM, ("%d KB more"):format(use.most - before))
    end
  end)

  describe("and reports their progress:", function()
    local function watched(path, more)
      local calls = {}
      more.progress = function(direction, bytes, total)
        calls[#calls + 1] = { direction, bytes, total }
      end
      local ok, why = request(path, more)
      assert.equal(1, ok, why)
      return calls
    end

    it("of a length that is known", function()
      local data = ("x"):rep(100000)
      local calls = watched("/body", { method = "PUT", source = ltn12.source.string(data),
                                       headers = { ["content-length"] = #data } })
      local last, most = 0, nil
      for _, call in ipairs(calls) do
        if call[1] == "send" then
          assert.is_true(call[2] > last)
          last, most = call[2], call[3]
        end
      end
      assert.same({ #data, #data }, { last, most })
      calls = watched("/body", {})
      assert.is_true(#calls > 1)
      assert.same({ "receive", #data, #data }, calls[#calls])
    end)

    it("of one that is not", function()
      local data = ("x"):rep(100000)
      local calls = watched("/body", { method = "PUT", source = ltn12.source.string(data) })
      assert.same({ "send", 2048 }, calls[1])
      calls = watched("/chunked", {})
      assert.same({ "receive", #data }, calls[#calls])
    end)

    it("only of the answer that counts", function()
      assert.same({ { "receive", 10, 10 } }, watched("/to", {}))
      assert.same({}, watched("/small", { method = "HEAD" }))
    end)

    it("and its error ends the request", function()
      local pool = https.pool()
      local ok, why = pcall(request, "/body", { pool = pool, progress = function()
        error({ "enough" })
      end })
      assert.same({ false, { "enough" } }, { ok, why })
      assert.equal(0, pool:count())
    end)

    it("it may yield", function()
      local worker = coroutine.wrap(function()
        return request("/small", { progress = coroutine.yield })
      end)
      assert.same({ "receive", 10, 10 }, { worker() })
      assert.equal(1, (worker()))
    end)

    it("it has to be a function", function()
      assert.has_error(function() request("/small", { progress = true }) end,
        "bad argument #1 to 'request' (function expected in field 'progress', got boolean)")
    end)
  end)

  it("ends an upload whose source failed out of order", function()
    local n = 0
    local ok, why = request("/body", { method = "PUT", source = function()
      n = n + 1
      if n < 3 then return "half" end
      return nil, "no more disk"
    end })
    assert.same({ nil, "no more disk" }, { ok, why })
    local body = {}
    request("/body", { sink = ltn12.sink.table(body) })
    assert.not_equal("halfhalf", table.concat(body))
  end)
end)
