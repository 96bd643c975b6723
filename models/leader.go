package models

import (
	"context"
	"fmt"
	"time"
)

// LeaderTTL is how long a leader stays one without being heard of.
const LeaderTTL = 10 * time.Second

// Lead makes a process the leader of what name stands for, or lengthens its time. It is
// false while another process leads. The time is that of the transaction: the database
// server's when processes share it.
func Lead(ctx context.Context, tx *Tx, name, process string) (bool, error) {
	now := tx.Now()
	n, err := tx.Exec(ctx, `INSERT INTO leaders (name, process, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET process = excluded.process, until = excluded.until
		WHERE leaders.process = excluded.process OR leaders.until < ?`, name, process, At(now.Add(LeaderTTL)), At(now))
	if err != nil {
		return false, fmt.Errorf("lead %s: %w", name, err)
	}
	return n == 1, nil
}

// StepDown ends the time of a leader, if the process is it.
func StepDown(ctx context.Context, tx *Tx, name, process string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM leaders WHERE name = ? AND process = ?", name, process); err != nil {
		return fmt.Errorf("stop leading %s: %w", name, err)
	}
	return nil
}
