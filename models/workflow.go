package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"formrail/models/text"
)

// Workflow is a workflow with its draft. Published versions are in [Version].
type Workflow struct {
	ID            int64
	Key           string
	Title         string
	Description   string
	Type          string // trigger type; fixed
	Sync          bool   // fixed
	Enabled       bool
	LiveVersion   int64 // id of the live version; 0 = never published
	Draft         string
	DraftRevision int64
	DraftDirty    bool // differs from the live version
	OwnerID       int64
	Options       WorkflowOptions
	CreatedByID   int64
	CreatedAt     Millis
	UpdatedAt     Millis
	DeletedAt     Millis // when it was moved to the bin; 0 = it was not
}

// WorkflowOptions are the settings of a workflow outside its versions.
type WorkflowOptions struct {
	ReentryLimit   int        `json:"reentryLimit,omitempty"` // how often it may occur in one causal chain; 0 = 1
	Timeout        string     `json:"timeout,omitempty"`      // duration; empty = none
	PauseForPeople bool       `json:"pauseForPeople,omitempty"`
	Concurrency    int        `json:"concurrency,omitempty"`   // executions that have begun and not ended, at most; 0 = any number
	OrderKey       string     `json:"orderKey,omitempty"`      // expression; executions of equal value go one after another
	Rate           *Rate      `json:"rate,omitempty"`          // nil = any number
	Debounce       *Debounce  `json:"debounce,omitempty"`      // nil = starts at once
	Retention      *Retention `json:"retention,omitempty"`     // of its executions; nil = the workspace's
	ErrorWorkflow  string     `json:"errorWorkflow,omitempty"` // key of the workflow that starts when an execution fails
}

// Rate lets a number of executions begin in each span of time; later ones are delayed.
type Rate struct {
	Count int    `json:"count"`
	Per   string `json:"per"` // duration
}

// Debounce starts once nothing has asked for it for a while, with what came last.
type Debounce struct {
	Wait   string `json:"wait"`             // duration
	Key    string `json:"key,omitempty"`    // expression; starts of equal value belong together. Empty = all do
	AtMost string `json:"atMost,omitempty"` // duration after the first one, whatever comes; empty = any time
}

const workflowColumns = `id, wf_key, title, description, type, sync, enabled, live_version, draft, draft_revision, draft_dirty,
 owner_id, options, created_by_id, created_at, updated_at, deleted_at`

func scanWorkflow(scan func(...any) error) (*Workflow, error) {
	var (
		w                    Workflow
		sync, enabled, dirty int64
		options              string
	)
	err := scan(&w.ID, &w.Key, &w.Title, &w.Description, &w.Type, &sync, &enabled, &w.LiveVersion, &w.Draft, &w.DraftRevision, &dirty,
		&w.OwnerID, &options, &w.CreatedByID, &w.CreatedAt, &w.UpdatedAt, &w.DeletedAt)
	if err != nil {
		return nil, err
	}
	w.Sync, w.Enabled, w.DraftDirty = sync != 0, enabled != 0, dirty != 0
	return &w, readJSON(options, &w.Options)
}

var workflowKey = regexp.MustCompile(`^[a-z][a-z0-9_]{1,62}$`)

// ValidWorkflowKey reports whether s may be the key of a workflow.
func ValidWorkflowKey(s string) bool { return workflowKey.MatchString(s) }

// InsertWorkflow inserts a workflow and sets its ID. A taken key is a problem of
// the field key.
func InsertWorkflow(ctx context.Context, tx *Tx, w *Workflow) error {
	if !ValidWorkflowKey(w.Key) {
		return InvalidFields([]FieldError{{Field: "key", Code: "VALIDATION_FAILED", Message: text.M("workflow.key",
			"A key has 2 to 63 small letters, digits and underscores and begins with a letter.")}})
	}
	var taken int64
	err := tx.QueryRow(ctx, "SELECT COUNT(*) FROM workflows WHERE wf_key = ?", w.Key).Scan(&taken)
	if err != nil {
		return fmt.Errorf("look up workflow key: %w", storageError(err))
	}
	if taken > 0 {
		return InvalidFields([]FieldError{{Field: "key", Code: "NOT_UNIQUE", Message: text.M("workflow.key_taken", "Another workflow has the key %s. Choose another one.", w.Key)}})
	}
	w.CreatedAt, w.UpdatedAt = At(tx.Now()), At(tx.Now())
	err = tx.QueryRow(ctx, `INSERT INTO workflows (wf_key, title, description, type, sync, enabled, draft, draft_revision, owner_id, options, created_by_id, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, 0, ?, 1, ?, ?, ?, ?, ?) RETURNING id`,
		w.Key, w.Title, w.Description, w.Type, asInt(w.Sync), w.Draft, w.OwnerID, toJSON(w.Options), w.CreatedByID, w.CreatedAt, w.UpdatedAt).Scan(&w.ID)
	if err != nil {
		return fmt.Errorf("insert workflow %s: %w", w.Key, storageError(err))
	}
	w.DraftRevision, w.DraftDirty = 1, true
	return tx.bump(ctx, workflowsVersion)
}

