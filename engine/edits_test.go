package engine_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/engine"
	"formrail/engine/worldtest"
	"formrail/models"
	"formrail/models/modelstest"
)

// drafter makes edits at random and keeps what the draft is after each.
type drafter struct {
	t       *testing.T
	w       *worldtest.World
	clock   *modelstest.Clock
	rnd     *rand.Rand
	refused int
}

func (d *drafter) stored() *models.Workflow {
	w, err := models.WorkflowByKey(d.t.Context(), d.w.DB.Read(), "edited")
	require.NoError(d.t, err)
	return w
}

// places lists the keys of the draft and its lists with their lengths.
func (d *drafter) places() (keys []string, lists []map[string]any) {
	def, err := engine.ReadDefinition(d.stored().Draft)
	require.NoError(d.t, err)
	var look func(list []*engine.NodePart, parent, branch string)
	look = func(list []*engine.NodePart, parent, branch string) {
		lists = append(lists, map[string]any{"parent": parent, "branch": branch, "index": int64(d.rnd.IntN(len(list) + 1))})
		for _, n := range list {
			keys = append(keys, n.Key)
			if n.Type == "condition" {
				look(nil, n.Key, "no")
			}
			for _, b := range n.Branches {
				look(b.Nodes, n.Key, b.Key)
			}
		}
	}
	look(def.Nodes, "", "")
	return keys, lists
}

// command makes one edit that is right in most cases.
func (d *drafter) command() engine.Command {
	keys, lists := d.places()
	at := lists[d.rnd.IntN(len(lists))]
	references := []any{"keep", "clear"}[d.rnd.IntN(2)]
	types := []string{"calculation", "condition", "query_records", "create_record", "end", "approval"}
	add := engine.Command{Name: "add_node", Args: map[string]any{"type": types[d.rnd.IntN(len(types))], "at": at}}
	if len(keys) < 3 {
		return add
	}
	key := keys[d.rnd.IntN(len(keys))]
	text := fmt.Sprint("t", d.rnd.IntN(1000))
	kind := d.rnd.IntN(12)
	if len(keys) > 40 {
		kind = 3 + d.rnd.IntN(9) // enough steps: no more are added, and some go
	}
	switch kind {
	case 0, 1, 2:
		return add
	case 3:
		return engine.Command{Name: "delete_nodes", Args: map[string]any{"keys": []any{key}, "references": references}}
	case 4, 5:
		return engine.Command{Name: "move_nodes", Args: map[string]any{"keys": []any{key}, "at": at, "references": references}}
	case 6:
		return engine.Command{Name: "duplicate_nodes", Args: map[string]any{"keys": []any{key}}}
	case 7:
		fragment := worldtest.JSON(d.t, `[{"key": "x", "type": "calculation", "config": {"expression": "nodes.`+key+`"}}]`)
		return engine.Command{Name: "paste_nodes", Args: map[string]any{"nodes": fragment, "at": at, "references": references}}
	case 8:
		return engine.Command{Name: "set_title", Args: map[string]any{"key": key, "value": text}}
	case 9:
		return engine.Command{Name: "set_note", Args: map[string]any{"key": key, "value": text}}
	case 10:
		return engine.Command{Name: "set_skip", Args: map[string]any{"key": key, "value": d.rnd.IntN(2) == 0}}
	}
	return engine.Command{Name: "set_config", Args: map[string]any{"key": key, "field": "expression", "value": "nodes." + keys[d.rnd.IntN(len(keys))]}}
}

// edit makes n edits and gives the draft after each of them. Edits that make no sense
// are refused whole and do not count.
func (d *drafter) edit(n int) []string {
	after := []string{d.stored().Draft}
	for len(after) <= n {
		d.clock.Advance(11 * time.Second) // longer than edits of one setting are one
		before := d.stored()
		_, err := d.w.Engine.Commands(d.t.Context(), d.w.Access(d.w.Designer), "edited", engine.CommandBatch{Base: before.DraftRevision, Commands: []engine.Command{d.command()}})
		now := d.stored()
		if err != nil {
			require.Equal(d.t, models.KindInvalid, models.AsError(err).Kind, "%v", err)
			require.Equal(d.t, before, now, "a refused edit changes nothing")
			d.refused++
			continue
		}
		after = append(after, now.Draft)
	}
	return after
}

