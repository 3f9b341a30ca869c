/*
 * The members of struct stat that hold the times of the last change of a file's contents
 * and of its inode.
 */
#ifndef LSF_FILETIME_H
#define LSF_FILETIME_H

#ifdef __APPLE__
#define MTIME st_mtimespec
#define CTIME st_ctimespec
#else
#define MTIME st_mtim
#define CTIME st_ctim
#endif

#endif
