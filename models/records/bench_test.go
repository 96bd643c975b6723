package records_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

func benchmarkCreate(b *testing.B, db *models.DB) {
	s := records.New(db)
	c, problems := models.ReadCollection(parse(b, `{"name": "orders", "title": "Order", "fields": [
		{"name": "title", "type": "text", "required": true}, {"name": "amount", "type": "decimal"},
		{"name": "status", "type": "select", "default": "open", "options": ["open", "done"]}]}`))
	require.Empty(b, problems)
	_, err := s.CreateCollection(context.Background(), records.SchemaCall{Access: root()}, c)
	require.NoError(b, err)
	values := parse(b, `{"title": "Train to the sea", "amount": 12.5}`)
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := s.Write(context.Background(), &records.Operation{Access: models.SystemAccess(), Collection: "orders", Action: models.Create, Values: values})
			require.NoError(b, err)
		}
	})
}

func BenchmarkService_Creates(b *testing.B) { benchmarkCreate(b, modelstest.New(b)) }
func BenchmarkService_CreatesOnPostgreSQL(b *testing.B) {
	benchmarkCreate(b, modelstest.NewPostgres(b))
}
