-- Pre-shared keys, which LuaSec has since 1.3.0.

local over = ...

local KEY = "('k'):rep(32)"

local function ends(version, server, client, rest)
  return ([[local s, c, how = connect(
      { protocol = '%s', key = false, certificate = false, psk = %s },
      { protocol = '%s', psk = %s })
    return how%s]]):format(version, server, version, client, rest or "")
end

local GIVES = "function() return 'me', " .. KEY .. " end"
local KNOWS = "function(id) return id == 'me' and " .. KEY .. " or nil end"

over("plain", {
  { ends("tlsv1_2", KNOWS, GIVES, ", c:info('protocol'), c:info('authentication')"),
    since = "1.3.0", is = '3: {[1]=true, [3]=true}, "TLSv1.2", "PSK"' },
  { ends("tlsv1_3", KNOWS, GIVES, ", c:info('protocol')"),
    since = "1.3.0", is = '2: {[1]=true, [3]=true}, "TLSv1.3"' },
  { ends("tlsv1_2", "{ hint = 'h', callback = " .. KNOWS .. " }",
         "function(hint, ...) seen = all(hint, ...) return 'me', " .. KEY .. " end", ", seen"),
    since = "1.3.0", is = '2: {[1]=true, [3]=true}, {[1]="h", [2]=255, [3]=512, ["n"]=3}' },
  { ends("tlsv1_2", "function() end", GIVES), since = "1.3.0",
    is = '1: {[1]=false, [2]="psk identity not found", [3]=false, '
      .. '[4]="tlsv1 alert unknown psk identity"}' },
  { ends("tlsv1_2", KNOWS, "function() end"), since = "1.3.0",
    is = '1: {[1]=false, [2]="sslv3 alert handshake failure", [3]=false, '
      .. '[4]="psk identity not found"}' },
  { ends("tlsv1_2", "function() return 'another' end", GIVES), since = "1.3.0",
    is = '1: {[1]=false, [2]="decryption failed or bad record mac", [3]=false, '
      .. '[4]="sslv3 alert bad record mac"}' },
  { ends("tlsv1_3", "function() return 'another' end", GIVES), since = "1.3.0",
    is = '1: {[1]=false, [2]="binder does not verify", [3]=false, '
      .. '[4]="sslv3 alert illegal parameter"}' },
  { ends("tlsv1_2", KNOWS, "function() return 'me\\0x', " .. KEY .. " end"), since = "1.3.0",
    differs = "psk-identity-nul",
    is = '1: {[1]=false, [2]="sslv3 alert handshake failure", [3]=false, '
      .. '[4]="psk identity not found"}' },
})
