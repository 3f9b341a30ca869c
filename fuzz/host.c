/*
 * libFuzzer's host: a process with LuaJIT in it that gives each input to a harness of
 * fuzz/targets/. The shim is compiled with coverage. The lines of Lua that run are coverage,
 * too, where FUZZ_LINES is 1: libFuzzer reads the counters of the hook below like its own.
 */
#include <lauxlib.h>
#include <lua.h>
#include <luajit.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTERS 65536
#define FILES 1024
#define START "fuzz/start.lua"

/* libFuzzer's. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
    unsigned int seed);

__attribute__((
    section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

static lua_State *state;
static int one, mutate;
static unsigned int before;

/* A chunk's name stays where it is as long as the chunk lives, which is to the end. */
static struct {
	const char *source;
	unsigned int hash;
} files[FILES];

static unsigned int
hash_of(const char *source)
{
	size_t i = ((uintptr_t)source >> 4) % FILES;
	const char *p;

	if (files[i].source != source) {
		files[i].source = source;
		files[i].hash = 2166136261u;
		for (p = source; *p != '\0'; p++)
			files[i].hash = (files[i].hash ^ (unsigned char)*p) *
			    16777619u;
	}

	return files[i].hash;
}

/* A pair of lines, one behind the other, is what counts, as AFL has it. */
static void
on_line(lua_State *l, lua_Debug *ar)
{
	unsigned int here;
	uint8_t *counter;

	lua_getinfo(l, "S", ar);
	here = (hash_of(ar->source) + (unsigned int)ar->currentline) *
	    2654435761u;
	counter = &counters[((here ^ before) >> 8) % COUNTERS];
	if (*counter < UINT8_MAX)
		(*counter)++;
	before = here >> 1;
}

static void
end(const char *why)
{
	fprintf(stderr, "FOUND %s\n", why);
	abort();
}

static void
call(int arguments, int results)
{
	if (lua_pcall(state, arguments, results, 0) != 0)
		end(lua_tostring(state, -1));
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *lines = getenv("FUZZ_LINES");

	(void)argc;
	(void)argv;
	state = luaL_newstate();
	luaL_openlibs(state);
	if (luaL_loadfile(state, START) != 0)
		end(lua_tostring(state, -1));
	lua_pushstring(state, getenv("FUZZ_TARGET"));
	call(1, 2);
	mutate = luaL_ref(state, LUA_REGISTRYINDEX);
	one = luaL_ref(state, LUA_REGISTRYINDEX);
	if (lines != NULL && strcmp(lines, "1") == 0) {
		luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
		lua_sethook(state, on_line, LUA_MASKLINE, 0);
	}

	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	before = 0;
	lua_rawgeti(state, LUA_REGISTRYINDEX, one);
	lua_pushlstring(state, (const char *)data, size);
	call(1, 0);

	return 0;
}

/* Half of the mutations are those of the harness, where it has any. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most,
    unsigned int seed)
{
	const char *text;
	size_t length;

	if (mutate == LUA_REFNIL || seed % 2 == 0)
		return LLVMFuzzerMutate(data, size, most);
	lua_rawgeti(state, LUA_REGISTRYINDEX, mutate);
	lua_pushlstring(state, (const char *)data, size);
	lua_pushinteger(state, (lua_Integer)(seed >> 1));
	call(2, 1);
	text = lua_tolstring(state, -1, &length);
	if (length > most)
		length = most;
	memcpy(data, text, length);
	lua_pop(state, 1);

	return length;
}
