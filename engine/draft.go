package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// CommandBatch is one atomic list of edits of a draft.
type CommandBatch struct {
	ID       string // made by the client; a repeat gives the first answer; empty = made here
	Base     int64  // revision the client saw; 0 = not checked
	Hold     bool   // keeps others from editing until the lease lapses; for pages
	Commands []Command
}

// maxCommands is how many edits one batch may hold.
const maxCommands = 200

// DraftState is how a draft stands after an edit.
type DraftState struct {
	Revision int64
	Changed  []string // keys of touched nodes; "trigger" for the trigger
	Findings []Finding
	Draft    *Reading // as it is now; nil in [Engine.DraftBrief]
	Undo     string   // label of the edit that undo would revert; empty = none
	Redo     string
	Holder   Holder
}

// Commands applies a batch of edits to the draft of a workflow: all or none.
func (e *Engine) Commands(ctx context.Context, access models.Access, key string, in CommandBatch) (DraftState, error) {
	if len(in.Commands) == 0 || len(in.Commands) > maxCommands {
		return DraftState{}, models.Invalid("BAD_PARAMETER", text.M("draft.commands", "Send 1 to %d commands at once.", maxCommands))
	}
	if in.ID == "" {
		in.ID = models.NewID()
	}
	return e.edit(ctx, access, key, in.Hold, func(tx *models.Tx, ed *edit) error {
		known, err := models.WorkflowEdits().ByID(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		if known != nil {
			if known.OwnerID != ed.w.ID {
				return models.Conflict("CONFLICT", text.M("draft.id_taken", "Another edit has this id."))
			}
			ed.touched = known.Touched
			return nil
		}
		if err := ed.checkBase(ctx, tx, in); err != nil {
			return err
		}
		return ed.apply(ctx, tx, in)
	})
}

// Undo reverts the latest edit of the draft.
func (e *Engine) Undo(ctx context.Context, access models.Access, key string) (DraftState, error) {
	return e.edit(ctx, access, key, false, func(tx *models.Tx, ed *edit) error { return ed.step(ctx, tx, "done") })
}

// Redo repeats the latest undone edit.
func (e *Engine) Redo(ctx context.Context, access models.Access, key string) (DraftState, error) {
	return e.edit(ctx, access, key, false, func(tx *models.Tx, ed *edit) error { return ed.step(ctx, tx, "undone") })
}

// DiscardDraft makes the draft equal to the live version; it can be undone.
func (e *Engine) DiscardDraft(ctx context.Context, access models.Access, key string) (DraftState, error) {
	return e.edit(ctx, access, key, false, func(tx *models.Tx, ed *edit) error {
		if ed.w.LiveVersion == 0 {
			return models.Invalid("NO_LIVE_VERSION", text.M("draft.no_live", "The workflow was never published, so there is nothing to go back to."))
		}
		v, err := models.VersionByID(ctx, tx, ed.w.LiveVersion)
		if err != nil {
			return err
		}
		return ed.replace(ctx, tx, v.Definition, "Discarded the draft")
	})
}

// RestoreVersion makes the draft equal to an old version; it can be undone.
func (e *Engine) RestoreVersion(ctx context.Context, access models.Access, key string, number int64) (DraftState, error) {
	return e.edit(ctx, access, key, false, func(tx *models.Tx, ed *edit) error {
		v, err := models.VersionByNumber(ctx, tx, ed.w.ID, number)
		if err != nil {
			return err
		}
		return ed.replace(ctx, tx, v.Definition, fmt.Sprintf("Restored version %d", number))
	})
}

// edit is one change of a draft inside its transaction.
type edit struct {
	e       *Engine
	by      int64
	w       *models.Workflow
	touched []string

	reading *Reading // of the draft as it is now; nil when it must be read
}

// edit runs fn on the draft of a workflow and reports how the draft stands.
func (e *Engine) edit(ctx context.Context, access models.Access, key string, hold bool, fn func(*models.Tx, *edit) error) (DraftState, error) {
	if err := access.Require("workflow.edit"); err != nil {
		return DraftState{}, err
	}
	var (
		out DraftState
		id  int64
	)
	err := e.db.Write(ctx, "workflow.edit", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		ed := &edit{e: e, by: access.Principal.UserID, w: w}
		if err := ed.enter(ctx, tx, hold); err != nil {
			return err
		}
		if err := fn(tx, ed); err != nil {
			return err
		}
		id = w.ID
		out, err = ed.state(ctx, tx)
		return err
	})
	if err != nil {
		return DraftState{}, fmt.Errorf("edit draft of %s: %w", key, err)
	}
	e.drafts.put(id, out.Draft)
	e.live.Publish("workflow:" + key)
	return out, nil
}

