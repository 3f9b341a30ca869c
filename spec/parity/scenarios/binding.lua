-- Finished messages and exported keys.

local over = ...

over({ "tls12", "tls13" }, {
  "#c:getfinished(), #c:getpeerfinished(), #s:getfinished(), #s:getpeerfinished()",
  "c:getfinished() == s:getpeerfinished(), s:getfinished() == c:getpeerfinished()",
  "select('#', c:getfinished())", "select('#', c:getpeerfinished())",
  "#c:exportkeyingmaterial('label', 32)",
  "c:exportkeyingmaterial('label', 32) == s:exportkeyingmaterial('label', 32)",
  "c:exportkeyingmaterial('label', 32, nil) == c:exportkeyingmaterial('label', 32)",
  "c:exportkeyingmaterial('label', 32, '') == c:exportkeyingmaterial('label', 32)",
  "c:exportkeyingmaterial('label', 32, 'x') == s:exportkeyingmaterial('label', 32, 'x')",
  "c:exportkeyingmaterial('label', 32, 'x') == c:exportkeyingmaterial('label', 32, 'y')",
  "c:exportkeyingmaterial('label', 16) == c:exportkeyingmaterial('label', 16.9)",
  "#c:exportkeyingmaterial('label', '16')", "#c:exportkeyingmaterial(5, 16)",
  "c:exportkeyingmaterial('label', 0)", "c:exportkeyingmaterial('master secret', 16) == nil",
  "c:exportkeyingmaterial('client finished', 16) == nil",
  "select('#', c:exportkeyingmaterial('label', 16))", "#c:exportkeyingmaterial('', 16)",
  "c:exportkeyingmaterial('label', 100000) == nil",
})