func TestEdits_AreTakenBackAndRepeatedByteForByte(t *testing.T) {
	t.Parallel()
	edits := 1000
	if testing.Short() {
		edits = 100
	}
	clock := modelstest.NewClock()
	w := notesWorld(t, modelstest.NewAt(t, clock), clock, &worldtest.Outside{})
	w.Workflow(flow("edited", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`))
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	d := &drafter{t: t, w: w, clock: clock, rnd: rand.New(rand.NewPCG(seed, 0))}
	after := d.edit(edits)
	t.Log(d.refused, "edits were refused")
	step := func(name string, do func() (engine.DraftState, error)) {
		t.Helper()
		_, err := do()
		require.NoError(t, err, name)
	}
	undo := func() (engine.DraftState, error) {
		return w.Engine.Undo(t.Context(), w.Access(w.Designer), "edited")
	}
	redo := func() (engine.DraftState, error) {
		return w.Engine.Redo(t.Context(), w.Access(w.Designer), "edited")
	}
	for i := len(after) - 2; i >= 0; i-- {
		step(fmt.Sprint("undo to ", i), undo)
		require.Equal(t, after[i], d.stored().Draft, "undo to %d", i)
	}
	require.False(t, d.stored().DraftDirty, "the draft is what was published")
	_, err := undo()
	require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), err)
	for i := 1; i < len(after); i++ {
		step(fmt.Sprint("redo ", i), redo)
		require.Equal(t, after[i], d.stored().Draft, "redo %d", i)
	}
	_, err = redo()
	require.True(t, models.IsCode(err, "NOTHING_TO_UNDO"), err)
}

func TestUndoTo_GoesBackAtOnceAndCanBeRepeated(t *testing.T) {
	t.Parallel()
	clock := modelstest.NewClock()
	w := notesWorld(t, modelstest.NewAt(t, clock), clock, &worldtest.Outside{})
	w.Workflow(flow("edited", `[{"key":"a","type":"calculation","config":{"expression":"1"}}]`))
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	d := &drafter{t: t, w: w, clock: clock, rnd: rand.New(rand.NewPCG(seed, 0))}
	after := d.edit(30)
	access := w.Access(w.Designer)
	list, err := w.Engine.Edits(t.Context(), access, d.stored())
	require.NoError(t, err)
	require.Len(t, list, 30)
	back := d.rnd.IntN(28) + 1 // edits that are undone
	before := d.stored()
	_, err = w.Engine.UndoTo(t.Context(), access, "edited", list[back].ID, before.DraftRevision-1)
	require.True(t, models.IsCode(err, "DRAFT_CHANGED"), err)
	_, err = w.Engine.UndoTo(t.Context(), access, "edited", "unknown", before.DraftRevision)
	require.True(t, models.IsKind(err, models.KindNotFound), err)
	_, err = w.Engine.UndoTo(t.Context(), w.Access(w.Employee), "edited", list[back].ID, before.DraftRevision)
	require.True(t, models.IsKind(err, models.KindForbidden), err)
	require.Equal(t, before, d.stored(), "what is refused changes nothing")

	state, err := w.Engine.UndoTo(t.Context(), access, "edited", list[back].ID, before.DraftRevision)
	require.NoError(t, err)
	require.Equal(t, after[30-back], d.stored().Draft)
	require.Equal(t, before.DraftRevision+1, state.Revision, "it is one change")
	require.Equal(t, list[back].Label, state.Undo)
	_, err = w.Engine.UndoTo(t.Context(), access, "edited", list[back-1].ID, state.Revision)
	require.True(t, models.IsKind(err, models.KindNotFound), "what was undone is nothing to go back to: %v", err)
	listed, err := w.Engine.Edits(t.Context(), access, d.stored())
	require.NoError(t, err)
	for i, c := range listed {
		require.Equal(t, i < back, c.State == "undone", "%d", i)
	}
	for i := 30 - back + 1; i <= 30; i++ {
		_, err := w.Engine.Redo(t.Context(), access, "edited")
		require.NoError(t, err)
		require.Equal(t, after[i], d.stored().Draft, "redo %d", i)
	}
}