// checkBase accepts an old base when the edits in between touched other nodes.
func (ed *edit) checkBase(ctx context.Context, tx *models.Tx, in CommandBatch) error {
	if in.Base == 0 || in.Base == ed.w.DraftRevision {
		return nil
	}
	between, err := models.WorkflowEdits().Since(ctx, tx, ed.w.ID, in.Base)
	if err != nil {
		return err
	}
	wanted := touchedBy(in.Commands)
	for _, c := range between {
		if placed(in.Commands) && restructured(c) {
			return draftChanged().With("author", c.AuthorID).With("at", c.At.Time()).With("label", c.Label)
		}
		for _, t := range c.Touched {
			if t == everything || slices.Contains(wanted, t) || slices.Contains(wanted, everything) {
				return draftChanged().With("author", c.AuthorID).With("at", c.At.Time()).With("label", c.Label)
			}
		}
	}
	if len(between) == 0 || in.Base > ed.w.DraftRevision {
		return draftChanged()
	}
	return nil
}

// placed reports whether commands name a place by its number in a list.
func placed(commands []Command) bool {
	return slices.ContainsFunc(commands, func(c Command) bool {
		at, _ := c.Args["at"].(map[string]any)
		return at["index"] != nil
	})
}

// restructured reports whether an edit may have given the places other numbers.
func restructured(c *models.DraftCommand) bool {
	for _, name := range []string{"add_node", "move_nodes", "duplicate_nodes", "delete_nodes", "delete_branch"} {
		if strings.Contains(c.Commands, `"`+name+`"`) {
			return true
		}
	}
	return false
}

// apply runs the commands on the definition and stores the result.
func (ed *edit) apply(ctx context.Context, tx *models.Tx, in CommandBatch) error {
	before, err := ed.e.ReadDraft(ctx, ed.w)
	if err != nil {
		return err
	}
	d := before.clone()
	c := &change{d: d, types: ed.e.registry}
	sealed := make([]Command, len(in.Commands))
	for i, command := range in.Commands {
		if sealed[i], err = ed.seal(ctx, tx, d, command); err != nil {
			return err
		}
		if err := c.apply(sealed[i]); err != nil {
			at := models.AsError(err)
			if len(in.Commands) > 1 {
				at = at.With("command", i)
			}
			return at
		}
		for _, name := range []string{"key", "made"} { // the answer names what was made
			if made, ok := sealed[i].Args[name]; ok {
				command.Args[name] = made
			}
		}
	}
	after, _, err := d.JSON()
	if err != nil {
		return err
	}
	if ed.reading, err = ed.checkEdit(ctx, before, after); err != nil {
		return err
	}
	ed.touched = touchedBy(sealed)
	return ed.store(ctx, tx, &models.DraftCommand{ID: in.ID, Label: strings.Join(c.labels, ", "), Commands: encode(commandsTree(sealed)), After: after})
}

// checkEdit reads the draft that an edit makes and refuses one that brings a fault into the draft. Faults that were
// there before, such as a filter on a field that was dropped since, do not stop
// edits elsewhere; publishing finds them.
func (ed *edit) checkEdit(ctx context.Context, before *Reading, after string) (*Reading, error) {
	tree, err := field.ParseJSON([]byte(after))
	if err != nil {
		return nil, fmt.Errorf("read edited draft: %w", err)
	}
	r, refused := ed.e.acceptable(ctx, tree, ed.w.Sync, before.compiled)
	if r == nil {
		return nil, refused
	}
	r.stored = after
	r.describe()
	known := map[string]bool{}
	for _, f := range faultsIn(before.Findings) {
		known[f.Node+" "+f.Field+" "+f.Message.String()] = true
	}
	faults := slices.DeleteFunc(faultsIn(r.Findings), func(f Finding) bool { return known[f.Node+" "+f.Field+" "+f.Message.String()] })
	if len(faults) == 0 {
		return r, nil
	}
	return nil, refusal(faults)
}

func (ed *edit) replace(ctx context.Context, tx *models.Tx, definition, label string) error {
	ed.touched = []string{everything}
	return ed.store(ctx, tx, &models.DraftCommand{ID: models.NewID(), Label: label, Commands: "[]", After: definition})
}

