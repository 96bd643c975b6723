//go:build !linux

package models

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// lockFolder creates the lock file exclusively. Unlike on Linux it stays behind
// when the process is killed and must then be removed by hand.
func lockFolder(dir string) (func() error, error) {
	path := filepath.Join(filepath.Clean(dir), "formrail.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, alreadyOwned()
	}
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	return func() error { return errors.Join(f.Close(), os.Remove(path)) }, nil
}

// refuseNetworkFolder cannot tell here.
func refuseNetworkFolder(string) error { return nil }
