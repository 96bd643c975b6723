package models

import (
	"context"
	"database/sql"
	"fmt"
)

// PayloadRights are the rights that somebody needs to see all values of an execution:
// what went into its steps, came out of them and is quoted in their sentences. They may
// come from whatever its version reads, and with values that were handed over from what
// the executions read that called it or that it called.
func PayloadRights(ctx context.Context, q Querier, e *Execution) (Rights, error) {
	family, err := familyOf(ctx, q, e)
	if err != nil {
		return Rights{}, err
	}
	for of := e; of.RerunOf != "" && len(family) < maxFamily; { // what was handed over to the first is in the repeats
		if of, err = ExecutionByID(ctx, q, of.RerunOf); err != nil {
			return Rights{}, err
		}
		more, err := familyOf(ctx, q, of)
		if err != nil {
			return Rights{}, err
		}
		family = append(family, more...)
	}
	var out Rights
	seen := map[string]bool{}
	for _, one := range family {
		if t := one.resourceType; t != "" && !seen[t] {
			seen[t] = true
			out.Grants = append(out.Grants, Grant{Collection: t, Action: View, Scope: ScopeAll})
		}
		v, err := VersionByID(ctx, q, one.version)
		if err != nil {
			return Rights{}, err
		}
		for _, g := range v.Grants {
			if g.Action == View {
				out.Grants = append(out.Grants, g)
			}
		}
	}
	return out, nil
}

// maxFamily bounds how many executions are looked at; a longer chain of repeats has the
// same versions.
const maxFamily = 1000

// relative is what matters of one execution of a family.
type relative struct {
	version      int64
	resourceType string
}

// familyOf lists an execution with those of its chain that called others or were called.
func familyOf(ctx context.Context, q Querier, e *Execution) ([]relative, error) {
	own := []relative{{e.VersionID, e.ResourceType}}
	if e.ParentID == "" {
		var n int
		err := q.QueryRow(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM executions WHERE parent_id = ? LIMIT 1) c", e.ID).Scan(&n)
		if err != nil || n == 0 {
			return own, storageError(err)
		}
	}
	rows, err := q.Query(ctx, `SELECT DISTINCT version_id, resource_type FROM executions WHERE id = ?
		UNION SELECT version_id, resource_type FROM executions WHERE root_id = ? AND depth > 1`, e.RootID, e.RootID)
	err = Rows(rows, err, func(r *sql.Rows) error {
		var one relative
		err := r.Scan(&one.version, &one.resourceType)
		if one != own[0] {
			own = append(own, one)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list family of %s: %w", e.ID, err)
	}
	return own, nil
}
