-- The list of the keys: it has every key that a setter reads or a page documents, and each
-- of its keys is read and documented.

describe("the list of the keys", function()
  local ssl      = require "ssl"
  local keys     = require "ssl.context.keys"
  local keyset   = require "ssl.context.keyset"
  local facekeys = require "ssl.context.facekeys"
  local contexts = require "spec.support.contexts"
  local pki      = require "spec.support.pki"

  local function of_face(face)
    local out = {}
    for _, record in ipairs(face and facekeys[face] or keys) do
      assert.is_nil(out[record.key], record.key .. " has two records")
      out[record.key] = record
    end
    return out
  end

  local function sorted(set)
    local names = {}
    for name in pairs(set) do names[#names + 1] = name end
    table.sort(names)
    return names
  end

  -- The rows of the first table of a page that begins so, as key -> row.
  local function documented(page, header)
    local rows, inside = {}, false
    for line in io.lines(page) do
      if line:sub(1, #header) == header then inside = true end
      if inside and not line:find "^|" then return rows end
      if inside and not line:find "^|%-" and line ~= header then
        for key in line:match("^|([^|]*)|"):gmatch "`(%l[%l%d]*)`" do rows[key] = line end
      end
    end
    error(page .. " has no table " .. header)
  end

  it("is that of docs/newcontext.md", function()
    local rows = documented("docs/newcontext.md", "| key | type | default |")
    rows.type = nil
    assert.same(sorted(rows), sorted(of_face(nil)))
    for key, record in pairs(of_face(nil)) do
      local side = rows[key]:match "%f[%w]a (%l+)'s"
      if side then assert.same({ key, side }, { key, rows[key]:find "a server's may" and "server"
                                                    or record.side }) end
    end
  end)

  it("has the order of docs/newcontext.md", function()
    local at, last = {}, 0
    for line in io.lines "docs/newcontext.md" do
      local cell = line:match "^| (%[[^|]*)|"
      for key in (cell or ""):gmatch "`(%w+)`" do at[#at + 1] = key
        at[key] = at[key] or #at
      end
    end
    for _, record in ipairs(keys) do
      assert.is_true(at[record.key] >= last, record.key .. " is at another place in the page")
      last = at[record.key]
    end
  end)

  it("agrees with docs/trust.md about the keys that decide trust", function()
    local rows = documented("docs/trust.md", "| key | side |")
    rows.side = nil
    local trusting = {}
    for key, record in pairs(of_face(nil)) do
      if record.trust == true then trusting[key] = record end
    end
    rows.ocsp = true -- a page of its own
    assert.same(sorted(rows), sorted(trusting))
  end)

  it("agrees with docs/connect.md about ssl.connect", function()
    local rows, known = documented("docs/connect.md", "| key | |"), keyset.known "connect".set
    for key in pairs(rows) do assert.is_truthy(known[key], key) end
    for key in pairs(of_face "connect") do assert.is_truthy(rows[key], key) end
  end)

  it("agrees with docs/https.md about a request", function()
    local rows, known = documented("docs/https.md", "| key | |"), keyset.known "https".set
    for key in pairs(rows) do assert.is_truthy(known[key], key) end
    for key, record in pairs(of_face "https") do
      if not record.luasec then assert.is_truthy(rows[key], key) end
    end
  end)

  it("has every key that the setters read", function()
    local known = keyset.known "newcontext".set
    local plain = { key = pki.server.key, certificate = pki.server.cert }
    for _, mode in ipairs { "client", "server" } do
      local read = {}
      assert(ssl.newcontext(setmetatable({}, { __index = function(_, key)
        read[key] = true
        if key == "mode" then return mode end
        return key == "protocol" and "any" or plain[key]
      end })))
      for key in pairs(read) do assert.is_truthy(known[key], key) end
      assert.is_true(read.verify and read.mode)
    end
  end)

  -- No setter accepts a coroutine. These keys need another key beside them, or accept any value
  -- that is true.
  local HELP = {
    password = { key = pki.server.encrypted_key },
    dane     = { dane = { "nonsense" } },
    sessionkey = { sessionstore = { get = print, put = print } },
    pkcs12   = { key = false, certificate = false },
    mode     = { mode = coroutine.create(print) },
  }

  it("has no key that no setter reads", function()
    for key, record in pairs(of_face(nil)) do
      local mode = record.side == "both" and "server" or record.side
      local cfg = { protocol = "any", mode = mode, verify = "peer" }
      if mode == "server" then cfg.key, cfg.certificate = pki.server.key, pki.server.cert end
      cfg[key] = coroutine.create(print)
      for name, value in pairs(HELP[key] or {}) do cfg[name] = value end
      contexts.disturb()
      local ok, ctx = pcall(ssl.newcontext, cfg)
      assert.is_true(not ok or ctx == nil, key .. " is not read")
      assert.is_true(contexts.quiet())
    end
  end)

  it("knows which values of verify and verifyext LuaSec has", function()
    local values = require "ssl.trust.verifyflags".values
    for _, key in ipairs { "verify", "verifyext" } do
      local known = values[key]
      local record = of_face(nil)[key]
      for name in pairs(record.theirs) do assert.is_truthy(known[name], name) end
    end
  end)

  -- ssl.handshake.inherit does not ask the rooms of such keys when a connection begins.
  it("has no `apply` for a key without fields, unless each connection needs it", function()
    local rooms, asked = require "ssl.context.rooms", 0
    for _, record in ipairs(keys) do
      if not record.switch and not record.state and not record.each then
        asked = asked + 1
        assert.is_nil(rooms.of(record.key).apply, record.key)
      end
    end
    assert.is_true(asked > 0)
  end)
end)
