package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"formrail/engine"
	"formrail/models/field"
	"formrail/models/text"
)

// Bounds of workflow files.
const (
	maxFiles    = 500
	maxFileSize = 10 << 20
)

// workflowFile is a workflow in a file of a folder.
type workflowFile struct {
	engine.File
	path string
}

// readFiles reads all workflow files of a folder, in the order of their names.
// Problems name the file; what has none is returned.
func readFiles(folder string) (files []workflowFile, problems []string, err error) {
	keys := map[string]string{}
	n := 0
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".json" {
			return err
		}
		if n++; n > maxFiles {
			return errors.New(text.M("file.too_many", "The folder %s holds more than %d files.", folder, maxFiles).String())
		}
		f, found, err := readFile(path)
		if err != nil {
			return err
		}
		if other := keys[f.Key]; other != "" && f.Key != "" {
			found = append(found, text.M("file.key_twice", "the key %s is used by %s too", f.Key, other).String())
		}
		keys[f.Key] = path
		for _, p := range found {
			problems = append(problems, path+": "+p)
		}
		if len(found) == 0 {
			files = append(files, f)
		}
		return nil
	})
	if err == nil && n == 0 {
		err = errors.New(text.M("file.none", "There is no workflow file in %s.", folder).String())
	}
	return files, problems, err
}

// readFile reads one file and says what is wrong with its shape.
func readFile(path string) (workflowFile, []string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return workflowFile{}, nil, err
	}
	if info.Size() > maxFileSize {
		return workflowFile{}, []string{text.M("file.large", "the file is larger than %d MiB", maxFileSize>>20).String()}, nil
	}
	data, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return workflowFile{}, nil, err
	}
	content, err := field.ParseJSON(data)
	if err != nil {
		content = nil // told as a problem of the format
	}
	f, problems := engine.ReadFile(content)
	var found []string
	for _, p := range problems {
		found = append(found, strings.TrimPrefix(p.Field+": ", ": ")+p.Message.String())
	}
	return workflowFile{f, path}, found, nil
}
