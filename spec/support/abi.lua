--- Our declarations as C, for the compiler to compare with the real headers.
--
-- Two texts are made of the declaration files, and each is compiled once:
--
-- `exact` repeats every prototype after the headers, with `const` defined away
-- (arguments of ours are const where any version of OpenSSL says so, results
-- never are, so no header agrees with us about const), and measures our structs.
-- `calls` calls every function through the header's own prototype with arguments
-- of the types we declare, const and all: an argument that we call const and
-- OpenSSL might write to is an error there, and so is a function that no header
-- knows. It also asserts our numbers.
--
-- Both take the declarations as an argument, so that a spec can hand in wrong
-- ones and see them refused.

local ffi     = require "ffi"
local house   = require "spec.support.init"
local libressl = require "spec.support.abi_libressl"
local otherways = require "ssl.ffi.otherways"
local process = require "spec.support.process"
local sources = require "spec.support.sources"

local abi = {}

-- Older headers call these arguments not const. Nothing is written to them: the
-- later version that says so has the same code.
local CONST_SINCE = {
  PEM_write_bio_X509 = "3.0", PEM_write_bio_PUBKEY = "3.0", i2d_PUBKEY = "3.0",
  X509_STORE_CTX_get_error = "3.0", X509_STORE_get0_objects = "3.0",
  X509_STORE_CTX_get_error_depth = "3.0", X509_STORE_CTX_get_current_cert = "3.0",
  X509_OBJECT_get0_X509_CRL = "3.0", X509_VERIFY_PARAM_get_flags = "3.0",
  X509_NAME_dup = "3.0", X509_NAME_get0_der = "3.0", i2d_SSL_SESSION = "3.0",
  X509_check_host = "4.0", X509_check_ip_asc = "4.0",
  X509_STORE_add_cert = "4.0", X509_STORE_CTX_init = "4.0", X509_verify = "4.0",
}

-- The callbacks that the shim passes to OpenSSL, by OpenSSL's type.
local CALLBACKS = {
  lsf_password     = "pem_password_cb *",
  lsf_verify       = "SSL_verify_cb",
  lsf_client_hello = "SSL_client_hello_cb_fn",
  lsf_alpn_select  = "SSL_CTX_alpn_select_cb_func",
  lsf_psk_client   = "SSL_psk_client_cb_func",
  lsf_psk_server   = "SSL_psk_server_cb_func",
  lsf_servername   = "int (*)(SSL *, int *, void *)",
  lsf_tmp_dh       = "DH *(*)(SSL *, int, int)",
  lsf_keylog       = "SSL_CTX_keylog_cb_func",
  lsf_status       = "int (*)(SSL *, void *)",
  lsf_new_session  = "int (*)(SSL *, SSL_SESSION *)",
  lsf_get_session  = "SSL_SESSION *(*)(SSL *, const unsigned char *, int, int *)",
  lsf_ticket_key   = "int (*)(SSL *, unsigned char *, unsigned char *, "
                     .. "EVP_CIPHER_CTX *, HMAC_CTX *, int)",
  lsf_ticket_key_evp = "int (*)(SSL *, unsigned char *, unsigned char *, "
                       .. "EVP_CIPHER_CTX *, EVP_MAC_CTX *, int)",
}

