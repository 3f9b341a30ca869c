-- Certificates of a connection.

local over = ...

local function names(list)
  return ([[local out = {}
    for i, crt in ipairs(%s) do
      out[i] = crt:subject()[2].value .. ' by ' .. crt:issuer()[2].value
    end
    return out]]):format(list)
end

local MUTUAL = { "mutual12", "mutual13" }

over(MUTUAL, {
  names "s:getpeerchain()", names "c:getpeerchain()",
  names "{ s:getpeercertificate(1), s:getpeercertificate(2) }",
  names "{ c:getpeercertificate(1), c:getpeercertificate(2) }",
  "s:getpeercertificate(3), c:getpeercertificate(3)", "select('#', s:getpeercertificate(3))",
  "c:getpeercertificate(0)", "c:getpeercertificate(-1)", "s:getpeercertificate(0)",
  "c:getpeercertificate('1'):serial() == c:getpeercertificate(1.9):serial()",
  "c:getpeercertificate() == c:getpeercertificate()",
  "s:getpeercertificate('x')", "select('#', s:getpeerchain())",
  "s:getpeerverification()", "c:getpeerverification()",
  "c:getpeercertificate():digest() == cert('server_leaf'):digest()",
  [[local crt = c:getpeercertificate() c:close() s:close() c = nil collectgarbage()
    return crt:subject()]],
  "local chain = s:getpeerchain() s:close() collectgarbage() return chain[2]:subject()",
})
-- Ours as those of 1.3.0.
over(MUTUAL, {
  { names "s:getlocalchain()", since = "1.3.0",
    is = '1: {[1]="localhost by Intermediate", [2]="Intermediate by Root"}' },
  { names "{ s:getlocalcertificate(1), s:getlocalcertificate(2) }", since = "1.3.0",
    is = '1: {[1]="localhost by Intermediate", [2]="Intermediate by Root"}' },
  { "s:getlocalcertificate(3)", since = "1.3.0", is = "1: nil" },
  { "s:getlocalcertificate(0)", since = "1.3.0",
    is = '2: nil, "invalid certificate index"' },
  { "c:getlocalcertificate(-1)", since = "1.3.0",
    is = '2: nil, "invalid certificate index"' },
  { names "{ c:getlocalcertificate(1) }", since = "1.3.0",
    is = '1: {[1]="client by Intermediate"}' },
})
over({ "tls12", "tls13" }, {
  { "c:getlocalcertificate()", since = "1.3.0", is = "1: nil" },
  { "c:getlocalchain()", since = "1.3.0", is = "1: {}" },
  { "c:getlocalcertificate('x')", since = "1.3.0", is =
    [[raises "case:1: bad argument #1 to 'getlocalcertificate' (number expected, got string)"]] },
  "s:getpeercertificate()", "select('#', s:getpeercertificate())", "s:getpeercertificate(1)",
  "s:getpeercertificate(2)",
  { "#s:getpeerchain()", differs = "peerchain-empty" },
  { "s:getpeerchain()[1]:subject()", crash = "peerchain-empty" },
  names "c:getpeerchain()", "type(c:getpeercertificate())", "c:getpeercertificate(2)",
})