// store remembers an edit and makes it the draft.
func (ed *edit) store(ctx context.Context, tx *models.Tx, c *models.DraftCommand) error {
	ed.w.DraftRevision++
	c.OwnerID, c.Revision, c.Before, c.AuthorID, c.Touched = ed.w.ID, ed.w.DraftRevision, ed.w.Draft, ed.by, ed.touched
	if err := models.WorkflowEdits().DropUndone(ctx, tx, ed.w.ID); err != nil {
		return err
	}
	if err := ed.mergeLast(ctx, tx, c); err != nil {
		return err
	}
	if err := models.WorkflowEdits().Insert(ctx, tx, c); err != nil {
		return err
	}
	return ed.set(ctx, tx, c.After)
}

// mergeWithin is how long changes of one setting by one person are one edit.
const mergeWithin = 10 * time.Second

// mergeLast takes the edit before into a new one of the same setting by the same
// person, so that undo goes back over what was typed at once.
func (ed *edit) mergeLast(ctx context.Context, tx *models.Tx, c *models.DraftCommand) error {
	what := onlySetting(c.Commands)
	if what == "" {
		return nil
	}
	last, err := models.WorkflowEdits().Last(ctx, tx, ed.w.ID, "done")
	if err != nil || last == nil {
		return err
	}
	same := what == onlySetting(last.Commands) && last.AuthorID == ed.by && last.Revision == ed.w.DraftRevision-1 && ed.w.DraftDirty
	if !same || tx.Now().Sub(last.At.Time()) > mergeWithin {
		return nil
	}
	c.Before = last.Before
	return models.WorkflowEdits().SetState(ctx, tx, last.ID, "merged")
}

// onlySetting names the setting that stored commands change; empty when they do
// anything else.
func onlySetting(stored string) string {
	v, err := parseAny(stored)
	list, ok := v.([]any)
	if err != nil || !ok || len(list) != 1 {
		return ""
	}
	m, _ := list[0].(map[string]any)
	args, _ := m["args"].(map[string]any)
	switch m["command"] {
	case "set_config", "set_trigger", "set_title", "set_note":
		return fmt.Sprint(m["command"], " ", args["key"], " ", args["field"])
	}
	return ""
}

// set saves a draft and notes whether it differs from the live version.
func (ed *edit) set(ctx context.Context, tx *models.Tx, draft string) error {
	ed.w.Draft, ed.w.DraftDirty = draft, true
	if ed.w.LiveVersion != 0 {
		v, err := models.VersionByID(ctx, tx, ed.w.LiveVersion)
		if err != nil {
			return err
		}
		ed.w.DraftDirty = v.Definition != draft
	}
	return models.UpdateWorkflow(ctx, tx, ed.w)
}

// step undoes the latest edit (state done) or repeats the latest undone one.
func (ed *edit) step(ctx context.Context, tx *models.Tx, state string) error {
	c, err := models.WorkflowEdits().Last(ctx, tx, ed.w.ID, state)
	if err != nil {
		return err
	}
	if c == nil {
		return models.Invalid("NOTHING_TO_UNDO", text.M("draft.nothing", "There is nothing to undo or to repeat."))
	}
	next, draft := "undone", c.Before
	if state == "undone" {
		next, draft = "done", c.After
	}
	if err := models.WorkflowEdits().SetState(ctx, tx, c.ID, next); err != nil {
		return err
	}
	ed.touched = c.Touched
	ed.w.DraftRevision++
	return ed.set(ctx, tx, draft)
}

// state reports how the draft stands.
func (ed *edit) state(ctx context.Context, q models.Querier) (DraftState, error) {
	if ed.reading == nil {
		var err error
		if ed.reading, err = ed.e.ReadDraft(ctx, ed.w); err != nil {
			return DraftState{}, err
		}
	}
	out, err := ed.brief(ctx, q)
	out.Draft, out.Findings = ed.reading, ed.reading.Findings
	return out, err
}

// brief is state without what is wrong with the draft.
func (ed *edit) brief(ctx context.Context, q models.Querier) (out DraftState, err error) {
	out = DraftState{Revision: ed.w.DraftRevision, Changed: ed.touched}
	if out.Holder, err = ed.holder(ctx, q); err != nil {
		return DraftState{}, err
	}
	out.Undo, out.Redo, err = models.WorkflowEdits().Labels(ctx, q, ed.w.ID)
	return out, err
}
