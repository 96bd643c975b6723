// Command vendor-assets prepares the web files that the binary embeds. It is the
// only part of the build that knows where they come from.
//
//	go run ./cmd/vendor-assets       copy the files of files.txt out of node_modules,
//	                                 bundle the code editor, build the icon sprite,
//	                                 write VERSIONS
//	go run ./cmd/vendor-assets css   join and minify static/css into static/app.css
//
// Both run in the root of the repository. The first needs "npm ci" before it; the
// second needs nothing.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vendor-assets:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 0:
		if err := vendor("cmd/vendor-assets", "static/vendor"); err != nil {
			return err
		}
		return forTests("cmd/vendor-assets/node_modules", "cmd/formrail-check/testdata")
	case len(args) == 1 && args[0] == "css":
		return writeStyles("static")
	default:
		return fmt.Errorf("unknown arguments %q; give none, or css", args)
	}
}

// forTests copies what only tests in a browser use.
func forTests(modules, target string) error {
	for from, to := range map[string]string{"axe.min.js": "axe.min.js", "LICENSE": "axe.LICENSE"} {
		data, err := os.ReadFile(filepath.Join(modules, "axe-core", from)) //nolint:gosec // a fixed list
		if err != nil {
			return fmt.Errorf("read %s: %w", from, err)
		}
		if err := os.WriteFile(filepath.Join(target, to), data, 0o644); err != nil { //nolint:gosec // read by everybody
			return fmt.Errorf("write %s: %w", to, err)
		}
	}
	return nil
}
