package nodes

import (
	"formrail/engine/node"
)

// httpExamples show calls with the answers of a sample system.
func httpExamples() []node.Example[httpConfig] {
	order := map[string]any{"trigger": map[string]any{"data": map[string]any{"id": int64(42), "amount": int64(1200), "customer": "Brandt"}}}
	return []node.Example[httpConfig]{
		{
			Title: "Hand an invoice to another system",
			Config: map[string]any{
				"url":        "https://erp.example.com/invoices",
				"headers":    []any{map[string]any{"name": "X-Source", "value": "orders"}},
				"json":       map[string]any{"order": "{{ trigger.data.id }}", "total": "{{ trigger.data.amount }}"},
				"idempotent": "yes", "onlyData": true,
			},
			Vars: order,
			Want: node.Want{Output: map[string]any{"number": "R-7", "body": map[string]any{"order": int64(42), "total": int64(1200)}}},
		},
		{
			Title: "Look something up",
			Config: map[string]any{
				"method": "GET", "url": "https://erp.example.com/customers",
				"params": []any{map[string]any{"name": "name", "value": "{{ trigger.data.customer }}"}},
			},
			Vars: order,
			Want: node.Want{Output: map[string]any{
				"status": int64(200), "statusText": "OK", "headers": map[string]any{"content-type": "application/json"}, "ms": int64(41), "pages": int64(1),
				"data": map[string]any{"name": "Brandt", "city": "Bremen"},
			}},
		},
		{
			Title: "All pages of a list",
			Config: map[string]any{
				"method": "GET", "url": "https://erp.example.com/items", "pagination": "cursor", "nextPath": "next", "itemsPath": "items", "onlyData": true,
			},
			Want: node.Want{Output: []any{int64(1), int64(2), int64(3)}},
		},
		{
			Title:  "What is not there may be expected",
			Config: map[string]any{"method": "GET", "url": "https://erp.example.com/missing", "success": "200-299, 404", "onlyData": true},
			Want:   node.Want{Output: "Not here"},
		},
		{
			Title:  "The other side says no",
			Config: map[string]any{"method": "GET", "url": "https://erp.example.com/missing"},
			Want:   node.Want{Code: "HTTP_STATUS"},
		},
		{
			Title:  "The address leads inside",
			Config: map[string]any{"method": "GET", "url": "http://169.254.169.254/latest/meta-data/"},
			Want:   node.Want{Code: "EGRESS_BLOCKED"},
		},
	}
}