// UpdateWorkflow saves what may change at any time: title, description, owner,
// options, the switch, the live version and the draft.
func UpdateWorkflow(ctx context.Context, tx *Tx, w *Workflow) error {
	w.UpdatedAt = At(tx.Now())
	n, err := tx.Exec(ctx, `UPDATE workflows SET title = ?, description = ?, enabled = ?, live_version = ?, draft = ?, draft_revision = ?, draft_dirty = ?,
		owner_id = ?, options = ?, updated_at = ? WHERE id = ? AND deleted_at = 0`,
		w.Title, w.Description, asInt(w.Enabled), w.LiveVersion, w.Draft, w.DraftRevision, asInt(w.DraftDirty), w.OwnerID, toJSON(w.Options), w.UpdatedAt, w.ID)
	if err != nil {
		return fmt.Errorf("update workflow %s: %w", w.Key, err)
	}
	if n != 1 {
		return NotFound()
	}
	return tx.bump(ctx, workflowsVersion)
}

// WorkflowByKey loads a workflow by its key or its number. Unknown ones are NotFound.
func WorkflowByKey(ctx context.Context, q Querier, key string) (*Workflow, error) {
	column := "wf_key"
	if key != "" && strings.Trim(key, "0123456789") == "" {
		column = "CAST(id AS TEXT)"
	}
	return oneWorkflow(ctx, q, column+" = ?", key)
}

// WorkflowFrom gives the workflow with the smallest id from one on, deleted or not; nil
// behind the last one.
func WorkflowFrom(ctx context.Context, q Querier, id int64) (*Workflow, error) {
	w, err := scanWorkflow(q.QueryRow(ctx, "SELECT "+workflowColumns+" FROM workflows WHERE id >= ? ORDER BY id LIMIT 1", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // behind the last one
	}
	if err != nil {
		return nil, fmt.Errorf("load workflow: %w", storageError(err))
	}
	return w, nil
}

// WorkflowByID loads a workflow, also a deleted one.
func WorkflowByID(ctx context.Context, q Querier, id int64) (*Workflow, error) {
	w, err := scanWorkflow(q.QueryRow(ctx, "SELECT "+workflowColumns+" FROM workflows WHERE id = ?", id).Scan)
	return found(w, err, "workflow")
}

func oneWorkflow(ctx context.Context, q Querier, where string, arg any) (*Workflow, error) {
	w, err := scanWorkflow(q.QueryRow(ctx, "SELECT "+workflowColumns+" FROM workflows WHERE deleted_at = 0 AND "+where, arg).Scan)
	return found(w, err, "workflow")
}

// found maps "no row" to NotFound and wraps everything else.
func found[T any](v *T, err error, what string) (*T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return nil, NotFound()
	}
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", what, storageError(err))
	}
	return v, nil
}

// Workflows lists all workflows by title.
func Workflows(ctx context.Context, q Querier) ([]*Workflow, error) {
	return workflows(ctx, q, "ORDER BY title, id")
}

// WorkflowsNamed lists the workflows whose title or key holds some words, by title.
func WorkflowsNamed(ctx context.Context, q Querier, words string, limit int) ([]*Workflow, error) {
	like := "%" + escapeLike(fold(words)) + "%"
	return workflows(ctx, q, `AND (fr_fold(title) LIKE ? ESCAPE '\' OR wf_key LIKE ? ESCAPE '\') ORDER BY title, id LIMIT ?`, like, like, limit)
}

// WorkflowsEdited lists the workflows that were changed last, the newest first.
func WorkflowsEdited(ctx context.Context, q Querier, limit int) ([]*Workflow, error) {
	return workflows(ctx, q, "ORDER BY updated_at DESC, id DESC LIMIT ?", limit)
}

