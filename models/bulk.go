package models

import "context"

// bulkKey marks a context.
type bulkKey struct{}

// Bulk marks what is done under a context as a part of much work of one kind: in the
// writer, others come before it.
func Bulk(ctx context.Context) context.Context { return context.WithValue(ctx, bulkKey{}, true) }

func isBulk(ctx context.Context) bool {
	bulk, _ := ctx.Value(bulkKey{}).(bool)
	return bulk
}
