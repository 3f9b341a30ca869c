-- DANE.

local over = ...

over("new", {
  { "c:setdane('localhost')", differs = "dane-reasons" },
  { "c:settlsa(3, 1, 1, ('x'):rep(32))", differs = "dane-reasons" },
  { "s:setdane('localhost')", differs = "dane-reasons" },
})

local function with(flags, rest)
  return ("local s, c = pair({}, { dane = %s }) %s"):format(flags, rest)
end

over("plain", {
  with("true", "return c:setdane('localhost')"), with("{}", "return c:setdane('localhost')"),
  with("'x'", "return c:setdane('localhost')"), with("5", "return c:setdane('localhost')"),
  with("{ 'no_ee_namechecks' }", "return c:setdane('localhost')"),
  { with("true", "return c:setdane(5)"), differs = "dane-host" },
  { with("true", "c:setdane('localhost') return c:setdane('localhost')"),
    differs = "dane-reasons" },
  { with("true", "return c:settlsa(3, 1, 1, ('x'):rep(32))"), differs = "dane-reasons" },
  with("true", "c:setdane('localhost') return c:settlsa(3, 1, 1, ('x'):rep(32))"),
  with("true", "c:setdane('localhost') return c:settlsa('3', '1', '1', ('x'):rep(32))"),
  with("true", "c:setdane('localhost') return c:settlsa(3.9, 1.2, 1, ('x'):rep(32))"),
  { with("true", "c:setdane('localhost') return c:settlsa(3, 1, 1, 'short')"),
    differs = "dane-reasons" },
  { with("true", "c:setdane('localhost') return c:settlsa(9, 1, 1, ('x'):rep(32))"),
    differs = "dane-reasons" },
  { with("true", "c:setdane('localhost') return c:settlsa(259, 1, 1, ('x'):rep(32))"),
    differs = "dane-byte" },
  { with("true", "c:setdane('localhost') return c:settlsa(3, 1, 0, 'x')"),
    differs = "dane-reasons" },
  with("true", "c:setdane('localhost') return shake(s, c)"),
  with("true", "c:setdane('wrong.test') return shake(s, c)"),
  with("true", "c:setdane('localhost') c:settlsa(3, 1, 1, ('x'):rep(32)) return shake(s, c)"),
  with("true", "return shake(s, c)"),
})
