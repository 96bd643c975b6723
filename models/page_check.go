package models

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"formrail/models/field"
	"formrail/models/text"
)

// Limits of a page.
const (
	MaxBindings    = 20 // workflows bound to one button
	MaxBindingPath = 3  // to-one steps to the data they get
	maxPageBlocks  = 100
)

// Offered lists the actions that each type of block may have.
func Offered() map[BlockType][]ActionType {
	return map[BlockType][]ActionType{
		TableBlock:      {AddNewAction, FilterAction, RefreshAction, LinkAction, ViewAction, EditAction, UpdateRecordAction, DeleteAction},
		CreateFormBlock: {SubmitAction, SaveAction, LinkAction},
		EditFormBlock:   {SubmitAction, SaveAction, DeleteAction, LinkAction},
		DetailsBlock:    {EditAction, UpdateRecordAction, DeleteAction, LinkAction},
	}
}

// Bindable lists the types of workflows that each type of action may start.
func Bindable() map[ActionType][]string {
	return map[ActionType][]string{
		SubmitAction:       {"pre_action", "post_action", "approval"},
		SaveAction:         {"pre_action", "post_action", "approval"},
		UpdateRecordAction: {"pre_action", "post_action"},
		DeleteAction:       {"pre_action", "post_action"},
	}
}

// pageCheck looks at a page together with what it names.
type pageCheck struct {
	p         *Page
	cat       *Catalog
	workflows map[string]string // key → type
	ids       map[string]bool
	found     field.Problems
}

func (c *pageCheck) wrong(at, name string, m text.Message) { c.found.Add(at+name, "BAD_PARAMETER", m) }

// CheckPage reports everything that is wrong with a page, one entry each.
func CheckPage(ctx context.Context, q Querier, p *Page) (field.Problems, error) {
	cat, err := loadCatalog(ctx, q)
	if err != nil {
		return nil, err
	}
	roles, err := rolesIn(ctx, q)
	if err != nil {
		return nil, err
	}
	workflows, err := Workflows(ctx, q)
	if err != nil {
		return nil, err
	}
	c := &pageCheck{p: p, cat: cat, workflows: map[string]string{}, ids: map[string]bool{}}
	for _, w := range workflows {
		c.workflows[w.Key] = w.Type
	}
	c.page(roles)
	for i, row := range p.Rows {
		for j, column := range row.Columns {
			for k, b := range column.Blocks {
				c.block(b, fmt.Sprintf("rows[%d].columns[%d].blocks[%d].", i, j, k))
			}
		}
	}
	for i, b := range p.Popups {
		c.block(b, fmt.Sprintf("popups[%d].", i))
	}
	return c.found, nil
}

func (c *pageCheck) page(roles []Role) {
	if !regexp.MustCompile(`^[a-z][a-z0-9_-]{1,62}$`).MatchString(c.p.Key) {
		c.wrong("", "key", text.M("page.key", "A page key has 2 to 63 small letters, digits, dashes and underscores and begins with a letter."))
	}
	if n := utf8.RuneCountInString(strings.TrimSpace(c.p.Title)); n == 0 || n > maxTitle {
		c.wrong("", "title", text.M("page.title", "A title has 1 to %d characters.", maxTitle))
	}
	for _, name := range c.p.Audience {
		if _, err := findRole(roles, name); err != nil {
			c.wrong("", "audience", text.M("role.unknown", "There is no role named %s.", name))
		}
	}
	if len(c.p.Blocks()) > maxPageBlocks {
		c.wrong("", "rows", text.M("page.blocks", "A page has at most %d blocks.", maxPageBlocks))
	}
}

// id checks the id of a block or an action.
func (c *pageCheck) id(at, id string) {
	switch {
	case !regexp.MustCompile(`^[a-z][a-z0-9]{0,15}$`).MatchString(id):
		c.wrong(at, "id", text.M("page.id", "An id has 1 to 16 small letters and digits and begins with a letter."))
	case c.ids[id]:
		c.wrong(at, "id", text.M("page.id_twice", "The id %s occurs twice on this page.", id))
	}
	c.ids[id] = true
}

func (c *pageCheck) block(b *Block, at string) {
	c.id(at, b.ID)
	if Offered()[b.Type] == nil {
		c.wrong(at, "type", text.M("page.block_type", "%q is not a type of block.", string(b.Type)))
		return
	}
	on, ok := c.cat.Collection(b.Collection)
	switch {
	case ok:
	case b.Collection == "":
		c.wrong(at, "collection", text.M("page.choose_collection", "Choose a collection."))
		return
	default:
		c.wrong(at, "collection", text.M("schema.target", "There is no collection %s.", b.Collection))
		return
	}
	for i, f := range b.Fields {
		c.field(on, b, fmt.Sprintf("%sfields[%d].", at, i), f.Field)
	}
	for _, key := range b.Sort {
		if c.end(on, strings.TrimPrefix(key, "-")) == nil {
			c.wrong(at, "sort", text.M("page.no_field", "%s has no field %s.", on.Title, strings.TrimPrefix(key, "-")))
		}
	}
	for i, a := range b.Actions {
		c.action(on, b, fmt.Sprintf("%sactions[%d].", at, i), a)
	}
}

