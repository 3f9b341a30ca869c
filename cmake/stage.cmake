# The stage: every Lua file linked, one by one, to where installing would put
# it. An edit is seen at once. A new or deleted file makes the next build
# configure again (CONFIGURE_DEPENDS), and that is when links come and go.

set(stage_lua ${PROJECT_BINARY_DIR}/stage/share/lua/5.1)
set(staged "")

function(stage_folder from to)
	file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${from} ${from}/*.lua)
	foreach(file IN LISTS files)
		set(link ${to}/${file})
		get_filename_component(folder ${link} DIRECTORY)
		file(MAKE_DIRECTORY ${folder})
		file(CREATE_LINK ${from}/${file} ${link} SYMBOLIC)
		list(APPEND staged ${link})
	endforeach()
	set(staged ${staged} PARENT_SCOPE)
endfunction()

stage_folder(${PROJECT_SOURCE_DIR}/lua ${stage_lua})
stage_folder(${PROJECT_SOURCE_DIR}/ffi ${stage_lua}/ssl/ffi)

# Without this a module deleted here would still be found there.
file(GLOB_RECURSE found LIST_DIRECTORIES false ${stage_lua}/*)
foreach(link IN LISTS found)
	if(NOT link IN_LIST staged)
		file(REMOVE ${link})
	endif()
endforeach()
