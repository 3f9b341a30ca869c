-- Certificates: loading, and every method.

local over = ...

over("plain", {
  "ssl.loadcertificate()", "ssl.loadcertificate(nil)", "ssl.loadcertificate({})",
  "ssl.loadcertificate(true)", "ssl.loadcertificate(5)", "ssl.loadcertificate('')",
  "ssl.loadcertificate('x')", "select('#', ssl.loadcertificate('x'))",
  "ssl.loadcertificate(read(pki 'server.key'))", "ssl.loadcertificate(read(pki 'root_crl.pem'))",
  "tostring(ssl.loadcertificate(read(pki 'server.pem')))",
  "ssl.loadcertificate('text\\n' .. read(pki 'server.pem')):subject()[2].value",
  "ssl.loadcertificate(read(pki 'chain.pem')):issuer()[2].value",
  "select('#', ssl.loadcertificate(read(pki 'server.pem')))",
  "ssl.loadcertificate(read(pki 'server.pem'):sub(1, -40))",
  "x509.load(read(pki 'server.pem')):serial() == cert('server'):serial()",
  "x509.load()", "local load = x509.load load({})",
  [[local text = read(pki 'server.pem'):gsub('CERTIFICATE', 'X509 CERTIFICATE')
    return ssl.loadcertificate(text):subject()[2].value]],
})

local METHODS = { "subject", "issuer", "extensions", "pem", "pubkey", "digest", "validat",
                  "notbefore", "notafter", "serial", "issued", "setencode",
                  "getsignaturename" }
local list = {}
for _, name in ipairs(METHODS) do
  for _, self in ipairs { "", "5", "'x'", "{}", "io.stdout" } do
    list[#list + 1] = ("crt.%s(%s)"):format(name, self)
  end
  list[#list + 1] = ("({ %s = crt.%s }):%s()"):format(name, name, name)
end
over("crt", list)

over("crt", {
  "crt:subject()", "crt:issuer()", "crt:serial()", "crt:notbefore()", "crt:notafter()",
  "crt:pem()", "crt:pubkey()", "crt:getsignaturename()",
  "select('#', crt:subject())", "select('#', crt:pubkey())", "select('#', crt:digest())",
  "select('#', crt:pem())", "select('#', crt:serial())", "select('#', crt:validat(0))",
  "crt:subject(1, 2)",
  "crt:digest()", "crt:digest('sha1')", "crt:digest('sha256')", "crt:digest('sha512')",
  "crt:digest(nil)", "crt:digest('md5')", "crt:digest('SHA1')", "crt:digest('')",
  "crt:digest(5)", "crt:digest({})", "crt:digest(true)", "crt.digest(crt, {})",
  "crt:validat()", "crt:validat(nil)", "crt:validat('x')", "crt:validat({})", "crt:validat(0)",
  "crt:validat(os.time())", "crt:validat('0')", "crt:validat(os.time() + 1e9)",
  "crt:validat(tostring(os.time()))", "crt:validat(os.time() + 0.5)", "crt:validat(-1)",
  "crt:setencode()", "crt:setencode(nil)", "crt:setencode({})", "crt:setencode(5)",
  "crt:setencode('ai5')", "crt:setencode('utf8')", "crt:setencode('ai5x')",
  "crt:setencode('utf8x')", "crt:setencode('x')", "crt:setencode('')", "crt:setencode('utf')",
  "crt:setencode('UTF8')",
  "crt:setencode('utf8') return crt:subject()", "crt:setencode('utf8') return crt:extensions()",
  "crt:issued()", "crt:issued(nil)", "crt:issued(5)", "crt:issued({})", "crt:issued(crt, 5)",
  "crt:issued(crt, nil)", "crt:issued(crt, root, {})",
  "root:issued(root)", "root:issued(ca)", "root:issued(crt)", "root:issued(crt, ca)",
  "root:issued(crt, ca, root)", "ca:issued(crt)", "ca:issued(ca)", "crt:issued(crt)",
  "crt:issued(root)", "root:issued(cert 'expired')", "root:issued(cert 'ec_server')",
  "root:issued(cert 'selfsigned')", "cert('selfsigned'):issued(cert 'selfsigned')",
  "root:issued(crt, cert 'ec_root')", "select('#', root:issued(ca))",
  "cert('ec_root'):pubkey()", "cert('ec_server'):getsignaturename()",
  "cert('serial_zero'):serial()", "cert('serial_ff01'):serial()",
  "cert('serial_negative'):serial()", "cert('huge'):digest('sha256')",
  "cert('expired'):validat(os.time())", "cert('root'):extensions()",
})
