package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"formrail/engine/inbound"
	"formrail/models"
)

// Contract says how other programs call a workflow. It holds no secret.
type Contract struct {
	Key, Title, Description string
	Type                    string
	Path                    string // without its secret part
	SecretPath              bool
	Methods                 []string
	Basic                   bool
	Header                  string // of a key or token; empty = none
	Signature               string // header of a signature; empty = none
	Person                  bool
	Params                  []inbound.Param // of a typed contract
	Query, Body             []inbound.Declared
	Sync                    bool
	Success                 int
	Open                    bool // anybody who knows the address may call
}

// ContractOf says how a definition of a workflow is called; ok is false for workflows
// that take no requests.
func (e *Engine) ContractOf(w *models.Workflow, d *Definition) (c Contract, ok bool) {
	t := e.registry.triggers[w.Type]
	if t == nil || !t.Serves() {
		return Contract{}, false
	}
	settings, _ := t.Decode(d.Trigger.Config) // what is wrong is said elsewhere
	return contractOf(w, t.Serve(settings)), true
}

func contractOf(w *models.Workflow, door inbound.Door) Contract {
	c := Contract{
		Key: w.Key, Title: w.Title, Description: w.Description, Type: w.Type, Path: ServedPath(w.Type, w.Key), SecretPath: door.SecretPath, Methods: door.Methods,
		Basic: door.Basic != nil, Person: door.Person, Params: door.Params, Query: door.Query, Body: door.Body, Sync: w.Sync, Open: door.Open(),
		Success: cmp.Or(door.Success, 200),
	}
	if !door.Contract && !w.Sync {
		c.Success = cmp.Or(door.Answer.Status, 200)
	}
	if door.Key != nil {
		c.Header = door.Key.Header
	}
	if door.Signed != nil {
		c.Signature = door.Signed.Header
	}
	return c
}

// Contracts lists how the workflows that are switched on are called, by their keys.
func (e *Engine) Contracts(ctx context.Context, access models.Access) ([]Contract, error) {
	if !access.Can("workflow.view") {
		return nil, nil
	}
	ix, err := e.listeners(ctx)
	if err != nil {
		return nil, fmt.Errorf("read trigger index: %w", err)
	}
	var out []Contract
	for _, l := range ix.byKey {
		if l.workflow.Enabled && l.version != nil && l.broken == nil && l.version.Trigger.Serves() {
			out = append(out, contractOf(l.workflow, l.version.Trigger.Serve(l.version.Settings)))
		}
	}
	slices.SortFunc(out, func(a, b Contract) int { return cmp.Compare(a.Key, b.Key) })
	return out, nil
}
