-- Folders of authorities and lists: their current content is trusted.

describe("a folder of authorities", function()
  local contexts = require "spec.support.contexts"
  local folder   = require "ssl.source.folder"
  local house    = require "spec.support.init"
  local fresh    = require "spec.support.fresh"
  local https    = require "ssl.https"
  local needs    = require "spec.support.needs"
  local pair     = require "spec.support.pair"
  local pki      = require "spec.support.pki"
  local process  = require "spec.support.process"
  local ssl      = require "ssl"
  local values   = require "spec.support.values"
  local web      = require "spec.support.web"

  local real_time, real_lasts = os.time, folder.LASTS
  local quote = house.quote
  local here, name, number = nil, nil, 0

  -- A name in it: of the authority, or of its list.
  local function hash_of(what)
    local words = what == "crl" and { "crl -hash", pki.root.crl, ".r0" }
                  or { "x509 -subject_hash", pki.root.cert, ".0" }
    return process.capture(("openssl %s -noout -in %s"):format(words[1], quote(words[2])))
           :match "%x+" .. words[3]
  end

  local function sh(text, ...)
    local words = { ... }
    for i, word in ipairs(words) do words[i] = quote(word) end
    local status = os.execute(text:format(unpack(words)))
    assert(status == 0 or status == true, text)
  end

  before_each(function()
    -- Files in a spec are new, and the state of a new file is read again soon. So the clock is
    -- moved ahead, and each question reads the state again.
    os.time = function(...) return real_time(...) + 3600 end -- luacheck: ignore
    folder.LASTS = 0
    number = number + 1
    here = process.folder() .. "/" .. number
    sh("mkdir %s", here)
    name = hash_of "cert"
  end)

  after_each(function()
    os.time, folder.LASTS = real_time, real_lasts -- luacheck: ignore
  end)

  teardown(process.stop_all)

  -- Ways in which a folder `capath` gets a file, and gets another in its place.
  local WAYS = {
    ["a file that is renamed over"] = {
      put = function(file, as) sh("mkdir -p %s && cp %s %s", here .. "/ca", file,
                                  here .. "/ca/" .. as) end,
      replace = function(file, as)
        sh("cp %s %s && mv %s %s", file, here .. "/new", here .. "/new", here .. "/ca/" .. as)
      end,
    },
    ["a file that is written in place"] = {
      put = function(file, as) sh("mkdir -p %s && cp %s %s", here .. "/ca", file,
                                  here .. "/ca/" .. as) end,
      replace = function(file, as) sh("cat %s > %s", file, here .. "/ca/" .. as) end,
    },
    ["a link that is replaced"] = {
      put = function(file, as)
        sh("mkdir -p %s && cp %s %s && ln -s %s %s", here .. "/ca", file, here .. "/t" .. as,
           here .. "/t" .. as, here .. "/ca/" .. as)
      end,
      replace = function(file, as)
        sh("cp %s %s && ln -sfn %s %s", file, here .. "/u" .. as, here .. "/u" .. as,
           here .. "/ca/" .. as)
      end,
    },
    ["a link whose target is renamed over"] = {
      put = function(file, as)
        sh("mkdir -p %s && cp %s %s && ln -s %s %s", here .. "/ca", file, here .. "/t" .. as,
           here .. "/t" .. as, here .. "/ca/" .. as)
      end,
      replace = function(file, as)
        sh("cp %s %s && mv %s %s", file, here .. "/new", here .. "/new", here .. "/t" .. as)
      end,
    },
    ["a link whose target is written in place"] = {
      put = function(file, as)
        sh("mkdir -p %s && cp %s %s && ln -s %s %s", here .. "/ca", file, here .. "/t" .. as,
           here .. "/t" .. as, here .. "/ca/" .. as)
      end,
      replace = function(file, as) sh("cat %s > %s", file, here .. "/t" .. as) end,
    },
    ["a folder that is a link, which is switched"] = {
      put = function(file, as)
        sh("mkdir -p %s && cp %s %s && ln -sfn %s %s", here .. "/a", file, here .. "/a/" .. as,
           here .. "/a", here .. "/ca")
      end,
      replace = function(file, as)
        local new = process.folder()
        sh("cp -rT %s %s && cp %s %s && ln -s %s %s && mv -T %s %s", here .. "/ca/.", new, file,
           new .. "/" .. as, new, here .. "/l", here .. "/l", here .. "/ca")
      end,
    },
  }

  local function client(extra)
    local cfg = { mode = "client", protocol = "any", verify = "peer",
                  capath = here .. "/ca" }
    for key, value in pairs(extra or {}) do cfg[key] = value end
    return assert(ssl.newcontext(cfg))
  end

  local function server(extra)
    return assert(ssl.newcontext(pair.server_config(extra)))
  end

  local function trusts(ctx)
    local s, c = pair.wrapped(server(), ctx)
    local _, at_client = pair.handshake(s, c)
    s:close()
    c:close()
    return at_client[1]
  end

  for i, way in ipairs(values.some(WAYS, 1)) do
    local how = WAYS[way]
    -- Where everything is slow, each way once: that a file has changed is seen in Lua.
    local function tried(what)
      return (not house.slow or i % 3 == what) and it or function() end
    end

    tried(0)("is believed as it is now, by contexts new and old: " .. way, function()
      how.put(pki.root.cert, name)
      local old = client()
      assert.is_true(trusts(old))
      how.replace(pki.other.cert, name)
      assert.is_false(trusts(client()))
      assert.is_false(trusts(old))
      sh("rm -rf %s", here .. "/ca")
      sh("mkdir %s && cp %s %s", here .. "/ca", pki.root.cert, here .. "/ca/" .. name)
      assert.is_true(trusts(old))
    end)

    tried(1)("has the lists of now: " .. way, function()
      local list = hash_of "crl"
      how.put(pki.root.cert, name)
      how.put(pki.root.crl, list)
      local strict = client { verifyext = { "crl_check" } }
      assert.is_true(trusts(strict))
      how.replace(pki.other.cert, list) -- which is no list
      assert.is_false(trusts(strict))
      assert.is_false(trusts(client { verifyext = { "crl_check" } }))
      how.replace(pki.root.crl, list)
      assert.is_true(trusts(strict))
    end)

    tried(2)("is that of ssl.https too, and of its kept connections: " .. way, function()
      how.put(pki.root.cert, name)
      local peer = web.start { routes = [[ default = function(conn) ok(conn, "fine") end ]] }
      local pool = https.pool()
      local function get(with)
        return (https.request { url = ("https://localhost:%d/"):format(peer.port),
                                capath = here .. "/ca", pool = with })
      end
      assert.same({ 1, 1 }, { get(), get(pool) })
      assert.equal(1, pool:count())
      how.replace(pki.other.cert, name)
      assert.is_nil(get(pool))
      assert.is_nil(get())
      pool:close()
    end)
  end

  it("is looked at behind a file of authorities, which stay", function()
    WAYS["a link whose target is written in place"].put(pki.other.cert, name)
    local ctx = client { cafile = pki.ec_root.cert }
    local ec = server { key = pki.ec_server.key, certificate = pki.ec_server.cert }
    assert.is_false(trusts(ctx))
    assert.is_true(contexts.connect(ec, ctx).ok)
    WAYS["a link whose target is written in place"].replace(pki.root.cert, name)
    assert.is_true(trusts(ctx))
    assert.is_true(contexts.connect(ec, ctx).ok)
    assert.is_true(require("ssl.context").locations(ctx, pki.other.cert))
    assert.is_true(trusts(ctx))
    WAYS["a link whose target is written in place"].replace(pki.other.cert, name)
    assert.is_false(trusts(ctx))
    assert.is_true(contexts.connect(ec, ctx).ok)
  end)

  it("is that of the system, too", function()
    WAYS["a link whose target is renamed over"].put(pki.root.cert, name)
    sh("cp %s %s", pki.other.cert, here .. "/spare")
    local output, ok = fresh.luajit(([[
      local folder, pair = require "ssl.source.folder", require "spec.support.pair"
      local ssl = require "ssl"
      local real, name, spare = os.time, %q, %q
      os.time = function(...) return real(...) + 3600 end
      folder.LASTS = 0
      local ctx = assert(ssl.newcontext { mode = "client", protocol = "any", verify = "peer",
                                          systemca = true })
      local function trusts(by)
        local server, client = pair.wrapped(nil, by)
        local _, at_client = pair.handshake(server, client)
        return at_client[1]
      end
      print(trusts(ctx))
      os.execute(("mv '%%s' '%%s'"):format(spare, name))
      print(trusts(ctx))
      print(trusts(assert(ssl.newcontext { mode = "client", protocol = "any",
                                           verify = "peer", systemca = true })))
    ]]):format(here .. "/t" .. name, here .. "/spare"),
    { SSL_CERT_DIR = here .. "/ca", SSL_CERT_FILE = "/nowhere" })
    assert.is_true(ok, output)
    assert.equal("true\nfalse\nfalse\n", output)
  end)

  it("completes the own chain, where nothing else does", function()
    local hash = process.capture("openssl x509 -subject_hash -noout -in "
                                 .. quote(pki.intermediate.cert)):match "%x+"
    sh("mkdir %s && cp %s %s", here .. "/ca", pki.intermediate.cert,
       here .. "/ca/" .. hash .. ".0")
    local s, c = pair.wrapped(server { certificate = pki.server.leaf, capath = here .. "/ca" })
    assert.is_true(pair.handshake(s, c)[1])
    assert.equal(2, #c:getpeerchain())
    s:close()
    c:close()
  end)

  for _, version in ipairs(pair.versions) do
    it("that has changed ends the sessions that were made by it, " .. version, function()
      needs.resumption(version)
      local session
      WAYS["a file that is written in place"].put(pki.root.cert, name)
      local ctx = client { protocol = version, onsession = function(_, new) session = new end }
      local at = server { protocol = version }
      local function visit(before)
        local s, c = pair.wrapped(at, ctx)
        local why = before and select(2, c:setsession(before))
        assert.is_true(pair.handshake(s, c)[2] == nil)
        c:settimeout(0)
        c:receive()
        s:close()
        c:close()
        return why
      end
      visit()
      assert.is_nil(visit(session))
      sh("cp %s %s", pki.other.cert, here .. "/ca/00000000.0")
      assert.equal("session of another verification policy", visit(session))
    end)
  end

  it("is looked at once a second, or when the folder itself shows a change", function()
    local in_place = WAYS["a link whose target is written in place"]
    in_place.put(pki.root.cert, name)
    folder.LASTS = math.huge -- the second is not over
    local ctx = client()
    assert.is_true(trusts(ctx))
    in_place.replace(pki.other.cert, name)
    assert.is_true(trusts(ctx))
    sh("touch %s && rm %s", here .. "/ca/x", here .. "/ca/x")
    assert.is_false(trusts(ctx))
    assert.equal(1, real_lasts)
  end)

  it("is looked at anew while a change is so young that the next would not show", function()
    -- The clock stands still at the change: a slow machine must not let it grow old.
    local changed = real_time()
    os.time = function() return changed end -- luacheck: ignore
    WAYS["a file that is written in place"].put(pki.root.cert, name)
    local ctx = client()
    assert.is_true(trusts(ctx))
    -- The same times and the same size, as within one tick of the clock.
    local file, spare = here .. "/ca/" .. name, here .. "/spare"
    local _, young = folder.stamp(here .. "/ca")
    assert.is_true(young)
    sh("cp %s %s && tail -c +2 %s > %s && printf x >> %s", file, spare, spare, file, file)
    assert.is_false(trusts(ctx))
  end)

  it("counts by its hashed names alone, and by contents where machines differ", function()
    WAYS["a file that is written in place"].put(pki.root.cert, name)
    local path = here .. "/ca"
    local stamp, contents = folder.stamp(path), folder.contents(path)
    assert.equal(stamp, (folder.stamp(path)))
    sh("cp -r %s %s", path, here .. "/other")
    assert.are_not.equal(stamp, (folder.stamp(here .. "/other")))
    assert.equal(contents, folder.contents(here .. "/other"))
    sh("cp %s %s", pki.other.cert, here .. "/other/ca.pem")
    assert.equal(contents, folder.contents(here .. "/other"))
    sh("cp %s %s", pki.other.cert, here .. "/other/" .. name)
    assert.are_not.equal(contents, folder.contents(here .. "/other"))
    assert.matches("^errno %d+$", (folder.stamp(here .. "/nowhere")))
  end)
end)
