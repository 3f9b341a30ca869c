-- Many handshakes at once in one scheduler, whose functions all yield: no connection
-- waits for another's function.

describe("handshakes in a scheduler", function()
  local socket    = require "socket"
  local house     = require "spec.support.init"
  local pair      = require "spec.support.pair"
  local questions = require "spec.support.questions"
  local ssl       = require "ssl"

  local MANY = house.scale(200, 12)
  local TICK, READ, WRITE = "tick", "read", "write"

  -- The scheduler: a coroutine yields TICK, or a socket and the direction to wait for.
  local tasks

  local function spawn(f, ...)
    local task = { thread = coroutine.create(f), arguments = { ... }, ready = true }
    tasks[#tasks + 1] = task
    return task
  end

  local function step(task)
    local ok, how, conn = coroutine.resume(task.thread, unpack(task.arguments))
    assert(ok, how)
    task.arguments = {}
    task.done = coroutine.status(task.thread) == "dead"
    task.ready, task.how, task.conn = how == TICK, how, conn
  end

  local function select_for()
    local reading, writing, by_conn, any_ready = {}, {}, {}, false
    for _, task in ipairs(tasks) do
      if task.ready then
        any_ready = true
      else
        table.insert(task.how == WRITE and writing or reading, task.conn)
        by_conn[task.conn] = task
      end
    end
    local readable, writable = socket.select(reading, writing, any_ready and 0 or 1)
    for _, list in ipairs { readable, writable } do
      for _, conn in ipairs(list) do
        local task = by_conn[conn]
        task.ready = true
      end
    end
  end

  local function run()
    local late = house.patience()
    while #tasks > 0 do
      local left = {}
      for _, task in ipairs(tasks) do
        if task.ready then step(task) end
        if not task.done then left[#left + 1] = task end
      end
      tasks = left
      assert(not late(), "the handshakes did not end")
      if #tasks > 0 then select_for() end
    end
  end

  local function shake(conn)
    conn:settimeout(0)
    while true do
      local ok, word = conn:dohandshake()
      if ok then return end
      assert(word == "wantread" or word == "wantwrite", word)
      coroutine.yield(word == "wantread" and READ or WRITE, conn)
    end
  end

  local function ticks(n)
    for _ = 1, n do coroutine.yield(TICK) end
  end

  before_each(function() tasks = {} end)
  after_each(function()
    assert.equal(0, questions.paused())
  end)

  for _, version in ipairs(pair.versions) do
    describe("over " .. version, function()
      local done, conns

      local function key_of(identity) return "key of " .. identity end

      -- `hold(identity)` runs within the server's function.
      local function contexts(hold)
        return assert(ssl.newcontext(pair.server_config {
          protocol = version, key = false, certificate = false,
          alpn = function(names)
            ticks(#names)
            return names[2]
          end,
          psk = function(identity)
            hold(identity)
            return key_of(identity)
          end,
        })), function(i)
          return { protocol = version, verify = "none", cafile = false,
                   alpn = { "other", "a" .. i }, psk = function()
            ticks(i % 3)
            return "client " .. i, key_of("client " .. i)
          end }
        end
      end

      local function start(n, hold)
        done, conns = 0, {}
        local server_context, client_config = contexts(hold)
        for i = 1, n do
          local server, client = pair.wrapped(server_context, client_config(i))
          conns[i] = { server, client }
          for _, conn in ipairs(conns[i]) do
            spawn(function()
              shake(conn)
              done = done + 1
            end)
          end
        end
      end

      local function check(n)
        assert.equal(2 * n, done)
        for i = 1, n do
          for _, conn in ipairs(conns[i]) do
            assert.equal("a" .. i, conn:getalpn())
            conn:close()
          end
        end
      end

      it("go on while functions yield, " .. MANY .. " connections at once", function()
        local at_once = 0
        start(MANY, function()
          ticks(5)
          at_once = math.max(at_once, questions.paused())
        end)
        run()
        check(MANY)
        assert.is_true(at_once > MANY / 2, at_once)
      end)

      it("do not wait for a function that answers last of all", function()
        local finished_before
        start(MANY, function(identity)
          if identity ~= "client 1" then return ticks(2) end
          -- All others are done; the client of this one waits, too.
          while done < 2 * (MANY - 1) do coroutine.yield(TICK) end
          finished_before = done
        end)
        run()
        check(MANY)
        assert.equal(2 * (MANY - 1), finished_before)
      end)

      it("keep the answers apart when the last that asks is the first to be answered", function()
        local came, gone = 0, 0
        start(MANY, function()
          came = came + 1
          local mine = came
          while came < MANY or gone < MANY - mine do coroutine.yield(TICK) end
          gone = gone + 1
        end)
        run()
        check(MANY)
        assert.equal(MANY, gone)
      end)
    end)
  end
end)
