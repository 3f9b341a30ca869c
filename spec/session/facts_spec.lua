-- After a resumption the methods of a connection return the same as after the full
-- handshake, in the same form, or nil where the docs have that.

describe("after a resumption", function()
  local ssl       = require "ssl"
  local needs     = require "spec.support.needs"
  local limits    = require "spec.support.limits"
  local house     = require "spec.support.init"
  local pair      = require "spec.support.pair"
  local pki       = require "spec.support.pki"
  local responses = require "spec.support.ocsp"
  local sessions  = require "spec.support.sessions"
  local state     = require "ssl.io.state"
  local values    = require "spec.support.values"
  local pack      = values.pack

  local ASK = { "peer" }
  local both = { certificate = pki.client.chain, key = pki.client.key }

  local function over(...)
    local out = {}
    for _, keys in ipairs { ... } do
      for key, value in pairs(keys) do out[key] = value end
    end
    return out
  end

  local function digest_of(path)
    local hex = ssl.loadcertificate(io.open(path):read "*a"):digest "sha256"
    return (hex:gsub("%x%x", function(two) return string.char(tonumber(two, 16)) end))
  end

  -- Server, client, and their settings before the handshake.
  local SCENES = {
    ["with both verified"] = { { verify = ASK, cafile = pki.root.cert }, both },
    ["with protocols and a name"] = { { verify = "none", alpn = { "a" } }, { alpn = { "a" } },
      function(_, client)
        client:sni "localhost"
        client:setverifyname "localhost"
      end },
    ["with lsec_continue on both sides"] = {
      { verify = ASK, verifyext = "lsec_continue", cafile = pki.other.cert },
      over(both, { verifyext = "lsec_continue", cafile = pki.other.cert }) },
    ["with nothing verified"] = { { verify = "none" },
                                  { verify = "none", cafile = pki.other.cert } },
    ["with nobody's certificate"] = { { verify = ASK, cafile = pki.root.cert },
                                      { certificate = false, key = false } },
    ["with functions that accept"] = {
      { verify = ASK, onverify = function() return true end, cafile = pki.other.cert },
      over(both, { onverify = function() return true end, cafile = pki.other.cert }) },
    ["with DANE"] = { { verify = "none", certificate = pki.server.cert }, { dane = true },
      function(_, client)
        assert(client:setdane "localhost")
        assert(client:settlsa(3, 0, 1, digest_of(pki.server.cert)))
      end },
    ["with a stapled response"] = { { verify = "none", ocspresponse = responses.make {
        cert = pki.server.leaf, issuer = pki.intermediate.cert, signer = pki.intermediate } },
      { ocsp = "require" } },
  }

  -- Methods that are asked, and whether nil will do.
  local ASKED = {
    { "getpeerverification" }, { "getpeercertificate" }, { "getpeerchain" },
    { "getlocalcertificate" }, { "getlocalchain" }, { "getclientcas" }, { "getalpn" },
    { "getfinished" }, { "getpeerfinished" }, { "channelbinding", "tls-server-end-point" },
    { "channelbinding", "tls-exporter" }, { "channelbinding", "tls-unique" },
    { "channelbindings" }, { "exportkeyingmaterial", "label", 16 }, { "lasterror" },
    { "want" }, { "getstats" },
    { "getverifiedchain", none = true }, { "getocspresponse", none = true },
    { "gettlsa", none = true }, { "getsniname", none = true },
  }

  -- The types and keys of a value, at all levels; of an array the type of its first element.
  local function shape(value)
    if type(value) ~= "table" then
      return type(value) == "userdata" and tostring(value):match "^%S+ %S+" or type(value)
    end
    if value[1] ~= nil then return "array of " .. shape(value[1]) end
    local out = {}
    for key, each in pairs(value) do out[#out + 1] = tostring(key) .. "=" .. shape(each) end
    table.sort(out)
    return "{" .. table.concat(out, ",") .. "}"
  end

  local function told(conn)
    local out = {}
    for i, method in ipairs(ASKED) do
      local results = pack(conn[method[1]](conn, method[2], method[3]))
      local shapes = {}
      for j = 1, results.n do shapes[j] = shape(results[j]) end
      out[i] = table.concat(shapes, ", ")
    end
    return out
  end

  local function compare(before, after, side)
    for i, method in ipairs(ASKED) do
      if not (method.none and (after[i] == "nil" or after[i] == "")) then
        assert.equal(before[i], after[i],
                     ("%s, %s, %s"):format(side, method[1], tostring(method[2])))
      end
    end
  end

  -- The fields of `info` that only a full handshake has.
  local ONCE = { sigalg = true, servername = true }

  local function compare_info(before, after)
    for field, value in pairs(before) do
      assert.is_true(type(after[field]) == type(value) or ONCE[field] and after[field] == nil,
                     field)
    end
    for field in pairs(after) do assert.is_true(before[field] ~= nil, field) end
  end

  for _, version in ipairs(pair.versions) do
    local function contexts(scene)
      local server = over({ protocol = version, certificate = pki.server.chain }, scene[1])
      local client = over({ protocol = version, certificate = false, key = false }, scene[2])
      return assert(ssl.newcontext(pair.server_config(server))), sessions.client(client)
    end

    for at, name in ipairs(values.some(SCENES, 1)) do
      local scene = SCENES[name]
      local it = house.crossed(at, version == "tlsv1_2" and 1 or 0) and it or function() end
      it(("%s, over %s, all facts have the shape that they had"):format(name, version), function()
        needs.resumption(version)
        if name:find("lsec_continue", 1, true) then
          needs.has("SSL_SESSION_set1_ticket_appdata", "errors in a session")
        end
        for _, way in ipairs { "object", "bytes" } do
          local server, client = contexts(scene)
          local first = sessions.connect(server, client, nil, scene[3])
          local at_server, at_client = told(first.server), told(first.client)
          local infos = { first.server:info(), first.client:info() }
          local session = first.got[#first.got]
          first.client:close()
          first.server:close()
          if way == "bytes" then
            -- A process of its own has no other session in memory.
            local bytes = session:export()
            session, first = nil, nil -- luacheck: ignore
            for i = 1, #client.got do client.got[i] = nil end
            collectgarbage()
            collectgarbage()
            session = assert(ssl.importsession(bytes))
          end
          local second = sessions.connect(server, client, session, scene[3])
          assert.is_true(second.resumed)
          compare(at_server, told(second.server), "server")
          compare(at_client, told(second.client), "client")
          compare_info(infos[1], second.server:info())
          compare_info(infos[2], second.client:info())
          second.client:close()
          second.server:close()
        end
      end)
    end

    it("over " .. version .. ", ignored errors are reported as before", function()
      needs.has("SSL_SESSION_set1_ticket_appdata", "errors in a session")
      local server, client = contexts(SCENES["with lsec_continue on both sides"])
      local first = sessions.connect(server, client)
      local at_server = pack(first.server:getpeerverification())
      local at_client = pack(first.client:getpeerverification())
      assert.same("table", type(at_server[2]))
      local session = assert(ssl.importsession(first.got[#first.got]:export()))
      for _ = 1, 2 do
        local again = sessions.connect(server, client, session)
        assert.is_true(again.resumed)
        assert.same(at_server, pack(again.server:getpeerverification()))
        assert.same(at_client, pack(again.client:getpeerverification()))
        session = again.got[#again.got] or session
        again.client:close()
        again.server:close()
      end
      first.client:close()
      first.server:close()
    end)

    it("over " .. version .. ", so they are from a store and under keys of tickets", function()
      for _, extra in ipairs { { sessionstore = sessions.store(), sessionkey = sessions.SECRET },
                               { ticketkeys = { sessions.key "a" } } } do
        local scene = SCENES["with lsec_continue on both sides"]
        local server, client = contexts { over(scene[1], extra, { sessionid = "x" }), scene[2] }
        local first = sessions.connect(server, client)
        local wanted = pack(first.server:getpeerverification())
        local other = contexts { over(scene[1], extra, { sessionid = "x" }), scene[2] }
        local again = sessions.connect(other, client, first.got[#first.got])
        assert.is_true(again.resumed)
        assert.same(wanted, pack(again.server:getpeerverification()))
        for _, out in ipairs { first, again } do
          out.client:close()
          out.server:close()
        end
      end
    end)

    it("over " .. version .. ", the peer's chain begins with its certificate", function()
      needs.resumption(version)
      local server, client = contexts(SCENES["with both verified"])
      local _, session = sessions.visit(server, client)
      session = assert(ssl.importsession(session:export()))
      local again = sessions.connect(server, client, session)
      for _, conn in ipairs { again.server, again.client } do
        assert.equal(conn:getpeercertificate():pem(), conn:getpeerchain()[1]:pem())
        conn:close()
      end
    end)

    it("over " .. version .. ", the shown one of several certificates is not known", function()
      needs.that(limits.tells_shown_certificate, "the certificate that was shown")
      local server = assert(ssl.newcontext {
        mode = "server", protocol = version, certificates = {
          { certificate = pki.ec_server.cert, key = pki.ec_server.key },
          { certificate = pki.rsa_server.cert, key = pki.rsa_server.key } } })
      local client = sessions.client { protocol = version, certificate = false, key = false,
                                       cafile = pki.ec_root.cert }
      local first = sessions.connect(server, client)
      assert.equal(first.client:getpeercertificate():pem(),
                   first.server:getlocalcertificate():pem())
      local again = sessions.connect(server, client, first.got[#first.got])
      assert.is_true(again.resumed)
      assert.is_nil((again.server:getlocalcertificate()))
      assert.same({}, again.server:getlocalchain())
      for _, out in ipairs { first, again } do
        out.client:close()
        out.server:close()
      end
    end)
  end

  it("every fact that a connection has is compared here, or known not to be one", function()
    local known = {}
    for _, method in ipairs(ASKED) do known[method[1]] = true end
    for _, name in ipairs { "getsession", "getfd", "getpeername", "getsockname", "getoption" } do
      known[name] = true
    end
    for name in pairs(state.class.methods) do
      if name:find "^get" then assert.is_true(known[name], name) end
    end
  end)
end)
