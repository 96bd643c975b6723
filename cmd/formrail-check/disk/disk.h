/* A disk that can lose its power and can be full, for one process. The library
 * stands between SQLite and libc; what Go itself writes does not pass it. */
#ifndef FORMRAIL_DISK_H
#define FORMRAIL_DISK_H

#define _GNU_SOURCE
#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

/* range is a part of a file that was written and not synced since, in bytes. */
struct range {
	off_t from, to;
};

/* file is one name in the data folder, however often it is open. */
struct file {
	char name[256];         /* base name; empty = the place is free */
	pthread_mutex_t lock;   /* held around each change of the file */
	int copy;               /* what the last sync kept; -1 = nothing is kept of this file */
	off_t low;              /* smallest size since the last sync */
	struct range *written;  /* since the last sync */
	size_t count, room;
	int short_of_space;     /* the disk was full when the file was last written */
	off_t solid;            /* size when the disk became full: only below it there is space */
};

/* calls are libc's own functions. */
struct calls {
	int (*open)(const char *, int, ...);
	int (*openat)(int, const char *, int, ...);
	int (*close)(int);
	int (*unlink)(const char *);
	int (*fsync)(int);
	int (*fdatasync)(int);
	int (*ftruncate)(int, off_t);
	int (*posix_fallocate)(int, off_t, off_t);
	ssize_t (*write)(int, const void *, size_t);
	ssize_t (*pwrite)(int, const void *, size_t, off_t);
};
extern struct calls real;

/* copies.c: what a power cut leaves */
void copies_begin(struct file *f, int fd, int is_new);
void copies_note(struct file *f, off_t from, size_t n);
void copies_cut_to(struct file *f, off_t size);
void copies_sync(struct file *f, int fd);
void copies_forget(struct file *f);
void copies_keep_names(void);

/* space.c: whether there is any */
int space_for_names(void);
size_t space_for(struct file *f, int fd, off_t from, size_t n);
void space_cut_to(struct file *f, off_t size);

/* Folders and switches, from the environment; NULL = not asked for. */
extern const char *disk_data;   /* FORMRAIL_DISK_DATA: the data folder */
extern const char *disk_copies; /* FORMRAIL_DISK_COPIES: where copies are kept */
extern const char *disk_full;   /* FORMRAIL_DISK_FULL: the disk is full while this file exists */

#endif
