-- The declarations under private names, and how a function comes to be bound.

describe("the declarations", function()
  local abi     = require "spec.support.abi"
  local fresh   = require "spec.support.fresh"
  local house   = require "spec.support.init"
  local names   = require "ssl.ffi.names"
  local process = require "spec.support.process"
  local sources = require "spec.support.sources"

  teardown(process.stop_all)

  local PARTS = { "required", "optional" }

  local files = {}
  for file, d in pairs(abi.declarations()) do
    if file:find "_h$" then files[file] = d end
  end

  -- The texts that a declarer declares: those at once, and a function that adds others.
  local function declarer(list)
    local texts = {}
    return names.declarer(list, function(text) texts[#texts + 1] = text end), texts
  end

  it("are made private, types and functions", function()
    local declare, texts = declarer {
      { types = { SSL = "opaque" }, required = "int SSL_read(SSL *s, void *buf);\n" },
      { types = { time_t = "intptr_t" }, optional = "/* x */\nvoid SSL_wait(time_t t);\n" },
    }
    assert.equal("lsf_SSL_read", declare "SSL_read")
    assert.equal("lsf_SSL_wait", declare "SSL_wait")
    assert.same({
      "typedef struct lsf_SSL lsf_SSL;\ntypedef intptr_t lsf_time_t;",
      'int lsf_SSL_read(lsf_SSL *s, void *buf) __asm__("SSL_read");',
      'void lsf_SSL_wait(lsf_time_t t) __asm__("SSL_wait");',
    }, texts)
  end)

  it("are declared for a whole name only", function()
    local declare, texts = declarer { {
      types = {},
      required = "int lsf_read_x(int a);\nint x_read(int b);\nint read(int c);\n",
    } }
    assert.is_nil(declare "rea")
    assert.is_nil(declare "ead")
    assert.is_nil(declare "_read")
    assert.equal("lsf_read", declare "read")
    assert.equal('int lsf_read(int c) __asm__("read");', texts[#texts])
  end)

  -- names.lua searches plain text, so it needs the form that its head describes.
  it("are found, each by its name, as their file has them", function()
    local count = 0
    for file, d in pairs(files) do
      local declare, texts = declarer { d }
      for _, part in ipairs(PARTS) do
        local listed = {}
        for name in names.each(d[part] or "") do listed[#listed + 1] = name end
        for i, p in ipairs(sources.prototypes(d[part] or "")) do
          count = count + 1
          assert.same({ file, p.name }, { file, listed[i] })
          local private = p.text:gsub("STACK_OF%s*%b()", "OPENSSL_STACK")
            :gsub("struct%s+[%w_]+%s*%*", "void *")
            :gsub("%f[%w_]" .. p.name .. "%(", "lsf_%0")
            :gsub("[%a_][%w_]*", function(word) return d.types[word] and "lsf_" .. word end)
          assert.equal("lsf_" .. p.name, declare(p.name))
          assert.equal(('%s __asm__("%s");'):format(private, p.name), texts[#texts])
        end
      end
    end
    assert.is_true(count > 300)
  end)

  it("give one type one meaning in all files", function()
    local meaning = {}
    for file, d in pairs(files) do
      for name, definition in pairs(d.types) do
        meaning[name] = meaning[name] or definition
        assert.same({ file, name, meaning[name] }, { file, name, definition })
      end
    end
  end)

  it("have every function that the code calls or asks for", function()
    local declared, missing = {}, {}
    for _, d in pairs(files) do
      for _, part in ipairs(PARTS) do
        for _, p in ipairs(sources.prototypes(d[part] or "")) do declared[p.name] = true end
      end
    end
    for _, path in ipairs(sources.list("lua", "lua")) do
      local code = sources.code(path)
      for before, name in code:gmatch "([%w_%.]*)%f[%w_]C%.([%a_][%w_]*)" do
        if before == "" and not declared[name] then missing[#missing + 1] = name end
      end
      for name in code:gmatch "lib%.has%.([%a_][%w_]*)" do
        if not declared[name] then missing[#missing + 1] = name end
      end
      for name in code:gmatch "%f[%w_]S%.([%a_][%w_]*)" do
        if not declared["lsf_" .. name] then missing[#missing + 1] = name end
      end
    end
    assert.same({}, missing)
  end)

  -- A name that no list has reads as nil, as one does that this OpenSSL lacks.
  it("come with every number that the code asks for", function()
    local ours, missing = {}, {}
    for _, file in ipairs { "constants", "options", "shim_h" } do
      for name in sources.read("ffi/" .. file .. ".lua"):gmatch "([%u][%w_]+)%s*=" do
        ours[name] = true
      end
    end
    for _, path in ipairs(sources.list("lua", "lua")) do
      for before, name in sources.code(path):gmatch "([%w_%.]*)%f[%w_][KH]%.([%a_][%w_]*)" do
        if before == "" and not ours[name] then missing[#missing + 1] = name end
      end
    end
    assert.same({}, missing)
  end)

  describe("are bound", function()
    local EVERY = [[
      local lib, shim = require "ssl.ffi.lib", require "ssl.ffi.shim"
      local names = require "ssl.ffi.names"
      local count = 0
      local function bound(file, part, name)
        if file == "shim_h" then
          assert(shim.C[name:match "^lsf_(.*)"], name)
        else
          local there = lib.has[name]
          assert((lib.C[name] ~= nil) == there, name)
          assert(there or part == "optional" or lib.openssl.libressl, name)
        end
        count = count + 1
      end
      local function every(file)
        local d = require("ssl.ffi." .. file)
        for _, part in ipairs { "required", "optional" } do
          for name in names.each(d[part] or "") do bound(file, part, name) end
        end
      end
    ]]

    -- A copy of the library whose files are gone when its functions are first asked for.
    local function without_files(before, list)
      local folder, quoted = process.folder(), {}
      for i, file in ipairs(list) do quoted[i] = ("%q"):format(file) end
      assert.is_true(house.run(("cp -rL %s %s"):format(
        house.quote(house.stage .. "/share/lua/5.1/ssl"), house.quote(folder))))
      return (fresh.luajit(([[
        local path, folder = package.path, %q
        package.path = folder .. "/?.lua"
      ]]):format(folder) .. EVERY .. before .. ([[
        local done = os.execute("rm -r '" .. folder .. "/ssl'")
        assert(done == 0 or done == true)
        -- Only the list of names is read from elsewhere.
        package.path = path
        for _, file in ipairs { %s } do every(file) end
        print(count)
      ]]):format(table.concat(quoted, ", "))))
    end

    it("when they are first asked for, without a file to read after lib.preload", function()
      local list = {}
      for file in pairs(files) do list[#list + 1] = file end
      assert.is_true(tonumber(without_files("lib.preload()", list)) > 300)
    end)

    it("without it where every connection needs them", function()
      local list = { "libc_h", "ssl_h", "crypto_h", "store_h", "shim_h" }
      assert.is_true(tonumber(without_files("", list)) > 150)
    end)

    it("at the second time, where the first had no memory", function()
      assert.equal("false\tnot enough memory\ttrue\ttrue\n", (fresh.luajit [[
        local ffi, lib = require "ffi", require "ssl.ffi.lib"
        local cdef = ffi.cdef
        local function bound()
          return lib.C.SSL_COMP_get_name ~= nil
        end
        ffi.cdef = function() error("not enough memory", 0) end
        local ok, why = pcall(bound)
        ffi.cdef = cdef
        print(ok, why, bound(), lib.has.SSL_COMP_get_name)
      ]]))
    end)

    it("as nil where OpenSSL lacks them or no file declares them", function()
      assert.equal("nil\tfalse\tnil\tfalse\n", (fresh.luajit [[
        local lib = require "ssl.ffi.lib"
        print(lib.C.SSL_of_tomorrow, lib.has.SSL_of_tomorrow, lib.C.qsort, lib.has["a b"])
      ]]))
    end)
  end)
end)
