package models

import (
	"slices"
	"strings"

	"formrail/models/text"
)

// Startable is a workflow as designers of pages see it: what its live version
// listens to.
type Startable struct {
	Key        string
	Title      string
	Type       string // trigger type
	Sync       bool
	Enabled    bool
	Collection string   // whose records it gets
	Global     bool     // starts from every button, without being bound
	Actions    []string // global: create, update, destroy
}

// PathEnd finds the field that a path over to-one links ends at; nil when it leads
// nowhere.
func (c *Catalog) PathEnd(on *Collection, path string) *CollectionField {
	parts := strings.Split(path, ".")
	for i, name := range parts {
		f, ok := on.Field(name)
		if !ok {
			return nil
		}
		if i == len(parts)-1 {
			return f
		}
		if on, ok = c.Collection(f.LinkTarget()); !f.IsLink() || !ok {
			return nil
		}
	}
	return nil
}

// LinkTarget is the collection that a link leads to.
func (f *CollectionField) LinkTarget() string {
	if f.Target == "" && f.IsLink() {
		return UsersCollection
	}
	return f.Target
}

// DataSource is what a button may send to a workflow: its record, or one that a
// path of to-one links leads to.
type DataSource struct {
	Path       string   // empty for the record itself
	Titles     []string // of the links on the way
	Collection *Collection
}

// maxSources bounds what is offered where collections link to each other.
const maxSources = 100

// DataSources lists what a button about a collection may send, nearest first.
// Delete sends the record itself only.
func (c *Catalog) DataSources(on *Collection, a ActionType) []DataSource {
	out := []DataSource{{Collection: on}}
	if a == DeleteAction {
		return out
	}
	for i := 0; i < len(out) && len(out) < maxSources; i++ {
		from := out[i]
		if len(from.Titles) == MaxBindingPath {
			continue
		}
		for _, f := range from.Collection.Fields {
			to, ok := c.Collection(f.LinkTarget())
			if !f.IsLink() || !ok || f.Hidden {
				continue
			}
			out = append(out, DataSource{
				Path: strings.TrimPrefix(from.Path+"."+f.Name, "."), Titles: append(slices.Clone(from.Titles), f.Title()), Collection: to,
			})
		}
	}
	return out
}

// SourceCollection is the collection of what a binding sends; nil when its path
// leads to no record.
func (c *Catalog) SourceCollection(on *Collection, path string) *Collection {
	if path == "" {
		return on
	}
	f := c.PathEnd(on, path)
	if f == nil || !f.IsLink() {
		return nil
	}
	to, _ := c.Collection(f.LinkTarget())
	return to
}

// Fits reports whether a workflow may be offered for an action that sends a record
// of a collection. Whether it is enabled is another question.
func (s Startable) Fits(a ActionType, source *Collection) bool {
	return source != nil && !s.Global && slices.Contains(Bindable()[a], s.Type) && Snake(s.Collection) == Snake(source.Name)
}

// StartsAnyway reports whether a workflow starts from an action without being bound.
func (s Startable) StartsAnyway(a ActionType, block BlockType, on *Collection) bool {
	word := map[ActionType]string{SubmitAction: "create", SaveAction: "create", UpdateRecordAction: "update", DeleteAction: "destroy"}[a]
	if word == "create" && block == EditFormBlock {
		word = "update"
	}
	return s.Enabled && s.Global && word != "" && Snake(s.Collection) == Snake(on.Name) && slices.Contains(s.Actions, word)
}

// Misfit says why a binding is skipped when its button is pressed; ok is false when
// it is not.
func (c *Catalog) Misfit(list []Startable, a *PageAction, on *Collection, g PageBinding) (why text.Message, ok bool) {
	source := c.SourceCollection(on, g.Path)
	i := slices.IndexFunc(list, func(s Startable) bool { return s.Key == g.Workflow })
	switch {
	case i < 0:
		return text.M("binding.no_live", "There is no published workflow %s.", g.Workflow), true
	case source == nil, strings.Count(g.Path, ".") >= MaxBindingPath, a.Type == DeleteAction && g.Path != "":
		return text.M("binding.path", "%s leads to no record.", g.Path), true
	}
	s := list[i]
	switch {
	case !slices.Contains(Bindable()[a.Type], s.Type), s.Type == "approval" && g.Path != "":
		return text.M("binding.kind", "%s cannot be started by this button.", s.Title), true
	case s.Global:
		return text.M("binding.global", "%s starts without being bound.", s.Title), true
	case Snake(s.Collection) != Snake(source.Name):
		return text.M("binding.collection", "%s does not start from %s.", s.Title, source.Title), true
	case !s.Enabled:
		return text.M("binding.disabled", "%s is disabled. Enable it first to bind it.", s.Title), true
	}
	return text.Message{}, false
}
