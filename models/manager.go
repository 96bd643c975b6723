package models

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"formrail/models/text"
)

// maxManagers bounds a manager chain.
const maxManagers = 20

// Levels are the managers wanted: 1 is the direct one.
type Levels struct{ From, To int }

// ManagerLevel is one manager above a person.
type ManagerLevel struct {
	Level   int
	UserID  int64
	Skipped []int64 // people between the level below and this one who have left
}

// ManagerChain lists the managers above a person from one level to another.
// People who have left are skipped upward and do not count; each person comes
// once; the chain ends at the top or where it would run in a circle.
func ManagerChain(ctx context.Context, q Querier, userID int64, want Levels) ([]ManagerLevel, error) {
	line, err := managerLine(ctx, q, userID)
	if err != nil {
		return nil, err
	}
	var out []ManagerLevel
	var skipped []int64
	level := 0
	seen := []int64{userID}
	for _, above := range line[min(1, len(line)):] {
		if slices.Contains(seen, above.id) || level == min(want.To, maxManagers) {
			break
		}
		seen = append(seen, above.id)
		if !above.status.Receives() {
			skipped = append(skipped, above.id)
			continue
		}
		level++
		if level >= want.From {
			out = append(out, ManagerLevel{Level: level, UserID: above.id, Skipped: skipped})
		}
		skipped = nil
	}
	return out, nil
}

// ManagerOf finds the nearest manager of a person who has not left, 0 for nobody.
func ManagerOf(ctx context.Context, q Querier, userID int64) (int64, error) {
	chain, err := ManagerChain(ctx, q, userID, Levels{From: 1, To: 1})
	if err != nil || len(chain) == 0 {
		return 0, err
	}
	return chain[0].UserID, nil
}

// manager is one person in a line of managers.
type manager struct {
	id     int64
	status UserStatus
}

// managerLine follows the managers of a person upward as they are stored,
// beginning with himself. In a circle people repeat.
func managerLine(ctx context.Context, q Querier, userID int64) ([]manager, error) {
	rows, err := q.Query(ctx, `WITH RECURSIVE line (id, manager_id, status, depth) AS (
			SELECT id, manager_id, status, 0 FROM users WHERE id = ?
			UNION ALL
			SELECT u.id, u.manager_id, u.status, line.depth + 1 FROM users u JOIN line ON u.id = line.manager_id WHERE line.depth < 100
		) SELECT id, status FROM line ORDER BY depth`, userID)
	var out []manager
	err = Rows(rows, err, func(rows *sql.Rows) error {
		var m manager
		if err := rows.Scan(&m.id, &m.status); err != nil {
			return err
		}
		out = append(out, m)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read managers of user %d: %w", userID, err)
	}
	return out, nil
}

// checkManager refuses a manager who does not exist, has left, or reports to
// the person himself. userID is 0 for somebody who is being created.
func checkManager(ctx context.Context, q Querier, userID, managerID int64) error {
	if managerID == 0 {
		return nil
	}
	line, err := managerLine(ctx, q, managerID)
	if err != nil {
		return err
	}
	wrong := func(code string, m text.Message) error {
		return InvalidFields([]FieldError{{Field: "manager", Code: code, Message: m}})
	}
	switch {
	case len(line) == 0 || line[0].status == UserDeactivated:
		return wrong("VALIDATION_FAILED", text.M("user.manager_unknown", "Choose a manager who works here."))
	case slices.ContainsFunc(line, func(m manager) bool { return m.id == userID }):
		return wrong("MANAGER_CIRCLE", text.M("user.manager_circle", "This manager reports to the same person. Choose somebody else."))
	}
	return nil
}
