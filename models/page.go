package models

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"formrail/models/field"
	"formrail/models/text"
)

// pagesVersion guards what is cached of pages.
const pagesVersion = "pages_version"

// Page is a page of blocks as everybody sees it. A value from [DB.Pages] is
// shared and must not be changed.
type Page struct {
	ID       int64
	Key      string // stable, part of the address
	Title    string
	Icon     string
	Position int64    // in the menu
	Audience []string // roles that see it; empty for everybody who is signed in
	Rows     []PageRow
	Popups   []*Block // blocks that actions open
	Revision int64    // grows with every change
}

// PageRow is one row of columns.
type PageRow struct{ Columns []PageColumn }

// PageColumn is one column of blocks, Width twelfths of the page wide.
type PageColumn struct {
	Width  int
	Blocks []*Block
}

// BlockType says what a block is.
type BlockType string

// The types of blocks.
const (
	TableBlock      BlockType = "table"
	CreateFormBlock BlockType = "createForm"
	EditFormBlock   BlockType = "editForm"
	DetailsBlock    BlockType = "details"
)

// IsForm reports whether people enter values in the block.
func (t BlockType) IsForm() bool { return t == CreateFormBlock || t == EditFormBlock }

// Block shows or edits records of one collection.
type Block struct {
	ID         string // stable, unique on the page
	Type       BlockType
	Title      string
	Collection string
	Fields     []BlockField // in the order they are shown
	Filter     any          // record filter with variables; nil for all
	Sort       []string
	PageSize   int // 0 for the usual size
	Actions    []*PageAction
}

// BlockField is one column of a table or one input of a form. Tables and details
// may lead over to-one links, such as applicant.nickname.
type BlockField struct {
	Field string
	Title string // empty takes that of the field
	Help  string
}

// ActionType says what pressing a button does.
type ActionType string

// The types of actions.
const (
	AddNewAction       ActionType = "addNew"
	ViewAction         ActionType = "view"
	EditAction         ActionType = "edit"
	SubmitAction       ActionType = "submit"
	SaveAction         ActionType = "save"
	UpdateRecordAction ActionType = "updateRecord"
	DeleteAction       ActionType = "delete"
	LinkAction         ActionType = "link"
	RefreshAction      ActionType = "refresh"
	FilterAction       ActionType = "filter"
)

// ActionStyle says how much a button stands out.
type ActionStyle string

// The styles of buttons; without one it is the usual style of its place.
const (
	PlainStyle   ActionStyle = "plain"
	PrimaryStyle ActionStyle = "primary"
	DangerStyle  ActionStyle = "danger"
)

// PageAction is a button.
type PageAction struct {
	ID       string // stable, unique on the page; what a browser sends
	Type     ActionType
	Title    string
	Style    ActionStyle
	Open     string         // addNew, view, edit: drawer, dialog or page
	Block    string         // addNew, view, edit: id of the popup block that opens
	Confirm  string         // question asked before; empty asks nothing
	Values   map[string]any // updateRecord: values to set, with variables
	Link     string         // link: a local path
	Bindings []PageBinding
	After    AfterSuccess
}

// PageBinding names a workflow that starts when the button is pressed.
type PageBinding struct {
	Workflow string // key; its live version counts
	Path     string // to-one association to the data it gets; empty for the record itself
	Order    int
}

// AfterSuccess says what follows a press that succeeded.
type AfterSuccess struct {
	Message  string   // template with record
	Close    bool     // the popup
	Refresh  []string // ids of blocks
	Next     string   // "", clear for the next entry, record to open it
	Redirect string   // local path; instead of Next
}

// Started lists what the button starts, in its order.
func (a *PageAction) Started() []Binding {
	sorted := slices.Clone(a.Bindings)
	slices.SortStableFunc(sorted, func(a, b PageBinding) int { return a.Order - b.Order })
	out := make([]Binding, len(sorted))
	for i, b := range sorted {
		out[i] = Binding{Key: b.Workflow, Path: b.Path}
	}
	return out
}

// Blocks lists all blocks in document order, popups last.
func (p *Page) Blocks() []*Block {
	var out []*Block
	for _, row := range p.Rows {
		for _, column := range row.Columns {
			out = append(out, column.Blocks...)
		}
	}
	return append(out, p.Popups...)
}

// Block finds a block by its id.
func (p *Page) Block(id string) (*Block, bool) {
	for _, b := range p.Blocks() {
		if b.ID == id {
			return b, true
		}
	}
	return nil, false
}

// Action finds a button by its id, with the block it stands in.
func (p *Page) Action(id string) (*PageAction, *Block, bool) {
	for _, b := range p.Blocks() {
		for _, a := range b.Actions {
			if a.ID == id {
				return a, b, true
			}
		}
	}
	return nil, nil, false
}

// VisibleTo reports whether somebody with the roles sees the page. Owners and
// administrators see all.
func (p *Page) VisibleTo(roles []string) bool {
	return len(p.Audience) == 0 || slices.ContainsFunc(roles, func(r string) bool {
		return r == RoleRoot || r == RoleAdmin || slices.Contains(p.Audience, r)
	})
}

// Pages lists all pages in the order of the menu.
func (db *DB) Pages(ctx context.Context) ([]*Page, error) {
	return cachedBy(db, pagesVersion, "pages", func() ([]*Page, error) { return pagesIn(ctx, db.Read()) })
}

