--- ssl.context.facekeys: the keys that only one of the faces knows: ssl.connect, ssl.https, its
-- field `proxytls`, or ssl.resty.
--
-- A face takes the keys of ssl.newcontext as well (ssl.context.keys). For each face there is an
-- array of records with the fields `key`, `kind`, `side`, `luasec` and `since`, as there.

local faces = { connect = {}, https = {}, proxytls = {}, resty = {} }

local function add(face, names, luasec)
  for name in names:gmatch "%S+" do
    table.insert(faces[face], { key = name, kind = "any", side = "client", luasec = luasec,
                                since = not luasec and "0.1" or nil })
  end
end

add("connect", "timeout deadline session resume over", false)

-- The fields of LuaSocket's requests, and the parts of a URL.
add("https", [[
  url method headers source sink step proxy redirect maxredirects nredirects create timeout
  scheme host port path params query user uri authority userinfo fragment]], true)
add("https", "body maxsize pool progress resume over proxytls", false)

add("proxytls", "resume", false)
add("resty", "resume sessions", false)

return faces