-- OpenSSL's numbers that the shim has under names of its own.
local SHIM_NUMBERS = {
  FLAGS_READ = "BIO_FLAGS_READ", FLAGS_WRITE = "BIO_FLAGS_WRITE",
  FLAGS_RWS = "BIO_FLAGS_RWS", FLAGS_SHOULD_RETRY = "BIO_FLAGS_SHOULD_RETRY",
  ERROR_WANT_READ = "SSL_ERROR_WANT_READ",
  ERROR_WANT_CLIENT_HELLO_CB = "SSL_ERROR_WANT_CLIENT_HELLO_CB",
  OP_NO_RENEGOTIATION = "SSL_OP_NO_RENEGOTIATION",
  LIBRESSL_SESSION_REUSED = "SSL_CTRL_GET_SESSION_REUSED",
  LIBRESSL_OPTIONS = "SSL_CTRL_OPTIONS",
  LIBRESSL_NO_RENEGOTIATION = "SSL_OP_NO_RENEGOTIATION",
  LIBRESSL_NO_CLIENT_RENEGOTIATION = "SSL_OP_NO_CLIENT_RENEGOTIATION",
  AD_DECODE_ERROR = "SSL_AD_DECODE_ERROR",
  CTRL_EOF = "BIO_CTRL_EOF", CTRL_FLUSH = "BIO_CTRL_FLUSH",
  TYPE_SOURCE_SINK = "BIO_TYPE_SOURCE_SINK",
  EXT_SERVER_NAME = "TLSEXT_TYPE_server_name",
  HELLO_SUCCESS = "SSL_CLIENT_HELLO_SUCCESS", HELLO_ERROR = "SSL_CLIENT_HELLO_ERROR",
  HELLO_RETRY = "SSL_CLIENT_HELLO_RETRY",
  TLSEXT_OK = "SSL_TLSEXT_ERR_OK", TLSEXT_FATAL = "SSL_TLSEXT_ERR_ALERT_FATAL",
  TLSEXT_NOACK = "SSL_TLSEXT_ERR_NOACK", VERSION_1_3 = "TLS1_3_VERSION",
  PARAM_UTF8 = "OSSL_PARAM_UTF8_STRING", PARAM_OCTETS = "OSSL_PARAM_OCTET_STRING",
  CB_HANDSHAKE_DONE = "SSL_CB_HANDSHAKE_DONE",
  CB_READ = "SSL_CB_READ", CB_WRITE = "SSL_CB_WRITE", CB_ALERT = "SSL_CB_ALERT",
  V_OK = "X509_V_OK", V_NO_CRL = "X509_V_ERR_UNABLE_TO_GET_CRL",
  V_NO_KEY = "X509_V_ERR_RPK_UNTRUSTED",
  V_REFUSED = "X509_V_ERR_APPLICATION_VERIFICATION",
  V_OTHER_NAME = "X509_V_ERR_HOSTNAME_MISMATCH", NID_ALTNAME = "NID_subject_alt_name",
  NO_PARTIAL_WILDCARDS = "X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS",
  CLOSE_NOTIFY = "SSL_AD_CLOSE_NOTIFY",
  USER_CANCELED = "SSL_AD_USER_CANCELLED", LEVEL_WARNING = "SSL3_AL_WARNING",
  SET_STATUS_RESPONSE = "SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP",
}

-- Numbers and callbacks of LibreSSL alone, and those that it lacks.
local function of_this_one(name, headers)
  if name:find "^LIBRESSL_" then return headers.libressl end
  return not (headers.libressl and libressl.lacks[name])
end

-- Macros that later versions brought.
local SINCE = { PARAM_UTF8 = 3.0, PARAM_OCTETS = 3.0, V_NO_KEY = 3.02 }

-- Types that it brought, or that LibreSSL lacks: without them ours stay what they are.
local TYPES_OF_3 = { EVP_MAC_CTX = true, OSSL_PARAM = true, ASYNC_JOB = true }

local FILES = { "ssl_h", "crypto_h", "x509_h", "extension_h", "ocsp_h",
                "material_h", "protocol_h", "session_h", "store_h", "libc_h",
                "nginx_h" }

--- The declarations of the library.
function abi.declarations()
  local constants = require "ssl.ffi.constants"
  local d = { shim_h = require "ssl.ffi.shim_h", constants = {
    pick = function(...)
      return constants.every(constants.pick(...))
    end,
    options = function(major, minor, is_libressl)
      local text = require("ssl.ffi.options")[is_libressl and "libressl" or "openssl"]
      return constants.every(constants.of({ text }, major, minor))
    end,
  } }
  for _, file in ipairs(FILES) do d[file] = require("ssl.ffi." .. file) end
  return d
end

