package web

import (
	"context"
	"slices"
	"strings"

	"formrail/models"
	"formrail/models/text"
	"formrail/views/profile"
)

// scopes are what a new token may be allowed, for all collections where one has to
// be named. Chosen ones stay chosen. There are none for people who may not make
// tokens.
func (v *viewer) scopes(ctx context.Context, chosen []profile.Scope) []profile.Scope {
	if !v.access.Can("token.own") {
		return nil
	}
	var out []profile.Scope
	for _, name := range models.TokenScopes() {
		if strings.HasSuffix(name, ":") {
			name += models.AllCollections
		}
		on := slices.ContainsFunc(chosen, func(s profile.Scope) bool { return s.Value == name && s.Checked })
		out = append(out, profile.Scope{Value: name, Label: scopeLabel(ctx, name), Checked: on})
	}
	return out
}

// scopeLabel says in words what a scope allows.
func scopeLabel(ctx context.Context, scope string) string {
	labels := map[string]text.Message{
		"records:read:*": text.M("scope.records_read", "Read records"), "records:write:*": text.M("scope.records_write", "Change records"),
		"records:trigger": text.M("scope.records_trigger", "Start workflows on records"), "workflows:read": text.M("scope.workflows_read", "Read workflows"),
		"workflows:write": text.M("scope.workflows_write", "Change workflows"), "workflows:run": text.M("scope.workflows_run", "Run and test workflows"),
		"executions:read": text.M("scope.executions_read", "Read executions"), "executions:control": text.M("scope.executions_control", "Cancel and repeat executions"),
		"tasks": text.M("scope.tasks", "Work on your tasks"), "schema": text.M("scope.schema", "Design collections and pages"),
		"users:read": text.M("scope.users_read", "Read people"), "events:read": text.M("scope.events_read", "Read the event feed"),
		"export": text.M("scope.export", "Export records"),
	}
	if m, ok := labels[scope]; ok {
		return m.In(ctx)
	}
	return scope
}

func scopeLabels(ctx context.Context, scopes []string) []string {
	out := make([]string, len(scopes))
	for i, s := range scopes {
		out[i] = scopeLabel(ctx, s)
	}
	return out
}
