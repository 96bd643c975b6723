package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// layers lists the cascade layers, weakest first. Each is one file in static/css.
func layers() []string {
	return []string{"reset", "tokens", "base", "layout", "components", "canvas", "screens", "utilities"}
}

// writeStyles joins the layers of dir/css into dir/app.css.
func writeStyles(dir string) error {
	css, err := joinStyles(filepath.Join(dir, "css"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "app.css"), css, 0o644) //nolint:gosec // a public web file
}

// joinStyles returns the files of dir in the order of layers, minified. Addresses
// inside are kept as written: they are relative to the joined file.
func joinStyles(dir string) ([]byte, error) {
	var all strings.Builder
	all.WriteString("@layer " + strings.Join(layers(), ",") + ";\n")
	for _, layer := range layers() {
		css, err := os.ReadFile(filepath.Join(dir, layer+".css")) //nolint:gosec // names are constants
		if err != nil {
			return nil, fmt.Errorf("read layer %s: %w", layer, err)
		}
		all.Write(css)
	}
	out := api.Transform(all.String(), api.TransformOptions{
		Loader:           api.LoaderCSS,
		MinifyWhitespace: true,
		MinifySyntax:     true,
		LegalComments:    api.LegalCommentsNone,
		Charset:          api.CharsetUTF8,
	})
	var errs []error
	for _, m := range append(out.Errors, out.Warnings...) {
		errs = append(errs, fmt.Errorf("line %d: %s", m.Location.Line, m.Text))
	}
	if len(errs) > 0 {
		return nil, fmt.Errorf("minify styles: %w", errors.Join(errs...))
	}
	return out.Code, nil
}
