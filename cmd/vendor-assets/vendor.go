package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// copied is one vendored file as VERSIONS lists it.
type copied struct {
	name    string // below the target folder
	pkg     string
	version string
	data    []byte
}

func (c copied) line() string {
	sum := sha256.Sum256(c.data)
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%d\n", c.name, c.pkg, c.version, hex.EncodeToString(sum[:]), len(c.data))
}

// vendor fills target with the files that src/files.txt and src/icons.txt name,
// taken from src/node_modules, and lists them in target/VERSIONS.
func vendor(src, target string) error {
	modules := filepath.Join(src, "node_modules")
	pinned, err := pins(filepath.Join(src, "package.json"))
	if err != nil {
		return err
	}
	files, err := listed(filepath.Join(src, "files.txt"), modules)
	if err != nil {
		return err
	}
	sprite, err := buildSprite(filepath.Join(src, "icons.txt"), filepath.Join(modules, "lucide-static", "icons"))
	if err != nil {
		return err
	}
	code, err := bundleCode(src)
	if err != nil {
		return err
	}
	files = append(files, copied{name: "icons.svg", pkg: "lucide-static", data: sprite}, copied{name: "codemirror.min.js", pkg: "codemirror", data: code})
	for pkg := range pinned { // parts of a bundle have no file of their own
		if _, err := installed(modules, pkg, pinned); err != nil {
			return err
		}
	}
	for i := range files {
		f := &files[i]
		if f.version, err = installed(modules, f.pkg, pinned); err != nil {
			return err
		}
		if err := write(filepath.Join(target, f.name), f.data); err != nil {
			return err
		}
	}
	return write(filepath.Join(target, "VERSIONS"), versions(files))
}

func versions(files []copied) []byte {
	slices.SortFunc(files, func(a, b copied) int { return strings.Compare(a.name, b.name) })
	var b strings.Builder
	b.WriteString("# file\tpackage\tversion\tsha256\tsize\n")
	for _, f := range files {
		b.WriteString(f.line())
	}
	return []byte(b.String())
}

// pins reads the exact versions that package.json asks for.
func pins(path string) (map[string]string, error) {
	var manifest struct {
		Dependencies map[string]string `json:"dependencies"`
	}
	data, err := os.ReadFile(path) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, fmt.Errorf("read pinned versions: %w", err)
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("parse %s: %w", path, err)
	}
	return manifest.Dependencies, nil
}

// installed returns the version of pkg in modules; any other than the pinned one
// is an error.
func installed(modules, pkg string, pinned map[string]string) (string, error) {
	var manifest struct {
		Version string `json:"version"`
	}
	data, err := os.ReadFile(filepath.Join(modules, pkg, "package.json")) //nolint:gosec // names come from the repository
	if err != nil {
		return "", fmt.Errorf("read version of %s: %w", pkg, err)
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return "", fmt.Errorf("parse manifest of %s: %w", pkg, err)
	}
	if manifest.Version != pinned[pkg] {
		return "", fmt.Errorf("%s is installed as %s but pinned to %q; run npm ci", pkg, manifest.Version, pinned[pkg])
	}
	return manifest.Version, nil
}

// listed reads the files that the list at path names.
func listed(path, modules string) ([]copied, error) {
	lines, err := readLines(path)
	if err != nil {
		return nil, err
	}
	files := make([]copied, 0, len(lines))
	for _, line := range lines {
		col := strings.Fields(line)
		if len(col) != 3 {
			return nil, fmt.Errorf("read %s: want package, file and target in %q", path, line)
		}
		data, err := os.ReadFile(filepath.Join(modules, col[0], col[1])) //nolint:gosec // names come from the repository
		if err != nil {
			return nil, fmt.Errorf("read file of %s: %w", col[0], err)
		}
		files = append(files, copied{name: col[2], pkg: col[0], data: data})
	}
	return files, nil
}

// readLines returns the lines of a list without blanks and comments.
func readLines(path string) ([]string, error) {
	data, err := os.ReadFile(path) //nolint:gosec // a file of the repository
	if err != nil {
		return nil, fmt.Errorf("read list: %w", err)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // public web files
		return fmt.Errorf("make folder of %s: %w", path, err)
	}
	return os.WriteFile(path, data, 0o644) //nolint:gosec // public web files
}
