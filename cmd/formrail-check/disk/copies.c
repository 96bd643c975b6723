/* What a power cut leaves of each database file: its content as of the last completed
 * sync. A copy is brought up to date within each sync, from the ranges written since
 * the one before. A new name lasts once its folder was synced; until then the copy is
 * called NAME.unnamed, and that of a removed file NAME.removed. A file without any copy
 * was never opened.
 *
 * A kill in the middle leaves a copy between two syncs. That is sound: the second one
 * has not returned, so the disk may hold any part of what it was to keep. */
#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK 65536

static void path_of(char *out, size_t n, const char *name, const char *suffix)
{
	if (snprintf(out, n, "%s/%s%s", disk_copies, name, suffix) >= (int)n)
		abort();
}

/* lasting reports whether SQLite syncs a file at all. The index of the log is memory
 * that processes share; it is made anew from the log. */
static int lasting(const char *name)
{
	size_t n = strlen(name);
	return disk_copies != NULL && strncmp(name, "formrail.db", 11) == 0 && (n < 4 || strcmp(name + n - 4, "-shm") != 0);
}

/* take copies a part of the file into its copy. */
static void take(struct file *f, int fd, off_t from, off_t to)
{
	char bytes[CHUNK];
	while (from < to) {
		size_t n = to - from < CHUNK ? (size_t)(to - from) : CHUNK;
		ssize_t got = pread(fd, bytes, n, from);
		if (got < 0 || (got > 0 && real.pwrite(f->copy, bytes, (size_t)got, from) != got))
			abort();
		if (got == 0)
			return; /* the file is shorter now */
		from += got;
	}
}

static off_t size_of(int fd)
{
	struct stat s;
	if (fstat(fd, &s) != 0)
		abort();
	return s.st_size;
}

/* copies_begin makes the copy of a file that this process sees for the first time.
 * What is in it already counts as synced. */
void copies_begin(struct file *f, int fd, int is_new)
{
	char path[4096], kept[4096];
	f->copy = -1;
	f->count = 0;
	f->low = size_of(fd);
	f->short_of_space = 0;
	if (!lasting(f->name))
		return;
	path_of(path, sizeof path, f->name, is_new ? ".unnamed" : ".part");
	path_of(kept, sizeof kept, f->name, "");
	f->copy = real.open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (f->copy < 0)
		abort();
	take(f, fd, 0, f->low);
	if (!is_new && rename(path, kept) != 0) /* whole, or not there */
		abort();
}

/* copies_note remembers that a range was written. */
void copies_note(struct file *f, off_t from, size_t n)
{
	off_t to = from + (off_t)n;
	if (f->copy < 0)
		return;
	if (f->count > 0 && f->written[f->count - 1].to == from) {
		f->written[f->count - 1].to = to;
		return;
	}
	if (f->count == f->room) {
		f->room = f->room ? 2 * f->room : 64;
		f->written = realloc(f->written, f->room * sizeof *f->written);
		if (f->written == NULL)
			abort();
	}
	f->written[f->count++] = (struct range){from, to};
}

/* copies_cut_to remembers that the file was cut off, or made longer. */
void copies_cut_to(struct file *f, off_t size)
{
	if (size < f->low)
		f->low = size;
}

/* copies_sync brings the copy up to date. */
void copies_sync(struct file *f, int fd)
{
	off_t size = size_of(fd);
	if (f->copy < 0)
		return;
	if (real.ftruncate(f->copy, f->low) != 0)
		abort();
	for (size_t i = 0; i < f->count; i++)
		take(f, fd, f->written[i].from, f->written[i].to);
	if (real.ftruncate(f->copy, size) != 0)
		abort();
	f->count = 0;
	f->low = size;
}

/* copies_forget says that a file was removed. Until its folder is synced it comes back. */
void copies_forget(struct file *f)
{
	char kept[4096], removed[4096], unnamed[4096];
	if (f->copy < 0)
		return;
	path_of(kept, sizeof kept, f->name, "");
	path_of(removed, sizeof removed, f->name, ".removed");
	path_of(unnamed, sizeof unnamed, f->name, ".unnamed");
	real.unlink(unnamed);
	if (access(kept, F_OK) == 0 && rename(kept, removed) != 0)
		abort();
	real.close(f->copy);
	f->copy = -1;
	f->count = 0;
}

/* copies_keep_names is the sync of the folder: what is new has its name, what was
 * removed is gone. */
void copies_keep_names(void)
{
	static const char *const names[] = {"formrail.db", "formrail.db-wal", "formrail.db-journal"};
	if (disk_copies == NULL)
		return;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char kept[4096], removed[4096], unnamed[4096];
		path_of(kept, sizeof kept, names[i], "");
		path_of(removed, sizeof removed, names[i], ".removed");
		path_of(unnamed, sizeof unnamed, names[i], ".unnamed");
		real.unlink(removed);
		if (access(unnamed, F_OK) == 0 && rename(unnamed, kept) != 0)
			abort();
	}
}
