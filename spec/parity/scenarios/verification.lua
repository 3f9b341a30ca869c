-- getpeerverification.

local over = ...

local function verdict(server, client, who)
  return ([[local s, c, how = connect({ %s }, { %s })
    return how[1], how[3], %s:getpeerverification()]]):format(server, client, who or "c")
end

local SELF = "key = pki 'server.key', certificate = pki 'selfsigned.pem'"
local LEAF = "key = pki 'server.key', certificate = pki 'server_leaf.pem'"
local EXPIRED = "key = pki 'server.key', certificate = pki 'expired.pem'"
local CHAIN = "key = pki 'server.key', certificate = pki 'chain.pem'"

for _, version in ipairs { "tlsv1_2", "tlsv1_3" } do
  local protocol = ("protocol = '%s', "):format(version)
  over("plain", {
    verdict(protocol, ""), verdict(protocol, "", "s"),
    verdict(protocol, "verify = 'none'"), verdict(protocol, "verify = 'none', cafile = false"),
    verdict(protocol .. SELF, "verify = 'none'"),
    verdict(protocol .. SELF, "verifyext = 'lsec_continue'"),
    verdict(protocol .. SELF, "verify = 'none', verifyext = 'lsec_continue'"),
    verdict(protocol .. LEAF, "verify = 'none', cafile = pki 'root.pem'"),
    verdict(protocol .. LEAF, "verifyext = 'lsec_continue', cafile = pki 'root.pem'"),
    verdict(protocol .. CHAIN, "verifyext = 'lsec_continue', cafile = pki 'ec_root.pem'"),
    verdict(protocol .. CHAIN, "verify = 'none', cafile = pki 'ec_root.pem'"),
    verdict(protocol .. CHAIN, "verifyext = 'lsec_continue', cafile = pki 'root.pem', depth = 0"),
    verdict(protocol .. EXPIRED, "verifyext = 'lsec_continue', cafile = pki 'root.pem'"),
    verdict(protocol .. EXPIRED, "verify = 'none', cafile = pki 'root.pem'"),
    verdict(protocol .. CHAIN,
            "verifyext = { 'lsec_continue', 'crl_check' }, cafile = pki 'root.pem'"),
    verdict(protocol .. CHAIN,
            "cafile = pki 'root.pem', "
            .. "verifyext = { 'lsec_continue', 'crl_check', 'crl_check_chain' }"),
    verdict(protocol .. CHAIN .. ", cafile = pki 'root.pem', verify = 'peer'",
            "cafile = pki 'root.pem'", "s"),
    verdict(protocol .. CHAIN .. ", cafile = pki 'ec_root.pem', verify = 'peer', "
            .. "verifyext = 'lsec_continue'",
            "cafile = pki 'root.pem', key = pki 'client.key', "
            .. "certificate = pki 'client_chain.pem'", "s"),
    verdict(protocol .. CHAIN .. ", cafile = pki 'root_with_crl.pem', verify = 'peer', "
            .. "verifyext = { 'lsec_continue', 'crl_check' }",
            "cafile = pki 'root.pem', key = pki 'revoked.key', "
            .. "certificate = pki 'revoked.pem'", "s"),
    verdict(protocol .. CHAIN .. ", cafile = pki 'root.pem', verify = 'peer', "
            .. "verifyext = 'lsec_continue'",
            "cafile = pki 'root.pem', key = pki 'wrong_usage.key', "
            .. "certificate = pki 'wrong_usage.pem'", "s"),
    [[local s, c = connect({ protocol = ']] .. version .. [[' },
        { verifyext = 'lsec_continue', cafile = pki 'root.pem' })
      local _, one = c:getpeerverification()
      local _, two = c:getpeerverification()
      return one ~= two, select('#', c:getpeerverification())]],
    [[local ctx = ssl.newcontext(client { verifyext = 'lsec_continue', cafile = pki 'root.pem' })
      context.setverify(ctx, 'peer')
      local s, c = pair({}, ctx)
      return shake(s, c)]],
    [[local ctx = ssl.newcontext(client { verifyext = 'lsec_continue', cafile = pki 'root.pem' })
      ctx:setverifyext()
      local s, c = pair({}, ctx)
      return shake(s, c)]],
  })
end
