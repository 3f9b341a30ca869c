# What script/bench measures with: the target `bench`, made only when asked for.
# These two link OpenSSL and need its headers; the library does neither, so where
# they are missing nothing but this target is.

find_package(OpenSSL QUIET)
if(NOT OpenSSL_FOUND)
	return()
endif()

set(peer_parts peer serve)
set(yardstick_parts yardstick yardstick_shake yardstick_crowd)
foreach(name IN ITEMS peer yardstick)
	add_executable(bench_${name} EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/bench/tls.c)
	foreach(part IN LISTS ${name}_parts)
		target_sources(bench_${name} PRIVATE ${PROJECT_SOURCE_DIR}/bench/${part}.c)
	endforeach()
	set_target_properties(bench_${name} PROPERTIES
		OUTPUT_NAME ${name}
		C_STANDARD 11 C_STANDARD_REQUIRED ON
		RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
	target_compile_options(bench_${name} PRIVATE -Wall -Wextra)
	target_link_libraries(bench_${name} PRIVATE OpenSSL::SSL OpenSSL::Crypto)
endforeach()
add_custom_target(bench DEPENDS bench_peer bench_yardstick)
