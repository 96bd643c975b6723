package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

//go:embed disk/*.c disk/*.h
var diskSource embed.FS

// disk is what stands between a server and its data folder: a library that the server
// loads. Through it passes what SQLite does with files, because that goes through libc;
// what Go itself writes (the lock, the master key, backups) does not.
type disk struct {
	v       *server
	folder  string // of the library and what it keeps
	library string
}

// newDisk builds the library and puts it before the next starts of a server. Nothing is
// lost or full until somebody asks for it.
func newDisk(ctx context.Context, v *server) (*disk, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("a library can be put before the server on Linux only")
	}
	if v.s.database != "" {
		return nil, errors.New("this is about the files of SQLite: leave --database-url out")
	}
	folder, err := os.MkdirTemp("", "formrail-check-disk-")
	if err != nil {
		return nil, fmt.Errorf("make folder of the disk: %w", err)
	}
	d := &disk{v: v, folder: folder, library: filepath.Join(folder, "disk.so")}
	if err := d.build(ctx); err != nil {
		return nil, errors.Join(err, d.close())
	}
	if err := d.under(v); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// under puts the library before the next starts of a server.
func (d *disk) under(v *server) (err error) {
	if v.folder, err = filepath.EvalSymlinks(v.folder); err != nil {
		return fmt.Errorf("find data folder: %w", err)
	}
	v.env = append(v.env, "LD_PRELOAD="+d.library, "FORMRAIL_DISK_DATA="+v.folder, "FORMRAIL_DISK_FULL="+d.switchFile())
	return nil
}

// build compiles the library.
func (d *disk) build(ctx context.Context) error {
	source := filepath.Join(d.folder, "source")
	if err := os.CopyFS(source, diskSource); err != nil {
		return fmt.Errorf("write source of the disk: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(source, "disk", "*.c"))
	if err != nil {
		return fmt.Errorf("list source of the disk: %w", err)
	}
	args := append([]string{"-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-pthread", "-o", d.library}, files...)
	if said, err := exec.CommandContext(ctx, "gcc", append(args, "-ldl")...).CombinedOutput(); err != nil {
		return fmt.Errorf("compile the disk with gcc: %w: %s", err, said)
	}
	return nil
}

func (d *disk) close() error { return os.RemoveAll(d.folder) }

func (d *disk) copies() string { return filepath.Join(d.folder, "copies") }

// keepCopies makes cuts possible from the next start on.
func (d *disk) keepCopies() error {
	d.v.env = append(d.v.env, "FORMRAIL_DISK_COPIES="+d.copies())
	return d.forgetCopies()
}

func (d *disk) forgetCopies() error {
	if err := errors.Join(os.RemoveAll(d.copies()), os.Mkdir(d.copies(), 0o700)); err != nil {
		return fmt.Errorf("make folder of copies: %w", err)
	}
	return nil
}

// sector is the part of a file that a disk writes as a whole, in bytes.
const sector = 512

// durable are the files of which copies are kept. The index of the log beside them is
// memory that processes share: a cut always takes it.
func durable() []string { return []string{"formrail.db", "formrail.db-wal", "formrail.db-journal"} }

// cut kills the server and takes away what was not synced. Each sector that was written
// since the last sync survives with the given probability, as on a disk that was about
// to write it. It gives how many sectors were lost.
func (d *disk) cut(random *rand.Rand, survival float64) (lost int, err error) {
	d.v.kill()
	for _, name := range durable() {
		n, err := d.putBack(name, random, survival)
		if err != nil {
			return lost, fmt.Errorf("cut the power of %s: %w", name, err)
		}
		lost += n
	}
	if err := os.Remove(filepath.Join(d.v.folder, "formrail.db-shm")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return lost, fmt.Errorf("remove the index of the log: %w", err)
	}
	return lost, d.forgetCopies()
}

// putBack makes one file what the disk still has of it.
func (d *disk) putBack(name string, random *rand.Rand, survival float64) (lost int, err error) {
	file, copied := filepath.Join(d.v.folder, name), filepath.Join(d.copies(), name)
	now, err := readIfThere(file)
	if err != nil {
		return 0, err
	}
	for _, from := range []string{copied, copied + ".removed"} {
		kept, err := readIfThere(from)
		if err != nil {
			return 0, err
		}
		if kept == nil {
			continue
		}
		left, lost := blend(kept, now, random, survival)
		return lost, os.WriteFile(file, left, 0o600)
	}
	if _, err := os.Stat(copied + ".unnamed"); err == nil { // its name was never synced
		return sectors(now), os.RemoveAll(file)
	}
	return 0, nil // never opened since the last start
}

// readIfThere gives the content of a file, nil when there is none.
func readIfThere(path string) ([]byte, error) {
	b, err := os.ReadFile(path) //nolint:gosec // our own folders
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if b == nil {
		b = []byte{}
	}
	return b, err //nolint:wrapcheck // the caller says which
}

func sectors(b []byte) int { return (len(b) + sector - 1) / sector }

// blend gives what is left of a file that was kept as kept and written to be now.
func blend(kept, now []byte, random *rand.Rand, survival float64) (left []byte, lost int) {
	left = bytes.Clone(kept)
	for at := 0; at < max(len(kept), len(now)); at += sector {
		was, is := part(kept, at), part(now, at)
		if bytes.Equal(was, is) {
			continue
		}
		if random.Float64() >= survival {
			lost++
			continue
		}
		if at >= len(now) { // the file was cut off, and that much the disk has done
			left = left[:min(len(left), at)]
			break
		}
		if grown := at + len(is) - len(left); grown > 0 {
			left = append(left, make([]byte, grown)...)
		}
		copy(left[at:], is)
	}
	return left, lost
}

func part(b []byte, at int) []byte {
	return b[min(at, len(b)):min(at+sector, len(b))]
}

func (d *disk) switchFile() string { return filepath.Join(d.folder, "full") }

// fill makes the disk full. With names, no new file can be made either.
func (d *disk) fill(names bool) error {
	content := []byte{}
	if names {
		content = []byte("names")
	}
	if err := os.WriteFile(d.switchFile(), content, 0o600); err != nil {
		return fmt.Errorf("fill the disk: %w", err)
	}
	return nil
}

// free gives the disk space again.
func (d *disk) free() error {
	if err := os.Remove(d.switchFile()); err != nil {
		return fmt.Errorf("free the disk: %w", err)
	}
	return nil
}