// end finds the field that a path over to-one links ends at; nil when it leads nowhere.
func (c *pageCheck) end(on *Collection, path string) *CollectionField { return c.cat.PathEnd(on, path) }

func (c *pageCheck) field(on *Collection, b *Block, at, name string) {
	f := c.end(on, name)
	switch {
	case f == nil:
		c.wrong(at, "field", text.M("page.no_field", "%s has no field %s.", on.Title, name))
	case b.Type.IsForm() && (strings.Contains(name, ".") || f.Preset || f.ReadOnly):
		c.wrong(at, "field", text.M("page.not_entered", "%s cannot be entered in a form.", name))
	}
}

func (c *pageCheck) action(on *Collection, b *Block, at string, a *PageAction) {
	c.id(at, a.ID)
	if !slices.Contains(Offered()[b.Type], a.Type) {
		c.wrong(at, "type", text.M("page.action_type", "%q is not an action of this block.", string(a.Type)))
		return
	}
	c.opened(at, a)
	if !slices.Contains([]ActionStyle{"", PlainStyle, PrimaryStyle, DangerStyle}, a.Style) {
		c.wrong(at, "style", text.M("page.style", "A style is plain, primary or danger."))
	}
	for _, name := range sortedKeys(a.Values) {
		if f, ok := on.Field(name); !ok || f.Preset || f.ReadOnly {
			c.wrong(at, "values."+name, text.M("page.not_set", "%s has no field %s that can be set.", on.Title, name))
		}
	}
	if (a.Type == UpdateRecordAction) != (len(a.Values) > 0) {
		c.wrong(at, "values", text.M("page.values", "Update record needs values to set; other actions have none."))
	}
	if (a.Type == LinkAction) != (a.Link != "") || a.Link != "" && !localPath(a.Link) {
		c.wrong(at, "link", text.M("page.link", "A link needs a path of this installation, such as /tasks; other actions have none."))
	}
	if len(a.Bindings) > MaxBindings {
		c.wrong(at, "bindings", text.M("page.bindings", "At most %d workflows can be bound to one action.", MaxBindings))
	}
	seen := map[PageBinding]bool{}
	for i, g := range a.Bindings {
		c.binding(on, a, fmt.Sprintf("%sbindings[%d].", at, i), g)
		g.Order = 0
		if seen[g] {
			c.wrong(at, fmt.Sprintf("bindings[%d].workflow", i), text.M("page.bound_twice", "The workflow %s is bound twice with the same data.", g.Workflow))
		}
		seen[g] = true
	}
	c.after(at+"after.", a.After)
}

// opened checks the popup that an action opens.
func (c *pageCheck) opened(at string, a *PageAction) {
	wants := map[ActionType]BlockType{AddNewAction: CreateFormBlock, ViewAction: DetailsBlock, EditAction: EditFormBlock}[a.Type]
	if wants == "" {
		if a.Block != "" || a.Open != "" {
			c.wrong(at, "block", text.M("page.opens_nothing", "This action opens no block."))
		}
		return
	}
	if b, ok := c.p.Block(a.Block); !ok || b.Type != wants {
		c.wrong(at, "block", text.M("page.opens", "This action opens a block of type %s; name one of this page.", string(wants)))
	}
	if !slices.Contains([]string{"", "drawer", "dialog", "page"}, a.Open) {
		c.wrong(at, "open", text.M("page.open", "A form opens in a drawer, a dialog or a page."))
	}
}

func (c *pageCheck) binding(on *Collection, a *PageAction, at string, g PageBinding) {
	kind, ok := c.workflows[g.Workflow]
	switch kinds := Bindable()[a.Type]; {
	case len(kinds) == 0:
		c.wrong(at, "workflow", text.M("page.not_bindable", "No workflow can be bound to this action."))
	case !ok:
		c.wrong(at, "workflow", text.M("page.no_workflow", "There is no workflow %s.", g.Workflow))
	case !slices.Contains(kinds, kind):
		c.wrong(at, "workflow", text.M("page.workflow_kind", "The workflow %s cannot be started by this action.", g.Workflow))
	case kind == "approval" && g.Path != "":
		c.wrong(at, "path", text.M("page.approval_path", "An approval gets the entire form."))
	}
	if g.Path == "" {
		return
	}
	f := c.end(on, g.Path)
	if f == nil || !f.IsLink() || strings.Count(g.Path, ".") >= MaxBindingPath || a.Type == DeleteAction {
		c.wrong(at, "path", text.M("page.path", "%s is not a link to one record over at most %d steps.", g.Path, MaxBindingPath))
	}
}

func (c *pageCheck) after(at string, s AfterSuccess) {
	for _, id := range s.Refresh {
		if _, ok := c.p.Block(id); !ok {
			c.wrong(at, "refresh", text.M("page.refresh", "There is no block %s on this page.", id))
		}
	}
	if !slices.Contains([]string{"", "clear", "record"}, s.Next) {
		c.wrong(at, "next", text.M("page.next", "What comes next is clear or record."))
	}
	if s.Redirect != "" && (!localPath(s.Redirect) || s.Next != "") {
		c.wrong(at, "redirect", text.M("page.redirect", "A redirect leads to a path of this installation and excludes other next steps."))
	}
}

// localPath reports whether a link stays on this installation, whatever a browser
// makes of slashes and backslashes.
func localPath(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}
