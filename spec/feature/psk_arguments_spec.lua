-- cfg.psk and the functions behind it: accepted and refused values.

describe("psk", function()
  local values  = require "spec.support.values"
  local context = require "ssl.context"
  local ssl     = require "ssl"
  local limits  = require "spec.support.limits"
  local needs = require "spec.support.needs"
  local it = needs.each(it, require("ssl.feature.psk").supported, "pre-shared keys")
  local pack, raised = values.pack, values.raised

  local function key() return "key" end

  local INVALID = "invalid PSK configuration"
  for title, case in pairs {
    ["a string"] = { "both", "x" }, ["a number"] = { "both", 5 }, ["true"] = { "both", true },
    ["a client's table"] = { "client", { callback = key } }, ["no function"] = { "server", {} },
    ["a hint that is none"] = { "server", { hint = 5, callback = key } },
    ["a string for a function"] = { "server", { callback = "x" } },
    ["a hint that is too long"] = { "server", { hint = ("h"):rep(limits.psk_hint + 1),
                                                callback = key },
                                INVALID .. " (hint too long)" },
  } do
    it("refuses " .. title, function()
      for _, mode in ipairs(case[1] == "both" and { "server", "client" } or { case[1] }) do
        assert.same(pack(nil, case[3] or INVALID),
                    pack(ssl.newcontext { mode = mode, protocol = "any", psk = case[2] }))
      end
    end)
  end

  it("can be set by the functions of ssl.context", function()
    local ctx = assert(context.create "any")
    assert.same(pack(true), pack(context.setpskhint(ctx, ("h"):rep(limits.psk_hint))))
    assert.same(pack(false), pack(context.setpskhint(ctx, ("h"):rep(limits.psk_hint + 1))))
    assert.same(pack(false), pack(context.setpskhint(ctx, "a\0b")))
    for _, name in ipairs { "setserverpskcb", "setclientpskcb" } do
      assert.same(pack(true), pack(context[name](ctx, key)))
      assert.equal(("bad argument #2 to '%s' (function expected, got table)"):format(name),
                   (raised(context[name], ctx, {}):gsub("'%?'", "'" .. name .. "'")))
    end
  end)
end)