--- A copy of a table and of the tables in it.
function abi.copy(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for k, v in pairs(value) do out[k] = abi.copy(v) end
  return out
end

--- Run the C compiler on a text.
-- @treturn string  its messages
-- @treturn boolean  true: no errors
function abi.compile(text, options)
  local file = process.write(os.tmpname(), text)
  local headers = house.headers and "CPATH=" .. house.quote(house.headers) or ""
  local output = process.capture(("LC_ALL=C %s cc -x c -std=gnu11 -Ishim -I. %s %s 2>&1 "
    .. "&& echo content"):format(headers, options, house.quote(file)))
  os.remove(file)
  local said, count = output:gsub("content\n$", "")
  return said, count == 1
end

-- LibreSSL has no async.h and no store.h, and those of the system are another OpenSSL's.
local function is_there(header)
  if not house.headers or not header:find "^openssl/" then return true end
  for folder in house.headers:gmatch "[^:]+" do
    local file = io.open(folder .. "/" .. header)
    if file then
      file:close()
      return true
    end
  end
  return false
end

local function includes(declarations, headers)
  local out, seen = {}, {}
  for _, file in ipairs(FILES) do
    for _, header in ipairs(declarations[file].headers) do
      if not seen[header] and is_there(header) then
        out[#out + 1] = ("#include <%s>"):format(header)
      end
      seen[header] = true
    end
  end
  if headers and headers.libressl then out[#out + 1] = libressl.types end
  return table.concat(out, "\n") .. "\n"
end

local PREAMBLE = [[
#define _GNU_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED
#include <stddef.h>
#include <stdint.h>
]]

--- The content of the installed headers.
-- @treturn table  `major`, `minor`; `known`: every function that they declare or
--   rename; `macros`: those with arguments; `tags`: type -> its struct; `options`: SSL_OP_*
--   by our names -> theirs
function abi.headers(declarations)
  local text, ok = abi.compile(PREAMBLE .. includes(declarations), "-E -dD -P")
  if not ok then error("cc cannot read the headers of OpenSSL:\n" .. text, 0) end
  local h = { known = {}, macros = {}, tags = {}, options = {} }
  -- Once over the text: there is a megabyte of it.
  for name in text:gmatch "([%a_][%w_]*)%)?%s*%(" do h.known[name] = true end
  for name in text:gmatch "#define ([%w_]+) [%a_][%w_]*\n" do h.known[name] = true end
  for name in text:gmatch "#define ([%w_]+)%(" do h.macros[name] = true end
  for tag, name in text:gmatch "typedef struct ([%w_]+) ([%w_]+);" do h.tags[name] = tag end
  -- 1.1.1 has one number, which 3.0 kept: 0xMNNFFPPS.
  local number = text:match "#define OPENSSL_VERSION_NUMBER%s+(0x%x+)"
  h.major = tonumber(text:match "#define OPENSSL_VERSION_MAJOR%s+(%d+)")
    or math.floor(tonumber(number) / 2^28)
  h.minor = tonumber(text:match "#define OPENSSL_VERSION_MINOR%s+(%d+)")
    or math.floor(tonumber(number) / 2^20) % 2^8
  -- LibreSSL has the interface of 1.1, as the loader has it.
  h.libressl = text:find "#define LIBRESSL_VERSION_NUMBER" ~= nil
  if h.libressl then h.major, h.minor = 1, 1 end
  for name in text:gmatch "#define SSL_OP_([%w_]+)%s" do
    h.options[name:lower()] = "SSL_OP_" .. name
  end
  return h
end

--- Every prototype of libssl, libcrypto and libc that the headers know.
local function prototypes(declarations, headers)
  local out = {}
  for _, file in ipairs(FILES) do
    for _, part in ipairs { "required", "optional" } do
      for _, p in ipairs(sources.prototypes(declarations[file][part] or "")) do
        -- Of the optional ones, those that this version has can be compared.
        local another = otherways.older[p.name] or otherways.libressl[p.name]
        local needed = part == "required" and not (headers.libressl and another)
        local macro = headers.libressl
                      and (otherways.libressl[p.name] or headers.macros[p.name])
        if needed or headers.known[p.name] and not macro then out[#out + 1] = p end
      end
    end
  end
  return out
end

local function assertion(condition, what)
  return ('_Static_assert(%s, "%s");'):format(condition, what)
end

-- lsf.h under OpenSSL's own struct tags, so that the two are one type to the
-- compiler.
local function shim_header(headers)
  local out = {}
  for tag, name in sources.read("shim/lsf.h"):gmatch "typedef struct ([%w_]+) ([%w_]+);" do
    local theirs = headers.tags[name] or TYPES_OF_3[name] and tag
                or error("no header of OpenSSL has a struct " .. name, 0)
    out[#out + 1] = ("#define %s %s"):format(tag, theirs)
  end
  return table.concat(out, "\n") .. '\n#include "lsf.h"\n'
end

-- The members of a struct text, in order; `part` of a struct inside it is its text.
-- @treturn {{name=string,type=string,part=string?},...}
local function members(text)
  local out, parts = {}, {}
  text = text:gsub("/%*.-%*/", " "):gsub("struct%s*%b{}(%s*%*)", "void%1")
             :gsub("struct%s*(%b{})", function(part)
                parts[#parts + 1] = part:sub(2, -2)
                return "part"
              end)
  for declaration in text:gmatch "%s*([^;]-)%s*;" do
    local first, rest = declaration:match "^([^,]*)(.*)$"
    local base = first:match "^(.-)[%s%*]*[%w_]+[%[%d%]]*$"
    for item in (first:sub(#base + 1) .. rest):gmatch "[^,]+" do
      out[#out + 1] = { name = item:match "([%w_]+)[%[%d%]]*%s*$",
                        type = base .. item:match "^[%s%*]*" .. item:match "[%[%d%]]*$",
                        part = base == "part" and table.remove(parts, 1) or nil }
    end
  end
  return out
end

-- Is a member what Lua takes it for?
local function same_type(theirs, type)
  -- void * stands for any pointer that Lua only passes on.
  return type:find "void%s*%*"
    and ("sizeof(%s) == sizeof(void *) && __builtin_classify_type(%s) == "
         .. "__builtin_classify_type((void *)0)"):format(theirs, theirs)
    or ("__builtin_types_compatible_p(__typeof__(%s), %s)"):format(theirs,
        (type:gsub("lsf_", "")))
end

-- A struct of ours against one of C's: as the FFI lays it out, member by member.
-- @param name  in C
-- @param[opt] prefix  of a part of it, "part."
local function struct(name, text, out, prefix, base)
  prefix, base = prefix or "", base or 0
  -- The types behind pointers are of no weight, and exist only once we are loaded.
  local ours = ffi.typeof("struct { " .. text:gsub("lsf_[%w_]+", "void") .. " }")
  for _, m in ipairs(members(text)) do
    local path = prefix .. m.name
    local theirs = ("((%s *)0)->%s"):format(name, path)
    local what = name .. "." .. path
    local offset = base + ffi.offsetof(ours, m.name)
    out[#out + 1] = assertion(("offsetof(%s, %s) == %d"):format(name, path, offset),
                              what .. ": offset")
    if m.part then
      struct(name, m.part, out, path .. ".", offset)
    else
      out[#out + 1] = assertion(same_type(theirs, m.type), what .. ": type")
    end
  end
  local whole = prefix == "" and name or ("((%s *)0)->%s"):format(name, prefix:sub(1, -2))
  out[#out + 1] = assertion(("sizeof(%s) == %d"):format(whole, ffi.sizeof(ours)),
                            name .. (prefix == "" and "" or "." .. prefix:sub(1, -2)) .. ": size")
end

local function shim_structs(shim_h, out)
  for name, text in pairs(shim_h.structs) do struct("struct " .. name, text, out) end
  -- What struct lsf_conn only points to.
  local verdict = shim_h.structs.lsf_conn:match "struct%s*(%b{})%s*%*%s*list;"
  if verdict then struct("struct lsf_verdict", verdict:sub(2, -2), out) end
end

-- The order of the pointers that Lua hands over, and that each is the function
-- that the shim takes it for.
local function api(list, optional, headers, out)
  for i, name in ipairs(list) do
    out[#out + 1] = assertion(("offsetof(struct lsf_api, %s) == %d"):format(
      name, i * ffi.sizeof "void *"), "lsf_api." .. name .. ": place")
    local theirs = headers.libressl and otherways.older[name] or name
    local macro = headers.libressl and otherways.libressl[name]
    if not optional[name] or headers.known[name] and not macro then
      out[#out + 1] = assertion(
        ("__builtin_types_compatible_p(__typeof__(((struct lsf_api *)0)->%s), "
         .. "__typeof__(&%s))"):format(name, theirs), "lsf_api." .. name .. ": type")
    end
  end
  out[#out + 1] = assertion(("sizeof(struct lsf_api) == %d"):format(
    (#list + 1) * ffi.sizeof "void *"), "lsf_api: size")
end

--- The text to compile with `const` defined away.
function abi.exact(d, headers)
  local out = { PREAMBLE, includes(d, headers), shim_header(headers) }
  -- In brackets no macro of the name answers for the function.
  for _, p in ipairs(prototypes(d, headers)) do
    local text = p.text:gsub("%f[%w_]" .. p.name .. "%s*%(", "(" .. p.name .. ")(", 1)
    local result = headers.libressl and libressl.results[p.name]
    out[#out + 1] = (result and text:gsub(result[1], result[2], 1) or text) .. ";"
  end
  for _, p in ipairs(sources.prototypes(d.shim_h.required)) do out[#out + 1] = p.text .. ";" end
  shim_structs(d.shim_h, out)
  api(d.shim_h.api, d.shim_h.api_optional, headers, out)
  for name, type in pairs(CALLBACKS) do
    if d.shim_h.required:find("%f[%w_]" .. name .. "%(") and of_this_one(name, headers) then
      out[#out + 1] = assertion(("__builtin_types_compatible_p(__typeof__(&%s), %s)")
                                :format(name, type), name .. ": type of a callback")
    end
  end
  for name, value in pairs(d.shim_h.enums) do
    out[#out + 1] = assertion(("%s == %d"):format(name, value), name)
  end
  return table.concat(out, "\n") .. "\n"
end

-- Parameters, split at the commas that are not a callback's, and their names.
local function parameters(p)
  local list = p.text:match("%f[%w_]" .. p.name .. "%s*(%b())"):sub(2, -2)
  local declared, called = list, {}
  if list:match "^%s*void%s*$" then return declared, "" end
  local flat = list:gsub("%(%s*%*%s*([%w_]+)%s*%)%s*%b()", " %1")
  for parameter in flat:gmatch "[^,]+" do
    called[#called + 1] = parameter:match "([%w_]+)%s*$"
  end
  return declared, table.concat(called, ", ")
end

local function numbers(d, headers, out)
  for name, value in pairs(d.constants.pick(headers.major, headers.minor, headers.libressl)) do
    if of_this_one(name, headers) then
      out[#out + 1] = assertion(("(%s) == %.0f"):format(name, value), name)
    end
  end
  for name, value in pairs(d.constants.options(headers.major, headers.minor, headers.libressl)) do
    local theirs = headers.options[name] or "SSL_OP_" .. name:upper()
    out[#out + 1] = assertion(("(uint64_t)(%s) == %.0fULL"):format(theirs, value), theirs)
  end
  for name, value in pairs(abi.shim_numbers()) do
    if SHIM_NUMBERS[name] and headers.major + headers.minor / 100 >= (SINCE[name] or 0)
       and of_this_one(name, headers) then
      out[#out + 1] = assertion(("%s == %s"):format(SHIM_NUMBERS[name], value),
                                "the shim's " .. name)
    end
  end
end

-- A type that we spell out instead of leaving it opaque.
local function types(d, out)
  for _, file in ipairs(FILES) do
    for name, ours in pairs(d[file].types) do
      if ours ~= "opaque" then
        out[#out + 1] = assertion(("sizeof(%s) == %d && ((%s)-1 < 0) == ((%s)-1 < 0)")
          :format(name, ffi.sizeof(ours), name, ours), name)
      end
    end
    for name, text in pairs(d[file].structs or {}) do struct(name, text, out) end
  end
end

--- The text to compile as it is, with warnings as errors.
function abi.calls(d, headers)
  local out = { PREAMBLE, includes(d, headers) }
  local version = headers.major + headers.minor / 100
  for _, p in ipairs(prototypes(d, headers)) do
    local major, minor = (CONST_SINCE[p.name] or "0.0"):match "(%d+)%.(%d+)"
    local kept = not (headers.libressl and libressl.not_const[p.name])
    if kept and version >= major + minor / 100 then
      local declared, called = parameters(p)
      -- In brackets no macro of the name answers for the function.
      out[#out + 1] = ("void call_%s(%s) { (void)(%s)(%s); }"):format(
        p.name, declared, p.name, called)
    end
  end
  types(d, out)
  numbers(d, headers, out)
  return table.concat(out, "\n") .. "\n"
end

--- Every number that a C file of the shim defines for itself.
-- @treturn table  name -> text
function abi.shim_numbers()
  local out = {}
  for _, path in ipairs(sources.list("shim", "c")) do
    for name, value in sources.read(path):gmatch "#define ([%w_]+) (%(?%-?[%dx][%x]*%)?)%s*\n" do
      out[name] = value
    end
  end
  return out
end

--- OpenSSL's name for a number of the shim, or nil.
function abi.openssl_name(name) return SHIM_NUMBERS[name] end

--- The options of the two compilations.
abi.EXACT = "-fsyntax-only -Werror -Dconst="
abi.CALLS = "-fsyntax-only -Werror"

return abi
