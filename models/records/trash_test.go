package records_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"formrail/models"
	"formrail/models/modelstest"
	"formrail/models/records"
)

func TestEmptyTrash_RemovesWhatHasExpiredAndNobodyNeeds(t *testing.T) {
	t.Parallel()
	modelstest.EachAt(t, func(t *testing.T, db *models.DB, clock *modelstest.Clock) {
		f := setUp(t, db)
		f.collection(`{"name": "lines", "trashDays": 0, "fields": [{"name": "order", "type": "manyToOne", "target": "orders", "required": true}]}`)
		var ids []string
		for i := range 5 {
			ids = append(ids, f.add(fmt.Sprintf(`{"title": "t%d"}`, i)))
		}
		line := f.addTo("lines", `{"order": `+ids[0]+`}`)
		trash := func(collection string, ids ...string) {
			_, err := f.write(records.Operation{Collection: collection, Action: models.Delete, IDs: ids})
			require.NoError(t, err)
		}
		trash("lines", line)
		trash("orders", ids[:3]...)
		clock.Advance(20 * 24 * time.Hour)
		trash("orders", ids[3])
		n, err := f.s.EmptyTrash(f.ctx)
		require.NoError(t, err)
		require.Zero(t, n)
		clock.Advance(11 * 24 * time.Hour)
		n, err = f.s.EmptyTrash(f.ctx)
		require.NoError(t, err)
		require.Equal(t, 2, n, "the first is needed by a line that is kept for ever")
		require.Equal(t, int64(3), f.number("SELECT COUNT(*) FROM c_orders"))
		require.Equal(t, int64(2), f.number("SELECT COUNT(*) FROM change_log WHERE action = 'purge' AND principal = 'system'"))
		f.consistent()
	})
}
