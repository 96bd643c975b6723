// Package static holds the files a browser loads: styles, modules, icons, fonts
// and the vendored libraries. They are embedded in the binary and served below one
// address that contains a hash of all of them, so every answer may be cached for
// ever and relative addresses between the files hold.
//
// The package is a leaf and safe for concurrent use.
package static

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// FS holds the files. Layers of app.css in css/ are sources and not part of it.
//
//go:embed app.css js icons vendor
var FS embed.FS

// Prefix is where the files are mounted.
const Prefix = "/static/"

// treeHash names the content of all files: twelve hex digits.
var treeHash = sync.OnceValue(func() string { //nolint:gochecknoglobals // computed once, never changes
	sum := sha256.New()
	err := fs.WalkDir(FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := FS.ReadFile(name)
		if err != nil {
			return err
		}
		part := sha256.Sum256(data)
		sum.Write([]byte(name))
		sum.Write(part[:])
		return nil
	})
	if err != nil {
		panic("static: read embedded files: " + err.Error()) // the binary itself is broken
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
})

// URL returns the address of a file, such as "app.css" or "vendor/icons.svg".
func URL(name string) string { return Prefix + treeHash() + "/" + name }

// Open returns the file behind what follows [Prefix] in an address made by [URL].
// ok is false for an unknown name and for the hash of another release, whose
// content must not be cached under this one's address.
func Open(hashedPath string) (data []byte, contentType string, ok bool) {
	hash, name, found := strings.Cut(hashedPath, "/")
	if !found || hash != treeHash() {
		return nil, "", false
	}
	contentType, known := contentTypes()[path.Ext(name)]
	data, err := FS.ReadFile(name)
	if err != nil || !known {
		return nil, "", false
	}
	return data, contentType, true
}

// contentTypes lists what is served. Anything else in the tree is not.
func contentTypes() map[string]string {
	return map[string]string{
		".css":   "text/css; charset=utf-8",
		".js":    "text/javascript; charset=utf-8",
		".svg":   "image/svg+xml",
		".woff2": "font/woff2",
		".txt":   "text/plain; charset=utf-8",
	}
}
