package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// fileFormat is the format of workflow files that this release reads and writes.
const fileFormat = 1

// File is a workflow as it goes from one installation to another: nothing in it
// belongs to one of them.
type File struct {
	Key         string
	Title       string
	Description string
	Sync        bool
	Options     models.WorkflowOptions
	Definition  *Definition
}

// FileOf is a workflow as a file, with one of its definitions. Secrets stay behind.
func FileOf(w *models.Workflow, d *Definition) File {
	d = withoutSecrets(d)
	return File{Key: w.Key, Title: w.Title, Description: w.Description, Sync: w.Sync, Options: w.Options, Definition: d}
}

// Tree gives the content of the file.
func (f File) Tree() (map[string]any, error) {
	tree := f.Definition.Tree()
	_, hash, err := f.Definition.JSON()
	if err != nil {
		return nil, err
	}
	out := map[string]any{
		"formrail": int64(fileFormat), "kind": "workflow", "key": f.Key, "title": f.Title, "sync": f.Sync, "options": f.Options,
		"trigger": tree["trigger"], "nodes": tree["nodes"], "hash": hash,
	}
	if f.Description != "" {
		out["description"] = f.Description
	}
	return out, nil
}

// Encode gives the bytes of the file: equal workflows give equal bytes.
func (f File) Encode() ([]byte, error) {
	tree, err := f.Tree()
	if err != nil {
		return nil, err
	}
	b, err := field.MarshalJSON(tree)
	if err != nil {
		return nil, fmt.Errorf("write workflow %s: %w", f.Key, err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, b, "", "  "); err != nil {
		return nil, fmt.Errorf("write workflow %s: %w", f.Key, err)
	}
	return append(indented.Bytes(), '\n'), nil
}

// ReadFile reads the content of a workflow file and says all that is wrong with its
// shape. Whether it fits the installation is not looked at.
func ReadFile(content any) (File, field.Problems) {
	r := fileReader{}
	var ok bool
	if r.tree, ok = content.(map[string]any); !ok || r.tree["kind"] != "workflow" || !field.Equal(r.tree["formrail"], int64(fileFormat)) {
		r.wrong("", text.M("file.format", "This is no workflow file of format %d.", fileFormat))
		return File{}, r.problems
	}
	f := File{Key: r.text("key"), Title: r.text("title"), Description: r.text("description"), Sync: r.flag("sync")}
	if !models.ValidWorkflowKey(f.Key) || strings.TrimSpace(f.Title) == "" {
		r.wrong("key", text.M("file.names", "A workflow file needs a key and a title."))
	}
	if !readOptions(r.tree["options"], &f.Options) {
		r.wrong("options", text.M("file.options", "The options cannot be read."))
	}
	known := []string{"formrail", "kind", "key", "title", "description", "sync", "options", "trigger", "nodes", "hash"}
	for _, name := range slices.Sorted(maps.Keys(r.tree)) {
		if !slices.Contains(known, name) {
			r.wrong(name, text.M("definition.unknown", "%s is not known here.", name))
		}
	}
	var problems field.Problems
	f.Definition, problems = ParseDefinition(map[string]any{"trigger": r.tree["trigger"], "nodes": r.tree["nodes"]})
	return f, append(r.problems, problems...)
}

// fileReader reads the members of a file and collects what is wrong.
type fileReader struct {
	tree     map[string]any
	problems field.Problems
}

func (r *fileReader) wrong(name string, m text.Message) {
	r.problems.Add(name, "DEFINITION_INVALID", m)
}

func (r *fileReader) text(name string) string {
	s, ok := r.tree[name].(string)
	if !ok && r.tree[name] != nil {
		r.wrong(name, text.M("definition.not_text", "%s must be text.", name))
	}
	return s
}

func (r *fileReader) flag(name string) bool {
	on, ok := r.tree[name].(bool)
	if !ok && r.tree[name] != nil {
		r.wrong(name, text.M("definition.not_flag", "%s must be true or false.", name))
	}
	return on
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
