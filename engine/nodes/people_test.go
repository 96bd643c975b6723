package nodes

import (
	"testing"

	"github.com/stretchr/testify/require"

	"formrail/engine/enginetest"
	"formrail/engine/node"
)

var manager = map[string]any{"managers": map[string]any{"of": "applicant"}}

func TestApproval_OpensTasksWithItsSettings(t *testing.T) {
	t.Parallel()
	tasks := &enginetest.Tasks{}
	v, err := enginetest.Run(t, approval, enginetest.Step{Caps: enginetest.Caps{Tasks: tasks}, Vars: vars(map[string]any{"id": int64(42), "who": int64(3)}), Config: map[string]any{
		"assignees": []any{map[string]any{"users": []any{int64(3), int64(5)}}, map[string]any{"expression": "{{ trigger.data.who }}"}},
		"rule":      "all", "hearAll": true, "title": "R-{{ trigger.data.id }}", "subject": "{{ trigger.data }}", "requester": "{{ trigger.data.who }}",
		"actions": map[string]any{"reject": map[string]any{"comment": "required"}}, "applicant": "allow", "onNobody": "fail",
	}})
	require.NoError(t, err)
	require.True(t, v.Wait)
	require.True(t, v.Until.IsZero(), "only people resume it")
	require.Equal(t, map[string]any{"tasks": int64(3)}, v.State)

	a := tasks.Approvals[0]
	require.Equal(t, "all", a.Rule)
	require.True(t, a.HearAll)
	require.False(t, a.FirstAnswer)
	require.Equal(t, "R-42", a.Title)
	require.Equal(t, map[string]string{"approve": "optional", "reject": "required"}, a.Comment)
	require.Equal(t, "allow", a.Applicant)
	require.Equal(t, map[string]any{"id": int64(42), "who": int64(3)}, a.Subject)
	require.Equal(t, int64(3), a.Requester)
}

func TestApproval_GoesOnAsDecided(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, mode, decision string
		ends                 node.Outcome
		branch               []string
	}{
		{"approved passes through", "pass_through", "approved", "", nil},
		{"rejected ends the execution", "pass_through", "rejected", node.Rejected, nil},
		{"approved takes its branch", "branches", "approved", "", []string{"approved"}},
		{"rejected takes its branch", "branches", "rejected", "", []string{"rejected"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			result := map[string]any{"decision": c.decision, "comment": "Within budget."}
			v, err := enginetest.Resume(t, approval, enginetest.Step{Config: map[string]any{"assignees": manager, "mode": c.mode}},
				node.Signal{Reason: "task", Data: result})
			require.NoError(t, err)
			require.Equal(t, result, v.Output)
			require.Equal(t, c.ends, v.Outcome)
			require.Equal(t, c.branch, v.Branches)
			require.Equal(t, c.ends == "" && c.branch == nil, v.Done)
		})
	}
}

func TestApproval_IgnoresNothingItDoesNotKnow(t *testing.T) {
	t.Parallel()
	step := enginetest.Step{Config: map[string]any{"assignees": manager}}
	for _, signal := range []node.Signal{
		{Reason: "timer"},
		{Reason: "task"},
		{Reason: "timer", Data: map[string]any{"decision": "approved"}},
		{Reason: "task", Data: map[string]any{"decision": "maybe"}},
	} {
		_, err := enginetest.Resume(t, approval, step, signal)
		require.Equal(t, "INTERNAL", code(err))
	}
}

func TestApproval_Branches(t *testing.T) {
	t.Parallel()
	branches := func(config map[string]any) []node.Branch {
		config["assignees"] = manager
		return approval.Branches(decode(t, approval, config))
	}
	require.Empty(t, branches(map[string]any{}))
	require.Equal(t, []node.Branch{{Key: "approved", Title: "Approved"}, {Key: "rejected", Title: "Rejected", Ends: true}},
		branches(map[string]any{"mode": "branches"}))
	require.False(t, branches(map[string]any{"mode": "branches", "endRejected": false})[1].Ends)
}

func TestApproval_ChecksItsSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		config map[string]any
		want   []string
	}{
		{"people are required", map[string]any{}, []string{"assignees MISSING"}},
		{"an empty list is nobody", map[string]any{"assignees": []any{}}, []string{"assignees MISSING"}},
		{"an empty source is nobody", map[string]any{"assignees": map[string]any{"users": []any{}}}, []string{"assignees MISSING"}},
		{"a name is not a source", map[string]any{"assignees": "{{ trigger.user }}"}, []string{"assignees.0 DEFINITION_INVALID"}},
		{"a source has one kind", map[string]any{"assignees": map[string]any{"users": []any{int64(1)}, "roles": []any{"a"}}}, []string{"assignees.0 DEFINITION_INVALID"}},
		{"options stand beside the kind", map[string]any{"assignees": map[string]any{"groups": []any{"a"}, "nested": true}}, []string{}},
		{"fallback people are required", map[string]any{"assignees": manager, "onNobody": "fallback"}, []string{"fallback MISSING"}},
		{
			"a comment has three values",
			map[string]any{"assignees": manager, "actions": map[string]any{"approve": map[string]any{"comment": "maybe"}}},
			[]string{"actions.approve.comment DEFINITION_INVALID"},
		},
		{
			"returning is not offered",
			map[string]any{"assignees": manager, "actions": map[string]any{"return": map[string]any{"comment": "off"}}},
			[]string{"actions.return DEFINITION_INVALID"},
		},
		{"votes are not offered", map[string]any{"assignees": manager, "rule": "vote"}, []string{"rule DEFINITION_INVALID"}},
		{"due dates are not offered", map[string]any{"assignees": manager, "due": "3d"}, []string{"due DEFINITION_INVALID"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, findings(t, approval, c.config))
		})
	}
}

func TestPeopleLine(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"":                  nil,
		"Manager":           manager,
		"1 person":          map[string]any{"users": []any{int64(3)}},
		"2 people":          []any{map[string]any{"users": []any{int64(3), int64(5)}}},
		"Role finance_lead": map[string]any{"roles": []any{"finance_lead"}},
		"From a variable":   map[string]any{"expression": "{{ trigger.user.id }}"},
	} {
		require.Equal(t, want, peopleLine(v))
	}
}

func TestNotification_CountsDeliveries(t *testing.T) {
	t.Parallel()
	notify := &enginetest.Notify{}
	v, err := enginetest.Run(t, notification, enginetest.Step{Caps: enginetest.Caps{Notify: notify}, Config: map[string]any{
		"to": map[string]any{"users": []any{int64(3), enginetest.Unreachable}}, "title": "Approved", "link": "/executions/1", "level": "warning",
	}})
	require.NoError(t, err, "one of two arrived")
	out, ok := v.Output.(map[string]any)
	require.True(t, ok)
	require.Equal(t, int64(1), out["sent"])
	require.Equal(t, int64(1), out["failed"])
	require.Empty(t, v.Warnings)
	require.Equal(t, "warning", notify.Sent[0].Level)
	require.Equal(t, "/executions/1", notify.Sent[0].Link)

	v, err = enginetest.Run(t, notification, enginetest.Step{Caps: enginetest.Caps{Notify: notify}, Config: map[string]any{
		"to": map[string]any{"roles": []any{"nobody"}}, "title": "Approved",
	}})
	require.NoError(t, err)
	require.Len(t, v.Warnings, 1, "nobody is said, not hidden")
}
