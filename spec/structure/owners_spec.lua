-- Every field of a connection's state has one writer: lua/ssl/io/state.lua lists them.

describe("a field of a connection's state", function()
  local sources = require "spec.support.sources"

  local STATE = "ssl.io.state"

  -- Counted where the bytes pass.
  local COUNTERS = { received = true, sent = true }

  -- The list: field -> set of the modules that write it; and the order of the fields.
  local function listed()
    local owners, current = {}, nil
    for line in sources.read("lua/ssl/io/state.lua"):gmatch "[^\n]+" do
      if line:match "^%-%-   ssl%." then
        current = {}
        for module in line:gmatch "ssl%.[%w_.]+" do current[module] = true end
      end
      local fields = current and line:match "^%-%-     ([%l_, ]-)  "
      for field in (fields or ""):gmatch "[%l_]+" do
        owners[field] = owners[field] or {}
        for module in pairs(current) do owners[field][module] = true end
      end
    end
    return owners
  end

  -- The left sides of all assignments in a text, without the words before them.
  local function assigned(code)
    return coroutine.wrap(function()
      for left in code:gmatch "([%w_%.%[%]\", ]+) = " do
        for _, word in ipairs { "then", "do", "else", "return", "local" } do
          left = left:gsub("^.*%f[%w_]" .. word .. " ", "")
        end
        for target in left:gmatch "[^, ]+" do coroutine.yield(target) end
      end
    end)
  end

  -- field -> set of the modules that write it, and those that write any by name.
  local function written(read)
    local found, dynamic = {}, {}
    for _, path in ipairs(sources.list("lua", "lua")) do
      local module = sources.module(path)
      -- ssl.https and ssl.resty know no state but their own.
      local ours = not (module:find "^ssl%.https" or module:find "^ssl%.resty")
      for target in assigned(ours and read(path) or "") do
        local field, rest = target:match "^st%.([%l_]+)(.*)$"
        -- The members of the struct, and the fields of a context, have lists of their own.
        if field and not (rest ~= "" and (field == "conn" or field == "c")) then
          found[field] = found[field] or {}
          found[field][module] = true
        end
        if target:match "^st%[" then dynamic[module] = true end
      end
    end
    return found, dynamic
  end

  local function strangers(read)
    local owners, out = listed(), {}
    for field, modules in pairs((written(read))) do
      for module in pairs(modules) do
        if not (owners[field] and owners[field][module]) and module ~= STATE then
          out[#out + 1] = ("%s writes %s"):format(module, field)
        end
      end
    end
    table.sort(out)
    return out
  end

  it("is written by its owner alone", function()
    assert.same({}, strangers(sources.code))
  end)

  it("has one owner, but for the counters", function()
    local count = 0
    for field, modules in pairs(listed()) do
      count = count + 1
      local first = next(modules)
      if not COUNTERS[field] then assert.is_nil(next(modules, first), field) end
    end
    assert.is_true(count > 30)
  end)

  it("is in the list if it has a value when the connection is made", function()
    local code, owners = sources.code "lua/ssl/io/state.lua", listed()
    local seen = 0
    for target in assigned(code) do
      local field = target:match "^st%.([%l_]+)$"
      if field then
        seen = seen + 1
        assert.is_truthy(owners[field], field)
      end
    end
    for field in code:match "DEFAULTS = (%b{})":match "__index = (%b{})":gmatch "([%l_]+) =" do
      seen = seen + 1
      assert.is_truthy(owners[field], field)
    end
    assert.is_true(seen > 30)
  end)

  it("is really written by each owner", function()
    local found, dynamic = written(sources.code)
    for field, modules in pairs(listed()) do
      for module in pairs(modules) do
        assert.is_true(found[field] and found[field][module] or dynamic[module] or false,
                       module .. " does not write " .. field)
      end
    end
  end)

  it("is written by a name in brackets in two files: limits, and the keys of newcontext",
     function()
    local _, dynamic = written(sources.code)
    assert.same({ ["ssl.io.timeout"] = true, ["ssl.context.options.connection"] = true,
                }, dynamic)
  end)

  it("would be found in another file, also behind a comma", function()
    local function read(path)
      local code = sources.code(path)
      if path ~= "lua/ssl/io/readahead.lua" then return code end
      return code .. "\nif x then st.open, st.stream.broken = true, false end\n"
    end
    assert.same({ "ssl.io.readahead writes open", "ssl.io.readahead writes stream" },
                strangers(read))
  end)
end)
