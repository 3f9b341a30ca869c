# The shim: ssl/shim.so in the stage. It takes a C compiler and nothing else;
# no header and no library of OpenSSL is looked for, on purpose.

file(GLOB shim_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/shim/*.c)
add_library(shim MODULE ${shim_sources})

# .so on macOS too: that is what package.cpath of a Lua there looks for.
set_target_properties(shim PROPERTIES
	PREFIX "" SUFFIX ".so"
	C_STANDARD 11 C_STANDARD_REQUIRED ON
	C_VISIBILITY_PRESET hidden
	LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/stage/lib/lua/5.1/ssl)
target_compile_options(shim PRIVATE -Wall -Wextra -Werror=implicit)

# The same bytes wherever the folders are, also where CFLAGS ask for debugging information.
# Not -ffile-prefix-map, which older compilers lack: nothing uses __FILE__.
target_compile_options(shim PRIVATE
	-fdebug-prefix-map=${PROJECT_SOURCE_DIR}=.
	-fdebug-prefix-map=${PROJECT_BINARY_DIR}=.)

# defs: an undefined symbol is a link error, not a crash in some host. now: all
# symbols are bound at load. nodelete: OpenSSL keeps pointers to our callbacks,
# so the code stays mapped after the Lua state that loaded it is gone.
if(NOT APPLE)
	target_link_options(shim PRIVATE -Wl,-z,now,-z,nodelete)
	if(NOT SSL_SHIM_SANITIZE)
		# With clang the sanitizers' own symbols stay undefined.
		target_link_options(shim PRIVATE -Wl,-z,defs)
	endif()
endif()

if(SSL_SHIM_SANITIZE)
	set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
	target_compile_options(shim PRIVATE
		${sanitize} -fno-omit-frame-pointer -g)
	target_link_options(shim PRIVATE ${sanitize})
endif()
