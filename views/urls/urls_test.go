package urls_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/views/urls"
)

func TestURLs_EscapeWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"/tasks":                   urls.Tasks(""),
		"/tasks/done":              urls.Tasks("done"),
		"/tasks/a%2Fb/approve":     urls.TaskAction("a/b", "approve"),
		"/executions/7?step=a%26b": urls.ExecutionStep("7", "a&b"),
		"/executions/7":            urls.ExecutionSeen("7", urls.ExecutionView{}),
		"/executions/7?path=l%231%2Fk%232&step=a&view=settings": urls.ExecutionSeen("7", urls.ExecutionView{Step: "a", Path: "l#1/k#2", Settings: true}),
		"/executions/7?scale=work&tab=timeline":                 urls.ExecutionTimeline("7", "work"),
		"/pages/p%3Fq/forms/f1":                                 urls.Form("p?q", "f1", ""),
		"/pages/p/forms/f1/42":                                  urls.Form("p", "f1", "42"),
		"/pages/p/records/b/42/delete":                          urls.RecordAction("p", "b", "42", "delete"),
		"/workflows/k/versions#trigger-log":                     urls.WorkflowLog("k"),
		"/workflows/k/versions/7":                               urls.WorkflowVersion("k", 7),
		"/live?topics=exec%3A7%2Ctasks":                         urls.Live("exec:7,tasks"),
		"/profile/sessions/..%2Fadmin/revoke":                   urls.SessionRevoke("../admin"),
	} {
		require.Equal(t, want, got)
	}
}