func workflows(ctx context.Context, q Querier, rest string, args ...any) ([]*Workflow, error) {
	var out []*Workflow
	rows, err := q.Query(ctx, "SELECT "+workflowColumns+" FROM workflows WHERE deleted_at = 0 "+rest, args...)
	err = Rows(rows, err, func(r *sql.Rows) error {
		w, err := scanWorkflow(r.Scan)
		out = append(out, w)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list workflows: %w", err)
	}
	return out, nil
}

// Version is an immutable published version of a workflow.
type Version struct {
	ID          int64
	WorkflowID  int64
	Number      int64
	Definition  string // canonical JSON
	Hash        string // SHA-256 of Definition in hex
	Grants      []Grant
	Elevated    map[string]Elevation // by node key
	Note        string
	AuthorID    int64
	PublishedAt Millis
}

// Elevation is the approved list of rights a node uses instead of the rights of
// who caused the execution.
type Elevation struct {
	Grants     []Grant `json:"grants"`
	ApprovedBy int64   `json:"approvedBy"`
	ApprovedAt Millis  `json:"approvedAt"`
}

const versionColumns = "id, workflow_id, number, definition, hash, grants, elevated, note, author_id, published_at"

func scanVersion(scan func(...any) error) (*Version, error) {
	var (
		v                Version
		grants, elevated string
	)
	err := scan(&v.ID, &v.WorkflowID, &v.Number, &v.Definition, &v.Hash, &grants, &elevated, &v.Note, &v.AuthorID, &v.PublishedAt)
	if err != nil {
		return nil, err
	}
	return &v, errors.Join(readJSON(grants, &v.Grants), readJSON(elevated, &v.Elevated))
}

// InsertVersion inserts the next version of a workflow and sets ID and Number.
func InsertVersion(ctx context.Context, tx *Tx, v *Version) error {
	v.PublishedAt = At(tx.Now())
	err := tx.QueryRow(ctx, "SELECT COALESCE(MAX(number), 0) + 1 FROM workflow_versions WHERE workflow_id = ?", v.WorkflowID).Scan(&v.Number)
	if err != nil {
		return fmt.Errorf("number version: %w", storageError(err))
	}
	err = tx.QueryRow(ctx, `INSERT INTO workflow_versions (workflow_id, number, definition, hash, grants, elevated, note, author_id, published_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
		v.WorkflowID, v.Number, v.Definition, v.Hash, toJSON(v.Grants), toJSON(v.Elevated), v.Note, v.AuthorID, v.PublishedAt).Scan(&v.ID)
	if err != nil {
		return fmt.Errorf("insert version: %w", storageError(err))
	}
	return nil
}

// VersionByID loads a version. Unknown ids are NotFound.
func VersionByID(ctx context.Context, q Querier, id int64) (*Version, error) {
	v, err := scanVersion(q.QueryRow(ctx, "SELECT "+versionColumns+" FROM workflow_versions WHERE id = ?", id).Scan)
	return found(v, err, "version")
}

// VersionByNumber loads version n of a workflow.
func VersionByNumber(ctx context.Context, q Querier, workflowID, number int64) (*Version, error) {
	v, err := scanVersion(q.QueryRow(ctx, "SELECT "+versionColumns+" FROM workflow_versions WHERE workflow_id = ? AND number = ?", workflowID, number).Scan)
	return found(v, err, "version")
}

// ChosenVersion finds a version of a workflow by its number, or the live one. Of
// draft, or nothing, it is nil. What does not exist is NotFound.
func ChosenVersion(ctx context.Context, q Querier, w *Workflow, which string) (*Version, error) {
	switch which {
	case "", "draft":
		return nil, nil
	case "live":
		return VersionByID(ctx, q, w.LiveVersion)
	}
	n, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		return nil, NotFound()
	}
	return VersionByNumber(ctx, q, w.ID, n)
}

// Versions lists the versions of a workflow, newest first.
func Versions(ctx context.Context, q Querier, workflowID int64) ([]*Version, error) {
	var out []*Version
	rows, err := q.Query(ctx, "SELECT "+versionColumns+" FROM workflow_versions WHERE workflow_id = ? ORDER BY number DESC", workflowID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		v, err := scanVersion(r.Scan)
		out = append(out, v)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list versions: %w", err)
	}
	return out, nil
}

// WorkflowsVersion is the version of all workflow definitions; it grows with
// every change of a workflow.
func (db *DB) WorkflowsVersion() int64 { return db.caches.version(workflowsVersion) }
