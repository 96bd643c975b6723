package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/field"
	"formrail/models/text"
)

// Publish says how a draft becomes the live version.
type Publish struct {
	Note    string
	Base    int64    // draft revision the caller saw; 0 = not checked
	Elevate []string // node keys; nil = the default of the publisher
	None    bool     // elevate nothing
}

// Published is what publishing did.
type Published struct {
	Version  *models.Version
	Elevated []string // nodes that got an approved list of rights
	Findings []Finding
}

// Publish makes the draft of a workflow its next, live version. The version's
// grants are the smallest set that its nodes need; the publisher must hold all
// of them.
func (e *Engine) Publish(ctx context.Context, access models.Access, key string, in Publish) (Published, error) {
	if err := access.Require("workflow.publish"); err != nil {
		return Published{}, err
	}
	read, err := models.WorkflowByKey(ctx, e.db.Read(), key)
	if err != nil {
		return Published{}, err
	}
	d, err := ReadDefinition(read.Draft)
	if err != nil {
		return Published{}, err
	}
	if in.Base != 0 && in.Base != read.DraftRevision {
		return Published{}, draftChanged()
	}
	found, err := e.CheckAll(ctx, d, read.Sync)
	if err != nil {
		return Published{}, err
	}
	if bad := Errors(found); len(bad) > 0 {
		return Published{}, refusal(bad)
	}
	var out Published
	err = e.db.Write(ctx, "workflow.publish", func(tx *models.Tx) error {
		w, err := models.WorkflowByKey(ctx, tx, key)
		if err != nil {
			return err
		}
		if w.DraftRevision != read.DraftRevision { // what changed meanwhile would be published unread
			return draftChanged()
		}
		c, findings, err := e.Check(ctx, d, w.Sync)
		if err != nil {
			return err
		}
		if bad := Errors(findings); len(bad) > 0 {
			return refusal(bad)
		}
		out, err = e.publish(ctx, tx, publishing{access: access, in: in, w: w, d: d, c: c})
		out.Findings = findings
		return err
	})
	if err != nil {
		return Published{}, fmt.Errorf("publish workflow %s: %w", key, err)
	}
	e.live.Publish("workflow:" + key)
	return out, nil
}

func draftChanged() *models.Error {
	return models.Conflict("DRAFT_CHANGED", text.M("draft.changed", "The draft changed since you looked. Load it again, then repeat your change."))
}

type publishing struct {
	access models.Access
	in     Publish
	w      *models.Workflow
	d      *Definition
	c      *Compiled
}

func (e *Engine) publish(ctx context.Context, tx *models.Tx, p publishing) (Published, error) {
	stored, hash, err := p.d.JSON()
	if err != nil {
		return Published{}, err
	}
	if err := e.refuseChanged(ctx, p); err != nil {
		return Published{}, err
	}
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return Published{}, err
	}
	need := &needs{cat: e.schema(ctx, cat), c: p.c}
	grants := need.all()
	if err := p.refuseMissing(need, grants); err != nil {
		return Published{}, err
	}
	elevated, err := p.elevations(need, tx)
	if err != nil {
		return Published{}, err
	}
	v := &models.Version{
		WorkflowID: p.w.ID, Definition: stored, Hash: hash, Grants: grants, Elevated: elevated, Note: p.in.Note, AuthorID: p.access.Principal.UserID,
	}
	if err := models.InsertVersion(ctx, tx, v); err != nil {
		return Published{}, err
	}
	if err := models.WorkflowEdits().Publish(ctx, tx, p.w.ID); err != nil {
		return Published{}, err
	}
	p.w.LiveVersion, p.w.DraftDirty = v.ID, false
	if err := models.UpdateWorkflow(ctx, tx, p.w); err != nil {
		return Published{}, err
	}
	if err := e.planSlots(ctx, tx, p.w, p.c, false); err != nil {
		return Published{}, err
	}
	keys := make([]string, 0, len(elevated))
	for k := range elevated {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	err = models.Audit(ctx, tx, models.AuditEntry{
		Principal: p.access.Principal, Action: "workflow.publish", ObjectType: "workflow", ObjectID: p.w.Key, Title: p.w.Title,
		Reason: fmt.Sprintf("version %d", v.Number), Changed: keys,
	})
	return Published{Version: v, Elevated: keys}, err
}

