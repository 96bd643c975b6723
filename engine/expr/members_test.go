package expr

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRename_ChangesExactlyTheNamesOfTheRecord(t *testing.T) {
	t.Parallel()
	// Everything called amount below trigger.data or nodes.q becomes total.
	renamed := func(of Reference, name string) string {
		at := of.Root + "." + strings.Join(of.Path, ".")
		if name == "amount" && (at == "trigger.data" || at == "nodes.q" || at == "nodes.q.0") {
			return "total"
		}
		return ""
	}
	for source, want := range map[string]string{
		"trigger.data.amount + trigger.data.amount":     "trigger.data.total + trigger.data.total",
		"{{trigger.data.amount}} > 5":                   "{{trigger.data.total}} > 5",
		"trigger.data.applicant.amount":                 "trigger.data.applicant.amount",
		"trigger.amount + nodes.amount":                 "trigger.amount + nodes.amount",
		`trigger.data["amount"] + trigger.data?.amount`: `trigger.data["total"] + trigger.data?.total`,
		"sum(map(nodes.q, .amount))":                    "sum(map(nodes.q, .total))",
		"nodes.q[0].amount + nodes.q.amount":            "nodes.q[0].total + nodes.q.total",
		"filter(nodes.q, .amount > 5)[0].amount":        "filter(nodes.q, .total > 5)[0].total",
		`"trigger.data.amount" + trigger.data.title`:    `"trigger.data.amount" + trigger.data.title`,
		`"ä€😀" + trigger.data.amount /* amount */`:      `"ä€😀" + trigger.data.total /* amount */`,
		"let a = trigger.data; a.amount":                "let a = trigger.data; a.total",
		"${workflow.input.data.amount} * 2":             "${workflow.input.data.total} * 2",
		"trigger.data.":                                 "trigger.data.",
	} {
		require.Equal(t, want, Rename(source, renamed), source)
	}
	require.Equal(t, "ä {{ trigger.data.total }} of {{ nodes.q[0].total }} amount",
		RenameTemplate("ä {{ trigger.data.amount }} of {{ nodes.q[0].amount }} amount", renamed))
	require.Equal(t, "{{ broken", RenameTemplate("{{ broken", renamed))
}
