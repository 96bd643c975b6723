/* The functions of libc that SQLite changes files with. Each does what libc does,
 * for files of the data folder within what the disk has space for, and tells
 * copies.c about it. */
#include "disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct calls real;
const char *disk_data, *disk_copies, *disk_full;

#define FILES 64
#define DESCRIPTORS 65536

static struct file files[FILES];
static struct file *opened[DESCRIPTORS];
static char folder[DESCRIPTORS]; /* descriptors of the data folder itself */
static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER;

static void *named(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void load(void)
{
	*(void **)&real.open = named("open");
	*(void **)&real.openat = named("openat");
	*(void **)&real.close = named("close");
	*(void **)&real.unlink = named("unlink");
	*(void **)&real.fsync = named("fsync");
	*(void **)&real.fdatasync = named("fdatasync");
	*(void **)&real.ftruncate = named("ftruncate");
	*(void **)&real.posix_fallocate = named("posix_fallocate");
	*(void **)&real.write = named("write");
	*(void **)&real.pwrite = named("pwrite");
	disk_data = getenv("FORMRAIL_DISK_DATA");
	disk_copies = getenv("FORMRAIL_DISK_COPIES");
	disk_full = getenv("FORMRAIL_DISK_FULL");
	for (int i = 0; i < FILES; i++) {
		files[i].copy = -1;
		pthread_mutex_init(&files[i].lock, NULL);
	}
}

/* ours gives the base name of a path in the data folder, "" for the folder itself,
 * NULL for anything else. */
static const char *ours(const char *path)
{
	size_t n;
	if (disk_data == NULL || path == NULL)
		return NULL;
	n = strlen(disk_data);
	if (strncmp(path, disk_data, n) != 0)
		return NULL;
	if (path[n] == '\0')
		return path + n;
	if (path[n] != '/' || strchr(path + n + 1, '/') != NULL || strlen(path + n + 1) >= sizeof files[0].name)
		return NULL;
	return path + n + 1;
}

/* of finds a file by name, or a free place for it. */
static struct file *of(const char *name, int *known)
{
	struct file *spare = NULL;
	for (int i = 0; i < FILES; i++) {
		if (strcmp(files[i].name, name) == 0) {
			*known = 1;
			return &files[i];
		}
		if (files[i].name[0] == '\0' && spare == NULL)
			spare = &files[i];
	}
	*known = 0;
	if (spare != NULL)
		strcpy(spare->name, name);
	return spare;
}

static struct file *at(int fd) { return fd >= 0 && fd < DESCRIPTORS ? opened[fd] : NULL; }

static int came(int fd, const char *name, int is_new)
{
	struct file *f;
	int known;
	if (fd < 0 || fd >= DESCRIPTORS)
		return fd;
	if (name[0] == '\0') {
		folder[fd] = 1;
		return fd;
	}
	f = of(name, &known);
	if (f == NULL)
		abort(); /* a check that loses sight of a file proves nothing */
	if (!known)
		copies_begin(f, fd, is_new);
	opened[fd] = f;
	return fd;
}

/* opens is open with the file's name looked at before and after. */
static int opens(int dir, const char *path, int flags, mode_t mode)
{
	const char *name = ours(path);
	struct stat s;
	int fd, is_new;
	if (name == NULL)
		return real.openat(dir, path, flags, mode);
	pthread_mutex_lock(&names);
	is_new = stat(path, &s) != 0;
	if (is_new && (flags & O_CREAT) && !space_for_names()) {
		pthread_mutex_unlock(&names);
		errno = ENOSPC;
		return -1;
	}
	fd = came(real.openat(dir, path, flags, mode), name, is_new);
	pthread_mutex_unlock(&names);
	return fd;
}

static mode_t mode_in(int flags, va_list args)
{
	return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	va_start(args, flags);
	mode = mode_in(flags, args);
	va_end(args);
	return opens(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;
	va_start(args, flags);
	mode = mode_in(flags, args);
	va_end(args);
	return opens(dir, path, flags, mode);
}

int close(int fd)
{
	if (fd >= 0 && fd < DESCRIPTORS) {
		opened[fd] = NULL;
		folder[fd] = 0;
	}
	return real.close(fd);
}

int unlink(const char *path)
{
	const char *name = ours(path);
	int known, failed;
	struct file *f;
	if (name == NULL)
		return real.unlink(path);
	pthread_mutex_lock(&names);
	failed = real.unlink(path);
	f = failed ? NULL : of(name, &known);
	if (f != NULL) {
		copies_forget(f);
		for (int i = 0; i < DESCRIPTORS; i++)
			if (opened[i] == f)
				opened[i] = NULL;
		memset(f->name, 0, sizeof f->name);
	}
	pthread_mutex_unlock(&names);
	return failed;
}

/* synced is a sync of either kind. */
static int synced(int fd, int (*sync)(int))
{
	struct file *f = at(fd);
	int failed;
	if (f == NULL) {
		failed = sync(fd);
		if (!failed && fd >= 0 && fd < DESCRIPTORS && folder[fd]) {
			pthread_mutex_lock(&names);
			copies_keep_names();
			pthread_mutex_unlock(&names);
		}
		return failed;
	}
	pthread_mutex_lock(&f->lock);
	failed = sync(fd);
	if (!failed)
		copies_sync(f, fd);
	pthread_mutex_unlock(&f->lock);
	return failed;
}

int fsync(int fd) { return synced(fd, real.fsync); }
int fdatasync(int fd) { return synced(fd, real.fdatasync); }

int ftruncate(int fd, off_t size)
{
	struct file *f = at(fd);
	int failed;
	if (f == NULL)
		return real.ftruncate(fd, size);
	pthread_mutex_lock(&f->lock);
	space_for(f, fd, 0, 0);
	failed = real.ftruncate(fd, size);
	if (!failed) {
		copies_cut_to(f, size);
		space_cut_to(f, size);
	}
	pthread_mutex_unlock(&f->lock);
	return failed;
}

int posix_fallocate(int fd, off_t from, off_t n)
{
	struct file *f = at(fd);
	int failed;
	if (f == NULL)
		return real.posix_fallocate(fd, from, n);
	pthread_mutex_lock(&f->lock);
	failed = space_for(f, fd, from, (size_t)n) < (size_t)n ? ENOSPC : real.posix_fallocate(fd, from, n);
	pthread_mutex_unlock(&f->lock);
	return failed;
}

/* writes writes as much as there is space for; from = -1 is where the file stands. */
static ssize_t writes(struct file *f, int fd, const void *bytes, size_t n, off_t from)
{
	off_t place = from >= 0 ? from : lseek(fd, 0, SEEK_CUR);
	size_t fits;
	ssize_t done;
	pthread_mutex_lock(&f->lock);
	fits = space_for(f, fd, place, n);
	if (fits == 0 && n > 0) {
		errno = ENOSPC;
		done = -1;
	} else {
		done = from >= 0 ? real.pwrite(fd, bytes, fits, from) : real.write(fd, bytes, fits);
		if (done > 0)
			copies_note(f, place, (size_t)done);
	}
	pthread_mutex_unlock(&f->lock);
	return done;
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	struct file *f = at(fd);
	return f == NULL ? real.write(fd, bytes, n) : writes(f, fd, bytes, n, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t from)
{
	struct file *f = at(fd);
	return f == NULL ? real.pwrite(fd, bytes, n, from) : writes(f, fd, bytes, n, from);
}

/* On the systems this runs on, the names for large files are the same functions. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));
int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));
int posix_fallocate64(int fd, off_t from, off_t n) __attribute__((alias("posix_fallocate")));
ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t from) __attribute__((alias("pwrite")));
