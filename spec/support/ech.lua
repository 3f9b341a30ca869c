--- Keys and configurations of Encrypted ClientHello, as `openssl ech` has made them.
--
--   keys, list                  a server's keys, in PEM; the list for its clients, in base64.
--                               The public name is www.wild.test, which pki.server proves
--   other_keys, other           others of the same name
--   strange_keys, strange       of public.test, which it does not prove

local FORM = [[
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEI%s
-----END PRIVATE KEY-----
-----BEGIN ECHCONFIG-----
%s
-----END ECHCONFIG-----
]]

local ech = {
  list    = "AED+DQA8VgAgACAfg74VrRQUBrZ3pPitg1sZZK37fx8WxxTHOFDXaR0oLAAEAAEAAQANd3d3LndpbGQu"
         .. "dGVzdAAA",
  other   = "AED+DQA8TAAgACC0dN3H/opW7JPrIyk/Uo3yFKsCcd8WFZdIkg5QNVufRAAEAAEAAQANd3d3LndpbGQu"
         .. "dGVzdAAA",
  strange = "AD7+DQA67gAgACA/lMtWfijOguTppohO2xSghnqCxzZ+tDyr/Q+TEyrjVQAEAAEAAQALcHVibGljLnRl"
         .. "c3QAAA==",
}

ech.keys         = FORM:format("Pg/LjloNbYUZ9thvO3wcM/qonvQQWvZPtQ72rweKRBn", ech.list)
ech.other_keys   = FORM:format("Igw2js5owHcE5rZbOJQ/uvG9nyOK+UysR5oKU6yPA15", ech.other)
ech.strange_keys = FORM:format("JAusOkr7ftBuDQzSPCM7mvk4JrAN/06JIwBme1ravJg", ech.strange)

return ech
