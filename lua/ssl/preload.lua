--- ssl.preload: loads files of the library before they are used.

local later   = require "ssl.base.later"
local arg     = require "ssl.base.arg"
local lib     = require "ssl.ffi.lib"
local unknown = require "ssl.base.unknown"

-- The rooms, and the files of each, in its folder. structure/loaded_spec compares them with
-- the sources.
local ROOMS = {
  base = [[
    arg encode errors functionid gcpressure hash later lru nearest object process queue
    random unknown version]],
  source = [[
    decoding filestamp folder material membio password settled theirs]],
  x509 = [[
    altname asn1 certificate chains checkhost der encoding extension hostname ip issued name]],
  credential = [[
    certificates key keyobject keyuri pkcs12]],
  trust = [[
    anchors clientca store systemca verifyext verifyflags]],
  io = [[
    ciphertext delivery descriptor ending failure guard inbound lifecycle linger loop mutex
    pace problem question readahead sessionorigin state stream timeout verdict wrapped]],
  over = [[
    find poolname race]],
  session = [[
    digest fingerprint kept object policy resumption seal sessionid store tickets]],
  ocsp = [[
    request response]],
  feature = [[
    alpn certcompression dane dh earlydata ech keylog onverify peername psk rawkey stapling]],
  context = [[
    cached capabilities cfg facekeys groups keyset namelist new option options.algorithms
    options.alpn options.certform options.clienthello options.connection options.credentials
    options.dane options.earlydata options.ech options.flow options.locations options.keylog
    options.ocsp options.protocol options.psk options.sessions options.trust options.verify
    rooms sessions setters.algorithms setters.common setters.credentials
    setters.extensions setters.protocol setters.sessions setters.trust shape sslctx table
    versionrange versions]],
  handshake = [[
    clienthello clienthello_wire features handshake inherit job sni]],
  connection = [[
    channelbinding close core earlydata exporter info inspect keyupdate methods negotiated
    new polling postauth receive receiveinto send sendfile sessions socketoptions stats
    unwrap view]],
  https = [[
    base64 connected create dial earlydata exchange fields hop late location luasocket misuse
    noproxy pool printable proxy pump reader request timeouts tls trailers url]],
  resty = [[
    carrier clientcert downstream host inflow loading outflow place policy pool queue secure
    sessions settings shared socket]],
}

-- The other files of the room "over": an adapter requires the module of its loop, so it is
-- loaded where that is loaded.
local ADAPTERS = { copas = "copas", copasclock = "copas", cosocket = "ngx", cqueues = "cqueues",
                   luasocket = "socket", luv = "luv" }

-- Rooms above the public modules, each with a face of its own.
local ABOVE = { https = true, resty = true }

-- The other public modules.
local FACES = "cert config connect context core engine foreign x509"

local function load_all(prefix, names)
  for name in names:gmatch "%S+" do later.require(prefix .. name) end
end

local function load_adapters()
  for name, loop in pairs(ADAPTERS) do
    if package.loaded[loop] then load_all("ssl.over.", name) end
  end
end

-- Without names: all but ssl.https and ssl.resty.
local function everything()
  local rooms = {}
  for room in pairs(ROOMS) do
    if not ABOVE[room] then rooms[#rooms + 1] = room end
  end
  return rooms
end

local function check(rooms, level)
  level = level + 1
  arg.type(rooms, "table", 1, level)
  local name = unknown.misplaced(rooms)
  if name ~= nil then
    arg.fail(1, "an array of strings expected, got a table with the key "
                .. unknown.quoted(name), level)
  end
  for _, room in ipairs(rooms) do
    if not ROOMS[room] then
      arg.fail(1, ("unknown room '%s'"):format(tostring(room)), level)
    end
  end
end

--- Load files now that would be loaded when they are first used.
--
-- The library reads a file at the first use of what is in it, which may be in the middle of
-- a handshake. After `ssl.preload()` it reads none of its files any more. That is for
-- processes that lose sight of the files (chroot(2), a sandbox, a new version installed),
-- and for servers that fork, whose processes then share this memory.
-- @tparam[opt] {string,...} rooms  folders of lua/ssl/; by default all but "https" and
--   "resty". The adapters in "over" are loaded for loops whose modules are loaded
-- @raise for an unknown room; what `require` raises, and then another call goes on
local function preload(rooms)
  if rooms == nil then rooms = everything() else check(rooms, 1) end
  for _, room in ipairs(rooms) do
    load_all("ssl." .. room .. ".", ROOMS[room])
    load_all("ssl.", ABOVE[room] and room or FACES)
    if room == "over" then load_adapters() end
  end
  lib.preload()
end

return preload
