-- The rules of the house, held by reading the sources: what design and review
-- would otherwise have to remember.

describe("the house", function()
  local house   = require "spec.support.init"
  local sources = require "spec.support.sources"

  local FFI = sources.list("ffi", "lua")
  local LUA = sources.list("lua", "lua")
  local SHIM = sources.list("shim", "c")
  local HEADERS = sources.list("shim", "h")

  local function join(...)
    local all = {}
    for _, list in ipairs { ... } do
      for _, item in ipairs(list) do all[#all + 1] = item end
    end
    return all
  end

  local MODULES = join(FFI, LUA)

  -- The modules that every LuaJIT has.
  local BUILTIN = { ffi = true, bit = true, jit = true, ["table.new"] = true,
                    ["table.clear"] = true, ["string.buffer"] = true }

  local function is_ours(name) return name == "ssl" or name:find "^ssl%." end
  local function is_ffi(name) return name:find "^ssl%.ffi%." end

  -- Every require of these files that `allowed` does not allow, as "file: name".
  local function offending(files, allowed)
    local found = {}
    for _, path in ipairs(files) do
      for _, name in ipairs(sources.requires(path)) do
        if not allowed(name) then found[#found + 1] = path .. ": " .. name end
      end
    end
    return found
  end

  -- Every match of a pattern in the code of these files, as "file: match".
  local function matches(files, pattern)
    local found = {}
    for _, path in ipairs(files) do
      for match in sources.code(path):gmatch(pattern) do
        found[#found + 1] = path .. ": " .. match
      end
    end
    return found
  end

  local function without(files, ...)
    local left, unwanted = {}, {}
    for _, path in ipairs { ... } do unwanted[path] = true end
    for _, path in ipairs(files) do
      if not unwanted[path] then left[#left + 1] = path end
    end
    return left
  end

  -- ssl.https and ssl.resty, and the files they are made of.
  local function above()
    local found = {}
    for _, path in ipairs(LUA) do
      local over = path:find "^lua/ssl/https%f[/.]" or path:find "^lua/ssl/resty%f[/.]"
      if over then found[#found + 1] = path end
    end
    return found
  end

  describe("the order of modules", function()
    it("finds sources to read", function()
      assert.is_true(#FFI > 0 and #LUA > 0 and #SHIM > 0)
    end)

    it("lets ffi/ require ffi/ and LuaJIT's own modules alone", function()
      assert.same({}, offending(FFI, function(name)
        return BUILTIN[name] or is_ffi(name)
      end))
    end)

    it("lets lua/ssl/ know neither the face nor ssl.https", function()
      local inner = without(LUA, "lua/ssl.lua", unpack(above()))
      assert.same({}, offending(inner, function(name)
        return name ~= "ssl" and name ~= "ssl.https"
      end))
    end)

    it("requires only modules that exist", function()
      -- A program that embeds Lua may make the second: docs/loading.md.
      local exists = { ["ssl.shim"] = true, ["ssl.ffi.config"] = true }
      for _, path in ipairs(MODULES) do exists[sources.module(path)] = true end
      assert.same({}, offending(MODULES, function(name)
        return not is_ours(name) or exists[name]
      end))
    end)

    it("has no cycles", function()
      local edges, state, cycles = {}, {}, {}
      for _, path in ipairs(MODULES) do
        edges[sources.module(path)] = sources.requires(path)
      end
      local function visit(name, trail)
        if state[name] == "open" then cycles[#cycles + 1] = trail .. " -> " .. name end
        if state[name] then return end
        state[name] = "open"
        for _, child in ipairs(edges[name] or {}) do
          if child ~= name then visit(child, trail .. " -> " .. name) end
        end
        state[name] = "done"
      end
      for name in pairs(edges) do visit(name, "") end
      assert.same({}, cycles)
    end)
  end)

  describe("Lua", function()
    it("has functions of at most 40 lines", function()
      local count = 0
      for _, path in ipairs(MODULES) do
        for _, f in ipairs(sources.lua_functions(path)) do
          assert.is_true(f.lines <= 40, ("%s:%d has %d lines"):format(path, f.first, f.lines))
          count = count + 1
        end
      end
      assert.is_true(count > 1000)
    end)

    it("declares C in ffi/ only", function()
      assert.same({}, matches(LUA, "[^\n]*%f[%w_]cdef%f[^%w_][^\n]*"))
    end)

    -- A host with an OpenSSL of its own must have every required function.
    it("declares no function and picks no number that nothing uses", function()
      local used, unused, declared = {}, {}, {}
      for _, path in ipairs(MODULES) do
        local code = sources.code(path)
        local file = path:match "^ffi/(.*_h)%.lua$"
        if file then
          local declarations = require("ssl.ffi." .. file)
          for _, part in ipairs { "required", "optional" } do
            for _, p in ipairs(sources.prototypes(declarations[part] or "")) do
              declared[p.name] = path
            end
          end
          -- The functions that the shim is given.
          code = table.concat(declarations.api or {}, " ")
        elseif path == "ffi/constants.lua" then
          local constants = require "ssl.ffi.constants"
          for number in pairs(constants.every(constants.pick(3, 6))) do
            declared[number] = path
          end
          code = ""
        end
        for word in code:gmatch "[%a_][%w_]*" do used[word] = true end
      end
      for name, path in pairs(declared) do
        if not used[name] and not used[name:match "^lsf_(.*)" or 0] then
          unused[#unused + 1] = path .. ": " .. name
        end
      end
      table.sort(unused)
      assert.equal("", table.concat(unused, "\n"))
    end)

    -- The time of the day can be set; a limit is about time that passes.
    it("keeps no time limit by a clock that can be set", function()
      assert.same({}, matches(MODULES, "[^\n]*%f[%w_]gettime%f[^%w_][^\n]*"))
      assert.same({}, matches(MODULES, "[^\n]*%f[%w_]os%.clock%f[^%w_][^\n]*"))
    end)

    -- A finalizer may call the library between an OpenSSL call and the reading of its result
    -- from such memory. So each call makes its own; these are never written.
    it("keeps no C memory for the calls of a module", function()
      local LASTING = {
        counted_options = "a number",
        list = "a handle: what lingers in this Lua state",
      }
      local found = {}
      for _, path in ipairs(LUA) do
        local code = "\n" .. sources.code(path):gsub(",%s*\n%s+", ", ")
        for name, value in code:gmatch "\nlocal ([%w_]+)[^=\n]*=([^\n]*)" do
          local made = value:find "%f[%w_]ffi%.new%f[^%w_]" or value:find "[%w]_t%s*[%(]"
          if made and not LASTING[name] then found[#found + 1] = path .. ": " .. name end
        end
      end
      assert.same({}, found)
    end)

    it("makes no C callback of a Lua function", function()
      assert.same({}, matches(MODULES, "%f[%w_]cast%s*%([^\n]-,%s*function[^\n]*"))
      -- A function type outside ffi/ can only be there to be cast to.
      assert.same({}, matches(LUA, "%f[%w_]cast%s*%(?%s*[\"'][^\"'\n]*%(%*[^\n]*"))
      assert.same({}, matches(LUA, "%f[%w_]new%s*%(?%s*[\"'][^\"'\n]*%(%*[^\n]*"))
      assert.same({}, matches(LUA, "%f[%w_]typeof%s*%(?%s*[\"'][^\"'\n]*%(%*[^\n]*"))
    end)

    it("sets no global variable", function()
      for _, path in ipairs(MODULES) do
        assert.same({ path }, { path, unpack(sources.globals_set(path)) })
      end
    end)

    it("is staged, every file, as it is", function()
      for _, path in ipairs(MODULES) do
        local staged = ("%s/share/lua/5.1/%s.lua"):format(
          house.stage, (path:gsub("%.lua$", ""):gsub("^lua/", "")
                            :gsub("^ffi/", "ssl/ffi/")))
        assert.equal(sources.read(path), sources.read(staged))
      end
    end)
  end)

  describe("the shim", function()
    local built = house.stage .. "/lib/lua/5.1/ssl/shim.so"

    local function readelf(options)
      local pipe = assert(io.popen(("readelf -W %s %s"):format(
        options, house.quote(built))))
      local text = pipe:read "*a"
      pipe:close()
      return text
    end

    it("includes no header of OpenSSL and none of Lua", function()
      for _, path in ipairs(join(SHIM, HEADERS)) do
        for header in sources.read(path):gmatch "#%s*include%s*[<\"]([^>\"]+)" do
          local refused = header:find "openssl" or header:find "^lua" or header:find "lauxlib"
          assert.is_nil(refused, path .. " includes " .. header)
        end
      end
    end)

    -- They are a package of their own, which a system with musl does not come with.
    it("includes no header of the kernel's", function()
      for _, path in ipairs(join(SHIM, HEADERS)) do
        assert.is_nil(sources.read(path):match "#%s*include%s*<(linux/[^>]+)>")
      end
    end)

    it("is linked to nothing of OpenSSL", function()
      local dynamic = readelf "-d"
      assert.matches("NEEDED", dynamic)
      assert.not_matches("NEEDED[^\n]*libssl", dynamic)
      assert.not_matches("NEEDED[^\n]*libcrypto", dynamic)
    end)

    it("needs no symbol of OpenSSL and none of Lua", function()
      local symbols = readelf "--dyn-syms"
      assert.matches(" UND ", symbols)
      for name in symbols:gmatch " UND ([%w_]+)" do
        for _, prefix in ipairs { "SSL_", "X509_", "BIO_", "ERR_", "EVP_", "CRYPTO_",
                                  "OPENSSL_", "ASYNC_", "lua_", "luaL_" } do
          assert.are_not.equal(prefix, name:sub(1, #prefix))
        end
      end
    end)

    it("is bound when loaded and stays mapped", function()
      local dynamic = readelf "-d"
      assert.matches("FLAGS_1[^\n]*NOW", dynamic)
      assert.matches("FLAGS_1[^\n]*NODELETE", dynamic)
    end)

    it("exports names of its own alone", function()
      for line in readelf("--dyn-syms"):gmatch "[^\n]+" do
        local index, name = line:match "GLOBAL%s+DEFAULT%s+(%w+)%s+([%w_]+)"
        if index and index ~= "UND" then assert.matches("^lsf_", name) end
      end
    end)

    it("has functions of at most 40 lines", function()
      for _, path in ipairs(SHIM) do
        for _, f in ipairs(sources.c_functions(path)) do
          assert.is_true(f.lines <= 40, ("%s: %s has %d lines"):format(path, f.name, f.lines))
        end
      end
    end)
  end)

  it("gets a failure from script/lint where no file was checked", function()
    local process = require "spec.support.process"
    local folder = house.quote(process.folder())
    assert.is_true(house.run(("mkdir %s/script && cp script/lint %s/script")
                             :format(folder, folder)))
    -- The folder contains one file, which is not Lua.
    local output = process.capture(folder .. "/script/lint 2>&1; echo status $?")
    process.stop_all()
    assert.matches("luacheck: FAILED, no files", output, 1, true)
    assert.matches("shell syntax: 1 files, ok", output, 1, true)
    assert.matches("status 1\n$", output)
  end)

  -- LuaJIT that was built with the ways of Lua 5.2, as OpenResty's and a newer Debian's are:
  -- os.execute returns true in place of 0, and the main thread is a coroutine, too.
  it("takes no value of os.execute for 0, and no thread for a coroutine", function()
    local files = join(LUA, sources.list("spec", "lua"), sources.list("fuzz", "lua"),
                       sources.list("bench", "lua"), sources.list("soak", "lua"))
    assert.same({}, matches(files, "os%.execute%b()%s*[=~]=%s*0"))
    assert.same({}, matches(files, "[^%w]if[^\n]- coroutine%.running%(%)"))
  end)
end)
