# Runs at the beginning of an installation: notes for script/uninstall the folders to remove.
# A folder that was there before is not ours, but for ssl/ and what is in it, which may be of
# an older build.
#
# Given: notes, the file; source, where lua/ is; folders, where Lua files and C modules go.

function(note folder)
	file(APPEND "${notes}" "${folder}\n")
endfunction()

file(GLOB_RECURSE ours LIST_DIRECTORIES true RELATIVE "${source}/lua" "${source}/lua/*")
list(FILTER ours EXCLUDE REGEX "[.]lua$")
list(APPEND ours ssl/ffi)

foreach(folder IN LISTS folders)
	get_filename_component(folder "${folder}" ABSOLUTE BASE_DIR "${CMAKE_INSTALL_PREFIX}")
	set(folder "$ENV{DESTDIR}${folder}")
	foreach(name IN LISTS ours)
		note("${folder}/${name}")
	endforeach()
	while(NOT EXISTS "${folder}")
		note("${folder}")
		get_filename_component(folder "${folder}" DIRECTORY)
	endwhile()
endforeach()
