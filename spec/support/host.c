/*
 * A host program: it runs Lua states, one after another, on one thread or more.
 *
 *	host LIBLUAJIT THREADS ROUNDS SCRIPT
 *
 * LuaJIT is loaded at run time, so that neither its headers nor a library to link
 * to are needed; what is called of it is declared here. With HOST_OPENSSL the
 * program is linked to OpenSSL and uses it, as nginx does.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct lua_State lua_State;

static lua_State *(*new_state)(void);
static void (*open_libs)(lua_State *);
static int (*load_file)(lua_State *, const char *);
static int (*call)(lua_State *, int, int, int);
static const char *(*to_string)(lua_State *, int, size_t *);
static void (*push_integer)(lua_State *, long);
static void (*close_state)(lua_State *);

#define LUA_GLOBALSINDEX (-10002)
static void (*set_field)(lua_State *, int, const char *);

static const char *script;
static int rounds;

#ifdef HOST_OPENSSL
void *TLS_method(void);
void *SSL_CTX_new(void *method);
void SSL_CTX_free(void *ctx);
#endif

static void *
symbol(void *library, const char *name)
{
	void *p = dlsym(library, name);

	if (p == NULL) {
		fprintf(stderr, "host: no %s\n", name);
		exit(2);
	}

	return p;
}

static void
load_luajit(const char *path)
{
	void *luajit = dlopen(path, RTLD_NOW | RTLD_GLOBAL);

	if (luajit == NULL) {
		fprintf(stderr, "host: %s\n", dlerror());
		exit(2);
	}
	*(void **)&new_state = symbol(luajit, "luaL_newstate");
	*(void **)&open_libs = symbol(luajit, "luaL_openlibs");
	*(void **)&load_file = symbol(luajit, "luaL_loadfile");
	*(void **)&call = symbol(luajit, "lua_pcall");
	*(void **)&to_string = symbol(luajit, "lua_tolstring");
	*(void **)&push_integer = symbol(luajit, "lua_pushinteger");
	*(void **)&set_field = symbol(luajit, "lua_setfield");
	*(void **)&close_state = symbol(luajit, "lua_close");
}

/* One thread: so many states, each of which runs the script with THREAD, ROUND. */
static void *
run(void *number)
{
	int round;

	for (round = 1; round <= rounds; round++) {
		lua_State *lua = new_state();

		open_libs(lua);
		push_integer(lua, (long)number);
		set_field(lua, LUA_GLOBALSINDEX, "THREAD");
		push_integer(lua, round);
		set_field(lua, LUA_GLOBALSINDEX, "ROUND");
		if (load_file(lua, script) != 0 || call(lua, 0, 0, 0) != 0) {
			printf("%s\n", to_string(lua, -1, NULL));
			exit(1);
		}
		close_state(lua);
	}

	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t threads[16];
	long count, i;

	if (argc != 5)
		return 2;
#ifdef HOST_OPENSSL
	SSL_CTX_free(SSL_CTX_new(TLS_method()));
#endif
	load_luajit(argv[1]);
	count = strtol(argv[2], NULL, 10);
	rounds = atoi(argv[3]);
	script = argv[4];
	if (count == 1) {
		run((void *)1);
		return 0;
	}
	for (i = 0; i < count && i < 16; i++)
		pthread_create(&threads[i], NULL, run, (void *)(i + 1));
	for (i = 0; i < count && i < 16; i++)
		pthread_join(threads[i], NULL);

	return 0;
}
