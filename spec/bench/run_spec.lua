-- script/bench itself, with few rows: it measures, judges, and writes nothing.

describe("script/bench", function()
  local house   = require "spec.support.init"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"

  local page = sources.read "docs/performance.md"

  teardown(function()
    process.stop_all()
    assert.equal(page, sources.read "docs/performance.md")
  end)

  -- The suite's own luajit is not the one to be measured. The output, and the status.
  local function bench(words)
    local text = process.capture(('PATH=${PATH#"$BUILD_DIR"/mode/*:}; BUILD_DIR=%s script/bench '
      .. "%s 2>&1; echo status $?"):format(house.quote(house.build), words))
    return text, tonumber(text:match "status (%d+)\n$")
  end

  it("measures, and says which goals hold", function()
    local text, status = bench "--quick --check --only '^loadheap$'"
    assert.equal(0, status, text)
    local ours, luasec = text:match '\n| memory: require "ssl" | KiB | %- | (%S+) | (%S+) |'
    assert.is_true(tonumber(ours) > 0 and tonumber(luasec) > 0, text)
    assert.truthy(text:find("\nGoals that hold on this machine: 1 of 1.\n", 1, true), text)
  end)

  it("runs every subject that can do a row, and passes no check of nothing", function()
    local text, status = bench "--quick --check --only '^sendv$'"
    assert.equal(1, status, text)
    assert.matches("\n| sendv[^|]*| us | [%d.]+ | [%d.]+ %([%d.]+%) | [%d.]+ %([%d.]+%) |", text)
    assert.truthy(text:find("\nGoals that hold on this machine: 0 of 0.\n", 1, true), text)
    assert.falsy(text:find "failed", text)
  end)

  -- A subject that ends with its peer, as node does, would have nothing left to do.
  it("has a far side that takes all that is sent, and does not end before the subject", function()
    local program = process.write(process.folder() .. "/subject.lua", [[
      local ssl, socket = require "ssl", require "socket"
      local conn = ssl.wrap(assert((function()
        local sock = assert(socket.connect("127.0.0.1", os.getenv "BENCH_PORT"))
        assert(sock:send "sink\n")
        return sock
      end)()), { mode = "client", protocol = "tlsv1_3", verify = "none" })
      assert(conn:dohandshake())
      assert(conn:send(("x"):rep(2^20)))
      conn:settimeout(0.2)
      print("result", (select(2, conn:receive(1))))
    ]])
    local text = process.capture(("%s/bench/peer %s/bench/certs luajit %s 2>&1"):format(
      house.quote(house.build), house.quote(house.build), house.quote(program)))
    assert.matches("result\twantread\n", text)
  end)

  it("refuses words that it does not know", function()
    for _, words in ipairs { "--nothing", "--only", "--openssl", "--check --openssl /opt" } do
      local text, status = bench(words)
      assert.equal(2, status, text)
      assert.truthy(text:find("script/bench [--quick]", 1, true), text)
    end
    local text, status = bench "--quick --only nothing_like_that"
    assert.equal(2, status, text)
    assert.truthy(text:find "bench: no row has a key like that", text)
  end)

  it("says which OpenSSL it could not run", function()
    local text = process.capture(("bench/with-openssl /nowhere %s; echo status $?"):format(
      house.quote(process.folder())))
    assert.equal("there is no libssl.so.N with a libcrypto.so.N below /nowhere\nstatus 1\n", text)
  end)
end)
