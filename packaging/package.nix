# For Nix: callPackage ./packaging/package.nix { }. Not run: see docs/installing.md.
{ lib, stdenv, cmake, luajit, openssl }:

let
  # The one file that has the version has it between the only quotes.
  found = builtins.match "[^\"]*\"([^\"]*)\"[^\"]*"
    (builtins.readFile ../lua/ssl/base/version.lua);
  libraries = "${lib.getLib openssl}/lib";
  extension = stdenv.hostPlatform.extensions.sharedLibrary;
  name = library:
    if stdenv.hostPlatform.isDarwin then "${library}.3${extension}" else "${library}${extension}.3";
  named = library: ''
    substituteInPlace ffi/search.lua \
      --replace-fail '"${name library}"' '"${libraries}/${name library}"'
  '';
in
luajit.pkgs.toLuaModule (stdenv.mkDerivation {
  pname = "luasec-ffi";
  version = builtins.head found;
  src = lib.cleanSource ../.;

  nativeBuildInputs = [ cmake ];
  # ssl.connect and ssl.https use LuaSocket where no event loop is named.
  propagatedBuildInputs = [ luajit.pkgs.luasocket ];

  # There is no folder in which the loader finds libraries by name.
  postPatch = lib.concatMapStrings named [ "libssl" "libcrypto" ];

  meta = {
    description = "TLS for LuaJIT, with the interface of LuaSec";
    license = lib.licenses.mit;
    platforms = lib.platforms.unix;
  };
})
