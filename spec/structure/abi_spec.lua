-- Declarations and numbers against the headers that are installed: what the FFI
-- takes on trust, a C compiler proves here.

describe("the ABI", function()
  local abi     = require "spec.support.abi"
  local sources = require "spec.support.sources"

  local declared = abi.declarations()
  local headers  = abi.headers(declared)

  it("has the prototypes, structs and pointers that the headers have", function()
    assert.equal("", (abi.compile(abi.exact(declared, headers), abi.EXACT)))
  end)

  it("has the numbers, and promises no const that OpenSSL does not keep", function()
    assert.equal("", (abi.compile(abi.calls(declared, headers), abi.CALLS)))
  end)

  it("has every option of this version, and no other", function()
    local ours, theirs = {}, {}
    for name in pairs(declared.constants.options(headers.major, headers.minor, headers.libressl)) do
      ours[name] = true
    end
    -- BIT is the macro that makes the others.
    for name in pairs(headers.options) do theirs[name] = name ~= "bit" or nil end
    assert.same(theirs, ours)
  end)

  it("has 53 options with 3.0, as the compiler counts them", function()
    local count = 0
    for _ in pairs(declared.constants.options(3, 0)) do count = count + 1 end
    assert.equal(53, count)
  end)

  it("knows what each number of the shim is in OpenSSL", function()
    local own = { MSG_NOSIGNAL = true, ITEM_HEAD = true, NAME_LENGTH = true,
                  IV_LENGTH = true, SHORT_KEY = true, TICKET_ERROR = true,
                  TICKET_NONE = true, TICKET_FINE = true, TICKET_RENEW = true, HASH_DIGITS = true,
                  SECONDS_OF_DAY = true, MOST_HEARD = true, RECORD_HEAD = true,
                  RECORD_HANDSHAKE = true, VERSION_MAJOR = true, MESSAGE_HEAD = true,
                  MESSAGE_CLIENT_HELLO = true, HELLO_RANDOM = true }
    for name in pairs(abi.shim_numbers()) do
      assert.truthy(own[name] or abi.openssl_name(name), name)
    end
  end)

  -- The proof of the proof. One compilation for all the wrong prototypes and
  -- layouts, one for all the wrong numbers and calls.
  describe("refuses", function()
    local function replace(d, file, part, from, to)
      local text, count = d[file][part]:gsub(from, to)
      assert.equal(1, count)
      d[file][part] = text
    end

    local function swap(list, a, b)
      for i, name in ipairs(list) do
        if name == a then list[i] = b elseif name == b then list[i] = a end
      end
    end

    it("a wrong prototype, struct, order, shim function or shim number", function()
      local d = abi.copy(declared)
      replace(d, "x509_h", "required", "unsigned int %*len%)", "unsigned long *len)")
      replace(d, "ssl_h", "required", "int SSL_shutdown", "long SSL_shutdown")
      replace(d, "crypto_h", "required", "int RAND_bytes%(unsigned char %*buf, int",
              "int RAND_bytes(unsigned char *buf, size_t")
      replace(d, "shim_h", "required", "int lsf_flush", "long lsf_flush")
      local structs = d.shim_h.structs
      structs.lsf_conn = structs.lsf_conn
        :gsub("double out_total, out_sent;", "double out_sent, out_total;")
        :gsub("uint8_t once, shaken,", "uint8_t shaken, once,")
      structs.lsf_password = structs.lsf_password:gsub("size_t length", "uint16_t length")
      swap(d.shim_h.api, "BIO_set_flags", "BIO_clear_flags")
      d.shim_h.enums.LSF_BUFFER = d.shim_h.enums.LSF_BUFFER + 1
      local said, content = abi.compile(abi.exact(d, headers), abi.EXACT)
      assert.is_false(content)
      for _, name in ipairs {
        "conflicting types for 'X509_digest'", "conflicting types for 'SSL_shutdown'",
        "conflicting types for 'RAND_bytes'", "conflicting types for 'lsf_flush'",
        "struct lsf_conn.out_total: offset", "struct lsf_conn.out_sent: offset",
        "struct lsf_conn.posthandshake.shaken: offset",
        "struct lsf_password.length: type", "lsf_api.BIO_set_flags: place",
        "lsf_api.BIO_clear_flags: place", "LSF_BUFFER",
      } do
        assert.truthy(said:gsub("[\"‘’`]", "'"):find(name, 1, true), name .. "\n" .. said)
      end
      assert.is_nil(said:find("struct lsf_conn.fd", 1, true))
      assert.is_nil(said:find("SSL_read_ex", 1, true))
    end)

    it("a wrong number, option, const, type or name", function()
      local d = abi.copy(declared)
      local pick, options = d.constants.pick, d.constants.options
      d.constants = {
        pick = function(...)
          local out = abi.copy(pick(...))
          out.SSL_ERROR_WANT_READ = out.SSL_ERROR_WANT_READ + 1
          return out
        end,
        options = function(...)
          local out = options(...)
          out.no_ticket, out.of_ours = out.no_ticket * 2, 0
          return out
        end,
      }
      replace(d, "ssl_h", "required", "SSL_do_handshake%(SSL", "SSL_do_handshake(const SSL")
      replace(d, "ssl_h", "required", "int SSL_want%(", "int SSL_wants(")
      d.x509_h.types.time_t = "int16_t"
      local said, content = abi.compile(abi.calls(d, headers), abi.CALLS)
      assert.is_false(content)
      for _, name in ipairs { "SSL_ERROR_WANT_READ", "SSL_OP_NO_TICKET", "SSL_OP_OF_OURS",
                              "call_SSL_do_handshake", "SSL_wants", "time_t" } do
        assert.truthy(said:find(name, 1, true), name .. "\n" .. said)
      end
      assert.is_nil(said:find("SSL_ERROR_WANT_WRITE", 1, true))
      assert.is_nil(said:find("call_SSL_read_ex", 1, true))
    end)
  end)

  it("names each function once, in one file", function()
    local where = {}
    for file, d in pairs(declared) do
      for _, part in ipairs { "required", "optional" } do
        for _, p in ipairs(sources.prototypes(d[part] or "")) do
          assert.same({ p.name }, { p.name, where[p.name] })
          where[p.name] = file
        end
      end
    end
  end)

  it("declares only text results const", function()
    for file, d in pairs(declared) do
      for _, part in ipairs { "required", "optional" } do
        for _, p in ipairs(sources.prototypes(d[part] or "")) do
          local result = p.text:match("^(.-)%f[%w_]" .. p.name .. "%s*%(")
          local fine = not result:find "const" or result:match "^const char %*%s*$"
          assert.truthy(fine, file .. ": " .. p.text)
        end
      end
    end
  end)

  it("reads no value that is not a prototype", function()
    for _, text in ipairs { "int x;", "enum { A };", "struct s { int a; };" } do
      local ok, message = pcall(sources.prototypes, text)
      assert.is_false(ok)
      assert.matches("not a prototype: ", message, 1, true)
    end
  end)
end)