// PageByKey finds a page. Who may see it is not asked here: see [Page.VisibleTo].
func (db *DB) PageByKey(ctx context.Context, key string) (*Page, error) {
	pages, err := db.Pages(ctx)
	if err != nil {
		return nil, err
	}
	return findPage(pages, key)
}

func findPage(pages []*Page, key string) (*Page, error) {
	i := slices.IndexFunc(pages, func(p *Page) bool { return p.Key == key })
	if i < 0 {
		return nil, NotFound()
	}
	return pages[i], nil
}

const pageColumns = "id, page_key, title, icon, position, audience, document, revision"

func scanPage(scan func(...any) error) (*Page, error) {
	var p Page
	var audience, document string
	if err := scan(&p.ID, &p.Key, &p.Title, &p.Icon, &p.Position, &audience, &document, &p.Revision); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(audience), &p.Audience); err != nil {
		return nil, fmt.Errorf("read audience of page %s: %w", p.Key, err)
	}
	tree, err := field.ParseJSON([]byte(document))
	if err != nil {
		return nil, fmt.Errorf("read page %s: %w", p.Key, err)
	}
	if found := Problems(p.readDocument(tree)); found != nil {
		return nil, fmt.Errorf("read page %s: %w", p.Key, found)
	}
	return &p, nil
}

// pagesIn lists the published pages.
func pagesIn(ctx context.Context, q Querier) ([]*Page, error) {
	var out []*Page
	rows, err := q.Query(ctx, "SELECT "+pageColumns+" FROM pages WHERE deleted_at = 0 AND revision > 0 ORDER BY position, id")
	err = Rows(rows, err, func(r *sql.Rows) error {
		p, err := scanPage(r.Scan)
		out = append(out, p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	return out, nil
}

// SavePage publishes a page under its key, new or changed, and sets ID and
// Revision. It needs page.design. A Revision other than 0 must be the published one.
func SavePage(ctx context.Context, tx *Tx, by Access, p *Page) error {
	if err := by.Require("page.design"); err != nil {
		return err
	}
	problems, err := CheckPage(ctx, tx, p)
	if err != nil {
		return err
	}
	if found := Problems(problems); found != nil {
		return found
	}
	return PublishPage(ctx, tx, by, p)
}

// PublishPage is [SavePage] for a page that was checked. Its draft ends with it.
func PublishPage(ctx context.Context, tx *Tx, by Access, p *Page) error {
	if err := by.Require("page.design"); err != nil {
		return err
	}
	stored, err := pagesIn(ctx, tx)
	if err != nil {
		return err
	}
	old, err := findPage(stored, p.Key)
	action, event := "page.update", ResourceUpdated
	if IsKind(err, KindNotFound) {
		old, action, event = &Page{}, "page.create", ResourceCreated
	}
	if p.Revision != 0 && p.Revision != old.Revision {
		return Conflict("PAGE_CHANGED", text.M("page.changed", "Somebody changed this page meanwhile. Load it again, then repeat your change."))
	}
	p.ID, p.Revision = old.ID, old.Revision+1
	if err := p.record(ctx, tx, by, action, event); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "UPDATE pages SET draft = '', draft_revision = draft_revision + 1 WHERE id = ?", p.ID); err != nil {
		return fmt.Errorf("end draft of page %s: %w", p.Key, storageError(err))
	}
	return PageEdits().Drop(ctx, tx, p.ID)
}

// record stores a page with its event and its audit entry.
func (p *Page) record(ctx context.Context, tx *Tx, by Access, action, event string) error {
	if err := p.store(ctx, tx); err != nil {
		return fmt.Errorf("save page %s: %w", p.Key, err)
	}
	return p.announce(ctx, tx, by, action, event)
}

// announce tells of a change of a page and notes who made it.
func (p *Page) announce(ctx context.Context, tx *Tx, by Access, action, event string) error {
	if err := tx.Emit(ctx, &Event{
		Name: event, Type: "pagesvc.Page", ID: idText(p.ID), UserID: by.Principal.UserID,
		RequestID: RequestOf(ctx).ID, Resource: map[string]any{"id": p.ID, "key": p.Key, "title": p.Title},
	}); err != nil {
		return err
	}
	return Audit(ctx, tx, AuditEntry{Principal: by.Principal, Action: action, ObjectType: "page", ObjectID: p.Key, Title: p.Title})
}

func (p *Page) store(ctx context.Context, tx *Tx) error {
	document, err := field.MarshalJSON(p.document())
	if err != nil {
		return err
	}
	now := At(tx.Now())
	err = tx.QueryRow(ctx, `INSERT INTO pages (page_key, title, icon, position, audience, document, revision, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (page_key) DO UPDATE SET title = excluded.title, icon = excluded.icon,
		position = excluded.position, audience = excluded.audience, document = excluded.document, revision = excluded.revision,
		updated_at = excluded.updated_at, deleted_at = 0 RETURNING id`,
		p.Key, p.Title, p.Icon, p.Position, toJSON(append([]string{}, p.Audience...)), string(document), p.Revision, now, now).Scan(&p.ID)
	if err != nil {
		return storageError(err)
	}
	return tx.bump(ctx, pagesVersion)
}
