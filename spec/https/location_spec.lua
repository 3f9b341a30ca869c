-- The server chooses the location of a redirect, so parsing it must not keep the client
-- busy: no time limit counts there.

describe("ssl.https reads a location", function()
  local hop     = require "ssl.https.hop"
  local house   = require "spec.support.init"
  local resolve = require "ssl.https.location"

  local BASE = "https://a/b/c/d;p?q"

  -- The cases of RFC 3986, sections 5.4.1 and 5.4.2, and of a base without a path.
  local CASES = {
    { "https://o/x", "https://o/x" },   { "HTTPS://o", "HTTPS://o" },
    { "g:h", "g:h" },                   { "g", "https://a/b/c/g" },
    { "./g", "https://a/b/c/g" },       { "g/", "https://a/b/c/g/" },
    { "/g", "https://a/g" },            { "//g", "https://g" },
    { "?y", "https://a/b/c/d;p?y" },    { "g?y", "https://a/b/c/g?y" },
    { "#s", "https://a/b/c/d;p?q" },    { "g#s", "https://a/b/c/g" },
    { "g?y#s", "https://a/b/c/g?y" },   { ";x", "https://a/b/c/;x" },
    { "g;x?y#s", "https://a/b/c/g;x?y" },
    { ".", "https://a/b/c/" },          { "./", "https://a/b/c/" },
    { "..", "https://a/b/" },           { "../g", "https://a/b/g" },
    { "../..", "https://a/" },          { "../../g", "https://a/g" },
    { "../../../../g", "https://a/g" }, { "/../g", "https://a/g" },
    { "/./g", "https://a/g" },          { "g.", "https://a/b/c/g." },
    { "..g", "https://a/b/c/..g" },     { "./../g", "https://a/b/g" },
    { "./g/.", "https://a/b/c/g/" },    { "g/../h", "https://a/b/c/h" },
    { "g;x=1/../y", "https://a/b/c/y" },
    { "/g//h", "https://a/g//h" },
    { "//g?y", "https://g?y" },
    -- Neither of these is a path.
    { "g?y/../x", "https://a/b/c/g?y/../x" },
    { "https://o/../x", "https://o/x" },
  }

  for _, case in ipairs(CASES) do
    it(case[1], function() assert.equal(case[2], resolve(BASE, case[1])) end)
  end

  it("as seen from a URL that has no path", function()
    assert.equal("https://a/g", resolve("https://a", "g"))
    assert.equal("https://a?y", resolve("https://a", "?y"))
  end)

  -- An algorithm of quadratic time would take minutes with texts of this length.
  it("of any length and kind, in one go", function()
    local many = house.scale(240000, 20000)
    local request = assert(hop.new({ url = BASE }, 443))
    local function to(location)
      local new, said = hop.redirect(request, 302, { location = location }, 0, 443)
      return new and new.uri, said
    end
    local letters, blanks = ("a"):rep(many), (" "):rep(many)
    assert.is_true("/" .. letters == to("/" .. letters))
    assert.is_true(("/"):rep(many) == to("/." .. ("/"):rep(many)))
    assert.equal("/x", (to(("/."):rep(many) .. "/x")))
    assert.equal("/x", (to(("a/../"):rep(many) .. "../../x")))
    assert.is_true("/b/c/a" .. ("%20"):rep(many) .. "b" == to("a" .. blanks .. "b"))
    for _, text in ipairs { ":", "@", ":@", ":%", "]", ":]", "\\", "\255" } do
      assert.is_nil((to("//" .. text:rep(many))))
      assert.is_nil((to("//[" .. text:rep(many) .. "]/")))
    end
    assert.same({ "/x", "/x" }, { to(blanks .. "/x" .. blanks) })
    assert.is_nil((to(blanks)))
  end)
end)
