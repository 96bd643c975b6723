package pagedesign

import (
	"crypto/rand"
	"fmt"
	"slices"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Command is one edit of a draft: its name and its arguments as canonical values.
//
//	set_page      values {title, icon, position, audience}
//	add_block     block {type, collection, …}, id?, popup?
//	set_block     block, values {title, fields, filter, sort, pageSize}
//	move_block    block, by (-1 up, 1 down)
//	delete_block  block
//	add_action    block, action {type, …}, id?
//	set_action    action, values {title, style, open, block, confirm, values, link, after}
//	move_action   action, by (-1, 1)
//	delete_action action
//	set_bindings  action, bindings [{workflow, path}] in their order
//	replace_page  document
//
// A value of null takes a setting away.
type Command struct {
	Name string
	Args map[string]any
}

// change applies commands to a page.
type change struct {
	p       *models.Page
	misfit  misfit
	labels  []string
	touched []string
}

func refused(m text.Message) *models.Error { return models.Invalid("BAD_PARAMETER", m) }

func (c *change) apply(cmd Command) error {
	run, ok := map[string]func(arguments) (string, error){
		"set_page": c.setPage, "add_block": c.addBlock, "set_block": c.setBlock, "move_block": c.moveBlock, "delete_block": c.deleteBlock,
		"add_action": c.addAction, "set_action": c.setAction, "move_action": c.moveAction, "delete_action": c.deleteAction,
		"set_bindings": c.setBindings, "replace_page": c.replacePage,
	}[cmd.Name]
	if !ok {
		return refused(text.M("page.command", "There is no command %s.", cmd.Name))
	}
	label, err := run(arguments(cmd.Args))
	if err != nil {
		return err
	}
	c.labels = append(c.labels, label)
	return nil
}

func (c *change) touch(ids ...string) {
	for _, id := range ids {
		if !slices.Contains(c.touched, id) {
			c.touched = append(c.touched, id)
		}
	}
}

// log is the batch as it is remembered.
func (c *change) log(commands []Command) string {
	out := make([]any, len(commands))
	for i, one := range commands {
		out[i] = map[string]any{"command": one.Name, "args": one.Args}
	}
	b, err := field.MarshalJSON(out)
	if err != nil {
		return "[]" // only for reading
	}
	return string(b)
}

// arguments are those of one command.
type arguments map[string]any

func (a arguments) text(name string) string {
	s, _ := a[name].(string)
	return s
}

func (a arguments) object(name string) (map[string]any, error) {
	m, ok := a[name].(map[string]any)
	if !ok {
		return nil, refused(text.M("page.command_object", "%s must be an object.", name))
	}
	return m, nil
}

// direction is where something moves: one place up or down.
func (a arguments) direction() (int, error) {
	switch a["by"] {
	case int64(-1):
		return -1, nil
	case int64(1):
		return 1, nil
	}
	return 0, refused(text.M("page.command_by", "Move by -1 or by 1."))
}

// merged lays values over a definition. Only the named members may be among them.
func merged(definition, values map[string]any, allowed ...string) (map[string]any, error) {
	for name, v := range values {
		switch {
		case !slices.Contains(allowed, name):
			return nil, refused(text.M("page.command_setting", "There is no setting %s here.", name))
		case v == nil:
			delete(definition, name)
		default:
			definition[name] = v
		}
	}
	return definition, nil
}

// freeID makes an id that neither a block nor a button has.
func (c *change) freeID() string { return FreeID(c.p) }

// FreeID makes an id that neither a block nor a button of a page has, for commands
// of one batch that name what another one adds.
func FreeID(p *models.Page) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	for {
		var b [4]byte
		if _, err := rand.Read(b[:]); err != nil {
			panic("read random bytes: " + err.Error())
		}
		for i := range b {
			n := len(letters)
			if i == 0 {
				n = 26
			}
			b[i] = letters[int(b[i])%n]
		}
		id := string(b[:])
		_, block := p.Block(id)
		_, _, action := p.Action(id)
		if !block && !action {
			return id
		}
	}
}

func (c *change) setPage(args arguments) (string, error) {
	values, err := args.object("values")
	if err != nil {
		return "", err
	}
	definition, err := merged(c.p.Definition(), values, "title", "icon", "position", "audience")
	if err != nil {
		return "", err
	}
	return "Changed the settings of the page", c.replace(definition)
}

func (c *change) replacePage(args arguments) (string, error) {
	definition, err := args.object("document")
	if err != nil {
		return "", err
	}
	if key, ok := definition["key"]; ok && key != c.p.Key {
		return "", models.Invalid("IMMUTABLE_FIELD", text.M("page.key_fixed", "The key of a page cannot be changed. Duplicate the page instead."))
	}
	definition["key"] = c.p.Key
	return "Replaced the page", c.replace(definition)
}

func (c *change) replace(definition map[string]any) error {
	c.touch(wholePage)
	p, problems := models.ReadPage(definition)
	if found := models.Problems(problems); found != nil {
		return found
	}
	p.ID, p.Revision = c.p.ID, c.p.Revision
	*c.p = *p
	return nil
}

func (c *change) block(id string) (*models.Block, error) {
	b, ok := c.p.Block(id)
	if !ok {
		return nil, refused(text.M("page.no_block", "There is no block %s on this page.", id))
	}
	c.touch(id)
	return b, nil
}

func (c *change) action(id string) (*models.PageAction, *models.Block, error) {
	a, b, ok := c.p.Action(id)
	if !ok {
		return nil, nil, refused(text.M("page.no_action", "There is no button %s on this page.", id))
	}
	c.touch(id)
	return a, b, nil
}

// nameOf is what a block is called in the list of edits.
func nameOf(b *models.Block) string {
	title := b.Title
	if title == "" {
		title = b.Collection
	}
	return fmt.Sprintf("“%s”", title)
}

// labelOf is what a button is called in the list of edits.
func labelOf(a *models.PageAction) string {
	if a.Title != "" {
		return fmt.Sprintf("“%s”", a.Title)
	}
	return fmt.Sprintf("button %s", a.Type)
}
