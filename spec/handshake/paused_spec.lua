-- Handshakes that stand still: any number of them, and what happens where OpenSSL has no
-- place for one more.

describe("handshakes that stand still", function()
  local pair      = require "spec.support.pair"
  local questions = require "spec.support.questions"
  local fresh     = require "spec.support.fresh"
  local needs     = require "spec.support.needs"
  local ssl       = require "ssl"

  local MANY = 600
  local KEY = ("k"):rep(32)

  -- The ClientHello for a server that shares a key with the client.
  local function hello()
    local client = assert(ssl.engine(pair.client_config { protocol = "tlsv1_3",
      psk = function() return "me", KEY end }))
    client:handshake()
    return client:drain()
  end

  it("are as many as there are clients, and each goes on when it is answered", function()
    local server = assert(ssl.newcontext(pair.server_config {
      protocol = "tlsv1_3", key = false, certificate = false,
      psk = function()
        coroutine.yield "asked"
        return KEY
      end,
    }))
    local said, all = hello(), {}
    for i = 1, MANY do
      local engine = assert(ssl.engine(server))
      engine:feed(said)
      all[i] = coroutine.wrap(function() return select(2, engine:handshake()) end)
      assert.equal("asked", all[i]())
    end
    assert.equal(MANY, questions.paused())
    for i = MANY, 1, -1 do assert.equal("wantread", all[i]()) end
    assert.equal(0, questions.paused())
  end)

  it("are refused for good, without a wait, where OpenSSL has no place", function()
    needs.that(require("ssl.io.question").pauses, "a job that pauses")
    local output, ok = fresh.luajit [[
      local ffi  = require "ffi"
      local pair = require "spec.support.pair"
      local ssl  = require "ssl"
      local lib  = require "ssl.ffi.lib"
      ffi.cdef 'int spec_ASYNC_init_thread(size_t most, size_t first) __asm__("ASYNC_init_thread");'
      assert(lib.openssl.crypto.spec_ASYNC_init_thread(2, 0) == 1)
      local KEY = ("k"):rep(32)
      local client = ssl.engine(pair.client_config { protocol = "tlsv1_3",
        psk = function() return "me", KEY end })
      client:handshake()
      local said = client:drain()
      local server = assert(ssl.newcontext(pair.server_config { protocol = "tlsv1_3",
        key = false, certificate = false, psk = function()
          coroutine.yield "asked"
          return KEY
        end }))
      local function begin()
        local engine = ssl.engine(server)
        engine:feed(said)
        local go_on = coroutine.wrap(function() return select(2, engine:handshake()) end)
        return go_on, engine, go_on()
      end
      local first, _, a = begin()
      local second, _, b = begin()
      local _, engine, c = begin()
      print(a, b, c, select(2, engine:handshake()))
      print(first(), second())
      print(select(3, begin()))
    ]]
    assert.is_true(ok, output)
    local NO = "too many handshakes stand still"
    local expected = ("asked\tasked\t%s\t%s\nwantread\twantread\nasked\n"):format(NO, NO)
    -- ASan may print a warning about the stack of a job before it.
    assert.equal(expected, output:sub(-#expected))
  end)
end)
