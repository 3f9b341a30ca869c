# For script/test: what each mode runs busted with.
# shellcheck shell=bash

# The exit status of a checker (ASan, UBSan, valgrind) with findings.
MODE_ERROR=97

# What a luajit that a spec starts gets back, where the spec has not said otherwise: the
# OpenSSL that is tested is hidden from all other programs (spec/support/init.lua).
mode_openssl() {
	local name
	[ -n "${SSL_FFI_LIBSSL:-}" ] || return 0
	for name in SSL_FFI_LIBSSL SSL_FFI_LIBCRYPTO; do
		printf '[ "${%s+set}" ] || export %s=%q\n' "$name" "$name" "${!name}"
	done
}

# mode_write_luajit FILE ENVIRONMENT... -- FLAGS...
mode_write_luajit() {
	local file=$1 words=()
	shift
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	words+=("$(command -v luajit)" "$@")
	# Renamed into place: another run may be executing it.
	{
		echo '#!/bin/sh'
		mode_openssl
		printf 'exec env'
		printf ' %q' "${words[@]}"
		echo ' "$@"'
	} >"$file.$$" && chmod +x "$file.$$" && mv -f "$file.$$" "$file"
}

# mode_luajit STAGE ENVIRONMENT... -- FLAGS...: sets mode_environment, for
# running luajit against a stage, and puts first on its PATH a `luajit` that has
# this environment and these flags: a spec that needs a fresh process calls it
# by its name, and gets one like its own.
mode_luajit() {
	local stage=$1 bin=${SSL_MODE_DIR:-$BUILD_DIR/mode}/$mode LUA_PATH LUA_CPATH
	shift
	mkdir -p "$bin" && mode_write_luajit "$bin/luajit" "$@" || return
	eval "$(env -u LUA_PATH -u LUA_CPATH SSL_SPEC_STAGE="$stage" script/env)"
	mode_environment=("SSL_SPEC_STAGE=$stage" "LUA_PATH=$LUA_PATH"
	    "LUA_CPATH=$LUA_CPATH" "PATH=$bin:$PATH")
}

mode_build_asan() {
	local log=$BUILD_DIR/asan.log lock
	# One at a time: runs side by side build it where it is built already.
	exec {lock}>"$BUILD_DIR/asan.lock" && flock "$lock" || return
	{ cmake -S . -B "$BUILD_DIR/asan" -DSSL_SHIM_SANITIZE=ON &&
	    cmake --build "$BUILD_DIR/asan"; } >"$log" 2>&1 || {
		cat "$log" >&2
		return 1
	}
	exec {lock}>&-
}

# Leaks are valgrind's business: ASan does not look into LuaJIT's own heap, and
# would call everything lost that only a Lua object holds.
# 16 MB of quarantine find a use after free and still let a spec measure memory.
mode_asan_options="detect_leaks=0:quarantine_size_mb=16:exitcode=$MODE_ERROR"

# Sets mode_environment and mode_command, what busted is run with. Called in the
# root, with BUILD_DIR absolute.
mode_prepare() {
	local stage=$BUILD_DIR/stage
	mode_command=(luajit)
	case $1 in
	jit) mode_luajit "$stage" -- ;;
	interpreter) mode_luajit "$stage" -- -joff ;;
	hammered) mode_luajit "$stage" -- -Ohotloop=1 -Ohotexit=1 ;;
	collect)
		mode_luajit "$stage" -- -joff
		mode_environment+=(SSL_SPEC_COLLECT=1 SSL_SPEC_SLOW=1)
		;;
	asan)
		mode_build_asan || return
		mode_luajit "$BUILD_DIR/asan/stage" \
		    "LD_PRELOAD=$(cc -print-file-name=libasan.so)" \
		    "ASAN_OPTIONS=$mode_asan_options" \
		    "UBSAN_OPTIONS=print_stacktrace=1:exitcode=$MODE_ERROR" --
		;;
	valgrind)
		mode_luajit "$stage" -- -joff
		mode_environment+=(SSL_SPEC_SLOW=1)
		# Not the wrapper: valgrind does not follow an exec.
		mode_command=(valgrind --quiet
		    "--error-exitcode=$MODE_ERROR" --leak-check=full
		    --errors-for-leak-kinds=definite
		    --show-leak-kinds=definite
		    --suppressions=spec/support/valgrind.supp
		    "$(command -v luajit)" -joff)
		;;
	esac
}
