package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// bundleCode joins the code editor into one module: the entry beside this file names
// what is used of it, the rest is left out.
func bundleCode(src string) ([]byte, error) {
	root, err := filepath.Abs(src)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", src, err)
	}
	out := api.Build(api.BuildOptions{
		AbsWorkingDir:     root,
		EntryPoints:       []string{"codemirror.js"},
		NodePaths:         []string{filepath.Join(root, "node_modules")},
		Bundle:            true,
		Format:            api.FormatESModule,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone,
		Charset:           api.CharsetUTF8,
	})
	var errs []error
	for _, m := range append(out.Errors, out.Warnings...) {
		errs = append(errs, errors.New(m.Text))
	}
	if len(errs) > 0 || len(out.OutputFiles) != 1 {
		return nil, fmt.Errorf("bundle the code editor: %w", errors.Join(errs...))
	}
	return out.OutputFiles[0].Contents, nil
}
