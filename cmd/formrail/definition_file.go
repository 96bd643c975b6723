package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"formrail/engine"
	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Bounds of workflow files.
const (
	maxFiles    = 500
	maxFileSize = 10 << 20
	fileFormat  = 1
)

// workflowFile is a workflow as a file holds it: nothing in it belongs to one
// installation.
type workflowFile struct {
	path        string // empty when it comes from the installation
	key         string
	title       string
	description string
	sync        bool
	options     models.WorkflowOptions
	definition  *engine.Definition
}

// fileOf is the draft of a workflow as a file.
func fileOf(w *models.Workflow) (workflowFile, error) {
	d, err := engine.ReadDefinition(w.Draft)
	if err != nil {
		return workflowFile{}, fmt.Errorf("workflow %s: %w", w.Key, err)
	}
	return workflowFile{key: w.Key, title: w.Title, description: w.Description, sync: w.Sync, options: w.Options, definition: d}, nil
}

// encode gives the bytes of the file: equal workflows give equal bytes.
func (f workflowFile) encode() ([]byte, error) {
	tree := f.definition.Tree()
	_, hash, err := f.definition.JSON()
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"formrail": int64(fileFormat), "kind": "workflow", "key": f.key, "title": f.title, "sync": f.sync, "options": f.options,
		"trigger": tree["trigger"], "nodes": tree["nodes"], "hash": hash,
	}
	if f.description != "" {
		out["description"] = f.description
	}
	b, err := field.MarshalJSON(out)
	if err != nil {
		return nil, fmt.Errorf("write workflow %s: %w", f.key, err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, b, "", "  "); err != nil {
		return nil, fmt.Errorf("write workflow %s: %w", f.key, err)
	}
	return append(indented.Bytes(), '\n'), nil
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
		if other := keys[f.key]; other != "" && f.key != "" {
			found = append(found, text.M("file.key_twice", "the key %s is used by %s too", f.key, other).String())
		}
		keys[f.key] = path
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
	v, err := field.ParseJSON(data)
	tree, ok := v.(map[string]any)
	if err != nil || !ok || tree["kind"] != "workflow" || !field.Equal(tree["formrail"], int64(fileFormat)) {
		return workflowFile{}, []string{text.M("file.format", "this is no workflow file of format %d", fileFormat).String()}, nil //nolint:nilerr // told as a problem
	}
	f := workflowFile{path: path}
	var found []string
	word := func(name string) string {
		s, ok := tree[name].(string)
		if !ok && tree[name] != nil {
			found = append(found, text.M("definition.not_text", "%s must be text.", name).String())
		}
		return s
	}
	f.key, f.title, f.description = word("key"), word("title"), word("description")
	if !models.ValidWorkflowKey(f.key) || strings.TrimSpace(f.title) == "" {
		found = append(found, text.M("file.names", "key and title are needed").String())
	}
	if f.sync, ok = tree["sync"].(bool); !ok && tree["sync"] != nil {
		found = append(found, text.M("definition.not_flag", "%s must be true or false.", "sync").String())
	}
	if !readOptions(tree["options"], &f.options) {
		found = append(found, text.M("file.options", "the options cannot be read").String())
	}
	known := []string{"formrail", "kind", "key", "title", "description", "sync", "options", "trigger", "nodes", "hash"}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		if !slices.Contains(known, name) {
			found = append(found, text.M("definition.unknown", "%s is not known here.", name).String())
		}
	}
	d, problems := engine.ParseDefinition(map[string]any{"trigger": tree["trigger"], "nodes": tree["nodes"]})
	for _, p := range problems {
		found = append(found, strings.TrimPrefix(p.Field+": ", ": ")+p.Message.String())
	}
	f.definition = d
	return f, found, nil
}

// readOptions reads the options of a workflow and refuses unknown ones.
func readOptions(v any, into *models.WorkflowOptions) bool {
	if v == nil {
		return true
	}
	b, err := field.MarshalJSON(v)
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into) == nil
}

// differences says, in sentences, how a file differs from what is installed.
func differences(have, want workflowFile) []string {
	var out []string
	for _, one := range []struct {
		name      string
		have, now any
	}{
		{"title", have.title, want.title},
		{"description", have.description, want.description},
		{"sync", have.sync, want.sync},
		{"options", have.options, want.options},
		{"trigger.type", have.definition.Trigger.Type, want.definition.Trigger.Type},
	} {
		if one.have != one.now {
			out = append(out, text.M("diff.setting", "%s differs: %v here, %v in the file", one.name, one.have, one.now).String())
		}
	}
	for _, name := range unequal(have.definition.Trigger.Config, want.definition.Trigger.Config) {
		out = append(out, text.M("diff.trigger", "the setting %s of the trigger differs", name).String())
	}
	old, now := steps(have.definition), steps(want.definition)
	for _, key := range slices.Sorted(maps.Keys(merged(old, now))) {
		switch a, b := old[key], now[key]; {
		case a == nil:
			out = append(out, text.M("diff.added", "the step %s (%s) is only in the file", key, b["title"]).String())
		case b == nil:
			out = append(out, text.M("diff.removed", "the step %s (%s) is not in the file", key, a["title"]).String())
		default:
			if names := unequal(a, b); len(names) > 0 {
				out = append(out, text.M("diff.changed", "the step %s (%s) differs in %s", key, b["title"], strings.Join(names, ", ")).String())
			}
		}
	}
	return out
}

// merged has the members of both.
func merged[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// unequal names the members in which two objects differ.
func unequal(a, b map[string]any) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(merged(a, b))) {
		if !field.Equal(a[name], b[name]) {
			out = append(out, name)
		}
	}
	return out
}

// steps lists the nodes of a definition by key, each as one flat object that also
// says where the node stands.
func steps(d *engine.Definition) map[string]map[string]any {
	out := map[string]map[string]any{}
	var walk func(list []*engine.NodePart, at string)
	walk = func(list []*engine.NodePart, at string) {
		for i, n := range list {
			one := map[string]any{
				"place": fmt.Sprintf("%s %d", at, i), "type": n.Type, "title": n.Title, "note": n.Note, "skip": n.Skip, "timeout": n.Timeout,
				"onError": n.OnError, "onUnknown": n.OnUnknown, "elevated": n.Elevated,
			}
			if len(n.Retry) > 0 {
				one["retry"] = n.Retry
			}
			for name, v := range n.Config {
				one["config."+name] = v
			}
			out[n.Key] = one
			for _, b := range n.Branches {
				one["branch."+b.Key] = b.Title
				walk(b.Nodes, n.Key+"."+b.Key)
			}
		}
	}
	walk(d.Nodes, "")
	return out
}
