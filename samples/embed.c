/*
 * embed PROGRAM.lua [ARGUMENTS]: a host with LuaJIT, OpenSSL and this library inside. The Lua
 * files are in the module "bundle", which bundle.lua makes.
 */
#include <stdio.h>

#include <lauxlib.h>
#include <lualib.h>

int
main(int argc, char **argv)
{
	lua_State *lua = luaL_newstate();
	int i, failed;

	if (lua == NULL || argc < 2)
		return 2;
	luaL_openlibs(lua);
	lua_newtable(lua);
	for (i = 2; i < argc; i++) {
		lua_pushstring(lua, argv[i]);
		lua_rawseti(lua, -2, i - 1);
	}
	lua_setglobal(lua, "arg");
	failed = luaL_dostring(lua, "require 'bundle'") ||
	    luaL_dofile(lua, argv[1]);
	if (failed)
		fprintf(stderr, "%s\n", lua_tostring(lua, -1));
	lua_close(lua);

	return failed;
}
