-- A trace of LuaJIT 2.1's beta that begins in a function and returns to one with `...`
-- reads other values there. So nothing may be read from `...` after a call; here are
-- the functions that once did, hot.

describe("arguments after ...", function()
  local house   = require "spec.support.init"
  local pair    = require "spec.support.pair"
  local sources = require "spec.support.sources"
  local context = require "ssl.context"
  local ssl     = require "ssl"

  local MANY = house.scale(400, 20)

  it("are those that were given: sni", function()
    local server_context = assert(ssl.newcontext(pair.server_config()))
    local client_context = assert(ssl.newcontext(pair.client_config()))
    for i = 1, MANY do
      local server, client = pair.wrapped(server_context, client_context)
      local map = i % 2 == 0 and function() end or {}
      server:sni(map)
      client:sni("name" .. i)
      assert.equal(map, getmetatable(server).sni.map)
      assert.equal("name" .. i, client:getsniname())
      server:close()
      client:close()
    end
  end)

  it("are those that were given: the functions of ssl.context", function()
    for i = 1, MANY do
      local ctx = assert(context.create "any")
      local wrong = "wrong" .. i
      assert.same({ false, "invalid verify option (" .. wrong .. ")" },
                  { context.setverify(ctx, "peer", wrong) })
      assert.same({ false, "invalid verify option (" .. wrong .. ")" },
                  { ctx:setverifyext("lsec_continue", wrong) })
      assert.same({ false, "invalid option (" .. wrong .. ")" },
                  { context.setoptions(ctx, "no_ticket", wrong) })
      assert.same({ false, "invalid mode (" .. wrong .. ")" }, { context.setmode(ctx, wrong) })
    end
  end)

  -- Values of `...` that a function reads when it has called another one than `select`;
  -- all of them at once (B is 0) does not compile, but as arguments of select.
  local function late(path)
    local out, called, global, place = {}, false, nil, nil
    local function line(text)
      local header = text:match "^%-%- BYTECODE %-%- (%S+)"
      if header then place, called, global = header, false, nil end
      global = text:match "GGET.-; \"([^\"]*)\"" or global
      local count = text:match "VARG%s+%d+%s+(%d+)"
      if called and count and (count ~= "0" or global == "select") then out[#out + 1] = place end
      if text:find "%sCALL" and global ~= "select" then called = true end
    end
    local sink = {
      write = function(_, ...) for _, text in ipairs { ... } do line(text) end end,
      flush = function() end, close = function() end,
    }
    require("jit.bc").dump(assert(loadfile(path)), sink, true)
    return out
  end

  it("are taken before any call", function()
    local found = {}
    for _, path in ipairs(sources.list("lua", "lua")) do
      for _, place in ipairs(late(path)) do found[#found + 1] = place end
    end
    assert.same({}, found)
  end)

  it("would be found where they are taken late", function()
    local path = os.tmpname()
    for count, text in pairs { [0] = "local a = ... f()", "f() local a = ...",
                               "local a, b = f(), ... ; g() a = (...)" } do
      local file = assert(io.open(path, "w"))
      file:write("local f, g, h = ... function h(...) ", text, " end")
      file:close()
      assert.equal(count, #late(path))
    end
    os.remove(path)
  end)
end)
