/* A full disk: while the switch exists, a file of the data folder takes bytes only where
 * it had bytes before. That is what file systems do that write in place: parts of a file
 * have their space, and what would need more is refused. While the switch is not empty,
 * there is no space for new names either. */
#include "disk.h"

#include <sys/stat.h>

int space_for_names(void)
{
	struct stat s;
	return disk_full == NULL || stat(disk_full, &s) != 0 || s.st_size == 0;
}

/* space_for gives how many of n bytes fit at a place of a file. */
size_t space_for(struct file *f, int fd, off_t from, size_t n)
{
	struct stat s;
	if (disk_full == NULL || stat(disk_full, &s) != 0) {
		f->short_of_space = 0;
		return n;
	}
	if (!f->short_of_space) {
		f->short_of_space = 1;
		f->solid = fstat(fd, &s) == 0 ? s.st_size : 0;
	}
	if (from >= f->solid)
		return 0;
	return from + (off_t)n <= f->solid ? n : (size_t)(f->solid - from);
}

/* space_cut_to says that a file was cut off: others may have taken the space. */
void space_cut_to(struct file *f, off_t size)
{
	if (f->short_of_space && size < f->solid)
		f->solid = size;
}
