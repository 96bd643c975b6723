package records

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/models/field"
)

func TestCheckFilter(t *testing.T) {
	t.Parallel()
	_, cat := catalogOf(t)
	many := "[" + strings.Repeat("1,", maxInValues) + "1]"
	for filter, want := range map[string][]string{
		`{"amount": {"$gt": 5}, "category.owner": 3, "day": {"$dateOn": "thisWeek"}}`: nil,
		`{}`:             nil,
		`{"$and": [{}]}`: nil,
		`{"amount": {"$gt": "{{ nodes.a.sum }}"}}`:                                                                 nil,
		`{"due": {"$dateBetween": ["{{ trigger.data.due }}", "now"]}}`:                                             nil,
		`{"title": {"$includes": "Order {{ trigger.data.id }}"}}`:                                                  nil,
		`{"due": {"$dateOn": {"type": "past", "number": "{{ trigger.data.pieces }}", "unit": "day"}}}`:             nil,
		`{"amount": {"$includes": "5"}}`:                                                                           {"amount BAD_PARAMETER"},
		`{"amount": {"$includes": "{{ trigger.data.id }}"}}`:                                                       {"amount BAD_PARAMETER"},
		`{"amount": {"$gt": "many"}, "pieces": {"$between": [1]}}`:                                                 {"amount BAD_PARAMETER", "pieces BAD_PARAMETER"},
		`{"$or": [{"amount": {"$nope": 1}}, {"category": {"owner": {"$gt": 1}}}, {"category.title": {"$lt": 1}}]}`: {"amount BAD_PARAMETER", "category.owner BAD_PARAMETER", "category.title BAD_PARAMETER"},
		`{"$not": {"urgent": {"$isTrue": true}, "day": {"$dateOn": "someday"}}}`:                                   {"day BAD_PARAMETER"},
		`{"nothing": 1}`:                    {" UNKNOWN_FIELD"},
		`{"category.title.more": 1}`:        {" UNKNOWN_FIELD"},
		`{"$and": 5}`:                       {" BAD_PARAMETER"},
		`{"amount": {"$in": ` + many + `}}`: {"amount FILTER_TOO_COMPLEX"},
		`{"$not": {"$not": {"$not": {"$not": {"$not": {"amount": 1}}}}}}`: {" FILTER_TOO_COMPLEX"},
	} {
		v, err := field.ParseJSON([]byte(filter))
		require.NoError(t, err, filter)
		var got []string
		for _, p := range CheckFilter(cat, "orders", v) {
			require.NotEmpty(t, p.Message.String())
			got = append(got, p.Field+" "+p.Code)
		}
		require.Equal(t, want, got, filter)
	}
	require.Len(t, CheckFilter(cat, "nowhere", map[string]any{"a": int64(1)}), 1)
}
