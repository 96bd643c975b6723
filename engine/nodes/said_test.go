package nodes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/node"
)

// titled is a catalogue that knows what some variables are called.
type titled struct {
	node.Catalog
	titles map[string]string
}

func (c titled) Called(path string) (string, bool) {
	title, ok := c.titles[path]
	return title, ok
}

func TestSaid_NamesVariablesByTheirTitles(t *testing.T) {
	t.Parallel()
	cat := titled{titles: map[string]string{"trigger.data.amount": "Amount", "nodes.k3f9": "Sum so far", "nodes.k3f9.items[0].price": "Price"}}
	for written, want := range map[string]string{
		"{{ trigger.data.amount }}":                        "Amount",
		"{{nodes.k3f9}}":                                   "Sum so far",
		"{{ nodes.k3f9.items[0].price }}":                  "Price",
		"{{ loop.item }}":                                  "Item",
		"{{ trigger.data.amount - nodes.k3f9 * 2 }}":       "Amount - Sum so far * 2",
		"{{ 'trigger.data.amount is ' + nodes.k3f9 }}":     "'trigger.data.amount is ' + Sum so far",
		"{{ \"nodes.k3f9 }}":                               "\"nodes.k3f9",
		"Paid {{ trigger.data.amount }} of {{nodes.k3f9}}": "Paid Amount of Sum so far",
		"no trigger.data.amount here":                      "no trigger.data.amount here",
		"":                                                 "",
	} {
		require.Equal(t, want, said(written, cat))
	}
	require.Equal(t, "round(Amount, 2)", saidExpression("round(trigger.data.amount, 2)", cat))
	require.Equal(t, "12", said(int64(12), cat))
}