// refuseChanged refuses another value for a setting of the trigger that is fixed since
// the workflow was first published.
func (e *Engine) refuseChanged(ctx context.Context, p publishing) error {
	if p.w.LiveVersion == 0 || len(p.c.Trigger.Fixed) == 0 {
		return nil
	}
	live, err := e.DefinitionOf(ctx, p.w, "live")
	if err != nil {
		return err
	}
	for _, f := range p.c.Trigger.Config {
		was, now := live.Trigger.Config[f.Name], p.d.Trigger.Config[f.Name]
		if was == nil {
			was = f.Default
		}
		if now == nil {
			now = f.Default
		}
		if slices.Contains(p.c.Trigger.Fixed, f.Name) && !field.Equal(was, now) {
			return models.InvalidFields([]models.FieldError{{
				Field: "trigger." + f.Name, Code: "IMMUTABLE_FIELD", Message: text.M("publish.fixed", "%s cannot change once the workflow has been published. Duplicate the workflow instead.", f.Label),
			}})
		}
	}
	return nil
}

// refuseMissing refuses to publish what the publisher could not do himself: each
// grant with scope all, and the rights of dangerous node types.
func (p *publishing) refuseMissing(need *needs, grants []models.Grant) error {
	var missing []any
	for _, g := range grants {
		if !holds(p.access, g) {
			missing = append(missing, map[string]any{"collection": g.Collection, "action": string(g.Action), "fields": g.Fields})
		}
	}
	for _, n := range need.c.Nodes {
		for _, right := range n.typ.Rights(n.settings) {
			if !p.access.Can(right) {
				missing = append(missing, map[string]any{"right": right, "node": n.part.Key})
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return models.Forbidden("NO_PERMISSION",
		text.M("publish.missing", "The workflow would do more than you may. Ask an administrator to publish it.")).With("missing", missing)
}

// holds reports whether every layer has the grant, each field with scope all.
func holds(a models.Access, g models.Grant) bool {
	layers, ok := a.On(g.Collection, g.Action)
	for _, grants := range layers {
		all := slices.DeleteFunc(slices.Clone(grants), func(h models.Grant) bool { return h.Scope != models.ScopeAll })
		if len(all) == 0 {
			return false
		}
		if g.Fields == nil && !slices.ContainsFunc(all, func(h models.Grant) bool { return h.Fields == nil }) {
			return false
		}
		for _, f := range g.Fields {
			if !slices.ContainsFunc(all, func(h models.Grant) bool { return h.HasField(f) }) {
				return false
			}
		}
	}
	return ok
}

// elevations gives the nodes that use their own approved list of rights: those
// the publisher names, or by default, for publishers who may approve it, every
// data node of the draft whose usual starters might lack a right.
func (p *publishing) elevations(need *needs, tx *models.Tx) (map[string]models.Elevation, error) {
	may := p.access.Can("node.elevate")
	keys := p.in.Elevate
	switch {
	case p.in.None:
		keys = nil
	case keys == nil && may:
		keys = need.proposed()
	}
	for _, n := range p.c.Nodes {
		if n.part.Elevated && !slices.Contains(keys, n.part.Key) && !p.in.None {
			keys = append(keys, n.part.Key)
		}
	}
	if len(keys) > 0 && !may {
		return nil, models.Forbidden("NO_PERMISSION",
			text.M("publish.elevate", "Only holders of the right node.elevate may let a step do more than the person who starts it.")).With("right", "node.elevate")
	}
	out := map[string]models.Elevation{}
	for _, key := range keys {
		n := p.c.byKey[key]
		if n == nil {
			return nil, models.Invalid("BAD_PARAMETER", text.M("publish.elevate_unknown", "There is no step %s to elevate.", key))
		}
		out[key] = models.Elevation{Grants: need.of(n), ApprovedBy: p.access.Principal.UserID, ApprovedAt: models.At(tx.Now())}
	}
	return out, nil
}

// needs derives the rights that a definition needs.
type needs struct {
	cat Schema
	c   *Compiled
}

// of gives the grants of one node.
func (n *needs) of(node *compiledNode) []models.Grant {
	var out []models.Grant
	for _, g := range node.typ.Grants(node.settings, n.cat) {
		out = append(out, models.Grant{Collection: g.Collection, Action: models.Action(g.Action), Fields: g.Fields, Scope: models.ScopeAll})
	}
	return out
}

// all gives the smallest grants of the whole definition: one for each collection
// and action, with exactly the fields that are named.
func (n *needs) all() []models.Grant {
	var list []models.Grant
	for _, node := range n.c.Nodes {
		list = append(list, n.of(node)...)
	}
	return merge(append(list, n.links()...))
}

// links gives what the preloads of the trigger's record read.
func (n *needs) links() []models.Grant {
	var out []models.Grant
	on, ok := n.cat.Collection(n.c.Listens.Collection)
	if !ok {
		return nil
	}
	for _, node := range n.c.Nodes {
		for _, ref := range node.refs {
			if ref.Root != "trigger" || len(ref.Path) < 3 || ref.Path[0] != "data" {
				continue
			}
			if f, ok := on.Field(ref.Path[1]); ok && f.Target != "" && f.Name == on.Now(ref.Path[1]) {
				out = append(out, models.Grant{Collection: f.Target, Action: models.View, Fields: []string{ref.Path[2]}, Scope: models.ScopeAll})
			}
		}
	}
	for _, path := range n.c.Listens.Preload {
		first, _, _ := cutDot(path)
		if f, ok := on.Field(first); ok && f.Target != "" {
			out = append(out, models.Grant{Collection: f.Target, Action: models.View, Scope: models.ScopeAll})
		}
	}
	return out
}

func merge(list []models.Grant) []models.Grant {
	var out []models.Grant
	for _, g := range list {
		i := slices.IndexFunc(out, func(o models.Grant) bool { return o.Collection == g.Collection && o.Action == g.Action })
		switch {
		case i < 0:
			g.Fields = slices.Clone(g.Fields)
			out = append(out, g)
		case out[i].Fields == nil || g.Fields == nil:
			out[i].Fields = nil
		default:
			for _, f := range g.Fields {
				if !slices.Contains(out[i].Fields, f) {
					out[i].Fields = append(out[i].Fields, f)
				}
			}
		}
	}
	for _, g := range out {
		slices.Sort(g.Fields)
	}
	slices.SortFunc(out, func(a, b models.Grant) int {
		return strings.Compare(a.Collection+"\x00"+string(a.Action), b.Collection+"\x00"+string(b.Action))
	})
	return out
}

// proposed lists the nodes that write: an ordinary person who starts the workflow
// often lacks the right to what it does for him.
func (n *needs) proposed() []string {
	var out []string
	for _, node := range n.c.Nodes {
		if len(n.of(node)) > 0 {
			out = append(out, node.part.Key)
		}
	}
	return out
}

// Elevatable lists the nodes of a definition that an approved list of rights would
// change something for: those that read or write records.
func (e *Engine) Elevatable(ctx context.Context, d *Definition) ([]string, error) {
	cat, err := e.db.Catalog(ctx)
	if err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	c, _ := e.registry.compile(d, "")
	return (&needs{cat: e.schema(ctx, cat), c: c}).proposed(), nil
}

// setEnabled switches a workflow. Switching on needs a live version that can run.
func (e *Engine) setEnabled(ctx context.Context, w *models.Workflow, on bool) error {
	if !on {
		w.Enabled = false
		return nil
	}
	if w.LiveVersion == 0 {
		return models.Invalid("NO_LIVE_VERSION", text.M("workflow.no_live", "Publish the workflow first; only a published version can be switched on."))
	}
	if _, err := e.version(ctx, w.LiveVersion); err != nil {
		return errors.Join(models.Invalid("DEFINITION_INVALID", text.M("definition.invalid", "The workflow has problems that must be solved first.")), err)
	}
	w.Enabled = true
	return nil
}
