package models

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"formrail/models/text"
)

// lockFolder takes the lock that proves that no other process owns the folder.
// The kernel gives it back when the process ends, however it ends.
func lockFolder(dir string) (func() error, error) {
	path := filepath.Join(filepath.Clean(dir), "formrail.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errors.Join(alreadyOwned(), f.Close())
		}
		return nil, errors.Join(fmt.Errorf("lock data folder: %w", err), f.Close())
	}
	return f.Close, nil
}

// Magic numbers of file systems whose locks and syncs cannot be relied on.
const (
	nfsMagic  = 0x6969
	smbMagic  = 0x517b
	cifsMagic = 0xff534d42
	smb2Magic = 0xfe534d42
)

// refuseNetworkFolder refuses a data folder on a network file system.
func refuseNetworkFolder(dir string) error {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return fmt.Errorf("read file system of data folder: %w", err)
	}
	switch uint32(stat.Type) { //nolint:gosec // magic numbers fit 32 bits
	case nfsMagic, smbMagic, cifsMagic, smb2Magic:
		return NewError(KindInternal, "DATABASE_UNSAFE",
			text.M("start.network_folder", "The data folder lies on a network file system, where data can be lost. Use a local disk."))
	}
	return nil
}
